"""Examinations and models as text for a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lennox.inference.examination import Examination
from lennox.inference.load import Description
from lennox.report import words
from lennox.report.facts import Node, read_facts

STYLES = {"suspected": "bold yellow", "none": "bold", "refused": "bold magenta"}


def show(examination: Examination, console: Console) -> None:
    """Print what was suspected, where and how probable, by which model; a name is never read as markup."""
    source, model = examination.source, examination.model
    about = [source.kind, f"{source.columns} × {source.rows} pixels", f"{source.bits} bit"] if source.rows else []
    console.print(Text.assemble((words.readable(source.name), "bold"), ("  " + ", ".join(filter(None, about)), "dim")))
    if source.note:
        console.print(source.note)
    console.print(Text(words.result(examination), STYLES[words.group_of(examination)]))
    for reason in (*examination.reasons, *source.illegible):
        console.print(Text(words.readable(reason)))
    if examination.findings:
        console.print(_table(examination))
        for number, finding in enumerate(examination.findings, 1):
            if doubts := words.doubts(finding, source):
                console.print(f"{number}: {' '.join(doubts)}")
    elif examination.probability is not None:
        console.print(Text(f"The most probable spot has probability {examination.probability:.2f}."))
    console.print()
    console.print(Text(f"Model {model.name} {model.version} ({model.release}). ", "dim"), end="")
    console.print(Text(f"Operating point {words.operating_point(examination)}.", "dim"))
    console.print(Text(words.notice(model.release), "dim"))


def _table(examination: Examination) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("", "suspected", "probability", "rows", "columns", "area"):
        table.add_column(title, justify="left" if title == "suspected" else "right")
    for number, finding in enumerate(examination.findings, 1):
        box = finding.box
        area = f"{finding.area_px:.0f} px" if finding.area_mm2 is None else f"{finding.area_mm2:.1f} mm²"
        table.add_row(
            str(number),
            Text(finding.label),
            f"{finding.probability:.2f}",
            f"{box.top:.0f}–{box.bottom:.0f}",
            f"{box.left:.0f}–{box.right:.0f}",
            area,
        )
    return table


def show_models(models: list[Description], console: Console) -> None:
    """Each model in a few lines: what it is and whether a release vouches for it."""
    for model in models:
        card = model.card
        points = ", ".join(
            f"{point.name} {point.threshold:.3g}{' (default)' if point.name == card.default_operating_point else ''}"
            for point in card.operating_points
        )
        title = f"{card.name} {card.version} ({model.release}), weights {model.sha256[:12]}…"
        console.print(Text(title, "bold"))
        console.print(Text(f"  looks for {', '.join(card.labels)} on {', '.join(card.kinds)} films"))
        console.print(Text(f"  operating points: {points}"))
    if any(words.is_unreleased(model.release) for model in models):
        console.print(Text(words.UNRELEASED_NOTICE, "dim"))


def show_card(model: Description, console: Console) -> None:
    """Print every field of a model's card."""
    facts = read_facts(model.card)
    console.print(Text(f"{model.card.name} {model.card.version} ({model.release})", "bold"))
    if words.is_unreleased(model.release):
        console.print(Text(words.UNRELEASED_NOTICE))
        for reason in model.reasons:
            console.print(Text(f"- {reason}"))
    for title, node in (("How good, on which films", facts.performance), *facts.open, *facts.further):
        console.print()
        console.print(Text(title, "bold"))
        _show_node(node, console, 2)


def _show_node(node: Node, console: Console, indent: int) -> None:
    if node.kind == "table":
        for first, *rest in node.rows:  # a table of a card is wider than a terminal
            console.print(Padding(Text(first, "bold"), (0, 0, 0, indent)))
            parts = (f"{column}: {cell}" for column, cell in zip(node.columns[1:], rest, strict=True))
            console.print(Padding(Text("; ".join(parts)), (0, 0, 0, indent + 2)))
    elif node.kind == "list":
        for part in node.parts:
            _show_node(part, console, indent)
    elif node.kind == "terms":
        for term, part in node.terms:
            if part.kind == "text":
                console.print(Padding(Text(f"{term}: {part.text}"), (0, 0, 0, indent)))
            else:
                console.print(Padding(Text(term), (0, 0, 0, indent)))
                _show_node(part, console, indent + 2)
    else:
        console.print(Padding(Text(node.text), (0, 0, 0, indent)))
