"""A model card as a page of Markdown, generated from card.json alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lennox.report.facts import performance

# What the program acts on and nobody reads; the files' digests are at the end of the page.
LEFT_OUT = ("format", "name", "version", "labels", "files", "default_operating_point")
FIRST = ("intended_use", "limits", "operating_points", "figures", "published_figures", "robustness")


def card_page(document: Mapping[str, Any]) -> str:
    """The page of a card: every section of it, figures with their intervals."""
    names = [name for name in FIRST if name in document]
    measured = performance(document, document["default_operating_point"])
    names += [name for name in document if name not in names and name not in LEFT_OUT]
    parts = [
        f"# {document['name']} {document['version']}",
        "Generated from `card.json`; do not edit. A measurement on data sets, no clinical claim: "
        "it marks what is *suspected*, and an empty answer does not mean a sound tooth.",
    ]
    if measured.rows:
        parts += [
            "## How good, on which films",
            "Every set in one table; the sections below have the rest.",
            _table([dict(zip(measured.columns, row, strict=True)) for row in measured.rows]),
        ]
    for name in names:
        parts.append(f"## {_title(name)}")
        if name == "operating_points":
            parts.append(f"Chosen on held-out films; the default is *{document['default_operating_point']}*.")
        parts.append(_shown(document[name], 3))
    parts.append("## Files")
    parts.append(
        _table([{"file": name, **{k: str(v) for k, v in entry.items()}} for name, entry in document["files"].items()])
    )
    return "\n\n".join(parts) + "\n"


def _shown(value: Any, depth: int) -> str:
    if isinstance(value, Mapping) and not _is_interval(value):
        lines = [
            f"- {_title(name)}: {_cell(part)}"
            for name, part in value.items()
            if not _is_long(part) and part is not None
        ]
        long = [
            f"{'#' * min(depth, 5)} {_title(name)}\n\n{_shown(part, depth + 1)}"
            for name, part in value.items()
            if _is_long(part)
        ]
        return "\n\n".join(["\n".join(lines), *long] if lines else long)
    if isinstance(value, list):
        if value and all(isinstance(part, Mapping) for part in value):
            if all(not _is_long(entry) for part in value for entry in part.values()):
                return _table(value)
            return "\n\n".join(_shown(part, depth) for part in value)
        return "\n".join(f"- {_cell(part)}" for part in value)
    return _cell(value)


def _is_long(value: Any) -> bool:
    if isinstance(value, Mapping):
        return not _is_interval(value)
    return isinstance(value, list) and any(
        isinstance(part, Mapping) or (isinstance(part, str) and " " in part) for part in value
    )


def _is_interval(value: Mapping[str, Any]) -> bool:
    return "value" in value and "interval" in value


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [f"| {' | '.join(_title(name) for name in columns)} |", f"|{' --- |' * len(columns)}"]
    lines += [f"| {' | '.join(_cell(row[name]) if name in row else '–' for name in columns)} |" for row in rows]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        low, high = value["interval"]
        return f"{_cell(value['value'])} [{_cell(low)}, {_cell(high)}]"
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    return str(value).replace("|", "/")


def _title(name: str) -> str:
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]
