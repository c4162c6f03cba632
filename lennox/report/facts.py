"""A model's card as facts for people: what it was tested on, how well, and what it cannot see, as the card says it.

Nothing is computed here: a figure that the card does not hold does not appear.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lennox.card import ModelCard

# What the program itself acts on; shown elsewhere on the page or of no use to a reader.
TECHNICAL = {
    "format", "name", "version", "labels", "input", "files", "lesions", "operating_points", "default_operating_point",
}  # fmt: skip
INTERVALS = (("low", "high"), ("lower", "upper"))
TITLES = {
    "intended_use": "What it is for",
    "limits": "Where it fails and what it cannot see",
    "figures": "Tested on: all figures",
    "held_out": "Where its operating points were chosen",
    "data": "Data",
}
FIRST = ("description", "intended_use", "limits")  # these are open on the page, the rest can be opened
SPELLED = {"ppv": "PPV", "roc": "ROC", "afroc": "AFROC", "wafroc": "wAFROC", "ap50": "AP50", "sha256": "SHA-256"}
DIGEST = re.compile("[0-9a-f]{64}")  # its first digits are enough for people
MEASURES = {  # of a set's operating point: what it is called here
    "lesion_sensitivity": "Marked lesions that were found",
    "false_positives_a_film": "False marks a film",
    "film_sensitivity": "Films with caries that got a mark",
    "film_specificity": "Films without that got none",
}


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of a card as the page shows it; `kind` says which of the other fields is filled.

    kind : "text", "list", "terms" or "table"
    """

    kind: str
    text: str = ""
    parts: tuple[Node, ...] = ()
    terms: tuple[tuple[str, Node], ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """A card for people.

    trust : a sentence for each set the model was tested on, at the operating point in use
    measured : the same as a table, or None if the card holds no figures at this point
    operating_points : the thresholds and what was measured where they were chosen, and the note on that
    open, further : the other sections, (title, content): what everybody should read, and the rest
    """

    trust: tuple[str, ...]
    measured: Node | None
    operating_points: Node
    note: str
    open: tuple[tuple[str, Node], ...]
    further: tuple[tuple[str, Node], ...]


def read_facts(card: ModelCard, point: str | None = None) -> Facts:
    """Everything in the card that speaks to people; `point` names the operating point in use, if it has a name."""
    document = card.document
    at_point = _at_point(document.get("figures"), point)
    rest = [name for name in document if name not in TECHNICAL and not _empty(document[name])]
    held_out = document.get("held_out")
    note = held_out.get("note", "") if isinstance(held_out, Mapping) else ""

    def sections(names: Iterable[str]) -> tuple[tuple[str, Node], ...]:
        return tuple((TITLES.get(name, title(name)), as_node(document[name])) for name in names)

    return Facts(
        tuple(_trust(name, figures, found) for name, figures, found in at_point if "lesion_sensitivity" in found),
        _measured(at_point) if at_point else None,
        as_node(document["operating_points"]),
        str(note),
        sections(name for name in FIRST if name in rest),
        sections(name for name in rest if name not in FIRST),
    )


AtPoint = list[tuple[str, Mapping[str, Any], Mapping[str, Any]]]  # set, its figures, those at the operating point


def _at_point(figures: Any, point: str | None) -> AtPoint:
    found = []
    for name, entry in figures.items() if isinstance(figures, Mapping) else ():
        for measured in entry.get("operating_points", ()) if isinstance(entry, Mapping) else ():
            if isinstance(measured, Mapping) and measured.get("name") == point:
                found.append((str(name), entry, measured))
    return found


def _trust(name: str, figures: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    text = (
        f"On {name} ({spoken(figures.get('films'))} films, {spoken(figures.get('lesions'))} marked lesions) it found "
    )
    text += f"{_in_hundred(found['lesion_sensitivity'])} in 100 of the lesions"
    if "false_positives_a_film" in found:
        text += f", with {spoken(found['false_positives_a_film'])} false marks a film"
    return text + "."


def _measured(at_point: AtPoint) -> Node:
    counts = {
        "films": "Films",
        "films_with_caries": "With caries",
        "lesions": "Lesions",
        "not_assessed": "Not assessed",
    }
    shown = [name for name in MEASURES if any(name in found for _, _, found in at_point)]
    return Node(
        "table",
        columns=("Set", *counts.values(), *(MEASURES[name] for name in shown)),
        rows=tuple(
            (
                name,
                *(spoken(figures[count]) if count in figures else "–" for count in counts),
                *(spoken(found[measure]) if measure in found else "–" for measure in shown),
            )
            for name, figures, found in at_point
        ),
    )


def _in_hundred(value: Any) -> str:
    if not isinstance(value, Mapping):
        return f"{100 * value:.0f}"
    low, high = _ends(value)
    return f"{100 * value['value']:.0f} ({100 * low:.0f} to {100 * high:.0f})"


def as_node(value: Any) -> Node:
    """Any JSON value: a list of like objects is a table, an object is terms, the rest is text."""
    if isinstance(value, Mapping) and not _is_interval(value):
        return Node("terms", terms=tuple((title(name), as_node(part)) for name, part in value.items()))
    if isinstance(value, list) and value and not all(_is_scalar(part) for part in value):
        if all(isinstance(part, Mapping) and not _is_interval(part) for part in value):
            return _table(value)
        return Node("list", parts=tuple(as_node(part) for part in value))
    if isinstance(value, list) and len(value) > 1 and any(isinstance(part, str) and " " in part for part in value):
        return Node("list", parts=tuple(as_node(part) for part in value))  # sentences
    return Node("text", text=spoken(value))


def title(name: str) -> str:
    """'false_positives_per_film' becomes 'False positives per film'."""
    text = " ".join(SPELLED.get(word, word) for word in name.replace("_", " ").split())
    return text[:1].upper() + text[1:] if text.split(" ")[0] not in SPELLED.values() else text


def spoken(value: Any) -> str:
    """A scalar, a list of them, or a value with its interval, in words."""
    if value is None:
        return "not stated"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(spoken, value)) if value else "none"
    if isinstance(value, Mapping) and _is_interval(value):
        low, high = _ends(value)
        rest = "".join(
            f", {title(name).lower()} {spoken(part)}"
            for name, part in value.items()
            if name not in {"value", "interval", "low", "high", "lower", "upper"}
        )
        return f"{spoken(value.get('value'))} ({spoken(low)} to {spoken(high)}{rest})"
    if isinstance(value, Mapping):
        return ", ".join(f"{title(name).lower()} {spoken(part)}" for name, part in value.items())
    text = str(value)
    return f"{text[:12]}…" if DIGEST.fullmatch(text) else text


def _table(rows: Sequence[Mapping[str, Any]]) -> Node:
    flat = [_flatten(row) for row in rows]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    return Node(
        "table",
        columns=tuple(map(title, columns)),
        rows=tuple(tuple(spoken(row[name]) if name in row else "–" for name in columns) for row in flat),
    )


def _flatten(row: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping) and not _is_interval(value):
            flat |= _flatten(value, f"{before}{name}: ")
        else:
            flat[before + name] = value
    return flat


def _is_interval(value: Mapping[str, Any]) -> bool:
    return "value" in value and (
        len(value.get("interval") or ()) == 2 or any(low in value and high in value for low, high in INTERVALS)
    )


def _ends(value: Mapping[str, Any]) -> tuple[Any, Any]:
    for low, high in INTERVALS:
        if low in value and high in value:
            return value[low], value[high]
    first, last = value["interval"]
    return first, last


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float))


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, (str, list, Mapping)) and not value)
