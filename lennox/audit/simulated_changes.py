"""Simulated new models that lose exactly what is allowed, and slices that differ by chance alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lennox.audit.simulated_patients import UNITS, found, units
from lennox.audit.slices import search
from lennox.statistics.patient_ratio import ratio_p_value

Floats = NDArray[np.float64]
LOSS = 0.05
CHANGES = ("losses alone", "losses and gains", "all losses with one patient in 20")


def gains(rng: np.random.Generator, kind: str, bottom: Floats) -> Floats:
    """What each patient's units gain where a new model truly loses `LOSS` of all; kind : of `CHANGES`."""
    count = bottom.astype(np.int64)
    if kind.startswith("all"):
        return np.where(rng.random(bottom.shape) < LOSS, -bottom, 0.0)
    gained = 0.0 if kind == "losses alone" else 0.10
    lost = rng.binomial(count, LOSS + gained)
    return (rng.binomial(count - lost, gained / (1.0 - LOSS - gained)) - lost).astype(np.float64)


def change_cells(
    rng: np.random.Generator, repetitions: int, alpha: float
) -> Iterator[tuple[tuple[str, ...], NDArray[np.bool_], NDArray[np.bool_]]]:
    """Setting, and whether each repetition was called no loss, and a loss, both wrongly."""
    for kind in CHANGES:
        for teeth in ("1", "4", UNITS[-1]):
            for patients in (50, 100, 300):
                bottom = units(rng, teeth, (repetitions, patients))
                gained = gains(rng, kind, bottom)
                fine = ratio_p_value(gained, bottom, -LOSS, -1.0) <= alpha
                lost = ratio_p_value(-gained, bottom, LOSS, -1.0) <= alpha
                yield (f"loses {LOSS:g}, allowed {LOSS:g}", kind, f"{teeth} units", f"{patients} patients"), fine, lost


def slice_cells(
    rng: np.random.Generator, repetitions: int, alpha: float
) -> Iterator[tuple[tuple[str, ...], NDArray[np.bool_]]]:
    """Setting, and whether each repetition called a slice worse than chance where features mean nothing."""
    for patients, teeth, icc, fixed in ((100, "1", 0.0, True), (150, "1 to 6", 0.3, True), (150, "1 to 6", 0.3, False)):
        called = np.zeros(repetitions, np.bool_)
        for number in range(repetitions):
            each = units(rng, teeth, (patients,)).astype(np.int64)
            who = np.repeat(np.arange(patients), each)
            own = found(rng, np.ones(patients), 0.85, 0.0) if icc == 0 else rng.beta(0.85 / icc, 0.15 / icc, patients)
            top = (rng.random(len(who)) < (own[who] if icc else 0.85)).astype(np.float64)
            groups = [rng.integers(0, size, patients if fixed else len(who)) for size in (2, 3, 5)]
            codes = [group[who] if fixed else group for group in groups]
            codes += [a * 5 + b for a, b in ((codes[0], codes[1]), (codes[0], codes[2]), (codes[1], codes[2]))]
            _, _, p = search(codes, who, top - top.mean(), np.ones(len(who)), 10, 99, rng)
            called[number] = p <= alpha
        feature = "of the patient" if fixed else "of the film"
        yield ("41 slices, features mean nothing", feature, f"{teeth} units", f"{patients} patients"), called
