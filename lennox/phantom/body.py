"""A tooth's thickness, pixel by pixel: path lengths through rounded bodies, looked up from its profiles."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lennox.phantom.mouth import Jaw, Tooth
from lennox.phantom.teeth import MARGIN_MM, STEP_MM, Profile, ToothShape

Map = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Grid:
    """The pixels that are drawn: shape and size of a pixel in mm, centred on the film."""

    rows: int
    columns: int
    spacing_mm: float


@dataclass(frozen=True, slots=True)
class ToothRegion:
    """The part of the grid that one tooth covers, with u and v (mm) of its pixel centres."""

    rows: slice
    columns: slice
    u: Map
    v: Map
    index: NDArray[np.intp]  # into the tooth's profiles

    def rows_with(self, wanted: NDArray[np.bool_]) -> ToothRegion:
        """The part of the region from the first to the last row that has a wanted pixel; may be empty."""
        rows = np.flatnonzero(wanted.any(axis=1))
        first, last = (int(rows[0]), int(rows[-1]) + 1) if rows.size else (0, 0)
        part = slice(first, last)
        rows_kept = slice(self.rows.start + first, self.rows.start + last)
        return ToothRegion(rows_kept, self.columns, self.u[part], self.v[part], self.index[part])

    def look_up(self, profile: Profile) -> Map:
        """The profile's value at each pixel."""
        return profile.take(self.index, mode="clip")


def jaw_axes(jaw: Jaw, grid: Grid) -> tuple[Map, Map, Map, Map]:
    """x and y (mm) of the jaw's frame, each as a part by row and a part by column to be added.

    Returns x_rows, x_columns, y_rows, y_columns, float32 of (rows, 1) and (1, columns).
    """
    across = ((np.arange(grid.columns) + 0.5) * grid.spacing_mm - grid.columns * grid.spacing_mm / 2).astype(np.float32)
    down = ((np.arange(grid.rows) + 0.5) * grid.spacing_mm - grid.rows * grid.spacing_mm / 2).astype(np.float32)
    cosine, sine = math.cos(jaw.angle), math.sin(jaw.angle)
    flip = 1.0 if jaw.upper else -1.0  # y runs to the occlusal plane: down on the film for upper teeth
    x_rows, x_columns = sine * down[:, None], cosine * across[None, :]
    y_rows = flip * cosine * down[:, None] / jaw.stretch - np.float32(jaw.lift)
    y_columns = -flip * sine * across[None, :] / jaw.stretch
    return tuple(part.astype(np.float32) for part in (x_rows, x_columns, y_rows, y_columns))  # type: ignore[return-value]


def _half_extent(tooth: Tooth) -> float:
    form = tooth.form
    roots = [float(np.abs(root.centre).max() + root.half.max()) for root in form.roots]
    return max(float(form.left.max()), float(form.right.max()), 2.2, *roots)


def tooth_region(tooth: Tooth, jaw: Jaw, grid: Grid) -> ToothRegion | None:
    """The region of a tooth, or None where it lies off the film."""
    x_rows, x_columns, y_rows, y_columns = jaw_axes(jaw, grid)
    cosine, sine = math.cos(tooth.tilt), math.sin(tooth.tilt)
    u_rows = cosine * (x_rows - tooth.x) + sine * (y_rows - tooth.neck)
    u_columns = cosine * x_columns + sine * y_columns
    v_rows = -sine * (x_rows - tooth.x) + cosine * (y_rows - tooth.neck)
    v_columns = -sine * x_columns + cosine * y_columns
    half = _half_extent(tooth) + 0.7
    low, high = tooth.form.start - 0.5, tooth.size.crown_height + MARGIN_MM
    # corners of the tooth's rectangle, back on the grid
    matrix = np.array(
        [
            [u_rows[1, 0] - u_rows[0, 0], u_columns[0, 1] - u_columns[0, 0]],
            [v_rows[1, 0] - v_rows[0, 0], v_columns[0, 1] - v_columns[0, 0]],
        ],
        np.float64,
    )
    corners = np.array([[u, v] for u in (-half, half) for v in (low, high)]).T
    origin = np.array([[u_rows[0, 0] + u_columns[0, 0]], [v_rows[0, 0] + v_columns[0, 0]]])
    positions = np.linalg.solve(matrix, corners - origin)
    top, left = np.floor(positions.min(axis=1)).astype(int)
    bottom, right = np.ceil(positions.max(axis=1)).astype(int) + 1
    top, left, bottom, right = max(top, 0), max(left, 0), min(bottom, grid.rows), min(right, grid.columns)
    if bottom - top < 2 or right - left < 2:
        return None
    rows, columns = slice(top, bottom), slice(left, right)
    u = u_rows[rows] + u_columns[:, columns]
    v = v_rows[rows] + v_columns[:, columns]
    index = ((v - np.float32(tooth.form.start)) * np.float32(1 / STEP_MM)).astype(np.intp)
    return ToothRegion(rows, columns, u, v, index)


def lens(u: Map, centre: Map, half: Map, breadth: Map, square: float) -> Map:
    """Path through a rounded cross-section: an ellipse at square 0, nearer a box at 1; 0 outside."""
    q = u - centre
    q /= np.maximum(half, np.float32(1e-3))
    q *= q
    if square > 0:  # 1 - (1 - square) q^2 - square q^4
        q *= np.float32(1 - square) + np.float32(square) * q
    np.subtract(1.0, q, out=q)
    np.maximum(q, 0.0, out=q)
    np.sqrt(q, out=q)
    q *= breadth
    q *= half > 0
    return q


def cusp_line(row: tuple[tuple[float, float], ...], u: Map, drop: float, width: float, sharp: float) -> Map:
    """Height of the occlusal outline over u for one row of cusps, `drop` below it."""
    line: Map | None = None
    for position, height in row:
        away = np.abs(u - np.float32(position))
        away *= np.float32(2.0 / width)
        cusp = np.float32(height - drop) - np.float32(sharp) * away * np.sqrt(away)
        line = cusp if line is None else np.maximum(line, cusp)
    assert line is not None
    return line


def crown_share(form: ToothShape, region: ToothRegion, size_width: float, drop: float) -> Map:
    """How much of the tooth's breadth is left at each pixel under its two rows of cusps, 0..1."""
    sharp = {"incisor": 0.35, "canine": 2.6, "premolar": 2.2, "molar": 2.0}[form.kind]
    rounding = {"incisor": 0.8, "canine": 1.2, "premolar": 1.8, "molar": 1.8}[form.kind]
    total = np.zeros_like(region.u)
    for row in form.cusps:
        left = cusp_line(row, region.u, drop, size_width, sharp)
        left -= region.v
        left *= np.float32(1 / rounding)
        np.clip(left, 0.0, 1.0, out=left)
        np.sqrt(left, out=left)
        total += left
    total *= np.float32(1 / len(form.cusps))
    return total


def _ends(form: ToothShape, grow: float) -> Profile:
    """Where a shell of `grow` mm around the root ends: 1 along it, falling to 0 just beyond the apex."""
    length = (-form.start - MARGIN_MM) / 1.05 + grow
    ends: Profile = np.sqrt(np.clip(1 - np.clip(-form.v / length, 0, 1.2) ** 10, 0, 1)).astype(np.float32)
    return ends


def trunk(form: ToothShape, region: ToothRegion, grow: float = 0.0, enamel: float = 0.0) -> Map:
    """The crown and, below the neck, the root's trunk, without regard to cusps; shrunk by a share of the enamel."""
    left, right, breadth = form.left, form.right, form.breadth
    if grow:
        ends = grow * _ends(form, grow)
        left, right, breadth = left + ends, right + ends, breadth + 2 * ends
    if enamel:
        left, right = left - enamel * form.enamel, right - enamel * form.enamel
        breadth = np.maximum(breadth - 2 * enamel * form.enamel_breadth, 0)
    square = 0.5 if form.kind == "molar" else 0.4
    path = lens(
        region.u,
        region.look_up(((right - left) / 2).astype(np.float32)),
        region.look_up(((right + left) / 2).astype(np.float32)),
        region.look_up(breadth.astype(np.float32)),
        square,
    )
    if form.furcation:  # ends in an arch between the roots
        across = region.u * np.float32(1 / max(form.right[0], 1.0))
        arch = region.v + np.float32(form.furcation) + np.float32(9.0) * across * across
        length = 1.4 if len(form.roots) == 2 else 4.5  # three roots hide one another's parting
        path *= np.sqrt(np.clip((arch + np.float32(0.3 * length + grow)) / np.float32(length), 0, 1))
    return path


def roots(form: ToothShape, region: ToothRegion, grow: float = 0.0) -> Map | None:
    """Path through the separate roots, None for a single root: side by side the larger, behind one another the sum."""
    if not form.furcation and len(form.roots) == 1:
        return None
    planes: dict[int, Map] = {}
    for root in form.roots:
        half, breadth = root.half, root.breadth
        if grow:
            present = half > 0
            shift = int(grow / STEP_MM)
            present = present | np.concatenate([present[shift:], np.zeros(shift, bool)])
            half = np.where(present, half + grow, 0).astype(np.float32)
            breadth = np.where(present, breadth + 2 * grow, 0).astype(np.float32)
        path = lens(region.u, region.look_up(root.centre), region.look_up(half), region.look_up(breadth), 0.15)
        planes[root.plane] = path if root.plane not in planes else np.maximum(planes[root.plane], path)
    total = None
    for path in planes.values():
        total = path if total is None else total + path
    return total


def outline(tooth: Tooth, region: ToothRegion, grow: float = 0.0) -> Map:
    """Path in mm through the whole tooth, or through it and a shell of `grow` mm around its root."""
    path = trunk(tooth.form, region, grow)
    parts = roots(tooth.form, region, grow)
    if parts is not None:
        path = np.maximum(path, parts)
    return path


def pulp_space(tooth: Tooth, region: ToothRegion) -> tuple[Map, Map]:
    """Paths in mm through the pulp chamber and through the canals."""
    form = tooth.form
    centre = region.look_up(((form.right - form.left) / 2).astype(np.float32))
    chamber = lens(region.u, centre, region.look_up(form.pulp), region.look_up(form.pulp_breadth), 0.2)
    if form.kind in ("molar", "premolar"):
        roof = np.float32((0.24 if form.kind == "molar" else 0.34) * tooth.size.crown_height)
        horns = np.maximum.reduce(
            [
                np.float32(1.3) - np.abs(region.u - np.float32(0.75 * position)) * 1.6
                for row in form.cusps
                for position, _ in row
            ]
        )
        under = np.maximum(horns, 0.0) + roof - region.v
        np.clip(under, 0.0, 1.0, out=under)
        chamber *= np.sqrt(under)
    canals = np.zeros_like(region.u)
    if form.furcation or len(form.roots) > 1:
        low = region.rows_with(region.v < 0.0)
        part = canals[low.rows.start - region.rows.start : low.rows.stop - region.rows.start]
        for root in form.roots:
            canal, breadth = low.look_up(root.canal), low.look_up(root.breadth * np.float32(0.33))
            np.maximum(part, lens(low.u, low.look_up(root.centre), canal, breadth, 0.0), out=part)
        np.subtract(canals, chamber, out=canals)
        np.maximum(canals, 0.0, out=canals)
    return chamber, canals
