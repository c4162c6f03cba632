"""Simulated audits of groups of equal size whose truth is known: which bounds would they get?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from lennox.audit.simulated_patients import on_a_line
from lennox.policy.metrics import METRICS, MetricName
from lennox.statistics.one_sided import RAREST, Line, worst_count
from lennox.statistics.patient_ratio import ratio_lower_bound, ratio_p_value

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]

_CELLS = 60_000  # patients simulated at once
_LINES = 150  # calibration lines fitted for one chance
_SPREAD = 0.25  # of films' Dice and of scores, as a standard deviation: wide, so that a plan is not too hopeful


class Groups(Protocol):
    """One metric in (repetitions, groups) simulated groups."""

    def passes(self, low: float | None, high: float | None, alpha: float) -> Marks:
        """(repetitions, groups) whether each group is shown to be within the limits."""
        ...

    def gap_upper_bounds(self, alpha: float) -> Floats:
        """(repetitions,) the largest upper bound of any group's difference to any other."""
        ...


@dataclass(frozen=True)
class Sums:
    """Ratios of sums. top, bottom, times : (repetitions, groups, kinds); least, most : of a unit, None: no ceiling."""

    top: Floats
    bottom: Floats
    times: Floats
    least: float
    most: float | None

    def point(self) -> Floats:
        """(repetitions, groups) estimates."""
        return np.asarray((self.top * self.times).sum(-1) / (self.bottom * self.times).sum(-1))

    def lower(self, alpha: float) -> Floats:
        """(repetitions, groups) lower bounds."""
        return ratio_lower_bound(self.top, self.bottom, alpha, self.least, self.times)

    def upper(self, alpha: float) -> Floats:
        """(repetitions, groups) upper bounds."""
        bound = -ratio_lower_bound(-self.top, self.bottom, alpha, -self._worst(), self.times)
        return np.where(self._met(alpha), bound, np.inf)

    def passes(self, low: float | None, high: float | None, alpha: float) -> Marks:
        ok = np.ones(self.top.shape[:2], np.bool_)
        if low is not None:
            ok &= ratio_p_value(self.top, self.bottom, low, self.least, self.times) <= alpha
        if high is not None:
            p = ratio_p_value(-self.top, self.bottom, -high, -self._worst(), self.times)
            ok &= (p <= alpha) & self._met(alpha)
        return ok

    def gap_upper_bounds(self, alpha: float) -> Floats:
        return widest_gap(self.lower(alpha), self.point(), self.upper(alpha))

    def _worst(self) -> Floats:
        if self.most is not None:
            return np.full(self.top.shape[:2], self.most)
        return worst_count(np.where(self.times > 0, self.top, 0.0), self.bottom)

    def _met(self, alpha: float) -> Marks:
        if self.most is not None:
            return np.ones(self.top.shape[:2], np.bool_)
        return np.asarray((1.0 - RAREST) ** self.times.sum(-1) <= alpha)


@dataclass(frozen=True)
class Areas:
    """Areas under the ROC curve: placements of cases and of controls; correlation : (repetitions, groups)."""

    cases: Sums
    controls: Sums
    correlation: Floats

    def lower(self, alpha: float) -> Floats:
        """(repetitions, groups) lower bounds."""
        point = self.cases.point()
        return point - self._reach(point - self.cases.lower(alpha), point - self.controls.lower(alpha))

    def upper(self, alpha: float) -> Floats:
        """(repetitions, groups) upper bounds."""
        point = self.cases.point()
        return point + self._reach(self.cases.upper(alpha) - point, self.controls.upper(alpha) - point)

    def passes(self, low: float | None, high: float | None, alpha: float) -> Marks:
        ok = np.ones(self.correlation.shape, np.bool_)
        if low is not None:
            ok &= self.lower(alpha) >= low
        if high is not None:
            ok &= self.upper(alpha) <= high
        return ok

    def gap_upper_bounds(self, alpha: float) -> Floats:
        return widest_gap(self.lower(alpha), self.cases.point(), self.upper(alpha))

    def _reach(self, a: Floats, b: Floats) -> Floats:
        return np.sqrt(np.maximum(a * a + b * b + 2 * self.correlation * a * b, 0.0))


def widest_gap(low: Floats, point: Floats, high: Floats) -> Floats:
    """(repetitions,) the largest square-and-add upper bound over ordered pairs; arguments (repetitions, groups)."""
    up, down = (high - point)[:, :, None], (point - low)[:, None, :]
    bounds = point[:, :, None] - point[:, None, :] + np.hypot(up, down)
    bounds[:, np.arange(point.shape[1]), np.arange(point.shape[1])] = -np.inf
    return np.asarray(bounds.max((1, 2)))


def repetitions_for(metric: MetricName, groups: int, patients: int) -> int:
    """How many audits are simulated: as many as some seconds allow, 4000 at most."""
    if METRICS[metric].family == "proportion":
        return 2000 if groups <= 4 else 600
    return int(np.clip(_CELLS // (groups * patients), 200, 1000))


def draw_groups(
    metric: MetricName,
    value: float,
    groups: int,
    patients: int,
    per_patient: float,
    icc: float,
    rng: np.random.Generator,
) -> Groups:
    """Groups whose true `metric` is `value`: beta-binomial shares, Dice and errors with a patient's own mean, gamma-
    Poisson marks, binormal scores. per_patient : units each patient brings; icc : of one patient's units
    """
    shape = repetitions_for(metric, groups, patients), groups
    if METRICS[metric].family == "proportion":
        return _share(value, (*shape, patients), per_patient, icc, rng)
    units = max(1, round(per_patient))
    if metric == "auc":
        return _areas(value, shape, patients, units, icc, rng)
    bottom = np.full((*shape, patients), float(units))
    ones = np.ones(bottom.shape)
    if metric == "false_positives_per_image":
        top = rng.poisson(rng.gamma(1.0, value, bottom.shape) * units).astype(np.float64)
        return Sums(top, bottom, ones, 0.0, None)
    spread = min(_SPREAD**2, 0.9 * value * (1 - value))
    strength = value * (1 - value) / spread - 1
    own, alike = (rng.beta(value * strength, (1 - value) * strength, (*bottom.shape, n)) for n in (units, 1))
    top = np.where(rng.random(own.shape) < np.sqrt(icc), alike, own).sum(-1)
    return Sums(top, bottom, ones, 0.0, 1.0)


def _share(value: float, shape: tuple[int, int, int], per_patient: float, icc: float, rng: np.random.Generator) -> Sums:
    """Patients alike are drawn together: how many have m units of which k are found is multinomial."""
    few = int(np.floor(per_patient))
    more = per_patient - few
    bottom = np.concatenate([np.full(m + 1, m) for m in (few, few + 1)])
    top = np.concatenate([np.arange(m + 1) for m in (few, few + 1)])
    if icc > 0:
        strength = (1 - icc) / icc if icc < 1 else 1e-9
        chance = stats.betabinom.pmf(top, bottom, value * strength, (1 - value) * strength)
    else:
        chance = stats.binom.pmf(top, bottom, value)
    chance = chance * np.where(bottom == few, 1 - more, more)
    times = rng.multinomial(shape[2], chance / chance.sum(), shape[:2]).astype(np.float64)
    kinds = (*shape[:2], len(top))
    return Sums(
        np.broadcast_to(top.astype(np.float64), kinds),
        np.broadcast_to(bottom.astype(np.float64), kinds),
        times,
        0.0,
        1.0,
    )


def _areas(
    value: float, shape: tuple[int, int], patients: int, units: int, icc: float, rng: np.random.Generator
) -> Areas:
    """Each patient brings `units` cases and as many controls, with an effect of their own on both."""
    apart = float(np.sqrt(2) * special.ndtri(value))
    size = (*shape, patients, units)
    shared = np.sqrt(icc) * rng.standard_normal((*shape, patients, 1))
    case, control = (np.sqrt(1 - icc) * rng.standard_normal(size) + shared for _ in range(2))
    case = (case + apart).reshape(*shape, -1)
    control = control.reshape(*shape, -1)
    above, below = np.empty_like(case), np.empty_like(control)
    for index in np.ndindex(shape):
        count = case.shape[-1]
        above[index] = np.searchsorted(np.sort(control[index]), case[index]) / count
        below[index] = 1 - np.searchsorted(np.sort(case[index]), control[index]) / count
    tops = [values.reshape(size).sum(-1) for values in (above, below)]
    bottom, ones = np.full((*shape, patients), float(units)), np.ones((*shape, patients))
    cases, controls = (Sums(top, bottom, ones, 0.0, 1.0) for top in tops)
    errors = [top - top.mean(-1, keepdims=True) for top in tops]
    scale = np.sqrt((errors[0] ** 2).sum(-1) * (errors[1] ** 2).sum(-1))
    return Areas(cases, controls, (errors[0] * errors[1]).sum(-1) / np.maximum(scale, 1e-300))


def line_chance(
    metric: MetricName,
    limits: tuple[float, float],
    alpha: float,
    patients: int,
    per_patient: float,
    icc: float,
    rng: np.random.Generator,
) -> float:
    """The chance that a perfectly calibrated model is shown to be within the limits in one group."""
    good = 0
    for _ in range(_LINES):
        label, score, who = on_a_line(rng, patients, str(max(1, round(per_patient))), 0.0, 1.0, icc)
        if len(np.unique(label)) == 2:
            low, high = (
                Line(label.astype(np.float64), score, who, metric == "calibration_slope", sign) for sign in (1.0, -1.0)
            )
            good += low.exceeds(limits[0], alpha) and high.exceeds(-limits[1], alpha)
    return good / _LINES
