"""From counted rows to the evidence of each group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lennox.audit.evidence import GroupEvidence
from lennox.gate.group_bounds import GroupRows, group_bounds
from lennox.policy.metrics import Metric
from lennox.statistics.rates import RateSums

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Found:
    """A group's evidence. patients, errors : each patient once, and what it adds to the error of the estimate."""

    evidence: GroupEvidence
    patients: NDArray[np.int64]
    errors: Floats


def group_evidence(metric: Metric, rows: GroupRows, point: float, draws: Floats, wider: bool) -> Found | None:
    """The evidence on `metric` in one group, or None where nothing is below the line."""
    patients, who = np.unique(rows.patient, return_inverse=True)
    bounds = group_bounds(metric, rows, who, point)
    if bounds is None:
        return None
    sums = None
    if metric.family == "proportion":
        sums = RateSums.of(np.bincount(who, rows.top), np.bincount(who, rows.bottom))
    return Found(GroupEvidence(point, bounds.low, bounds.high, sums, draws, wider), patients, bounds.errors)
