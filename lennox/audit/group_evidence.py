"""From counted rows to the evidence of each group: patients' sums, their worst cases, and patients' errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lennox.audit.evidence import GroupEvidence
from lennox.policy.metrics import Metric
from lennox.statistics.one_sided import Area, Line, OneSided, Ratio
from lennox.statistics.rates import RateSums

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GroupRows:
    """The rows of one metric in one group.

    patient : (rows,) numbers; label, score, top, bottom, open_low, open_high : (rows,) as `Counted` has them
    """

    patient: NDArray[np.int64]
    label: NDArray[np.int8]
    score: Floats
    top: Floats
    bottom: Floats
    open_low: Floats
    open_high: Floats


@dataclass(frozen=True, slots=True)
class Found:
    """A group's evidence. patients, errors : each patient once, and what it adds to the error of the estimate."""

    evidence: GroupEvidence
    patients: NDArray[np.int64]
    errors: Floats


def group_evidence(metric: Metric, rows: GroupRows, point: float, draws: Floats, wider: bool) -> Found | None:
    """The evidence on `metric` in one group, or None where nothing is below the line."""
    if not (rows.bottom > 0).any():
        return None
    patients, who = np.unique(rows.patient, return_inverse=True)
    low: OneSided | None
    high: OneSided | None
    if metric.family == "auc":
        low, high = _area(rows, who, low=True), _area(rows, who, low=False)
        errors = _area_errors(rows, who)
    elif metric.family == "calibration":
        low, high, errors = _line(metric, rows, who, point)
    else:
        low, high, errors = _ratio(metric, rows, who)
    if low is None or high is None:
        return None
    sums = None
    if metric.family == "proportion":
        sums = RateSums.of(_by_patient(who, rows.top), _by_patient(who, rows.bottom))
    return Found(GroupEvidence(point, low, high, sums, draws, wider), patients, errors)


def _by_patient(who: NDArray[np.int64], values: NDArray[np.generic]) -> Floats:
    return np.bincount(who, values.astype(np.float64)).astype(np.float64)


def _ratio(metric: Metric, rows: GroupRows, who: NDArray[np.int64]) -> tuple[OneSided, OneSided, Floats]:
    top, bottom, least, most = (_by_patient(who, v) for v in (rows.top, rows.bottom, rows.open_low, rows.open_high))
    low = Ratio.of(top + metric.low * least, bottom + least, metric.low)
    if np.isfinite(metric.high):
        high = Ratio.of(-(top + metric.high * most), bottom + most, -metric.high)
    else:
        high = Ratio.of_count_ceiling(top, bottom, most)
    return low, high, top - top.sum() / bottom.sum() * bottom


def _area(rows: GroupRows, who: NDArray[np.int64], *, low: bool) -> Area | None:
    """Units without an answer or a label are placed where they lower (or raise) the area most."""
    label, score = rows.label.astype(np.int64), rows.score.copy()
    known = (label >= 0) & np.isfinite(score)
    if len(np.unique(label[known])) < 2:
        return None
    as_case, as_control = _placements(score[known], label[known], np.nan_to_num(score, nan=-1.0 if low else 2.0))
    better = as_case < as_control
    label = np.where(label >= 0, label, (better if low else ~better).astype(np.int64))
    silent = ~np.isfinite(score)
    score[silent] = np.where((label == 1) == low, -1.0, 2.0)[silent]
    as_case, as_control = _placements(score, label, score)
    parts = []
    for this, placement in ((label == 1, as_case), (label == 0, as_control)):
        k, m = _by_patient(who, this * placement), _by_patient(who, this)
        parts.append((k, m))
    sign = 1.0 if low else -1.0
    cases, controls = (Ratio.of(sign * k, m, 0.0 if low else -1.0) for k, m in parts)
    errors = [k - k.sum() / m.sum() * m for k, m in parts]
    scale = float(np.sqrt((errors[0] ** 2).sum() * (errors[1] ** 2).sum()))
    return Area(cases, controls, float(errors[0] @ errors[1]) / scale if scale > 0 else 0.0)


def _placements(score: Floats, label: NDArray[np.int64], at: Floats) -> tuple[Floats, Floats]:
    """Share of controls below each score of `at`, and of cases above it; ties count half."""
    below, above = np.sort(score[label == 0]), np.sort(score[label == 1])
    as_case = (np.searchsorted(below, at, "left") + np.searchsorted(below, at, "right")) / 2 / len(below)
    as_control = 1.0 - (np.searchsorted(above, at, "left") + np.searchsorted(above, at, "right")) / 2 / len(above)
    return as_case, as_control


def _area_errors(rows: GroupRows, who: NDArray[np.int64]) -> Floats:
    known = rows.bottom > 0
    errors = np.zeros(int(who.max()) + 1)
    label = rows.label.astype(np.int64)
    if len(np.unique(label[known])) < 2:
        return errors
    as_case, as_control = _placements(rows.score[known], label[known], rows.score[known])
    for this, placement in ((label[known] == 1, as_case), (label[known] == 0, as_control)):
        errors += np.bincount(who[known], this * (placement - placement[this].mean()) / this.sum(), len(errors))
    return errors


def _line(
    metric: Metric, rows: GroupRows, who: NDArray[np.int64], point: float
) -> tuple[OneSided | None, OneSided | None, Floats]:
    """Units without an answer or a label are given the ones that flatten (or steepen, raise, lower) the line most."""
    slope, known = metric.name == "calibration_slope", rows.bottom > 0
    errors = np.zeros(int(who.max()) + 1)
    if not np.isfinite(point):
        return None, None, errors
    least, middle, most = np.quantile(rows.score[known], (0.0, 0.5, 1.0))
    sides = []
    for sign in (1.0, -1.0):
        label, score = rows.label.astype(np.float64), rows.score.copy()
        silent, unlabelled = ~np.isfinite(score), label < 0
        if slope:
            against = (np.nan_to_num(score, nan=least) < middle) == (sign > 0)
            label[unlabelled] = against[unlabelled]
            score[silent] = np.where((label == 1) == (sign > 0), least, most)[silent]
        else:
            label[unlabelled] = sign < 0
            score[silent] = most if sign > 0 else least
        sides.append(Line(label, score, who, slope, sign))
    whole = Line(rows.label[known].astype(np.float64), rows.score[known], who[known], slope, 1.0)
    part = whole.patient_scores(point)
    errors[: len(part)] = part
    return sides[0], sides[1], errors
