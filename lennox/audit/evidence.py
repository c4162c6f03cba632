"""What was measured of one group or pair: its people, its estimate, and the bounds and p-values that follow.

One group's evidence is a pair of one-sided answers (`statistics/one_sided.py`); a gap is put together from two groups'
by square-and-add. `judge` asks them and knows no statistics of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lennox.policy.minimums import People
from lennox.statistics.one_sided import OneSided, level_where, square_and_add
from lennox.statistics.rates import RateSums
from lennox.statistics.sites import MIN_SITES, OverSites, difference_reach

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

    def bound(self, side: int, alpha: float) -> float:
        """The lower (side 0) or upper (side 1) one-sided bound at level alpha."""
        ...

    def p_values(self, limit: float) -> tuple[float, float]:
        """(small for an estimate below the limit, small for one above it)."""
        ...

    def second_opinion(self, alpha: float) -> tuple[float, float]:
        """The percentile cluster bootstrap's bounds, each at level alpha; NaN where it has none."""
        ...

    def with_more(self, scale: float, other_scale: float) -> Evidence:
        """The same estimate from `scale` times as many patients (`other_scale` in the group compared with)."""
        ...


def from_one_site(evidence: Evidence) -> bool:
    """Whether an audit over sites has this from one of them only, so that there is no bound."""
    groups = (evidence.a, evidence.b) if isinstance(evidence, GapEvidence) else (evidence,)
    lows = [group.low for group in groups if isinstance(group, GroupEvidence)]
    return any(isinstance(low, OverSites) and low.sites.present < MIN_SITES for low in lows)


def percentiles(draws: Floats, alpha: float) -> tuple[float, float]:
    """Percentile bounds of resampled values, each at level alpha; NaN where fewer than two are defined."""
    finite = draws[np.isfinite(draws)]
    if len(finite) < 2:
        return math.nan, math.nan
    low, high = np.quantile(finite, (alpha, 1 - alpha))
    return float(low), float(high)


def usable_share(draws: Floats) -> float:
    """Share of resamples in which the number is defined; 1 where nothing was resampled."""
    return float(np.isfinite(draws).mean()) if len(draws) else 1.0


@dataclass(frozen=True)
class GroupEvidence:
    """A number of one group.

    point : the estimate, over what was answered; low : evidence that it is high enough, open units at their least;
    high : the same of its negative, for ceilings, open units at their most
    sums : of a share, for its design effect; draws : resampled values; wider : bounds reach as far as the bootstrap's
    """

    point: float
    low: OneSided
    high: OneSided
    sums: RateSums | None
    draws: Floats
    wider: bool = False
    known: dict[tuple[int, float], float] = field(default_factory=dict, repr=False, compare=False)

    @property
    def method(self) -> str:
        over = ", with room for what differs between sites" if isinstance(self.low, OverSites) else ""
        return f"a worst patient added (Gaffke), saddle point{over}"

    @property
    def estimate(self) -> float:
        return self.point

    @property
    def usable(self) -> float:
        return usable_share(self.draws)

    @property
    def n_eff(self) -> float:
        return float(self.sums.n_eff()) if self.sums is not None else math.nan

    @property
    def design_effect(self) -> float:
        return float(self.sums.design_effect()) if self.sums is not None else math.nan

    @property
    def icc(self) -> float:
        return float(self.sums.icc()) if self.sums is not None else math.nan

    def one_sided(self, side: int, alpha: float) -> float:
        """The lower (side 0) or upper (side 1) bound, without the bootstrap's opinion."""
        if (side, alpha) not in self.known:
            self.known[side, alpha] = -self.high.lower(alpha) if side else self.low.lower(alpha)
        return self.known[side, alpha]

    def bound(self, side: int, alpha: float) -> float:
        return _widest(side, self.one_sided(side, alpha), self.second_opinion(alpha), self.wider)

    def p_values(self, limit: float) -> tuple[float, float]:
        return self.high.p_value(-limit), self.low.p_value(limit)

    def second_opinion(self, alpha: float) -> tuple[float, float]:
        return percentiles(self.draws, alpha)

    def with_more(self, scale: float, other_scale: float) -> GroupEvidence:
        return replace(self, low=self.low.grown(scale), high=self.high.grown(scale), draws=np.empty(0), known={})


@dataclass(frozen=True)
class GapEvidence:
    """The difference of a number between two groups, put together from both groups' bounds (square-and-add).

    correlation : of the two numbers' errors, not 0 where patients are in both groups
    """

    a: GroupEvidence
    b: GroupEvidence
    correlation: float
    draws: Floats
    wider: bool = False

    @property
    def method(self) -> str:
        shared = "" if self.correlation == 0 else ", patients in both groups allowed for"
        return f"square-and-add of: {self.a.method}{shared}"

    @property
    def estimate(self) -> float:
        return self.a.point - self.b.point

    @property
    def usable(self) -> float:
        return usable_share(self.draws)

    @property
    def n_eff(self) -> float:
        return self.a.n_eff

    @property
    def design_effect(self) -> float:
        return self.a.design_effect

    @property
    def icc(self) -> float:
        return self.a.icc

    def lower(self, alpha: float) -> float:
        """The lower bound of a - b."""
        a, b = self.a.low.estimate, -self.b.high.estimate
        reach = square_and_add(a - self.a.one_sided(0, alpha), self.b.one_sided(1, alpha) - b, self.correlation)
        return a - b - max(reach, self._site_reach(self.a.low, self.b.high, alpha))

    def upper(self, alpha: float) -> float:
        """The upper bound of a - b."""
        a, b = -self.a.high.estimate, self.b.low.estimate
        reach = square_and_add(self.a.one_sided(1, alpha) - a, b - self.b.one_sided(0, alpha), self.correlation)
        return a - b + max(reach, self._site_reach(self.a.high, self.b.low, alpha))

    def _site_reach(self, a: OneSided, b: OneSided, alpha: float) -> float:
        """What the difference varies between sites, of which both groups have some."""
        return difference_reach(a, b, alpha) if isinstance(a, OverSites) and isinstance(b, OverSites) else 0.0

    def bound(self, side: int, alpha: float) -> float:
        first = self.upper(alpha) if side else self.lower(alpha)
        return _widest(side, first, self.second_opinion(alpha), self.wider or self.correlation != 0)

    def p_values(self, limit: float) -> tuple[float, float]:
        beyond = self.a.low.estimate + self.b.high.estimate > limit
        return math.nan, level_where(self.lower, limit) if beyond else 1.0  # a gap has a ceiling only

    def second_opinion(self, alpha: float) -> tuple[float, float]:
        return percentiles(self.draws, alpha)

    def with_more(self, scale: float, other_scale: float) -> GapEvidence:
        a, b = self.a.with_more(scale, scale), self.b.with_more(other_scale, other_scale)
        return replace(self, a=a, b=b, draws=np.empty(0))


def _widest(side: int, first: float, second: tuple[float, float], wider: bool) -> float:
    if not wider or math.isnan(second[side]):
        return first
    return max(first, second[side]) if side else min(first, second[side])


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
