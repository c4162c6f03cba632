"""Where the lines, dots and texts of a plot are, for `chart` in templates/macros.html to write as inline SVG.

Drawn here and not by a plotting library: a page then needs no program of 40 MB, follows the reader's light or dark
scheme, prints in black, and says each verdict in shape and word as well as in colour. Each plot has its table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lennox.report.pages import VERDICT_CLASSES, VERDICT_SIGNS

ROW = 22
LEFT, RIGHT, PLOT = 290, 190, 330
WIDTH = LEFT + PLOT + RIGHT
DASHES = ("", "7 4", "2 3", "10 3 2 3", "1 5")
MAX_LABEL = 44  # characters that have room


@dataclass(frozen=True, slots=True)
class ChartShape:
    """One SVG element. attributes : names and values without any text of a reader's; text : what it says"""

    tag: str
    attributes: Mapping[str, str]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot of `width` x `height` units; `title` is what a screen reader says."""

    title: str
    width: float
    height: float
    shapes: tuple[ChartShape, ...]


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One line of a forest plot; values None where undefined. enough : whether the minima of the policy are met."""

    label: str
    estimate: float | None
    low: float | None
    high: float | None
    verdict: str
    enough: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """One panel: points (across, up), up in 0..1, and a marked one."""

    label: str
    points: Sequence[tuple[float, float]]
    marked: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Axes:
    """What panels show: the names of the axes, the largest value across, whether the diagonal means something."""

    across: str
    up: str
    widest: float = 1.0
    diagonal: bool = False


def forest(
    rows: Sequence[ForestRow], limits: tuple[float | None, float | None], *, title: str, as_percent: bool
) -> Chart:
    """Point, bounds, limit line and verdict of each row; open points where too few people were seen.

    limits : (low, high), None where the requirement has none
    """
    values = [v for row in rows for v in (row.estimate, row.low, row.high) if v is not None]
    values += [v for v in limits if v is not None]
    left, right = (min(0.0, *values), max(1.0, *values)) if as_percent else _padded(values)
    height = ROW * len(rows) + 52

    def x(value: float) -> float:
        return LEFT + PLOT * (value - left) / (right - left)

    shapes = _forbidden(x, (left, right), limits, height)
    for step in range(5):
        value = left + (right - left) * step / 4
        shapes.append(_line(x(value), 24, x(value), height - 24, "grid"))
        shapes.append(_text(x(value), height - 8, _tick(value, as_percent), "quiet", anchor="middle"))
    for index, row in enumerate(rows):
        shapes += _forest_row(row, 24 + ROW * (index + 0.5), x)
    for limit in limits:
        if limit is not None:
            label = f"limit {100 * limit:.0f} %" if as_percent else f"limit {limit:g}"
            shapes.append(_line(x(limit), 20, x(limit), height - 24, "axis wide-pen", dash="6 4"))
            shapes.append(_text(x(limit), 14, label, "strong", anchor="middle"))
    return Chart(title, WIDTH, height, tuple(shapes))


def _forest_row(row: ForestRow, y: float, x: Callable[[float], float]) -> list[ChartShape]:
    kind = VERDICT_CLASSES[row.verdict]
    shapes = [
        _text(LEFT - 10, y + 4, _short(row.label, MAX_LABEL), anchor="end"),
        _text(LEFT + PLOT + 12, y + 4, f"{VERDICT_SIGNS[row.verdict]} {row.verdict.lower()}", f"strong {kind}"),
    ]
    if row.estimate is None:
        return [*shapes, _text(LEFT + PLOT / 2, y + 4, "undefined: nobody to count", "quiet", anchor="middle")]
    if row.low is not None and row.high is not None:
        shapes.append(_line(x(row.low), y, x(row.high), y, f"pen wide-pen {kind}"))
        shapes += [_line(x(end), y - 5, x(end), y + 5, f"pen wide-pen {kind}") for end in (row.low, row.high)]
    mark = f"{'solid' if row.enough else 'hollow'} pen wide-pen {kind}"
    at = x(row.estimate)
    return [*shapes, _rect(at - 5, y - 5, 10, 10, mark) if row.verdict == "FAIL" else _dot(at, y, 5, mark)]


def _forbidden(
    x: Callable[[float], float], ends: tuple[float, float], limits: tuple[float | None, float | None], height: float
) -> list[ChartShape]:
    """A tint on the side of the limit where no estimate should lie."""
    (left, right), (low, high) = ends, limits
    spans = [(left, low)] if low is not None else []
    spans += [(high, right)] if high is not None else []
    return [_rect(x(a), 24, max(x(b) - x(a), 0.0), height - 48, "forbidden") for a, b in spans]


def counts(rows: Sequence[tuple[str, int | None, int | None]], minimum: tuple[int, int], *, title: str) -> Chart:
    """Dots of cases and controls of each group on a square-root scale, with the policy's minima as lines.

    rows : (label, cases, controls), None where a count is not printed; minimum : cases and controls needed
    """
    most = max([*minimum, *(n for _, *pair in rows for n in pair if n is not None), 1])
    height = ROW * len(rows) + 52

    def x(value: float) -> float:
        return LEFT + PLOT * math.sqrt(value / most)

    shapes = [_line(x(minimum[0]), 20, x(minimum[0]), height - 24, "axis", dash="6 4")]
    same = minimum[0] == minimum[1]
    shapes.append(_text(x(minimum[0]), 14, f"{'' if same else 'cases '}needed: {minimum[0]}", anchor="middle"))
    if not same:
        shapes.append(_line(x(minimum[1]), 20, x(minimum[1]), height - 24, "axis", dash="2 4"))
        shapes.append(_text(x(minimum[1]), height - 8, f"controls needed: {minimum[1]}", anchor="middle"))
    for index, (label, ill, well) in enumerate(rows):
        y = 24 + ROW * (index + 0.5)
        shapes.append(_text(LEFT - 10, y + 4, _short(label, MAX_LABEL), anchor="end"))
        shapes.append(_line(LEFT, y, LEFT + PLOT, y, "grid"))
        if ill is None or well is None:
            shapes.append(_text(LEFT + 12, y + 4, "fewer than 5: not printed", "quiet"))
            continue
        shapes += [_dot(x(ill), y, 5, "solid pen wide-pen"), _dot(x(well), y, 4.5, "hollow pen wide-pen")]
        shapes.append(_text(LEFT + PLOT + 12, y + 4, f"{ill} cases, {well} controls"))
    return Chart(title, WIDTH, height, tuple(shapes))


def bars(rows: Sequence[tuple[str, int]], *, title: str) -> Chart:
    """A bar for each number, from nought. rows : (label, number)"""
    most, height = max([1, *(number for _, number in rows)]), ROW * len(rows) + 12
    shapes: list[ChartShape] = []
    for index, (label, number) in enumerate(rows):
        y, width = ROW * index + 8, PLOT * number / most
        shapes += [
            _text(LEFT - 10, y + 12, _short(label, MAX_LABEL), anchor="end"),
            _rect(LEFT, y, width, ROW - 10, "solid"),
            _text(LEFT + width + 8, y + 12, str(number), "strong"),
        ]
    return Chart(title, WIDTH, height, tuple(shapes))


def curves(panels: Sequence[Curve], axes: Axes, *, title: str, size: int = 130, a_row: int = 5) -> Chart:
    """Panels of one curve each, `size` units wide and high, `a_row` of them in a row."""
    gap, steps, edge = (60, 4, 48) if size > 200 else (46, 1, 34)
    lines = -(-len(panels) // a_row)
    shapes: list[ChartShape] = []
    for index, panel in enumerate(panels):
        left, top = edge + (index % a_row) * (size + gap), 22 + (index // a_row) * (size + gap + 18)

        def at(point: tuple[float, float], left: float = left, top: float = top) -> tuple[float, float]:
            return left + size * point[0] / axes.widest, top + size * (1 - point[1])

        shown = [at(point) for point in panel.points if point[0] <= axes.widest]
        shapes.append(_text(left, top - 7, _short(panel.label, round(size / 5.5)), "strong"))
        shapes.append(_rect(left, top, size, size, "panel"))
        if axes.diagonal:
            shapes.append(_line(left, top + size, left + size, top, "quiet pen", dash="3 4"))
        shapes.append(_polyline(shown, "pen"))
        shapes += [_dot(*point, 2, "solid") for point in shown if len(shown) <= 24]
        if panel.marked:
            shapes.append(_dot(*at(panel.marked), 6, "ring"))
        below, beside = (28, 35) if steps > 1 else (14, 14)
        for share in (step / steps for step in range(steps + 1)):
            anchor = {0.0: "start", 1.0: "end"}.get(share, "middle")
            number = f"{axes.widest * share:g}"
            shapes.append(_text(left + size * share, top + size + 14, number, "quiet", anchor=anchor))
            shapes.append(_text(left - 5, top + size * (1 - share) + 9 * share, f"{share:g}", "quiet", anchor="end"))
        shapes.append(_text(left + size / 2, top + size + below, axes.across, "quiet", anchor="middle"))
        shapes.append(_text(left - beside, top + size / 2, axes.up, "quiet", anchor="middle", turned=True))
    return Chart(title, min(len(panels), a_row) * (size + gap), lines * (size + gap + 18) + 8, tuple(shapes))


def chances(series: Sequence[tuple[str, Sequence[tuple[float, float]]]], *, across: str, up: str, title: str) -> Chart:
    """Lines of a chance (0..1) over a number on a logarithmic scale, each with its name at its end."""
    numbers = [a for _, points in series for a, _ in points]
    least, most = math.log(min(numbers)), math.log(max(numbers))
    width, height = 460, 260

    def at(a: float, b: float) -> tuple[float, float]:
        return 50 + width * (math.log(a) - least) / (most - least), 20 + height * (1 - b)

    shapes: list[ChartShape] = []
    for value in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        _, y = at(numbers[0], value)
        shapes.append(_line(50, y, 50 + width, y, "grid", dash="6 4" if value == 0.8 else ""))
        shapes.append(_text(44, y + 4, f"{100 * value:.0f} %", "quiet", anchor="end"))
    for value in sorted(set(numbers)):
        shapes.append(_text(at(value, 0)[0], height + 38, f"{value:g}", "quiet", anchor="middle"))
    shapes.append(_text(50 + width / 2, height + 58, across, anchor="middle"))
    shapes.append(_text(50, 12, up))
    taken: list[float] = []
    for index, (label, points) in enumerate(series):
        dash = DASHES[index % len(DASHES)]
        shapes.append(_polyline([at(a, b) for a, b in points], "pen wide-pen", dash=dash))
        y = at(*points[-1])[1]
        while any(abs(y - other) < 15 for other in taken):
            y += 15
        taken.append(y)
        shapes.append(_line(width + 54, y, width + 84, y, "pen wide-pen", dash=dash))
        shapes.append(_text(width + 90, y + 4, label))
    return Chart(title, width + 250, height + 70, tuple(shapes))


def _padded(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0.08 * (high - low) or 0.5
    return low - margin, high + margin


def _tick(value: float, as_percent: bool) -> str:
    return f"{100 * value:.0f} %" if as_percent else f"{value:.2f}"


def _shape(tag: str, kind: str, *, dash: str = "", **numbers: float) -> ChartShape:
    attributes = {"class": kind} if kind else {}
    attributes |= {name: f"{number:.1f}" for name, number in numbers.items()}
    return ChartShape(tag, attributes | ({"stroke-dasharray": dash} if dash else {}))


def _line(x1: float, y1: float, x2: float, y2: float, kind: str, *, dash: str = "") -> ChartShape:
    return _shape("line", kind, dash=dash, x1=x1, y1=y1, x2=x2, y2=y2)


def _rect(x: float, y: float, width: float, height: float, kind: str) -> ChartShape:
    return _shape("rect", kind, x=x, y=y, width=width, height=height)


def _dot(x: float, y: float, radius: float, kind: str) -> ChartShape:
    return _shape("circle", kind, cx=x, cy=y, r=radius)


def _polyline(points: Sequence[tuple[float, float]], kind: str, *, dash: str = "") -> ChartShape:
    shape = _shape("polyline", kind, dash=dash)
    return ChartShape(shape.tag, {**shape.attributes, "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in points)})


def _text(x: float, y: float, text: str, kind: str = "", *, anchor: str = "start", turned: bool = False) -> ChartShape:
    attributes = dict(_shape("text", kind, x=x, y=y).attributes) | {"text-anchor": anchor}
    if turned:
        attributes["transform"] = f"rotate(-90 {x:.1f} {y:.1f})"
    return ChartShape("text", attributes, text)


def _short(label: str, most: int) -> str:
    return label if len(label) <= most else label[: most - 1] + "…"
