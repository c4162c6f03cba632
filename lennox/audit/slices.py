"""The worst slice of the data by recorded features and pairs of them, and what the same search finds by chance.

Of many slices some look bad by luck, so that the worst one is compared with the worst of data in which features mean
nothing: whole patients' features are dealt out anew to other patients, as control features, many times. The share of
these whose worst slice is as bad is its p-value with all slices allowed for (Westfall & Young, Resampling-Based
Multiple Testing, 1993). It is reported and decides nothing: a community names the groups that a model must serve.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lennox.audit.audit_table import AuditTable
from lennox.audit.denominators import counted
from lennox.audit.grouping import cells_of
from lennox.policy.metrics import METRICS, MetricName
from lennox.policy.policy import Policy

Floats = NDArray[np.float64]
Group = tuple[tuple[str, str], ...]
DEALS = 499  # of control features


@dataclass(frozen=True, slots=True)
class WorstSlice:
    """The slice that is worst beyond what its size explains.

    value, everybody : the metric there and in all; shortfall : how much worse, above 0
    chance_shortfall : the median of what the search finds among control features; p_value : of `slices` at once
    """

    metric: MetricName
    group: Group
    patients: int
    value: float
    everybody: float
    shortfall: float
    chance_shortfall: float
    p_value: float
    slices: int


def worst_slices(table: AuditTable, policy: Policy, *, deals: int = DEALS, seed: int = 1) -> list[WorstSlice]:
    """The worst slice by each share or mean that the policy asks for; none where no slice has enough patients."""
    metrics = dict.fromkeys(requirement.metric for requirement in policy.requirements)
    wanted = (one for one in metrics if METRICS[one].family in ("proportion", "mean"))
    found = (_worst(table, policy, metric, deals, np.random.default_rng(seed)) for metric in wanted)
    return [one for one in found if one is not None]


def _worst(
    table: AuditTable, policy: Policy, metric: MetricName, deals: int, rng: np.random.Generator
) -> WorstSlice | None:
    count = counted(table, policy, metric)
    keep = count.bottom > 0
    rows, top, bottom = count.rows[keep], count.top[keep], count.bottom[keep]
    who = np.unique(table.patient[rows], return_inverse=True)[1]
    order = np.argsort(who, kind="stable")
    rows, top, bottom, who = rows[order], top[order], bottom[order], who[order]
    if not len(rows):
        return None
    names = [name for name in table.group if (table.group[name][rows] >= 0).all()]
    cells = [cells_of(table, policy, pick) for size in (1, 2) for pick in itertools.combinations(names, size)]
    codes = [one.code[rows] for one in cells]
    everybody = float(top.sum() / bottom.sum())
    sign = 1.0 if METRICS[metric].better == "at-least" else -1.0
    error = sign * (top - everybody * bottom)
    least = policy.evidence.min_patients
    seen, usual, p_value = search(codes, who, error, bottom, least, deals, rng)
    if seen is None:
        return None
    inside = codes[seen.cells] == seen.cell
    return WorstSlice(
        metric, cells[seen.cells].names[seen.cell], len(np.unique(who[inside])),
        float(top[inside].sum() / bottom[inside].sum()), everybody, seen.shortfall, usual,
        p_value, seen.slices,
    )  # fmt: skip


def search(
    codes: Sequence[NDArray[np.int64]],
    who: NDArray[np.int64],
    error: Floats,
    bottom: Floats,
    least: int,
    deals: int,
    rng: np.random.Generator,
) -> tuple[Seen | None, float, float]:
    """The worst slice, the median shortfall of the worst among control features, and the p-value of it among them.

    codes : of each set of slices, (rows,) the slice; who : (rows,) patients, in order; error : (rows,) below 0 is worse
    least : patients of a slice that is looked at; deals : of control features
    """  # fmt: skip
    seen = _search(codes, who, error, bottom, least)
    if seen is None:
        return None, 0.0, 1.0
    starts = np.searchsorted(who, np.arange(who.max() + 1))
    lengths = np.diff(np.append(starts, len(who)))
    places = np.arange(len(who)) - starts[who]
    chance = []
    for _ in range(deals):
        donor = rng.permutation(len(starts))[who]
        dealt = starts[donor] + places % lengths[donor]
        chance.append(_search([code[dealt] for code in codes], who, error, bottom, least))
    as_bad = sum(one is not None and one.z <= seen.z for one in chance)
    usual = float(np.median([one.shortfall if one is not None else 0.0 for one in chance]))
    return seen, usual, (1 + as_bad) / (1 + deals)


@dataclass(frozen=True, slots=True)
class Seen:
    """The worst slice of one search. z : its shortfall over its standard error, below 0"""

    cells: int
    cell: int
    z: float
    shortfall: float
    slices: int


def _search(
    codes: Sequence[NDArray[np.int64]], who: NDArray[np.int64], error: Floats, bottom: Floats, least: int
) -> Seen | None:
    """The slice with the lowest sum of errors over its spread between patients, of those with enough patients."""
    worst: Seen | None = None
    slices = 0
    for place, code in enumerate(codes):
        number = int(code.max()) + 1
        keys, inside = np.unique(code * (int(who.max()) + 1) + who, return_inverse=True)
        cell = keys // (int(who.max()) + 1)
        own = np.bincount(inside, error)
        patients = np.bincount(cell, minlength=number)
        total, spread = np.bincount(cell, own, number), np.bincount(cell, own * own, number)
        enough = (patients >= least) & (patients < len(np.unique(who)))
        slices += int(enough.sum())
        z = np.where(enough & (spread > 0), total / np.sqrt(np.maximum(spread, 1e-300)), np.inf)
        one = int(np.argmin(z))
        if np.isfinite(z[one]) and (worst is None or z[one] < worst.z):
            units = float(np.bincount(code, bottom, number)[one])
            worst = Seen(place, one, float(z[one]), -float(total[one]) / units, 0)
    return None if worst is None else Seen(worst.cells, worst.cell, worst.z, worst.shortfall, slices)
