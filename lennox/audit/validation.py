"""The gate on simulated models whose truth is known: does it hold what it promises?

Every table runs the shipped bounds, p-values and correction. Teeth of one mouth are beta-binomial: each patient has a
rate of their own, and ICC says how alike a patient's teeth are.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from lennox.statistics import intervals
from lennox.statistics.rates import RateSums

Floats = NDArray[np.float64]
ALPHA = 0.05
ICCS = (0.0, 0.1, 0.3, 0.5)


@dataclass(frozen=True, slots=True)
class Size:
    """How long to simulate. repetitions : of each cell; seed : of everything."""

    repetitions: int = 2000
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Cell:
    """One simulated setting. value : a share in percent; most, least : what the design asks of it, None: nothing."""

    setting: tuple[str, ...]
    name: str
    value: float
    most: float | None = None
    least: float | None = None

    def holds(self, repetitions: int) -> bool:
        """Whether the promise holds within four Monte Carlo errors: over all cells, chance breaks one in 200 runs."""
        error = 400.0 * (0.05 * 0.95 / repetitions) ** 0.5
        return (self.most is None or self.value <= self.most + error) and (
            self.least is None or self.value >= self.least - error
        )


def draw(rng: np.random.Generator, shape: tuple[int, ...], rate: Floats | float, icc: float, teeth: object) -> RateSums:
    """Sums of beta-binomial patients along the last axis of `shape`. teeth : a number, or "1+Poisson(3)"."""
    p = np.broadcast_to(np.asarray(rate, np.float64), shape)
    if icc > 0:
        strength = (1 - icc) / icc
        p = rng.beta(p * strength, (1 - p) * strength)
    m = rng.poisson(3, shape) + 1 if teeth == "1+Poisson(3)" else np.full(shape, int(str(teeth)))
    return RateSums.of(rng.binomial(m, p), m)


def gap_verdicts(sums: RateSums, limit: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(PASS, FAIL) of the gap limit in each repetition; sums : (repetitions, groups)."""
    groups = sums.units.shape[-1]
    a, b = (index[~np.eye(groups, dtype=bool)] for index in np.indices((groups, groups)))
    first, second = _at(sums, a), _at(sums, b)
    passes = np.all(intervals.gap_bounds(first, second, ALPHA)[1] <= limit, axis=-1)
    p_values = intervals.gap_p_values(first, second, limit)
    return np.asarray(passes), np.asarray(np.any(intervals.holm(p_values, ALPHA)[0], axis=-1))


def floor_verdicts(sums: RateSums, floor: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(PASS, FAIL) of a floor in each repetition; sums : (repetitions, groups)."""
    passes = np.all(intervals.rate_bounds(sums, ALPHA)[0] >= floor, axis=-1)
    p_values = intervals.rate_p_values(sums, floor, ALPHA)[0]
    return np.asarray(passes), np.asarray(np.any(intervals.holm(p_values, ALPHA)[0], axis=-1))


def _at(sums: RateSums, index: NDArray[np.intp]) -> RateSums:
    return RateSums(*(getattr(sums, name)[..., index] for name in RateSums.__slots__))


def unfair_and_fair(size: Size) -> list[Cell]:
    """Section 2.1 of the design: limit 0.10 on the gap, one tooth a patient."""
    rng, cells = np.random.default_rng(size.seed), []
    truths = (("unfair .85/.70", 0.70), ("unfair .85/.60", 0.60), ("border .85/.75", 0.75), ("equal .85", 0.85))
    for name, low in truths:
        for groups in (2, 8):
            for n in (30, 100, 300, 1000):
                rates = np.r_[np.full(groups - 1, 0.85), low]
                k = rng.binomial(n, rates, (size.repetitions, groups)).astype(float)
                full = np.full(k.shape, float(n))
                passes, fails = gap_verdicts(RateSums(full, k, full, k, k, full, k), 0.10)
                setting = (name, f"{groups} groups", f"{n} cases each")
                unfair = low < 0.85
                cells.append(Cell(setting, "PASS", _percent(passes), most=5.0 if unfair else None))
                cells.append(Cell(setting, "FAIL", _percent(fails), most=10.0 if low >= 0.75 else None))
    return cells


def clustered_gaps(size: Size) -> list[Cell]:
    """Section 2.3: two groups exactly at the limit, four teeth a patient: false passes and false failures."""
    rng, cells = np.random.default_rng(size.seed + 1), []
    for patients in (10, 25, 100, 250):
        for icc in ICCS:
            rate = np.array([[0.85], [0.75]])
            sums = draw(rng, (size.repetitions, 2, patients), rate, icc, 4)
            passes, fails = gap_verdicts(sums, 0.10)
            setting = ("gap exactly .10", f"{patients} patients", f"ICC {icc:g}")
            cells.append(Cell(setting, "PASS", _percent(passes), most=5.0 if patients >= 25 else 6.0))
            cells.append(Cell(setting, "FAIL", _percent(fails), most=10.0))
    return cells


def clustered_floors(size: Size) -> list[Cell]:
    """One group exactly at its floor: the chance to pass."""
    rng, cells = np.random.default_rng(size.seed + 2), []
    for floor in (0.80, 0.90):
        for patients in (25, 50, 100, 250):
            for icc in ICCS:
                sums = draw(rng, (size.repetitions, 1, patients), floor, icc, 4)
                passes, _ = floor_verdicts(sums, floor)
                setting = (f"exactly at the floor {floor:g}", f"{patients} patients", f"ICC {icc:g}")
                cells.append(Cell(setting, "PASS", _percent(passes), most=5.0))
    return cells


def coverage(size: Size) -> list[Cell]:
    """Section 2.3: two-sided 95 % intervals of a rate of .85."""
    rng, cells = np.random.default_rng(size.seed + 3), []
    for teeth in ("4", "1+Poisson(3)"):
        for patients in (10, 25, 50, 100, 250):
            for icc in ICCS if teeth == "4" else (0.3, 0.5):
                sums = draw(rng, (size.repetitions, patients), 0.85, icc, teeth)
                exact = intervals.rate_bounds(sums, ALPHA / 2)
                wilson = intervals.wilson(sums.rate(), sums.n_eff(), intervals.student(ALPHA / 2, sums.patients))
                setting = (f"{teeth} teeth", f"{patients} patients", f"ICC {icc:g}")
                least = 93.0 if patients >= 25 else None
                cells.append(Cell(setting, "floors and ceilings", _covers(exact, 0.85), least=least))
                cells.append(Cell(setting, "pairs (Wilson, t)", _covers(wilson, 0.85), least=least))
    return cells


def families(size: Size) -> list[Cell]:
    """Section 2.4: 24 cells of 400 at once, floor .80."""
    rng, cells = np.random.default_rng(size.seed + 4), []
    settings = (
        ("one cell at .80, 23 at .95", np.r_[0.80, np.full(23, 0.95)]),
        ("all at .80", np.full(24, 0.80)),
        ("all at .90", np.full(24, 0.90)),
        ("one at .70, rest .90", np.r_[0.70, np.full(23, 0.90)]),
    )
    for name, rates in settings:
        k = rng.binomial(400, rates, (size.repetitions, 24)).astype(float)
        full = np.full(k.shape, 400.0)
        passes, fails = floor_verdicts(RateSums(full, k, full, k, k, full, k), 0.80)
        unfair = rates.min() <= 0.80
        setting = (name, "24 cells of 400", "floor .80")
        cells.append(Cell(setting, "PASS", _percent(passes), most=5.0 if unfair else None))
        cells.append(Cell(setting, "FAIL", _percent(fails), most=10.0 if rates.min() >= 0.80 else None))
    return cells


TABLES: tuple[tuple[str, Callable[[Size], list[Cell]]], ...] = (
    ("Gap of 0.10 at most, one tooth a patient", unfair_and_fair),
    ("A gap exactly at the limit, four teeth a patient", clustered_gaps),
    ("A group exactly at its floor, four teeth a patient", clustered_floors),
    ("Coverage of two-sided 95 % intervals, rate 0.85", coverage),
    ("Many cells at once", families),
)


def validation_report(size: Size) -> str:
    """Every table as Markdown, with what is asked of each number and whether it holds."""
    lines = [
        "# Does the gate hold?",
        "",
        "Written by `lennox policy simulate --out docs/gate-validation.md`; do not edit. Simulated models of known "
        "truth go through the shipped bounds, p-values and correction.",
        "",
        f"{size.repetitions} repetitions a cell, seed {size.seed}, Python {platform.python_version()}, "
        f"numpy {version('numpy')}, scipy {version('scipy')}. 'Asked' is the design's promise; a number holds if it is "
        f"within four Monte Carlo errors ({400 * (0.05 * 0.95 / size.repetitions) ** 0.5:.1f} points near 5 %).",
    ]
    for title, simulate in TABLES:
        cells = simulate(size)
        broken = [cell for cell in cells if not cell.holds(size.repetitions)]
        asked = [cell for cell in cells if cell.most is not None or cell.least is not None]
        lines += ["", f"## {title}", "", f"{len(asked) - len(broken)} of {len(asked)} promises hold.", ""]
        names = list(dict.fromkeys(cell.name for cell in cells))
        lines.append("| truth | size | likeness or limit | " + " | ".join(f"{name} | asked" for name in names) + " |")
        lines.append("|---" * (3 + 2 * len(names)) + "|")
        for setting in dict.fromkeys(cell.setting for cell in cells):
            row = [*setting]
            for name in names:
                cell = next(cell for cell in cells if cell.setting == setting and cell.name == name)
                row += [f"{cell.value:.1f} %", _asked(cell, size.repetitions)]
            lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def _asked(cell: Cell, repetitions: int) -> str:
    if cell.most is None and cell.least is None:
        return ""
    promise = f"≤ {cell.most:g}" if cell.most is not None else f"≥ {cell.least:g}"
    return promise if cell.holds(repetitions) else f"**{promise}: no**"


def _percent(marks: NDArray[np.bool_]) -> float:
    return 100.0 * float(marks.mean())


def _covers(bounds: tuple[Floats, Floats], truth: float) -> float:
    return _percent((bounds[0] <= truth) & (truth <= bounds[1]))
