"""Outlines on a film: whether a point lies inside, how much two of them overlap, what they cover on a grid.

One reading of a mark serves training, evaluation and audit. Polygons of one mark are united, as COCO means them. A mark
without an outline stands for the ellipse in its box: lesions are round, and the corners of a box are sound tissue.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lennox import _core
from lennox.geometry import Box

Floats = NDArray[np.float64]
Polygon = Floats  # (corners, 2): row, column, at pixel edges
RASTER = 256  # cells a side on which outlines are compared, or several of one mark united


@dataclass(frozen=True, slots=True)
class Shape:
    """A mark: its box, and its outline where one was drawn.

    polygons : (corners, 2) rows and columns each; what they cover is their union. Empty: the ellipse in the box
    """

    box: Box
    polygons: tuple[Polygon, ...] = ()

    @classmethod
    def outlined(cls, *polygons: Polygon) -> Shape:
        """The shape of polygons, with the box around them. Raises ValueError if they have no extent."""
        corners = np.concatenate(polygons)
        (top, left), (bottom, right) = corners.min(0), corners.max(0)
        return cls(Box(float(top), float(left), float(bottom), float(right)), polygons)

    @classmethod
    def of_mask(cls, mask: NDArray[np.generic]) -> Shape:
        """The shape of a (rows, columns) mask: the outer outline of each connected part; holes are filled.

        Raises ValueError if nothing is set.
        """
        lesions = _core.label_lesions(np.ascontiguousarray(mask != 0, np.float32), 0.5)
        return cls.outlined(*_core.trace_outlines(lesions.labels, len(lesions.areas)))

    @property
    def area(self) -> float:
        """Square pixels covered."""
        box = self.box
        height, width = box.bottom - box.top, box.right - box.left
        if not self.polygons:
            return math.pi / 4 * height * width
        if len(self.polygons) == 1:
            rows, columns = self.polygons[0].T
            return float(abs(np.dot(rows, np.roll(columns, -1)) - np.dot(columns, np.roll(rows, -1))) / 2)
        return float(self.cover(*_grid(box)).mean()) * height * width  # they may overlap

    @property
    def centre(self) -> tuple[float, float]:
        """(row, column) of the middle of the box."""
        return (self.box.top + self.box.bottom) / 2, (self.box.left + self.box.right) / 2

    def contains(self, row: float, column: float) -> bool:
        """Whether the mark covers a point."""
        return bool(self.cover(np.array([row]), np.array([column]))[0, 0])

    def cover(self, rows: Floats, columns: Floats) -> NDArray[np.bool_]:
        """(rows, columns) bool: which points of a grid are covered; each polygon by the even-odd rule.

        rows, columns : of the points, rows in ascending order
        """
        if not self.polygons:
            (row, column), box = self.centre, self.box
            down, across = (rows - row) / (box.bottom - box.top), (columns - column) / (box.right - box.left)
            return np.asarray(4 * (down[:, None] ** 2 + across[None, :] ** 2) <= 1.0)
        inside = np.zeros((len(rows), len(columns)), bool)
        for polygon in self.polygons:
            odd = np.zeros_like(inside)
            after = np.roll(polygon, -1, 0)
            first = np.searchsorted(rows, np.minimum(polygon[:, 0], after[:, 0])).tolist()
            last = np.searchsorted(rows, np.maximum(polygon[:, 0], after[:, 0])).tolist()
            for start, end, (r0, c0), (r1, c1) in zip(first, last, polygon, after, strict=True):
                if start < end:  # rows that the edge crosses
                    crossings = c0 + (rows[start:end] - r0) * (c1 - c0) / (r1 - r0)
                    odd[start:end] ^= columns[None, :] < crossings[:, None]
            inside |= odd
        return inside

    def moved(self, rule: Callable[[Floats], Floats]) -> Shape:
        """The shape under a map of (n, 2) points that keeps boxes boxes: scaling, shifts, mirrorings, quarter turns."""
        box = self.box
        corners = rule(np.array([[box.top, box.left], [box.bottom, box.right]]))
        (top, left), (bottom, right) = corners.min(0), corners.max(0)
        return Shape(Box(float(top), float(left), float(bottom), float(right)), tuple(map(rule, self.polygons)))


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
    """Intersection over union of what two shapes cover, on a raster over both."""
    if box_overlap(first.box, second.box) == 0.0:
        return 0.0
    grid = _grid(
        Box(
            min(first.box.top, second.box.top), min(first.box.left, second.box.left),
            max(first.box.bottom, second.box.bottom), max(first.box.right, second.box.right),
        )
    )  # fmt: skip
    one, other = first.cover(*grid), second.cover(*grid)
    union = int((one | other).sum())
    return int((one & other).sum()) / union if union else 0.0


def _grid(box: Box) -> tuple[Floats, Floats]:
    """Rows and columns of the cells of a raster over a box."""
    steps = (np.arange(RASTER) + 0.5) / RASTER
    return box.top + steps * (box.bottom - box.top), box.left + steps * (box.right - box.left)
