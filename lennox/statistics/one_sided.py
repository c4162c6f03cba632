"""One-sided evidence on one number of one group: a lower bound at any level, and a p-value at any limit.

An upper bound is the lower bound of the negative. Every kind answers from patients' sums by
`patient_ratio`, so that units of one patient are never taken for strangers:

- `Ratio`: a share or a mean over units.
- `Area`: the area under the ROC curve, whose two means (of cases' and of controls' placements, DeLong et al.,
  Biometrics 44, 1988; per patient: Obuchowski, Biometrics 53, 1997) are bounded one by one and put together by
  square-and-add (Zou & Donner, Statist. Med. 27, 2008).
- `Line`: slope or intercept of the logistic calibration line (Cox 1958), by its efficient score per patient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lennox.statistics.calibration import calibration_line, logit
from lennox.statistics.patient_ratio import ratio_lower_bound, ratio_p_value, weighted_sum_chance

Floats = NDArray[np.float64]
RAREST = 0.05  # where nothing limits a value, the smallest share of patients that a sample must have met
FACTOR = 1.5  # and the worst unit is taken as so many times the worst patient seen
SILENT = 10.0  # marks that a film without an answer is taken to hold at least
LEAST_LEVEL = 1e-9  # smaller p-values are given as this
_HALVINGS = 30


class OneSided(Protocol):
    """What a bound is asked."""

    @property
    def estimate(self) -> float: ...

    def lower(self, alpha: float) -> float:
        """The lower bound at level alpha."""
        ...

    def parts(self) -> tuple[OneSided, ...]:
        """What it is put together from; itself alone, unless it is an area."""
        ...

    def p_value(self, limit: float) -> float:
        """Chance of an estimate as far above `limit` as this one, were it `limit` in truth."""
        ...

    def exceeds(self, limit: float, alpha: float) -> bool:
        """Whether the number is shown to be `limit` at least, at level alpha."""
        ...

    def grown(self, scale: float) -> OneSided:
        """The same from `scale` times as many patients of the same kinds."""
        ...


@dataclass(frozen=True)
class Ratio:
    """Sum over sum.

    top, bottom : (kinds,) of a patient; times : (kinds,) patients alike; worst : the least that a unit can add above
    rarest : where `worst` is a guess, the smallest share of patients who may differ from all others and must have been
    met; no p-value is below the chance of having met none of them
    """

    top: Floats
    bottom: Floats
    times: Floats
    worst: float
    rarest: float = 1.0

    @classmethod
    def of(cls, top: Floats, bottom: Floats, worst: float, rarest: float = 1.0, times: Floats | None = None) -> Ratio:
        """From one entry a patient, or `times` patients alike; patients without units do not count."""
        here = bottom > 0
        if times is not None:
            return cls(top[here], bottom[here], times[here], worst, rarest)
        kinds, counts = np.unique(np.stack([bottom[here], top[here]]), axis=1, return_counts=True)
        return cls(kinds[1], kinds[0], counts.astype(np.float64), worst, rarest)

    @classmethod
    def of_count_ceiling(cls, top: Floats, bottom: Floats, open_units: Floats, times: Floats | None = None) -> Ratio:
        """The negative of a mean count without a ceiling; arguments as for `of`.

        open_units : unanswered units of each patient; since silence may hide the worst, each holds `SILENT` at least
        """
        worst = float(worst_count(top, bottom))
        if open_units.any():
            worst = max(worst, SILENT)
        return cls.of(-(top + worst * open_units), bottom + open_units, -worst, RAREST, times)

    @property
    def estimate(self) -> float:
        below = float(self.bottom @ self.times)
        return float(self.top @ self.times) / below if below > 0 else math.nan

    def lower(self, alpha: float) -> float:
        if not len(self.top):
            return math.nan
        if self._unmet() > alpha:
            return -math.inf
        return float(ratio_lower_bound(self.top, self.bottom, alpha, self.worst, self.times))

    def p_value(self, limit: float) -> float:
        if not len(self.top):
            return 1.0
        return max(float(ratio_p_value(self.top, self.bottom, limit, self.worst, self.times)), self._unmet())

    def exceeds(self, limit: float, alpha: float) -> bool:
        return self.p_value(limit) <= alpha

    def parts(self) -> tuple[OneSided, ...]:
        return (self,)

    def grown(self, scale: float) -> Ratio:
        return Ratio(self.top, self.bottom, self.times * scale, self.worst, self.rarest)

    def _unmet(self) -> float:
        return float((1.0 - self.rarest) ** self.times.sum())


@dataclass(frozen=True)
class Area:
    """Area under the ROC curve, or its negative. correlation : correlation of the two parts' errors."""

    cases: Ratio
    controls: Ratio
    correlation: float

    @property
    def estimate(self) -> float:
        return self.cases.estimate

    def lower(self, alpha: float) -> float:
        return self.combined(self.cases.lower(alpha), self.controls.lower(alpha))

    def combined(self, cases: float, controls: float) -> float:
        """The lower bound that follows from those of its two parts."""
        a, b = self.estimate - cases, self.estimate - controls
        return max(self.estimate - square_and_add(a, b, -self.correlation), self.cases.worst)

    def parts(self) -> tuple[OneSided, ...]:
        return self.cases, self.controls

    def p_value(self, limit: float) -> float:
        return level_where(self.lower, limit) if self.estimate > limit else 1.0

    def exceeds(self, limit: float, alpha: float) -> bool:
        return self.estimate > limit and self.lower(alpha) >= limit

    def grown(self, scale: float) -> Area:
        return Area(self.cases.grown(scale), self.controls.grown(scale), self.correlation)


@dataclass(frozen=True)
class Line:
    """Slope or intercept of the labels' logistic line on the scores' log odds; sign -1: its negative.

    label, score : (rows,); patient : (rows,) numbers from 0
    The imagined patient is the worst one seen, once more, and as for counts one in `RAREST` must have been met.
    """

    label: Floats
    score: Floats
    patient: NDArray[np.int64]
    slope: bool
    sign: float
    times: float = 1.0

    @property
    def estimate(self) -> float:
        both = calibration_line(self.label, self.score)
        return self.sign * float(both[1 if self.slope else 0][0])

    def p_value(self, limit: float) -> float:
        part = self.sign * self.patient_scores(self.sign * limit)
        values = np.append(part, min(float(part.min()), 0.0))
        chance = float(weighted_sum_chance(values, np.append(np.full(len(part), self.times), 1.0)))
        return max(chance, self._unmet())

    def patient_scores(self, limit: float) -> Floats:
        """(patients,) each one's part of the efficient score where the number is `limit` and the other is fitted."""
        x = logit(self.score)
        fixed, free = (x, np.ones_like(x)) if self.slope else (np.ones_like(x), x)
        other = _fit(self.label, limit * fixed, free, 1.0 if not self.slope else 0.0)
        chance = _expit(limit * fixed + other * free)
        weight = chance * (1.0 - chance)
        along = fixed - free * float((weight * fixed * free).sum() / (weight * free * free).sum())
        return np.bincount(self.patient, (self.label - chance) * along).astype(np.float64)

    def lower(self, alpha: float) -> float:
        high, reach = self.estimate, 0.25
        if not math.isfinite(high):
            return math.nan
        if self._unmet() > alpha:
            return -math.inf
        while self.p_value(high - reach) > alpha:
            reach *= 2.0
            if reach > 1e3:
                return -math.inf
        low = high - reach
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if self.p_value(middle) > alpha else (middle, high)
            if high - low < 1e-6:
                break
        return low

    def _unmet(self) -> float:
        return float((1.0 - RAREST) ** (self.times * (int(self.patient.max()) + 1)))

    def exceeds(self, limit: float, alpha: float) -> bool:
        return self.p_value(limit) <= alpha

    def parts(self) -> tuple[OneSided, ...]:
        return (self,)

    def grown(self, scale: float) -> Line:
        return Line(self.label, self.score, self.patient, self.slope, self.sign, self.times * scale)


def _expit(x: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return np.asarray(1.0 / (1.0 + np.exp(-x)))


def _fit(label: Floats, offset: Floats, x: Floats, start: float) -> float:
    """The one coefficient of a logistic regression with an offset, by Newton's steps."""
    b = start
    for _ in range(50):
        chance = _expit(offset + b * x)
        curve = float((chance * (1.0 - chance) * x * x).sum())
        step = float(((label - chance) * x).sum()) / max(curve, 1e-12)
        b += math.copysign(min(abs(step), 2.0), step)
        if abs(step) < 1e-8:
            break
    return b


def p_values(ratios: Sequence[Ratio], limits: Sequence[float]) -> Floats:
    """(ratios,) `p_value` of each at its limit, together: ratios of many patients with each other, of few likewise."""
    found = np.ones(len(ratios))
    sizes = [len(ratio.top).bit_length() for ratio in ratios]
    for size in sorted(set(sizes) - {0}):
        here = [index for index, own in enumerate(sizes) if own == size]
        shape = len(here), max(len(ratios[index].top) for index in here)
        top, bottom, times = np.zeros(shape), np.ones(shape), np.zeros(shape)
        for row, index in enumerate(here):
            ratio = ratios[index]
            for table, values in ((top, ratio.top), (bottom, ratio.bottom), (times, ratio.times)):
                table[row, : len(values)] = values
        at, worst = np.array([limits[index] for index in here]), np.array([ratios[index].worst for index in here])
        found[here] = ratio_p_value(top, bottom, at, worst, times)
    return np.maximum(found, [ratio._unmet() if len(ratio.top) else 1.0 for ratio in ratios])


def worst_count(top: Floats, bottom: Floats) -> Floats:
    """(...) what one unit is taken to hold at worst, from (..., patients) counts and units; 1 at least."""
    mean = np.divide(top, bottom, out=np.zeros(top.shape), where=bottom > 0)
    return np.asarray(FACTOR * np.maximum(mean.max(-1), 1.0))


def square_and_add(a: float, b: float, correlation: float) -> float:
    """Reach of a difference whose two parts reach a and b, in opposite directions (Zou & Donner 2008)."""
    if math.isinf(a) or math.isinf(b):
        return math.inf
    return math.sqrt(max(a * a + b * b - 2.0 * correlation * a * b, 0.0))


def level_where(lower: Callable[[float], float], limit: float) -> float:
    """The level at which a lower bound is `limit`; between LEAST_LEVEL and 0.5."""
    from scipy import special

    low, high = float(special.ndtri(LEAST_LEVEL)), 0.0
    if not lower(LEAST_LEVEL) < limit:
        return LEAST_LEVEL
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if lower(float(special.ndtr(middle))) < limit else (low, middle)
        if high - low < 1e-4:
            break
    return float(special.ndtr(high))
