"""A model's card as facts for people: what it was tested on, how well, and what it cannot see, as the card says it.

Nothing is computed here: a figure that the card does not hold does not appear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lennox.card import ModelCard

# What the program itself acts on; shown elsewhere on the page or of no use to a reader.
TECHNICAL = {
    "format", "name", "version", "labels", "input", "files", "lesions", "operating_points", "default_operating_point",
}  # fmt: skip
INTERVALS = (("low", "high"), ("lower", "upper"))
FIRST = ("description", "summary", "intended_use", "limits", "limitations", "cannot_see", "figures", "evaluation")


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
    """A card's operating points as one table, and each of its other sections under its title."""

    operating_points: Node
    sections: tuple[tuple[str, Node], ...]


def read_facts(card: ModelCard) -> Facts:
    """Everything in the card that speaks to people, in the card's own order after what matters most."""
    document = card.document
    names = [name for name in FIRST if name in document]
    names += [name for name in document if name not in names and name not in TECHNICAL]
    return Facts(
        as_node(document["operating_points"]),
        tuple((title(name), as_node(document[name])) for name in names if not _empty(document[name])),
    )


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
    text = name.replace("_", " ").replace(".", ", ").strip()
    return text[:1].upper() + text[1:]


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
    return str(value)


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
            flat |= _flatten(value, f"{before}{name}.")
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
