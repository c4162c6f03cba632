"""From counted rows to the evidence of each group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lennox.audit.evidence import GroupEvidence
from lennox.gate.group_bounds import GroupRows, PatientSums, bounds_over_sites, group_bounds
from lennox.policy.metrics import Metric
from lennox.statistics.rates import RateSums

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Found:
    """A group's evidence. patients, errors : each patient once, and what it adds to the error of the estimate."""

    evidence: GroupEvidence
    patients: NDArray[np.int64]
    errors: Floats


@dataclass(frozen=True, slots=True)
class Sites:
    """Of an audit over several sites. number : of sites; site : (patients of the table,) each one's, from 0"""

    number: int
    site: NDArray[np.int64]


def group_evidence(
    metric: Metric, rows: GroupRows, point: float, draws: Floats, wider: bool, sites: Sites | None = None
) -> Found | None:
    """The evidence on `metric` in one group, or None where nothing is below the line."""
    patients, who = np.unique(rows.patient, return_inverse=True)
    bounds = group_bounds(metric, rows, who, point)
    if bounds is None:
        return None
    if sites is not None:
        columns = (
            np.bincount(who, one).astype(np.float64) for one in (rows.top, rows.bottom, rows.open_low, rows.open_high)
        )
        bounds = bounds_over_sites(metric, bounds, PatientSums(sites.site[patients], *columns), sites.number)
    sums = None
    if metric.family == "proportion":
        sums = RateSums.of(np.bincount(who, rows.top), np.bincount(who, rows.bottom))
    return Found(GroupEvidence(point, bounds.low, bounds.high, sums, draws, wider), patients, bounds.errors)
