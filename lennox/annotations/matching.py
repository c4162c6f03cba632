"""Outlines drawn by people, and which of them a model's findings hit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.inference.findings import Finding

Ring = NDArray[np.float64]  # (corners, 2): row, column
_RASTER = 200  # cells along the longer side when two shapes are compared by area


@dataclass(frozen=True, slots=True)
class Outline:
    """A mark: its rings, or the ellipse in its box where only a box was drawn. area : in pixels."""

    rings: tuple[Ring, ...]
    area: float

    def scaled(self, down: float, across: float) -> Outline:
        """The same on a picture of other pixels."""
        factors = np.array([down, across])
        return Outline(tuple(ring * factors for ring in self.rings), self.area * down * across)

    def contains(self, row: float, column: float) -> bool:
        """Whether the point lies inside (even-odd rule)."""
        return bool(inside(self.rings, np.array([row]), np.array([column]))[0])


def outline_of(mark: Mapping[str, Any]) -> Outline:
    """The outline of a COCO annotation: its polygons, or the ellipse in its box."""
    polygons = mark.get("segmentation") or []
    rings = tuple(
        np.array(polygon, np.float64).reshape(-1, 2)[:, ::-1]
        for polygon in polygons
        if isinstance(polygon, list) and len(polygon) >= 6
    )
    if not rings:
        left, top, width, height = map(float, mark["bbox"])
        angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
        ring = np.stack([top + height / 2 * (1 + np.sin(angle)), left + width / 2 * (1 + np.cos(angle))], axis=1)
        return Outline((ring,), math.pi / 4 * width * height)
    return Outline(rings, sum(_area(ring) for ring in rings))


def found_by(findings: Sequence[Finding], lesions: Sequence[Outline], matching: str) -> tuple[list[float], list[float]]:
    """(probability of the best mark on each lesion, 0 where there is none; probabilities of marks on no lesion).

    matching : "centre-in-outline", "iou:0.3" or "dice:0.3". A further mark on a lesion is neither hit nor false.
    """
    best, false = [0.0] * len(lesions), []
    for finding in findings:
        hits = [index for index, lesion in enumerate(lesions) if _hits(finding, lesion, matching)]
        for index in hits:
            best[index] = max(best[index], finding.probability)
        if not hits:
            false.append(finding.probability)
    return best, false


def _hits(finding: Finding, lesion: Outline, matching: str) -> bool:
    rule, _, least = matching.partition(":")
    if rule == "centre-in-outline":
        return lesion.contains(*finding.centre)
    shared, first, second = _overlap((np.array(finding.outline),), lesion.rings)
    union = first + second - shared
    share = shared / union if rule == "iou" else 2 * shared / (first + second)
    return bool(share >= float(least)) if first and second else False


def _overlap(a: tuple[Ring, ...], b: tuple[Ring, ...]) -> tuple[float, float, float]:
    """Cells in both, in a, in b, on a raster over both."""
    corners = np.concatenate([*a, *b])
    low, high = corners.min(0), corners.max(0)
    step = max(float((high - low).max()) / _RASTER, 1e-9)
    rows, columns = (np.arange(low[i] + step / 2, high[i], step) for i in range(2))
    grid = np.meshgrid(rows, columns, indexing="ij")
    in_a, in_b = (inside(rings, grid[0].ravel(), grid[1].ravel()) for rings in (a, b))
    return float((in_a & in_b).sum()), float(in_a.sum()), float(in_b.sum())


def inside(rings: Sequence[Ring], rows: NDArray[np.float64], columns: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points lie inside the rings (even-odd rule)."""
    odd = np.zeros(len(rows), bool)
    for ring in rings:
        for (r0, c0), (r1, c1) in zip(ring, np.roll(ring, -1, 0), strict=True):
            crosses = (r0 > rows) != (r1 > rows)
            if r0 != r1:
                odd ^= crosses & (columns < c0 + (rows - r0) * (c1 - c0) / (r1 - r0))
    return odd


def _area(ring: Ring) -> float:
    rows, columns = ring.T
    return abs(float(np.dot(rows, np.roll(columns, 1)) - np.dot(columns, np.roll(rows, 1)))) / 2
