"""Plots as inline SVG: forest plots, dots of who was there, curves of small multiples. Each has its table beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lennox.audit.report.markup import CLASSES, COLOURS, SIGNS, text

ROW = 22
LEFT, RIGHT, PLOT = 290, 190, 330
WIDTH = LEFT + PLOT + RIGHT


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One line of a forest plot; values None where undefined. enough : whether the minima of the policy are met."""

    label: str
    estimate: float | None
    low: float | None
    high: float | None
    verdict: str
    enough: bool


def forest(
    rows: Sequence[ForestRow], low_limit: float | None, high_limit: float | None, *, title: str, rate: bool
) -> str:
    """Point, bounds, limit line and verdict of each row; open points where too few people were seen."""
    values = [v for row in rows for v in (row.estimate, row.low, row.high) if v is not None]
    values += [v for v in (low_limit, high_limit) if v is not None]
    left, right = (min(0.0, *values), max(1.0, *values)) if rate else _padded(values)
    height = ROW * len(rows) + 52

    def x(value: float) -> float:
        return LEFT + PLOT * (value - left) / (right - left)

    parts = [_open(WIDTH, height, title)]
    parts += _forbidden(x, left, right, low_limit, high_limit, height)
    for step in range(5):
        value = left + (right - left) * step / 4
        label = f"{100 * value:.0f} %" if rate else f"{value:.2f}"
        parts.append(_line(x(value), 24, x(value), height - 24, COLOURS["line"]))
        parts.append(_text(x(value), height - 8, label, anchor="middle", fill=COLOURS["quiet"]))
    for index, row in enumerate(rows):
        parts += _forest_row(row, 24 + ROW * (index + 0.5), x)
    for limit in (low_limit, high_limit):
        if limit is not None:
            label = f"limit {100 * limit:.0f} %" if rate else f"limit {limit:g}"
            parts.append(_line(x(limit), 20, x(limit), height - 24, COLOURS["ink"], width=2, dash="6 4"))
            parts.append(_text(x(limit), 14, label, anchor="middle", weight="600"))
    return _figure(parts)


def _forest_row(row: ForestRow, y: float, x: Callable[[float], float]) -> list[str]:
    colour = COLOURS[CLASSES[row.verdict]]
    parts = [_text(LEFT - 10, y + 4, _short(row.label, 44), anchor="end")]
    parts.append(
        _text(LEFT + PLOT + 12, y + 4, f"{SIGNS[row.verdict]} {row.verdict.lower()}", fill=colour, weight="600")
    )
    if row.estimate is None:
        return [
            *parts,
            _text(LEFT + PLOT / 2, y + 4, "undefined: nobody to count", anchor="middle", fill=COLOURS["quiet"]),
        ]
    if row.low is not None and row.high is not None:
        parts.append(_line(x(row.low), y, x(row.high), y, colour, width=2))
        parts += [_line(x(end), y - 5, x(end), y + 5, colour, width=2) for end in (row.low, row.high)]
    fill = colour if row.enough else COLOURS["paper"]
    at = x(row.estimate)
    if row.verdict == "FAIL":
        parts.append(_rect(at - 5, y - 5, 10, 10, fill, colour, 2))
    else:
        parts.append(_dot(at, y, 5, fill, colour))
    return parts


def _forbidden(
    x: Callable[[float], float], left: float, right: float, low: float | None, high: float | None, height: float
) -> list[str]:
    """A tint on the side of the limit where no estimate should lie."""
    spans = [(left, low)] if low is not None else []
    spans += [(high, right)] if high is not None else []
    return [_rect(x(a), 24, max(x(b) - x(a), 0.0), height - 48, COLOURS["fail-ground"]) for a, b in spans]


def counts(rows: Sequence[tuple[str, int | None, int | None]], minimum: tuple[int, int], *, title: str) -> str:
    """Dots of cases and controls per group on a square-root scale, with the policy's minima as lines."""
    most = max([*minimum, *(n for _, *pair in rows for n in pair if n is not None), 1])
    height = ROW * len(rows) + 52

    def x(value: float) -> float:
        return LEFT + PLOT * math.sqrt(value / most)

    parts = [_open(WIDTH, height, title)]
    for value, name, dash in ((minimum[0], "cases needed", "6 4"), (minimum[1], "controls needed", "2 4")):
        parts.append(_line(x(value), 20, x(value), height - 24, COLOURS["ink"], dash=dash))
        if name.startswith("cases") or minimum[0] != minimum[1]:
            label = "needed" if minimum[0] == minimum[1] else name
            parts.append(
                _text(x(value), 14 if name.startswith("cases") else height - 8, f"{label}: {value}", anchor="middle")
            )
    for index, (label, ill, well) in enumerate(rows):
        y = 24 + ROW * (index + 0.5)
        parts.append(_text(LEFT - 10, y + 4, _short(label, 44), anchor="end"))
        parts.append(_line(LEFT, y, LEFT + PLOT, y, COLOURS["line"]))
        if ill is None or well is None:
            parts.append(_text(LEFT + 12, y + 4, "fewer than 5: not printed", fill=COLOURS["quiet"]))
            continue
        colour = COLOURS["ink"]
        parts += [_dot(x(ill), y, 5, colour, colour), _dot(x(well), y, 4.5, COLOURS["paper"], colour)]
        parts.append(_text(LEFT + PLOT + 12, y + 4, f"{ill} cases, {well} controls"))
    return _figure(parts)


@dataclass(frozen=True, slots=True)
class Curve:
    """One small multiple: points (across, up) in 0..1, and a marked one."""

    label: str
    points: Sequence[tuple[float, float]]
    marked: tuple[float, float] | None = None


def curves(panels: Sequence[Curve], *, across: str, up: str, title: str, diagonal: bool) -> str:
    """Small multiples of curves in the unit square."""
    size, gap, a_row = 130, 46, 5
    rows = -(-len(panels) // a_row)
    parts = [_open(a_row * (size + gap), rows * (size + gap + 18) + 8, title)]
    for index, panel in enumerate(panels):
        left, top = 34 + (index % a_row) * (size + gap), 22 + (index // a_row) * (size + gap + 18)
        parts.append(_text(left, top - 7, _short(panel.label, 24), weight="600"))
        parts.append(_rect(left, top, size, size, COLOURS["band"], COLOURS["line"], 1))
        if diagonal:
            parts.append(_line(left, top + size, left + size, top, COLOURS["quiet"], dash="3 4"))
        path = " ".join(f"{left + size * a:.1f},{top + size * (1 - b):.1f}" for a, b in panel.points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS["ink"]}" stroke-width="1.5"/>')
        parts += [_dot(left + size * a, top + size * (1 - b), 2, COLOURS["ink"], "none") for a, b in panel.points]
        if panel.marked:
            a, b = panel.marked
            parts.append(_dot(left + size * a, top + size * (1 - b), 6, "none", COLOURS["fail"]))
        for value, at in ((0, "start"), (1, "end")):
            parts.append(_text(left + size * value, top + size + 14, str(value), anchor=at, fill=COLOURS["quiet"]))
            parts.append(
                _text(left - 5, top + size * (1 - value) + 9 * value, str(value), anchor="end", fill=COLOURS["quiet"])
            )
        parts.append(_text(left + size / 2, top + size + 14, across, anchor="middle", fill=COLOURS["quiet"]))
        parts.append(
            f'<text x="{left - 14}" y="{top + size / 2}" text-anchor="middle" fill="{COLOURS["quiet"]}" '
            f'transform="rotate(-90 {left - 14} {top + size / 2})">{text(up)}</text>'
        )
    return _figure(parts)


def steps(series: Sequence[tuple[str, Sequence[tuple[float, float]]]], *, across: str, up: str, title: str) -> str:
    """Lines of a chance (0..1) over a number on a logarithmic scale, each with its name at its end."""
    numbers = [a for _, points in series for a, _ in points]
    least, most = math.log(min(numbers)), math.log(max(numbers))
    width, height = 460, 260

    def place(a: float, b: float) -> tuple[float, float]:
        return 50 + width * (math.log(a) - least) / (most - least), 20 + height * (1 - b)

    parts = [_open(width + 250, height + 70, title)]
    for value in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        _, y = place(numbers[0], value)
        parts.append(_line(50, y, 50 + width, y, COLOURS["line"], dash="" if value != 0.8 else "6 4"))
        parts.append(_text(44, y + 4, f"{100 * value:.0f} %", anchor="end", fill=COLOURS["quiet"]))
    for value in sorted(set(numbers)):
        x, _ = place(value, 0)
        parts.append(_text(x, height + 38, f"{value:g}", anchor="middle", fill=COLOURS["quiet"]))
    parts.append(_text(50 + width / 2, height + 58, across, anchor="middle"))
    parts.append(_text(50, 12, up))
    shapes = ("", "7 4", "2 3", "10 3 2 3", "1 5")
    taken: list[float] = []
    for index, (label, points) in enumerate(series):
        path = " ".join("{:.1f},{:.1f}".format(*place(a, b)) for a, b in points)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{COLOURS["ink"]}" stroke-width="2" '
            f'stroke-dasharray="{shapes[index % len(shapes)]}"/>'
        )
        y = place(*points[-1])[1]
        while any(abs(y - other) < 15 for other in taken):
            y += 15
        taken.append(y)
        parts.append(_line(width + 54, y, width + 84, y, COLOURS["ink"], width=2, dash=shapes[index % len(shapes)]))
        parts.append(_text(width + 90, y + 4, label))
    return _figure(parts)


def _padded(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0.08 * (high - low) or 0.5
    return low - margin, high + margin


def _open(width: float, height: float, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" aria-label="{text(title)}">'
    )


def _figure(parts: Sequence[str]) -> str:
    return "<figure>" + "".join(parts) + "</svg></figure>"


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, width: float = 1, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width:g}"{dashed}/>'


def _rect(x: float, y: float, width: float, height: float, fill: str, stroke: str = "none", pen: int = 0) -> str:
    size = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {size} fill="{fill}" stroke="{stroke}" stroke-width="{pen}"/>'


def _dot(x: float, y: float, radius: float, fill: str, stroke: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{fill}" stroke="{stroke}" stroke-width="2"/>'


def _text(x: float, y: float, content: str, *, anchor: str = "start", fill: str = "", weight: str = "") -> str:
    bold = f' font-weight="{weight}"' if weight else ""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} fill="{fill or COLOURS["ink"]}"{bold}>{text(content)}</text>'


def _short(label: str, most: int) -> str:
    return label if len(label) <= most else label[: most - 1] + "…"
