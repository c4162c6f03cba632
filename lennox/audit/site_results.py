"""What each site of a pooled audit shows by itself, what all others show without it, and whether sites differ.

Of one site the bounds are those of an audit of one place. Without a site they have room for what differs between those
that are left. Whether sites differ is Cochran's Q with the variance of all patients pooled, whose chance is that of a
chi-squared value; with few patients a site it says little, and with one site nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from lennox.audit.audit_table import AuditTable
from lennox.audit.evidence import GroupEvidence, Measurement
from lennox.audit.measure import Audit, audit
from lennox.policy.policy import Policy
from lennox.statistics.sites import OverSites
from lennox.statistics.spending import spent


@dataclass(frozen=True, slots=True)
class SiteResult:
    """One cell at one site, or without it. low, high : one-sided bounds at the level of this look, NaN: none"""

    site: str
    patients: int
    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SiteResults:
    """One cell of a pooled audit.

    alone : at each site; without : of all others, one entry a site
    q, freedom, p_value, i_squared : whether sites differ; NaN where that cannot be asked
    """

    alone: tuple[SiteResult, ...]
    without: tuple[SiteResult, ...]
    q: float
    freedom: int
    p_value: float
    i_squared: float


Key = tuple[str, tuple[tuple[str, str], ...], tuple[tuple[str, str], ...] | None]


def site_results(pooled: Audit, policy: Policy) -> list[SiteResults]:
    """For each measurement of a pooled audit, in their order; none for an audit of one place."""
    table = pooled.table
    if not table.sites:
        return []
    alpha = spent(policy.evidence.alpha, pooled.look)
    once = replace(policy, evidence=replace(policy.evidence, resamples=1, interval="cluster"))  # no second opinion
    alone, without = [], []
    for number in range(len(table.sites)):
        mine = table.site[table.patient] == number
        alone.append(_measured(replace(_part(table, mine), sites=(), site=np.empty(0, np.int64)), once))
        without.append(_measured(_part(table, ~mine), once))
    return [
        SiteResults(
            tuple(_results(cell, alone, table.sites, alpha)),
            tuple(_results(cell, without, table.sites, alpha)),
            *_heterogeneity(cell),
        )
        for cell in pooled.measurements
    ]


def _part(table: AuditTable, rows: NDArray[np.bool_]) -> AuditTable:
    """Some of the rows, with their patients numbered anew."""
    patients, patient = np.unique(table.patient[rows], return_inverse=True)
    return replace(
        table,
        patient=patient.astype(np.int64),
        patients=len(patients),
        kind=table.kind[rows],
        label=table.label[rows],
        score=table.score[rows],
        group={name: values[rows] for name, values in table.group.items()},
        counts={name: values[rows] for name, values in table.counts.items()},
        site=table.site[patients],
    )


def _measured(table: AuditTable, policy: Policy) -> dict[Key, Measurement]:
    return {_key(cell): cell for cell in audit(table, policy).measurements}


def _key(cell: Measurement) -> Key:
    return cell.requirement, cell.group, cell.versus


def _results(
    cell: Measurement, parts: list[dict[Key, Measurement]], sites: tuple[str, ...], alpha: float
) -> Iterator[SiteResult]:
    for site, measured in zip(sites, parts, strict=True):
        found = measured.get(_key(cell))
        if found is None or found.evidence is None or not math.isfinite(found.evidence.estimate):
            yield SiteResult(site, found.people.patients if found else 0, math.nan, math.nan, math.nan)
        else:
            ends = (found.evidence.bound(side, alpha) for side in (0, 1))
            yield SiteResult(site, found.people.patients, found.evidence.estimate, *ends)


def _heterogeneity(cell: Measurement) -> tuple[float, int, float, float]:
    if not isinstance(cell.evidence, GroupEvidence) or not isinstance(cell.evidence.low, OverSites):
        return math.nan, 0, math.nan, math.nan
    q, freedom, share = cell.evidence.low.sites.heterogeneity()
    return q, freedom, float(special.chdtrc(freedom, q)) if freedom and math.isfinite(q) else math.nan, share
