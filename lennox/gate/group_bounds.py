"""From the rows of one metric in one group to its one-sided bounds: patients' sums, and what is not known at its worst.

An audit is measured by this, and measured again by it whenever a release is signed or a model loads (NumPy alone).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lennox.policy.metrics import Metric
from lennox.statistics.one_sided import Area, Line, OneSided, Ratio
from lennox.statistics.sites import OverSites, SiteSums

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
class GroupBounds:
    """What is asked for bounds. low : of the number, open units at their least; high : of its negative, at their most

    errors : (patients,) what each patient, in the order of their numbers, adds to the error of the estimate
    """

    low: OneSided
    high: OneSided
    errors: Floats

    def over_sites(self) -> tuple[OverSites, OverSites] | None:
        """Both sides where they are over several sites, else None."""
        if isinstance(self.low, OverSites) and isinstance(self.high, OverSites):
            return self.low, self.high
        return None


@dataclass(frozen=True, slots=True)
class PatientSums:
    """What each patient, or `times` patients alike, adds to a metric in one group; (patients,) each. site : from 0"""

    site: NDArray[np.int64]
    top: Floats
    bottom: Floats
    least: Floats
    most: Floats
    times: Floats | None = None


def bounds_over_sites(metric: Metric, bounds: GroupBounds, sums: PatientSums, sites: int) -> GroupBounds:
    """The bounds with room for what varies between sites; calibration lines have none over sites."""
    times = np.ones(len(sums.site)) if sums.times is None else sums.times

    def over(base: OneSided, sizes: Floats, errors: Floats, ends: tuple[float, float], spread: float) -> OverSites:
        return OverSites(base, SiteSums.of(sums.site, sites, sizes, errors, times), *ends, spread)

    if metric.family in ("proportion", "mean"):
        found = []
        for sign, filler, rest in ((1.0, metric.low, sums.least), (-1.0, _ceiling(bounds.high, metric), sums.most)):
            size = sums.bottom + rest
            errors = sign * (sums.top + np.where(rest > 0, filler * rest, 0.0))
            total = max(float(size @ times), 1e-300)
            mean = float(errors @ times) / total
            errors = errors - mean * size
            spread = max(abs(mean), float(errors**2 @ times) / total)
            ends = (metric.low, metric.high) if sign > 0 else (-metric.high, -metric.low)
            base = bounds.low if sign > 0 else bounds.high
            found.append(over(base, size, errors / total, ends, spread))
        return GroupBounds(found[0], found[1], bounds.errors)
    size = sums.bottom if metric.family == "auc" else np.zeros(len(sums.bottom))
    low = over(bounds.low, size, bounds.errors, (0.0, 1.0), 0.0)
    high = over(bounds.high, size, -bounds.errors, (-1.0, 0.0), 0.0)
    return GroupBounds(low, high, bounds.errors)


def _ceiling(high: OneSided, metric: Metric) -> float:
    """What an open unit is taken to hold for a ceiling."""
    return -high.worst if isinstance(high, Ratio) else metric.high


def group_bounds(metric: Metric, rows: GroupRows, who: NDArray[np.int64], point: float) -> GroupBounds | None:
    """The bounds of `metric` in one group, or None where nothing is below the line.

    who : (rows,) numbers of the patients from 0, without a gap; point : the estimate
    """
    if not (rows.bottom > 0).any():
        return None
    if metric.family == "auc":
        low, high = _area(rows, who, low=True), _area(rows, who, low=False)
        return GroupBounds(low, high, _area_errors(rows, who)) if low and high else None
    if metric.family == "calibration":
        return _lines(metric, rows, who, point)
    sums = [_by_patient(who, values) for values in (rows.top, rows.bottom, rows.open_low, rows.open_high)]
    return ratio_bounds(metric, sums[0], sums[1], sums[2], sums[3])


def ratio_bounds(
    metric: Metric, top: Floats, bottom: Floats, least: Floats, most: Floats, times: Floats | None = None
) -> GroupBounds:
    """The bounds of a share or mean, from one entry a patient, or `times` patients alike.

    top, bottom : sums of the answered units; least, most : open units for a floor, and for a ceiling
    """
    low = Ratio.of(top + metric.low * least, bottom + least, metric.low, times=times)
    if np.isfinite(metric.high):
        high = Ratio.of(-(top + metric.high * most), bottom + most, -metric.high, times=times)
    else:
        high = Ratio.of_count_ceiling(top, bottom, most, times)
    weight = np.ones(len(top)) if times is None else times
    return GroupBounds(low, high, top - (top @ weight) / (bottom @ weight) * bottom)


def _by_patient(who: NDArray[np.int64], values: NDArray[np.generic]) -> Floats:
    return np.bincount(who, values.astype(np.float64)).astype(np.float64)


def _area(rows: GroupRows, who: NDArray[np.int64], *, low: bool) -> Area | None:
    """Units without an answer or a label are placed where they lower (or raise) the area most."""
    label, score = rows.label.astype(np.int64), rows.score.copy()
    known = (label >= 0) & np.isfinite(score)
    if len(set(label[known].tolist())) < 2:
        return None
    as_case, as_control = placements(score[known], label[known], np.nan_to_num(score, nan=-1.0 if low else 2.0))
    better = as_case < as_control
    label = np.where(label >= 0, label, (better if low else ~better).astype(np.int64))
    silent = ~np.isfinite(score)
    score[silent] = np.where((label == 1) == low, -1.0, 2.0)[silent]
    as_case, as_control = placements(score, label, score)
    parts = []
    for this, placement in ((label == 1, as_case), (label == 0, as_control)):
        k, m = _by_patient(who, this * placement), _by_patient(who, this)
        parts.append((k, m))
    sign = 1.0 if low else -1.0
    cases, controls = (Ratio.of(sign * k, m, 0.0 if low else -1.0) for k, m in parts)
    errors = [k - k.sum() / m.sum() * m for k, m in parts]
    scale = float(np.sqrt((errors[0] ** 2).sum() * (errors[1] ** 2).sum()))
    return Area(cases, controls, float(errors[0] @ errors[1]) / scale if scale > 0 else 0.0)


def placements(score: Floats, label: NDArray[np.int64], at: Floats) -> tuple[Floats, Floats]:
    """Share of controls below each score of `at`, and of cases above it; ties count half."""
    below, above = np.sort(score[label == 0]), np.sort(score[label == 1])
    as_case = (np.searchsorted(below, at, "left") + np.searchsorted(below, at, "right")) / 2 / len(below)
    as_control = 1.0 - (np.searchsorted(above, at, "left") + np.searchsorted(above, at, "right")) / 2 / len(above)
    return as_case, as_control


def _area_errors(rows: GroupRows, who: NDArray[np.int64]) -> Floats:
    known = rows.bottom > 0
    errors = np.zeros(int(who.max()) + 1)
    label = rows.label.astype(np.int64)
    if len(set(label[known].tolist())) < 2:
        return errors
    as_case, as_control = placements(rows.score[known], label[known], rows.score[known])
    for this, placement in ((label[known] == 1, as_case), (label[known] == 0, as_control)):
        errors += np.bincount(who[known], this * (placement - placement[this].mean()) / this.sum(), len(errors))
    return errors


def _lines(metric: Metric, rows: GroupRows, who: NDArray[np.int64], point: float) -> GroupBounds | None:
    """Units without an answer or a label are given the ones that flatten (or steepen, raise, lower) the line most."""
    slope, known = metric.name == "calibration_slope", rows.bottom > 0
    if not np.isfinite(point):
        return None
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
    answered = Line(rows.label[known].astype(np.float64), rows.score[known], who[known], slope, 1.0)
    part = answered.patient_scores(point)
    errors = np.zeros(int(who.max()) + 1)
    errors[: len(part)] = part
    return GroupBounds(sides[0], sides[1], errors)
