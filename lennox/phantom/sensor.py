"""Sensors and plates: how films of different devices look, and what happens to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lennox.phantom.physics import Exposure, Map


@dataclass(frozen=True, slots=True)
class Sensor:
    """The device and the handling of one film.

    device : "cmos" or "plate"
    corner : mm of the corner that is cut or rounded off, 0 for none
    corner_shape : "cut" or "round"
    cone : (row, column, radius) of the beam in mm from the film's middle, None where it covers the film
    scratches : lines across a plate: (row, column, angle, length) in mm and radians, then strength -1..1
    dead_line : position 0..1 of a row (positive) or a column (negative) that the sensor has lost, 0 for none
    """

    device: Literal["cmos", "plate"]
    exposure: Exposure
    corner: float
    corner_shape: str
    cone: tuple[float, float, float] | None
    scratches: tuple[tuple[float, float, float, float, float], ...]
    dead_line: float


def choose_sensor(rng: np.random.Generator, artefacts: tuple[str, ...]) -> Sensor:
    """Draw a device, an exposure and its accidents."""
    plate = bool(rng.random() < 0.4)
    exposure = Exposure(
        energy_kev=float(rng.uniform(31.0, 36.0)),
        photons=float(np.exp(rng.uniform(np.log(1.5e6), np.log(1.2e7)))),  # to a square millimetre
        scatter=float(rng.uniform(0.03, 0.15)),
        blur_mm=float(rng.uniform(0.07, 0.13) if plate else rng.uniform(0.04, 0.09)),
        grain=float(rng.uniform(0.4, 0.9)),
        electronic=float(np.exp(rng.uniform(np.log(3e-4), np.log(3e-3)))),
        gamma=float(np.clip(np.exp(rng.normal(-0.1, 0.25)), 0.5, 1.7)),
        black=float(rng.uniform(-0.12, 0.12)),
        white=float(rng.uniform(0.85, 1.12)),
        sharpening=float(rng.uniform(0.0, 0.4) if plate else rng.uniform(0.1, 1.1)),
        floor=float(rng.uniform(0.0, 0.12) if plate else rng.uniform(0.0, 0.04)),
        ceiling=float(rng.uniform(0.88, 1.0)),
    )
    if "low exposure" in artefacts:
        exposure = replace(
            exposure,
            photons=float(rng.uniform(1.2e5, 3e5)),
            electronic=0.006,
            black=-0.45,
            white=1.05,
            gamma=min(exposure.gamma, 0.9),
        )
    elif rng.random() < 0.1:
        exposure = replace(exposure, photons=float(rng.uniform(2e5, 8e5)))
    count = int(rng.integers(4, 9)) if "scratches" in artefacts else int(plate and rng.random() < 0.25) * 2
    scratches = tuple(
        (
            float(rng.uniform(-12, 12)),
            float(rng.uniform(-16, 16)),
            float(rng.uniform(0, np.pi)),
            float(rng.exponential(6.0) + 2.0),
            float(rng.choice([-0.6, 0.5, 0.9]) * rng.uniform(0.4, 1.0)),
        )
        for _ in range(count)
    )
    cone = None
    if rng.random() < 0.08:
        turn, away = rng.uniform(0, 2 * np.pi), rng.uniform(14.0, 18.0)
        cone = (float(away * np.sin(turn)), float(away * np.cos(turn)), 30.0)
    return Sensor(
        device="plate" if plate else "cmos",
        exposure=exposure,
        corner=float(rng.uniform(2.0, 4.0) if plate else rng.choice([0.0, 0.0, rng.uniform(1.5, 5.0)])),
        corner_shape="round" if plate else "cut",
        cone=cone,
        scratches=scratches,
        dead_line=float(rng.uniform(-1, 1)) if not plate and rng.random() < 0.12 else 0.0,
    )


def frame_film(shown: Map, sensor: Sensor, spacing_mm: float) -> Map:
    """Add what does not come from the patient: beam's edge, scratches, lost lines, corners. In place; returns it."""
    rows, columns = shown.shape
    unexposed, cut = _borders(sensor, rows, columns, spacing_mm)
    if unexposed is not None:
        shown += unexposed * (np.float32(sensor.exposure.ceiling) - shown)
    for scratch in sensor.scratches:
        _scratch(shown, scratch, spacing_mm)
    if sensor.dead_line > 0:
        shown[int(sensor.dead_line * (rows - 1))] += 0.35
    elif sensor.dead_line < 0:
        shown[:, int(-sensor.dead_line * (columns - 1))] += 0.35
    if cut is not None:
        shown[cut] = 0.0
    return shown


def exposed(sensor: Sensor, rows: int, columns: int, spacing_mm: float) -> NDArray[np.bool_]:
    """Which pixels, (rows, columns), show the patient at all."""
    unexposed, cut = _borders(sensor, rows, columns, spacing_mm)
    seen = np.ones((rows, columns), bool)
    if unexposed is not None:
        seen &= unexposed < 0.5
    if cut is not None:
        seen &= ~cut
    return seen


def _axes(rows: int, columns: int, spacing_mm: float) -> tuple[Map, Map]:
    down = ((np.arange(rows, dtype=np.float32) + 0.5) - rows / 2)[:, None] * np.float32(spacing_mm)
    across = ((np.arange(columns, dtype=np.float32) + 0.5) - columns / 2)[None, :] * np.float32(spacing_mm)
    return down, across


def _borders(sensor: Sensor, rows: int, columns: int, spacing_mm: float) -> tuple[Map | None, NDArray[np.bool_] | None]:
    """How far each pixel lies outside the beam, 0..1, and which are cut off at the corners; None where none is."""
    down, across = _axes(rows, columns, spacing_mm)
    unexposed = cut = None
    if sensor.cone is not None:
        row, column, radius = sensor.cone
        unexposed = np.clip((np.hypot(down - row, across - column) - np.float32(radius)) / np.float32(0.8), 0, 1)
    if sensor.corner > 0:
        beside = rows * spacing_mm / 2 - np.abs(down)
        past = columns * spacing_mm / 2 - np.abs(across)
        if sensor.corner_shape == "cut":
            cut = beside * np.float32(0.7) + past < sensor.corner
        else:
            near_row, near_column = np.maximum(sensor.corner - beside, 0), np.maximum(sensor.corner - past, 0)
            cut = near_row * near_row + near_column * near_column > sensor.corner**2
    return unexposed, cut


def _scratch(shown: Map, scratch: tuple[float, float, float, float, float], spacing_mm: float) -> None:
    row, column, angle, length, strength = scratch
    sine, cosine = np.float32(np.sin(angle)), np.float32(np.cos(angle))
    middle = (shown.shape[0] / 2 + row / spacing_mm, shown.shape[1] / 2 + column / spacing_mm)
    reach = [(abs(part) * length / 2 + 0.3) / spacing_mm + 2 for part in (sine, cosine)]
    area = tuple(slice(max(int(m - r), 0), max(int(m + r), 0)) for m, r in zip(middle, reach, strict=True))
    down, across = _axes(shown.shape[0], shown.shape[1], spacing_mm)
    down, across = down[area[0]] - np.float32(row), across[:, area[1]] - np.float32(column)
    along = down * sine + across * cosine
    off = down * cosine - across * sine + np.float32(0.02) * np.sin(along)
    line = np.clip(1.4 - np.abs(off) / np.float32(max(0.05, 0.8 * spacing_mm)), 0, 1) * (np.abs(along) < length / 2)
    part = shown[area]
    part += line * np.float32(abs(strength)) * (np.float32(1.0 if strength > 0 else 0.0) - part)
