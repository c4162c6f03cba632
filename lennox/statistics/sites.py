"""Several sites as one audit: what the variation between sites does to a one-sided bound.

The sites of an audit are taken as a sample of places, as its patients are of people, so that a site is a cluster above
the patient. A bound over sites is the lowest of three:

- that of all patients together, as if there were one site (`patient_ratio`);
- the same with room for sites that differ as much as an intraclass correlation of `SITE_ICC` makes them: two sites that
  happen to agree do not show that sites agree. The reaches are put together by square-and-add, and the variance is
  that at the bound (a score interval: Wilson 1927), where it is largest;
- the estimate less Student's t times the standard error over sites (linearised: Korn & Graubard 1999), corrected for
  few sites of unequal size, with Satterthwaite's degrees of freedom under a working model in which all variation is
  between sites (Bell & McCaffrey, Survey Methodology 28, 2002).

Needs NumPy alone, since each load of a model asks for it. docs/auditor/pooling.md says why so; simulated in
tests/statistical/test_sites.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from lennox.statistics.one_sided import OneSided, level_where

Floats = NDArray[np.float64]

SITE_ICC = 0.1  # between sites, that a bound always has room for
MIN_SITES = 2
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)
_HALVINGS = 60


@dataclass(frozen=True, slots=True)
class SiteSums:
    """What each site adds to one number; (sites,) each, 0 where a site has nothing to add.

    sizes : units below the line; errors : to the error of the estimate; within : the same squared, patient by patient
    """

    sizes: Floats
    errors: Floats
    within: Floats

    @classmethod
    def of(
        cls, site: NDArray[np.int64], sites: int, sizes: Floats, errors: Floats, times: Floats | None = None
    ) -> SiteSums:
        """From one entry a patient, or `times` patients alike. site : (patients,) numbers from 0"""
        times = np.ones(len(site)) if times is None else times
        columns = (sizes, errors, errors**2)
        return cls(*(np.bincount(site, column * times, sites).astype(np.float64) for column in columns))

    @property
    def present(self) -> int:
        """Sites with something below the line."""
        return int((self.sizes > 0).sum())

    @property
    def concentration(self) -> float:
        """Sum of the squared shares of the sites: one over their number if they are equal, 1 for one alone."""
        share = self.sizes / max(self.sizes.sum(), 1e-300)
        return float(share @ share)

    def t_reach(self, alpha: float) -> float:
        """Student's t times the standard error over sites; infinite for one site."""
        if self.present < MIN_SITES:
            return math.inf
        correction, freedom = working_model(self.sizes)
        return t_quantile(alpha, freedom) * math.sqrt(correction * float(self.errors @ self.errors))

    def less(self, other: SiteSums) -> SiteSums:
        """Those of the difference of two numbers, which sites have in common."""
        shares = [one.sizes / max(one.sizes.sum(), 1e-300) for one in (self, other)]
        return SiteSums(shares[0] + shares[1], self.errors - other.errors, self.within + other.within)

    def grown(self, scale: float) -> SiteSums:
        """From `scale` times as many patients at the same sites: what varies between sites stays."""
        total, within = float(self.errors @ self.errors), float(self.within.sum())
        left = max(total - within, 0.0) + min(within, total) / scale
        return replace(self, errors=self.errors * math.sqrt(left / total) if total > 0 else self.errors)

    def heterogeneity(self) -> tuple[float, int, float]:
        """Cochran's Q over sites with the variance of all patients pooled, its degrees of freedom, and I squared."""
        here = self.sizes > 0
        freedom, variance = self.present - 1, float(self.within.sum()) / max(float(self.sizes.sum()), 1e-300)
        if freedom < 1 or variance <= 0:
            return math.nan, max(freedom, 0), math.nan
        q = float((self.errors[here] ** 2 / self.sizes[here]).sum()) / variance
        return q, freedom, max(0.0, 1.0 - freedom / q) if q > 0 else 0.0


@dataclass(frozen=True)
class OverSites:
    """A one-sided answer over all patients, with room for what varies between sites.

    least, most : what one unit can add at least and at most; infinite where nothing limits it, and then `spread` is the
    variance of a unit
    """

    base: OneSided
    sites: SiteSums
    least: float
    most: float
    spread: float = 0.0

    @property
    def estimate(self) -> float:
        return self.base.estimate

    def lower(self, alpha: float) -> float:
        return self.widened(self.base.lower(alpha), alpha)

    def widened(self, patients: float, alpha: float) -> float:
        """The bound at level alpha, where that of all patients as of one site is `patients`."""
        if self.sites.present < MIN_SITES or math.isnan(patients):
            return -math.inf
        if math.isinf(patients):
            return patients
        room = NormalDist().inv_cdf(1.0 - alpha) ** 2 * SITE_ICC * self.sites.concentration
        if math.isfinite(self.least) and math.isfinite(self.most):
            width = self.most - self.least
            e, reach = (self.estimate - self.least) / width, ((self.estimate - patients) / width) ** 2
            root = math.sqrt(max(room * room + 4 * room * e * (1 - e) + 4 * reach * (1 + room), 0.0))
            shared = self.least + width * (2 * e + room - root) / (2 * (1 + room))
        else:
            shared = self.estimate - math.sqrt((self.estimate - patients) ** 2 + room * self.spread)
        return max(self.least, min(patients, shared, self.estimate - self.sites.t_reach(alpha)))

    def parts(self) -> tuple[OneSided, ...]:
        return self.base.parts()

    def p_value(self, limit: float) -> float:
        if not self.estimate > limit:
            return 1.0
        return level_where(self.lower, limit)

    def exceeds(self, limit: float, alpha: float) -> bool:
        if self.estimate - self.sites.t_reach(alpha) < limit or not self.base.exceeds(limit, alpha):
            return False  # the shorter ways
        return self.lower(alpha) >= limit

    def grown(self, scale: float) -> OverSites:
        return replace(self, base=self.base.grown(scale), sites=self.sites.grown(scale))


def difference_reach(a: OverSites, b: OverSites, alpha: float) -> float:
    """How far a difference of two groups may be off for what it varies between sites; a, b : opposite sides."""
    return replace(a.sites, errors=-a.sites.errors).less(b.sites).t_reach(alpha)


def working_model(sizes: Floats) -> tuple[float, float]:
    """How much too small the squared errors over sites are on average, and their degrees of freedom."""
    return _working_model(tuple(sizes[sizes > 0].tolist()))


@lru_cache(maxsize=4096)
def _working_model(sizes: tuple[float, ...]) -> tuple[float, float]:
    share = np.array(sizes) / sum(sizes)
    apart = (np.eye(len(share)) - share[:, None]) * share[None, :]  # a site's error, less its share of all errors
    values = np.linalg.eigvalsh(apart.T @ apart)
    total = float(values.sum())
    return float(share @ share) / total, max(1.0, total**2 / float(values @ values))


@lru_cache(maxsize=4096)
def t_quantile(alpha: float, freedom: float) -> float:
    """What Student's t exceeds with a chance of alpha, 0.5 at most; freedom : 1 or more, also a fraction."""
    low, high = 0.0, math.pi / 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _t_tail(middle, freedom) > alpha else (low, middle)
    return math.sqrt(freedom) * math.tan((low + high) / 2)


def _t_tail(angle: float, freedom: float) -> float:
    """Chance that t exceeds sqrt(freedom) tan(angle): its density is a power of the cosine there."""
    half = (math.pi / 2 - angle) / 2
    inside = float(_WEIGHTS @ np.cos(angle + half * (_NODES + 1.0)) ** (freedom - 1.0)) * half
    log_all = 0.5 * math.log(math.pi) + math.lgamma(freedom / 2) - math.lgamma((freedom + 1) / 2)
    return inside / math.exp(log_all)
