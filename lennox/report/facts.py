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
AT_POINT = {  # of a set, at an operating point: what it is called here
    "lesion_sensitivity": "Marked lesions that were found",
    "false_positives_a_film": "False marks a film",
    "film_sensitivity": "Films with caries that got a mark",
    "film_specificity": "Films without caries that got none",
}
COUNTS = {"films": "Films", "films_with_caries": "Films with caries", "lesions": "Marked lesions"}
AREAS = {"wafroc_area": "Area under the wAFROC curve", "film_roc_area": "Area under the ROC curve, film by film"}
FALSE_MARKS = {1.0: "1 false mark a film", 0.5: "0.5 false marks a film"}
SAME_RATE = 0.01  # two rates of false marks a film that are called the same
HELD_OUT = "held out films, where the operating points were chosen"
HELD_OUT_WINDOWS = "held out films and windows, where the operating points were chosen"


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
class TestedSet:
    """How a set of films that the model was tested on went, at the operating point in use, for a sentence.

    found : marked lesions in 100, with their interval; false : false marks a film, or ""
    """

    name: str
    films: str
    lesions: str
    found: str
    false: str


@dataclass(frozen=True, slots=True)
class Facts:
    """A card for people.

    trust : each set the model was tested on, at the operating point in use
    performance : `performance` of the card, and the note on its held-out films
    open, further : the other sections, (title, content): what everybody should read, and the rest
    """

    trust: tuple[TestedSet, ...]
    performance: Node
    note: str
    open: tuple[tuple[str, Node], ...]
    further: tuple[tuple[str, Node], ...]


def read_facts(card: ModelCard, point: str | None = None) -> Facts:
    """Everything in the card that speaks to people; `point` names the operating point in use, if it has a name."""
    document = card.document
    rest = [name for name in document if name not in TECHNICAL and not _empty(document[name])]

    def sections(names: Iterable[str]) -> tuple[tuple[str, Node], ...]:
        return tuple((TITLES.get(name, title(name)), as_node(document[name])) for name in names)

    return Facts(
        trust_at(document, point),
        performance(document, point),
        str(_held_out(document).get("note", "")),
        sections(name for name in FIRST if name in rest),
        (
            ("Operating points: all figures", as_node(document["operating_points"])),
            *sections(name for name in rest if name not in FIRST),
        ),
    )


def trust_at(document: Mapping[str, Any], point: str | None) -> tuple[TestedSet, ...]:
    """Each set that a card has lesions found for at the operating point `point`."""
    return tuple(
        TestedSet(
            name,
            spoken(entry.get("films")),
            spoken(entry.get("lesions")),
            _in_hundred(found["lesion_sensitivity"]),
            _brief(found["false_positives_a_film"]) if "false_positives_a_film" in found else "",
        )
        for name, entry in _sets(document).items()
        for found in [_points(entry).get(point or "", {})]
        if "lesion_sensitivity" in found
    )


def performance(document: Mapping[str, Any], point: str | None = None) -> Node:
    """One table of all sets that the model was measured on, the held-out films among them: a column each, named.

    point : the operating point whose rows come first
    """
    sets = _sets(document)
    held_out = _held_out(document)
    chosen = {"operating_points": document["operating_points"]}
    if any(name in entry for entry in _points(chosen).values() for name in AT_POINT):
        films = held_out.get("films_and_windows", held_out.get("films"))
        name = HELD_OUT_WINDOWS if "films_and_windows" in held_out else HELD_OUT
        known = {"films": films, "films_with_caries": held_out.get("with_caries"), "lesions": held_out.get("lesions")}
        sets = {name: chosen | {key: value for key, value in known.items() if value is not None}} | sets
    rows: list[tuple[str, str, list[Any]]] = [
        (text, "", [entry.get(name) for entry in sets.values()]) for name, text in COUNTS.items()
    ]
    names = [one["name"] for one in document["operating_points"]]
    for name in sorted(names, key=lambda one: one != point):
        rows += [
            (text, name, [_points(entry).get(name, {}).get(measure) for entry in sets.values()])
            for measure, text in AT_POINT.items()
        ]
    found = AT_POINT["lesion_sensitivity"]
    rows += [(found, text, [_found_at(entry, rate) for entry in sets.values()]) for rate, text in FALSE_MARKS.items()]
    rows += [(text, "", [entry.get(name) for entry in sets.values()]) for name, text in AREAS.items()]
    return Node(
        "table",
        columns=("Measured", "At", *sets),
        rows=tuple(
            (text, at, *("–" if value is None else _brief(value) for value in values))
            for text, at, values in rows
            if any(value is not None for value in values)
        ),
    )


def _sets(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    figures = document.get("figures")
    entries = figures.items() if isinstance(figures, Mapping) else ()
    return {str(name): entry for name, entry in entries if isinstance(entry, Mapping)}


def _held_out(document: Mapping[str, Any]) -> Mapping[str, Any]:
    held_out = document.get("held_out")
    return held_out if isinstance(held_out, Mapping) else {}


def _points(entry: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    points = entry.get("operating_points", ())
    return {str(one.get("name")): one for one in points if isinstance(one, Mapping)}


def _found_at(entry: Mapping[str, Any], rate: float) -> Any:
    """The share of lesions found at so many false marks a film: of the FROC curve, else of an operating point there."""
    curve = entry.get("lesion_sensitivity")
    for measured in curve if isinstance(curve, list) else ():
        if isinstance(measured, Mapping) and measured.get("false_positives_a_film") == rate:
            return measured.get("sensitivity")
    for measured in _points(entry).values():
        false = measured.get("false_positives_a_film")
        false = false.get("value") if isinstance(false, Mapping) else false
        if isinstance(false, int | float) and abs(false - rate) <= SAME_RATE:
            return measured.get("lesion_sensitivity")
    return None


def _brief(value: Any) -> str:
    """A figure and its interval, without what else the card says of it."""
    if isinstance(value, Mapping) and _is_interval(value):
        low, high = _ends(value)
        return f"{spoken(value.get('value'))} ({spoken(low)}–{spoken(high)})"
    return spoken(value)


def _in_hundred(value: Any) -> str:
    if not isinstance(value, Mapping):
        return f"{100 * value:.0f}"
    low, high = _ends(value)
    return f"{100 * value['value']:.0f} ({100 * low:.0f}–{100 * high:.0f})"


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
