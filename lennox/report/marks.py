"""How lesions are marked for people: rounded outlines, numbers beside their lesion, and the scale bar."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

from lennox.geometry import Box
from lennox.inference.findings import Point

SCALE_BARS_MM = (50.0, 20.0, 10.0, 5.0, 2.0, 1.0)
DIGIT = 0.65  # width of a digit, in heights of the type


def soften(outline: Sequence[Point]) -> list[Point]:
    """An outline for the eye: stairs become slopes, and no corner is cut by more than half of a stair.

    outline : corners of a closed outline; the record keeps these as they are
    """
    edges = list(zip(outline, [*outline[1:], outline[0]], strict=True))
    lengths = [math.dist(start, end) for start, end in edges if start != end]
    reach = min(lengths, default=0.0) / 2
    reach = min(reach, sum(lengths) / 32)  # an outline without stairs keeps its shape
    softened: list[Point] = []
    for start, end in edges:
        share = min(0.5, reach / (math.dist(start, end) or 1.0))
        for part in (share, 1.0 - share):
            point = (start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1]))
            if not softened or math.dist(point, softened[-1]) > 1e-6:
                softened.append(point)
    return softened


def place_numbers(boxes: Sequence[Box], rows: int, columns: int, height: float) -> list[tuple[float, float]]:
    """Where the number of each box starts: (row of its base line, column), in pixels of the film.

    Numbered from 1. Each takes the free corner of its box that is in the film and covers the fewest boxes and numbers.
    height : of the type, in pixels of the film
    """
    gap, taken, corners = height / 5, list(boxes), []
    for number, box in enumerate(boxes, 1):
        width = DIGIT * height * len(str(number))
        tops, lefts = (box.top, box.bottom - height), (box.right + gap, box.left - gap - width)
        spots = [
            _inside(Box(top, left, top + height, left + width), rows, columns) for left, top in product(lefts, tops)
        ]
        spot = min(spots, key=lambda box: sum(_overlap(box, other) for other in taken))
        taken.append(spot)
        corners.append((round(spot.bottom - 0.1 * height, 1), round(spot.left, 1)))
    return corners


def scale_bar(spacing_mm: tuple[float, float] | None, columns: int) -> tuple[float, float] | None:
    """The longest round bar within a third of the film: (millimetres, pixels along a row), or None without spacing."""
    if spacing_mm is None:
        return None
    for length_mm in SCALE_BARS_MM:
        length_px = length_mm / spacing_mm[1]
        if length_px <= columns / 3:
            return length_mm, length_px
    return None


def _inside(box: Box, rows: int, columns: int) -> Box:
    height, width = box.bottom - box.top, box.right - box.left
    top = min(max(box.top, 0.0), max(rows - height, 0.0))
    left = min(max(box.left, 0.0), max(columns - width, 0.0))
    return Box(top, left, top + height, left + width)


def _overlap(first: Box, second: Box) -> float:
    height = min(first.bottom, second.bottom) - max(first.top, second.top)
    width = min(first.right, second.right) - max(first.left, second.left)
    return max(height, 0.0) * max(width, 0.0)
