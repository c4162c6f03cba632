"""What was measured of one group or pair: its people, its estimate, and the bounds and p-values that follow.

Two kinds of evidence answer the same questions: rates over patients by closed formulas, and any metric at all by
the cluster bootstrap. `judge` asks them and knows no statistics of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import special

from lennox.policy.minimums import People
from lennox.statistics import intervals
from lennox.statistics.rates import RateSums

Floats = NDArray[np.float64]


class Evidence(Protocol):
    """An estimate with its uncertainty."""

    @property
    def estimate(self) -> float: ...
    @property
    def method(self) -> str: ...
    @property
    def usable(self) -> float: ...
    @property
    def n_eff(self) -> float: ...
    @property
    def design_effect(self) -> float: ...
    @property
    def icc(self) -> float: ...

    def bounds(self, alpha: float) -> tuple[float, float]:
        """One-sided bounds, each at level alpha."""
        ...

    def p_values(self, limit: float) -> tuple[float, float]:
        """(small for an estimate below the limit, small for one above it)."""
        ...

    def second_opinion(self, alpha: float) -> tuple[float, float]:
        """The percentile cluster bootstrap's bounds, each at level alpha."""
        ...

    def with_more(self, scale: float, other_scale: float) -> Evidence:
        """The same estimate from `scale` times as many patients (`other_scale` in the group compared with)."""
        ...


def percentiles(draws: Floats, alpha: float) -> tuple[float, float]:
    """Percentile bounds of resampled values, each at level alpha; NaN where fewer than two are defined."""
    finite = draws[np.isfinite(draws)]
    if len(finite) < 2:
        return math.nan, math.nan
    low, high = np.quantile(finite, (alpha, 1 - alpha))
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class RateEvidence:
    """A rate of one group: Clopper-Pearson on the design-effect n. draws : its resampled values."""

    sums: RateSums
    alpha: float
    draws: Floats
    wider: bool = False

    method = "Clopper-Pearson on the design-effect n"
    usable = 1.0

    @property
    def estimate(self) -> float:
        return float(self.sums.rate())

    @property
    def n_eff(self) -> float:
        return float(self.sums.n_eff())

    @property
    def design_effect(self) -> float:
        return float(self.sums.design_effect())

    @property
    def icc(self) -> float:
        return float(self.sums.icc())

    def bounds(self, alpha: float) -> tuple[float, float]:
        low, high = intervals.rate_bounds(self.sums, alpha, nominal=self.alpha)
        return _widest((float(low), float(high)), self.second_opinion(alpha), self.wider)

    def p_values(self, limit: float) -> tuple[float, float]:
        low, high = intervals.rate_p_values(self.sums, limit, self.alpha)
        return float(low), float(high)

    def second_opinion(self, alpha: float) -> tuple[float, float]:
        return percentiles(self.draws, alpha)

    def with_more(self, scale: float, other_scale: float) -> RateEvidence:
        return RateEvidence(_scaled(self.sums, scale), self.alpha, np.empty(0))


@dataclass(frozen=True, slots=True)
class GapEvidence:
    """A rate's difference between two groups: Newcombe's square-and-add on the design-effect n.

    correlation : of the two rates' errors; not 0 where patients are in both groups, and the bootstrap of whole
    patients then widens the bounds where it is the wider
    """

    a: RateSums
    b: RateSums
    correlation: float
    draws: Floats
    wider: bool = False

    usable = 1.0

    @property
    def method(self) -> str:
        shared = "" if self.correlation == 0 else ", patients in both groups allowed for"
        return f"Newcombe square-and-add on the design-effect n{shared}"

    @property
    def estimate(self) -> float:
        return float(self.a.rate() - self.b.rate())

    @property
    def n_eff(self) -> float:
        return float(self.a.n_eff())

    @property
    def design_effect(self) -> float:
        return float(self.a.design_effect())

    @property
    def icc(self) -> float:
        return float(self.a.icc())

    def bounds(self, alpha: float) -> tuple[float, float]:
        low, high = intervals.gap_bounds(self.a, self.b, alpha, self.correlation)
        return _widest((float(low), float(high)), self.second_opinion(alpha), self.wider or self.correlation != 0)

    def p_values(self, limit: float) -> tuple[float, float]:
        high = intervals.gap_p_values(self.a, self.b, limit, self.correlation)
        return math.nan, float(high)  # a gap has a ceiling only

    def second_opinion(self, alpha: float) -> tuple[float, float]:
        return percentiles(self.draws, alpha)

    def with_more(self, scale: float, other_scale: float) -> GapEvidence:
        return GapEvidence(_scaled(self.a, scale), _scaled(self.b, other_scale), self.correlation, np.empty(0))


@dataclass(frozen=True, slots=True)
class DrawEvidence:
    """Any metric, or its difference, by the cluster bootstrap: the wider of percentile and Student's t bounds.

    point : the estimate; draws : resampled values; patients : of the (smaller) group
    floor, ceiling : what the metric's values cannot leave
    """

    point: float
    draws: Floats
    patients: int
    floor: float
    ceiling: float
    grown: float = 1.0

    method = "cluster bootstrap, the wider of percentile and t"
    n_eff = math.nan
    design_effect = math.nan
    icc = math.nan

    @property
    def estimate(self) -> float:
        return self.point

    @property
    def usable(self) -> float:
        return float(np.isfinite(self.draws).mean()) if len(self.draws) else 0.0

    def _error(self) -> float:
        finite = self.draws[np.isfinite(self.draws)]
        return float(finite.std(ddof=1)) / math.sqrt(self.grown) if len(finite) > 1 else math.nan

    def bounds(self, alpha: float) -> tuple[float, float]:
        error = self._error()
        if not error > 0.0:  # every resample is alike: nothing was missed, or nothing was found
            return self._bounds_of_a_constant(alpha)
        reach = error * float(intervals.student(alpha, self.patients * self.grown))
        low, high = self.point - reach, self.point + reach
        if self.grown == 1.0:
            low, high = _widest((low, high), percentiles(self.draws, alpha), wider=True)
        return max(low, self.floor), min(high, self.ceiling)

    def _bounds_of_a_constant(self, alpha: float) -> tuple[float, float]:
        """One datum a patient: the bounds of a perfect record of as many."""
        n = self.patients * self.grown
        if not (math.isfinite(self.point) and n > 0 and len(self.draws)):
            return math.nan, math.nan
        reach = 1.0 - alpha ** (1.0 / n)
        if not math.isfinite(self.ceiling):
            reach = -math.log(alpha) / n
        return max(self.point - reach, self.floor), min(self.point + reach, self.ceiling)

    def p_values(self, limit: float) -> tuple[float, float]:
        finite, error = self.draws[np.isfinite(self.draws)], self._error()
        if not (error > 0.0 and len(finite)):
            return (1.0, 1.0)
        t = (self.point - limit) / error
        df = max(self.patients - 1, 1)
        above = (1 + float((finite >= limit).sum())) / (len(finite) + 1)
        below = (1 + float((finite <= limit).sum())) / (len(finite) + 1)
        return max(above, float(special.stdtr(df, t))), max(below, float(special.stdtr(df, -t)))

    def second_opinion(self, alpha: float) -> tuple[float, float]:
        return percentiles(self.draws, alpha)

    def with_more(self, scale: float, other_scale: float) -> DrawEvidence:
        grown = min(scale, other_scale) if math.isfinite(other_scale) else scale
        return DrawEvidence(self.point, self.draws, self.patients, self.floor, self.ceiling, grown)


def _scaled(sums: RateSums, scale: float) -> RateSums:
    return RateSums(*(np.asarray(getattr(sums, name)) * scale for name in RateSums.__slots__))


def _widest(first: tuple[float, float], second: tuple[float, float], wider: bool) -> tuple[float, float]:
    if not wider or math.isnan(second[0]):
        return first
    return min(first[0], second[0]), max(first[1], second[1])


@dataclass(frozen=True, slots=True)
class Measurement:
    """One cell of the audit: a requirement's metric, for a group or for a group against another.

    group, versus : (feature, group) pairs; `versus` None for a floor or ceiling, () for "everybody"
    gated : whether the verdict counts; `note` says why not, where it does not
    excess : why this cell cannot be decided whatever its numbers (labels missing, too many who did not say)
    """

    requirement: str
    group: tuple[tuple[str, str], ...]
    people: People
    evidence: Evidence | None
    versus: tuple[tuple[str, str], ...] | None = None
    versus_people: People | None = None
    gated: bool = True
    note: str = ""
    excess: str = ""
    excess_patients: int | None = None
