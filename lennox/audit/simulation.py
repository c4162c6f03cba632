"""The gate on simulated models that are exactly at a limit: how often does it pass them?

Every table runs the shipped bounds, p-values and correction, for every metric that a policy can gate, over designs from
even to skewed, and prints its worst cells first.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from lennox.audit.group_evidence import group_evidence
from lennox.audit.simulated_changes import change_cells, slice_cells
from lennox.audit.simulated_patients import (
    DICE,
    MARKS,
    SCORES,
    UNITS,
    dice,
    found,
    found_worse_of_many,
    marks,
    on_a_line,
    scored,
    squared_errors,
    units,
)
from lennox.gate.group_bounds import GroupRows
from lennox.gate.looks import look_number
from lennox.policy.metrics import METRICS, MetricName
from lennox.statistics.holm import holm
from lennox.statistics.one_sided import RAREST, worst_count
from lennox.statistics.patient_ratio import ratio_lower_bound, ratio_p_value
from lennox.statistics.spending import spent

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]
ALPHA = 0.05
_SCORED_SHARE = 3  # metrics of scores are simulated in so many times fewer repetitions: each costs a fit or a sort


@dataclass(frozen=True, slots=True)
class Size:
    """How long to simulate. repetitions : of each cell; seed : of everything."""

    repetitions: int = 600
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Cell:
    """One simulated setting. value : a share in percent of `repetitions`; most, least : what is asked of it."""

    setting: tuple[str, ...]
    value: float
    repetitions: int
    most: float | None = None
    least: float | None = None

    def holds(self) -> bool:
        """Whether the promise holds within four Monte Carlo errors: over all cells, chance breaks one in 100 runs."""
        error = 400.0 * (0.05 * 0.95 / self.repetitions) ** 0.5
        return (self.most is None or self.value <= self.most + error) and (
            self.least is None or self.value >= self.least - error
        )


def shares(size: Size) -> Iterator[Cell]:
    """One group exactly at a floor of a share: tpr, lesion_sensitivity, readable_rate; fpr is one mirrored."""
    rng = np.random.default_rng(size.seed)
    for kind in UNITS:
        for floor in (0.80, 0.95):
            for patients in (20, 50, 100, 500):
                for icc in (0.0, 0.1, 0.5):
                    if kind == "1" and icc > 0:
                        continue
                    bottom = units(rng, kind, (size.repetitions, patients))
                    top = found(rng, bottom, floor, icc)
                    passes = ratio_p_value(top, bottom, floor, 0.0) <= ALPHA
                    setting = (f"floor {floor:g}", f"{kind} units", f"{patients} patients", f"ICC {icc:g}")
                    yield _false_pass(setting, passes)
    for patients in (50, 100, 500):
        bottom = units(rng, UNITS[-1], (size.repetitions, patients))
        top = found_worse_of_many(rng, bottom, 0.8, 20 * 0.1 / (20 * 0.1 + 0.9))
        setting = ("floor 0.8, worse for patients with many", f"{UNITS[-1]} units", f"{patients} patients", "")
        yield _false_pass(setting, ratio_p_value(top, bottom, 0.8, 0.0) <= ALPHA)


def gaps(size: Size) -> Iterator[Cell]:
    """Two groups whose shares differ by exactly the limit, 0.10."""
    rng = np.random.default_rng(size.seed + 1)
    repetitions = max(size.repetitions // 2, 100)
    for kind in ("1", "4", UNITS[-1]):
        for high, low in ((0.85, 0.75), (0.98, 0.88)):
            for first, second in ((20, 20), (100, 100), (200, 50), (50, 200)):
                for icc in (0.5,) if kind != "1" else (0.0,):
                    a, b = (
                        _shares(rng, kind, repetitions, first, high, icc),
                        _shares(rng, kind, repetitions, second, low, icc),
                    )
                    passes = np.maximum(*gap_upper_bounds(a, b)) <= 0.10
                    setting = (
                        f"{high:g} and {low:g}",
                        f"{kind} units",
                        f"{first} and {second} patients",
                        f"ICC {icc:g}",
                    )
                    yield _false_pass(setting, passes)


def gap_upper_bounds(a: tuple[Floats, Floats], b: tuple[Floats, Floats], alpha: float = ALPHA) -> tuple[Floats, Floats]:
    """Upper bounds of both differences between two groups without common patients, (repetitions,) each."""
    ends = []
    for top, bottom in (a, b):
        low = ratio_lower_bound(top, bottom, alpha, 0.0)
        high = -ratio_lower_bound(-top, bottom, alpha, -1.0)
        ends.append((low, top.sum(-1) / bottom.sum(-1), high))
    (la, pa, ha), (lb, pb, hb) = ends
    return pa - pb + np.hypot(ha - pa, pb - lb), pb - pa + np.hypot(hb - pb, pa - la)


def means(size: Size) -> Iterator[Cell]:
    """Dice exactly at a floor, and the Brier score exactly at a ceiling."""
    rng = np.random.default_rng(size.seed + 2)
    for patients in (20, 25, 50, 100, 300):
        shape = (size.repetitions, patients)
        for kind in DICE:
            for floor in (0.6, 0.75):
                passes = ratio_p_value(dice(rng, kind, shape, floor), np.ones(shape), floor, 0.0) <= ALPHA
                yield _false_pass((f"Dice, floor {floor:g}", kind, f"{patients} patients", ""), passes)
        for kind in ("calibrated", "few and large"):
            for ceiling in (0.05, 0.2):
                error = squared_errors(rng, kind, shape, ceiling)
                passes = ratio_p_value(-error, np.ones(shape), -ceiling, -1.0) <= ALPHA
                yield _false_pass((f"Brier, ceiling {ceiling:g}", kind, f"{patients} patients", ""), passes)


def counts(size: Size) -> Iterator[Cell]:
    """False marks per film exactly at a ceiling."""
    rng = np.random.default_rng(size.seed + 3)
    for kind in MARKS:
        for ceiling in (0.5, 2.0):
            for patients in (25, 50, 60, 100, 300):
                top = marks(rng, kind, (size.repetitions, patients), ceiling)
                passes = count_passes(top, np.ones(top.shape), ceiling)
                yield _false_pass((f"ceiling {ceiling:g}", kind, f"{patients} patients", ""), passes)


def count_passes(top: Floats, bottom: Floats, ceiling: float, alpha: float = ALPHA) -> Marks:
    """Whether a mean count is shown to be at most `ceiling`, in each repetition."""
    met = (1.0 - RAREST) ** top.shape[-1] <= alpha
    return np.asarray(met & (ratio_p_value(-top, bottom, -ceiling, -worst_count(top, bottom)) <= alpha))


def areas(size: Size) -> Iterator[Cell]:
    """The area under the ROC curve exactly at a floor."""
    rng, repetitions = np.random.default_rng(size.seed + 4), max(size.repetitions // _SCORED_SHARE, 20)
    for kind in SCORES:
        for floor in (0.7, 0.9):
            for teeth, patients in (("1", 50), ("1", 100), ("1", 200), ("4", 50), ("4", 100), (UNITS[-1], 100)):
                drawn = [
                    _scored_passes(rng, "auc", scored(rng, kind, patients, teeth, floor), floor)
                    for _ in range(repetitions)
                ]
                setting = (f"AUC, floor {floor:g}", kind, f"{patients} patients, {teeth} units", "ICC 0.3")
                yield _false_pass(setting, np.array(drawn))


def lines(size: Size) -> Iterator[Cell]:
    """Calibration slope and intercept exactly at either end of what is allowed."""
    rng, repetitions = np.random.default_rng(size.seed + 5), max(size.repetitions // _SCORED_SHARE, 20)
    ends: tuple[tuple[MetricName, float, int], ...] = (
        ("calibration_slope", 0.7, 1),
        ("calibration_slope", 1.4, -1),
        ("calibration_intercept", -0.5, 1),
        ("calibration_intercept", 0.5, -1),
    )
    for metric, limit, side in ends:
        for teeth, patients, icc in (
            ("1", 63, 0.0),
            ("1", 200, 0.0),
            ("4", 63, 0.5),
            ("4", 200, 0.5),
            (UNITS[-1], 100, 0.5),
        ):
            line = (0.0, limit) if metric == "calibration_slope" else (limit, 1.0)
            drawn = [
                _scored_passes(rng, metric, on_a_line(rng, patients, teeth, *line, icc), limit, side)
                for _ in range(repetitions)
            ]
            setting = (f"{metric} {limit:g}", "", f"{patients} patients, {teeth} units", f"ICC {icc:g}")
            yield _false_pass(setting, np.array(drawn))


def _scored_passes(
    rng: np.random.Generator,
    metric: MetricName,
    rows: tuple[NDArray[np.int8], Floats, NDArray[np.int64]],
    limit: float,
    side: int = 1,
) -> bool:
    label, score, who = rows
    if len(np.unique(label)) < 2:
        return False
    ones, none = np.ones(len(label)), np.zeros(len(label))
    found_here = group_evidence(
        METRICS[metric], GroupRows(who, label, score, none, ones, none, none), 0.5, np.empty(0), False
    )
    if found_here is None:
        return False
    evidence = found_here.evidence
    if metric == "auc":
        return evidence.low.lower(ALPHA) >= limit
    return (evidence.low if side > 0 else evidence.high).p_value(side * limit) <= ALPHA


def families(size: Size) -> Iterator[Cell]:
    """24 groups exactly at their floor: the chance that any fails, after Holm's correction."""
    rng = np.random.default_rng(size.seed + 6)
    for kind, patients, icc in (("1", 100, 0.0), ("4", 50, 0.3), (UNITS[-1], 100, 0.3)):
        top, bottom = _shares(rng, kind, max(size.repetitions // 4, 50) * 24, patients, 0.8, icc)
        p = ratio_p_value(-top, bottom, -0.8, -1.0).reshape(-1, 24)
        fails = np.any(holm(p, ALPHA)[0], axis=-1)
        setting = ("24 groups at 0.8", f"{kind} units", f"{patients} patients each", f"ICC {icc:g}, false FAIL")
        yield _false_pass(setting, fails)
    for kind in MARKS:
        top = marks(rng, kind, (size.repetitions, 100), 1.0)
        fails = ratio_p_value(top, np.ones(top.shape), 1.0, 0.0) <= ALPHA
        yield _false_pass(("false marks, ceiling 1", kind, "100 patients", "false FAIL"), fails)


def looks(size: Size) -> Iterator[Cell]:
    """Every 25 patients a new look, 19 at a group exactly at its floor: the chance that any passes; and many models.

    Models: each is exactly at the floor on the same patients, and is audited again and again in any order; what is a
    new look is decided as in an audit.
    """
    rng = np.random.default_rng(size.seed + 7)
    for kind, icc in (("1", 0.0), ("4", 0.3)):
        top, bottom = _shares(rng, kind, max(size.repetitions // 2, 100), 500, 0.8, icc)
        once, paid = np.zeros(len(top), np.bool_), np.zeros(len(top), np.bool_)
        for look, seen in enumerate(range(50, 501, 25), 1):
            p = ratio_p_value(top[:, :seen], bottom[:, :seen], 0.8, 0.0)
            once |= p <= ALPHA
            paid |= p <= spent(ALPHA, look)
        yield _false_pass(
            ("19 looks, alpha spent over looks", f"{kind} units", "50 to 500 patients", f"ICC {icc:g}"), paid
        )
        yield Cell(
            ("19 looks, were looks free", f"{kind} units", "50 to 500 patients", f"ICC {icc:g}"),
            _percent(once),
            len(once),
        )
    rng, models = np.random.default_rng(size.seed + 9), 12
    for kind, icc in (("1", 0.0), ("4", 0.3)):
        repetitions = max(size.repetitions // 2, 100)
        top, bottom = _shares(rng, kind, repetitions * models, 200, 0.8, icc)
        p = ratio_p_value(top, bottom, 0.8, 0.0).reshape(repetitions, models)
        passed = np.zeros(repetitions, np.bool_)
        for number in range(repetitions):
            entries: list[dict[str, str]] = []
            for model in rng.integers(0, models, 3 * models).tolist():
                level = spent(ALPHA, look_number(entries, str(model)))
                passed[number] |= bool(p[number, model] <= level)
                entries.append({"look": str(model)})
        setting = ("12 models, 36 audits in any order", f"{kind} units", "200 patients", f"ICC {icc:g}")
        yield _false_pass(setting, passed)


def changes(size: Size) -> Iterator[Cell]:
    """A new model that loses exactly what is allowed: called no loss, or a loss, both wrongly."""
    rng = np.random.default_rng(size.seed + 10)
    for setting, fine, lost in change_cells(rng, size.repetitions, ALPHA):
        yield _false_pass(("no loss: " + setting[0], *setting[1:]), fine)
        yield _false_pass(("a loss: " + setting[0], *setting[1:]), lost)


def slices(size: Size) -> Iterator[Cell]:
    """The worst slice where features mean nothing: called worse than chance."""
    rng = np.random.default_rng(size.seed + 11)
    for setting, called in slice_cells(rng, max(size.repetitions // 2, 100), ALPHA):
        yield _false_pass(setting, called)


def power(size: Size) -> Iterator[Cell]:
    """What ordinary data can show: one group that is better than its floor, and two that are equal."""
    rng, repetitions = np.random.default_rng(size.seed + 8), max(size.repetitions // 2, 100)
    for kind, patients, icc, truth, floor in (
        ("1 to 6", 60, 0.1, 0.85, 0.6),
        ("1 to 6", 75, 0.1, 0.9, 0.8),
        ("4", 75, 0.3, 0.9, 0.8),
        ("4", 150, 0.3, 0.9, 0.8),
        ("30", 50, 0.1, 0.9, 0.8),
        ("1", 100, 0.0, 0.9, 0.8),
        (UNITS[-1], 500, 0.1, 0.9, 0.8),
    ):
        top, bottom = _shares(rng, kind, repetitions, patients, truth, icc)
        passes = ratio_p_value(top, bottom, floor, 0.0) <= spent(ALPHA, 1)
        yield Cell(
            (f"{truth:g}, floor {floor:g}", f"{kind} units", f"{patients} patients", f"ICC {icc:g}"),
            _percent(passes),
            repetitions,
        )
    for kind, patients in (("1", 150), ("4", 100), ("4", 200)):
        a, b = (_shares(rng, kind, repetitions, patients, 0.9, 0.1 if kind != "1" else 0.0) for _ in range(2))
        passes = np.maximum(*gap_upper_bounds(a, b, spent(ALPHA, 1))) <= 0.10
        yield Cell(
            ("0.9 and 0.9, gap 0.10", f"{kind} units", f"{patients} patients each", ""), _percent(passes), repetitions
        )
    for kind in MARKS[:2]:
        top = marks(rng, kind, (repetitions, 100), 0.5)
        yield Cell(
            ("0.5 false marks, ceiling 1", kind, "100 patients", ""),
            _percent(count_passes(top, np.ones(top.shape), 1.0, spent(ALPHA, 1))),
            repetitions,
        )


TABLES: tuple[tuple[str, Callable[[Size], Iterator[Cell]]], ...] = (
    ("PASS at the limit: shares", shares),
    ("PASS at the limit: gaps of shares", gaps),
    ("PASS at the limit: Dice and Brier", means),
    ("PASS at the limit: false marks per film", counts),
    ("PASS at the limit: area under the ROC curve", areas),
    ("PASS at the limit: calibration", lines),
    ("FAIL at the limit, many at once", families),
    ("Many looks", looks),
    ("A new model against the one in use", changes),
    ("The worst slice", slices),
    ("PASS of models that are good enough", power),
)
_WORST = 25


def validation_report(size: Size) -> str:
    """Every table as Markdown, worst cells first, with what is asked of each number and whether it holds."""
    tables = [(title, list(simulate(size))) for title, simulate in TABLES]
    asked = [(cell, title) for title, cells in tables for cell in cells if cell.most is not None]
    broken = [cell for cell, _ in asked if not cell.holds()]
    lines = [
        "# Does the gate hold?",
        "",
        f"Written by `lennox policy simulate --repetitions {size.repetitions} --out docs/auditor/gate-validation.md`; "
        "do not edit. Simulated models whose truth is exactly at a limit go through the shipped bounds, p-values and "
        "correction: each number is the chance of the wrong answer, at a level of 5 %. How the bounds are made: "
        "[gate-method.md](gate-method.md).",
        "",
        f"{size.repetitions} repetitions a cell for shares, means and counts, fewer elsewhere; seed {size.seed}, "
        f"Python {platform.python_version()}, numpy {version('numpy')}, scipy {version('scipy')}. A promise of "
        "at most 5 % counts as kept within four Monte Carlo errors.",
        "",
        f"**{len(asked) - len(broken)} of {len(asked)} promises hold.** The worst:",
        "",
        "| % | error | what | | | |",
        "|---|---|---|---|---|---|",
    ]
    worst = sorted(asked, key=lambda pair: -pair[0].value)[:_WORST]
    lines += [_line(cell) for cell, _ in worst]
    for title, cells in tables:
        lines += ["", f"## {title}", "", "| % | error | what | | | |", "|---|---|---|---|---|---|"]
        lines += [_line(cell) for cell in sorted(cells, key=lambda cell: -cell.value)]
    return "\n".join(lines) + "\n"


def _line(cell: Cell) -> str:
    share = min(max(cell.value / 100, 1 / cell.repetitions), 1 - 1 / cell.repetitions)
    error = 100 * (share * (1 - share) / cell.repetitions) ** 0.5
    value = f"{cell.value:.1f}" if cell.holds() else f"**{cell.value:.1f}**"
    return f"| {value} | {error:.1f} | " + " | ".join(cell.setting) + " |"


def _shares(
    rng: np.random.Generator, kind: str, repetitions: int, patients: int, rate: float, icc: float
) -> tuple[Floats, Floats]:
    bottom = units(rng, kind, (repetitions, patients))
    return found(rng, bottom, rate, icc), bottom


def _false_pass(setting: tuple[str, ...], marked: Marks) -> Cell:
    return Cell(setting, _percent(marked), len(marked), most=5.0)


def _percent(marked: Marks) -> float:
    return 100.0 * float(marked.mean())
