"""Outlines on a film: whether a point lies inside, how much two of them overlap, what they cover on a grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lennox.geometry import Box

Polygon = NDArray[np.float64]
FINEST = 256  # cells a side on which two outlines are compared


@dataclass(frozen=True, slots=True)
class Shape:
    """A box, with its outline where one was drawn: polygons of (corners, 2) rows and columns, at pixel edges."""

    box: Box
    polygons: tuple[Polygon, ...] = ()

    @property
    def area(self) -> float:
        """Square pixels inside the outline, or inside the box if there is none."""
        if self.polygons:
            return sum(_polygon_area(polygon) for polygon in self.polygons)
        return (self.box.bottom - self.box.top) * (self.box.right - self.box.left)

    def contains(self, row: float, column: float) -> bool:
        """Whether a point lies inside the outline, or inside the box if there is none."""
        if self.polygons:
            return bool(cover(self.polygons, np.array([row]), np.array([column]))[0, 0])
        return self.box.top <= row <= self.box.bottom and self.box.left <= column <= self.box.right


def cover(polygons: tuple[Polygon, ...], rows: NDArray[np.float64], columns: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(rows, columns) bool: which points of the grid lie inside any of the polygons, by the even-odd rule for each."""
    inside = np.zeros((len(rows), len(columns)), bool)
    for polygon in polygons:
        odd = np.zeros_like(inside)
        for (r0, c0), (r1, c1) in zip(polygon, np.roll(polygon, -1, 0), strict=True):
            if r0 == r1:
                continue
            crossed = (rows >= min(r0, r1)) & (rows < max(r0, r1))
            at = c0 + (rows - r0) * (c1 - c0) / (r1 - r0)
            odd ^= crossed[:, None] & (columns[None, :] < at[:, None])
        inside |= odd
    return inside


def box_overlap(first: Box, second: Box) -> float:
    """Intersection over union of two boxes."""
    height = min(first.bottom, second.bottom) - max(first.top, second.top)
    width = min(first.right, second.right) - max(first.left, second.left)
    if height <= 0 or width <= 0:
        return 0.0
    shared = height * width
    areas = sum((box.bottom - box.top) * (box.right - box.left) for box in (first, second))
    return shared / (areas - shared)


def overlap(first: Shape, second: Shape) -> float:
    """Intersection over union: of the outlines when both have one, else of the boxes."""
    if not (first.polygons and second.polygons):
        return box_overlap(first.box, second.box)
    if box_overlap(first.box, second.box) == 0.0:
        return 0.0
    top, bottom = min(first.box.top, second.box.top), max(first.box.bottom, second.box.bottom)
    left, right = min(first.box.left, second.box.left), max(first.box.right, second.box.right)
    rows = top + (np.arange(FINEST) + 0.5) * (bottom - top) / FINEST
    columns = left + (np.arange(FINEST) + 0.5) * (right - left) / FINEST
    one, other = cover(first.polygons, rows, columns), cover(second.polygons, rows, columns)
    union = int((one | other).sum())
    return int((one & other).sum()) / union if union else 0.0


def _polygon_area(polygon: Polygon) -> float:
    rows, columns = polygon[:, 0], polygon[:, 1]
    return float(abs(np.dot(rows, np.roll(columns, -1)) - np.dot(columns, np.roll(rows, -1))) / 2)
