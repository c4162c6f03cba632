"""Pooled audits whose truth is known: what the gate says where sites differ, are few, and are of unequal size.

The rate of a site is drawn around the truth, beta-distributed or, as the worst that a given intraclass correlation
allows without being seen, of two kinds of sites of which one in five is much worse. Each patient has two units.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from lennox.audit.evidence import GapEvidence, GroupEvidence
from lennox.gate.group_bounds import PatientSums, bounds_over_sites, ratio_bounds
from lennox.policy.metrics import METRICS
from lennox.statistics.sites import OverSites

Floats = NDArray[np.float64]
Shape = Literal["beta", "one in five is worse"]
UNITS = 2.0
_RARE = 0.2
EQUAL: dict[int, tuple[int, ...]] = {2: (60,) * 2, 3: (60,) * 3, 5: (60,) * 5, 10: (60,) * 10, 20: (40,) * 20}
UNEQUAL: dict[int, tuple[int, ...]] = {
    2: (160, 40),
    3: (200, 60, 40),
    5: (200, 100, 50, 50, 30),
    10: (300, 200, 100, *(40,) * 7),
    20: (300, 200, *(30,) * 18),
}


@dataclass(frozen=True, slots=True)
class Design:
    """Patients of each site, and how rates vary. icc : between sites, of single units; patient_icc : within them"""

    sizes: tuple[int, ...]
    icc: float
    shape: Shape = "beta"
    patient_icc: float = 0.2

    def draw(self, rng: np.random.Generator, truth: float) -> GroupEvidence:
        """One group's evidence from all sites, over which its rate is `truth` on average."""
        rates = self._rates(rng, truth)
        site = np.repeat(np.arange(len(self.sizes)), self.sizes)
        own = _beta(rng, rates[site], self.patient_icc)
        found = rng.binomial(int(UNITS), own).astype(np.float64)
        return evidence(site, found, len(self.sizes))

    def _rates(self, rng: np.random.Generator, truth: float) -> Floats:
        if self.shape == "beta" or self.icc == 0.0:
            return _beta(rng, np.full(len(self.sizes), truth), self.icc)
        apart = np.sqrt(self.icc * truth * (1 - truth) / (_RARE * (1 - _RARE)))
        worse = rng.random(len(self.sizes)) < _RARE
        return np.asarray(np.clip(np.where(worse, truth - apart * (1 - _RARE), truth + apart * _RARE), 0.0, 1.0))


def evidence(site: NDArray[np.int64], found: Floats, sites: int) -> GroupEvidence:
    """The shipped evidence on a share: units found of each patient, `UNITS` each."""
    metric, none = METRICS["tpr"], np.zeros(len(found))
    bottom = np.full(len(found), UNITS)
    bounds = bounds_over_sites(
        metric, ratio_bounds(metric, found, bottom, none, none), PatientSums(site, found, bottom, none, none), sites
    )
    return GroupEvidence(float(found.sum() / bottom.sum()), bounds.low, bounds.high, None, np.empty(0))


def false_passes(design: Design, truth: float, alpha: float, repetitions: int, seed: int) -> float:
    """Share of audits that show a floor which is exactly the truth."""
    rng = np.random.default_rng(seed)
    return float(np.mean([design.draw(rng, truth).low.exceeds(truth, alpha) for _ in range(repetitions)]))


def false_fails(design: Design, truth: float, alpha: float, repetitions: int, seed: int) -> float:
    """Share of audits that show to miss a floor which is exactly the truth."""
    rng = np.random.default_rng(seed)
    return float(np.mean([design.draw(rng, truth).high.exceeds(-truth, alpha) for _ in range(repetitions)]))


def false_gap_passes(design: Design, truth: float, gap: float, alpha: float, repetitions: int, seed: int) -> float:
    """Share of audits that show a gap to be `gap` at most where it is that; in each group sites differ."""
    rng = np.random.default_rng(seed)
    passed = 0
    for _ in range(repetitions):
        a, b = design.draw(rng, truth), design.draw(rng, truth - gap)
        passed += GapEvidence(a, b, 0.0, np.empty(0)).upper(alpha) <= gap
    return passed / repetitions


def heterogeneity_found(design: Design, truth: float, repetitions: int, seed: int, level: float = 0.05) -> float:
    """Share of audits in which the test for differences between sites is positive."""
    rng = np.random.default_rng(seed)
    return float(np.mean(list(_tests(design, truth, rng, repetitions, level))))


def _tests(design: Design, truth: float, rng: np.random.Generator, repetitions: int, level: float) -> Iterator[bool]:
    for _ in range(repetitions):
        low = design.draw(rng, truth).low
        assert isinstance(low, OverSites)
        q, freedom, _ = low.sites.heterogeneity()
        yield bool(special.chdtrc(freedom, q) <= level)


def _beta(rng: np.random.Generator, mean: Floats, icc: float) -> Floats:
    if icc <= 0.0:
        return mean
    strength = (1 - icc) / icc
    inside = np.clip(mean, 1e-9, 1 - 1e-9)
    return np.asarray(np.where((mean > 0) & (mean < 1), rng.beta(inside * strength, (1 - inside) * strength), mean))
