"""What each patient adds to a metric: all that bounds are made of, and no more, so that an audit can be recounted.

Patients have no names here, and those alike are one entry with their number. Shares and means need each patient's sums
in each group; an area needs labels and the order of scores, a calibration line labels and log odds.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lennox.audit.audit_table import AuditTable
from lennox.audit.denominators import Counted
from lennox.audit.evidence import GroupEvidence
from lennox.audit.grouping import Cells
from lennox.gate.recount import DECIMALS
from lennox.policy.metrics import METRICS, MetricName
from lennox.statistics.calibration import logit

Group = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class MetricCounts:
    """One metric over the groups of some features. cells : each group with its evidence, None where nobody counts

    patients, sites : as `patient_counts` has them
    """

    metric: MetricName
    features: tuple[str, ...]
    cells: tuple[tuple[Group, GroupEvidence | None], ...]
    patients: list[list[float | None]]
    sites: list[int]


def patient_counts(table: AuditTable, count: Counted, cells: Cells) -> tuple[list[list[float | None]], list[int]]:
    """What patients add, and, of several sites, the site of each entry; entries of one site stand together.

    `[patients alike, group, ..., group, ...]` in order, with an entry for each group that such a patient is in.

    After a group's number come, of shares and means, what is above and below the line, and units not known for a floor
    and for a ceiling; of areas and calibration lines one entry a row: its label (-1: none), and the rank of its score
    or the score's log odds (None: no answer).
    """
    code = cells.code[count.rows]
    inside = np.flatnonzero(code >= 0)
    rows, cell = count.rows[inside], code[inside]
    patient = table.patient[rows]
    if METRICS[count.metric].family in ("proportion", "mean"):
        width = len(cells.names)
        keys, place = np.unique(patient * width + cell, return_inverse=True)
        sums = (count.top, count.bottom, count.open_low, count.open_high)
        columns = [np.bincount(place, values[inside], len(keys)).astype(np.float64) for values in sums]
        patient, cell = keys // width, keys % width
    else:
        score = table.score[rows]
        value = np.unique(score, return_inverse=True)[1] if count.metric == "auc" else logit(score)
        columns = [table.label[rows].astype(np.float64), np.where(np.isfinite(score), value, np.nan)]
    entries = np.stack([cell, *columns], axis=1).astype(np.float64).round(DECIMALS)
    entries[np.isnan(entries)] = np.inf  # which sorts and compares
    order = np.lexsort((*reversed(entries.T), patient))
    patient, entries = patient[order], entries[order]
    found: list[list[float | None]] = []
    sites: list[int] = []
    for site in range(max(len(table.sites), 1)):
        here = table.site[patient] == site if table.sites else np.ones(len(patient), np.bool_)
        kinds = _alike(patient[here], entries[here])
        found += [[times, *map(_number, kind)] for kind, times in sorted(kinds.items())]
        sites += [site] * len(kinds) if table.sites else []
    return found, sites


def _alike(patient: NDArray[np.int64], entries: NDArray[np.float64]) -> Counter[tuple[float, ...]]:
    """How many patients have the same entries. patient, entries : (entries,), (entries, columns), in order"""
    starts = np.flatnonzero(np.r_[True, np.diff(patient) != 0]) if len(patient) else np.empty(0, np.int64)
    if len(starts) == len(patient):  # nobody has two
        kinds, times = np.unique(entries, axis=0, return_counts=True)
        return Counter(dict(zip(map(tuple, kinds.tolist()), times.tolist(), strict=True)))
    flat, width = entries.ravel().tolist(), entries.shape[1]
    ends = [*starts[1:].tolist(), len(patient)]
    return Counter(tuple(flat[start * width : end * width]) for start, end in zip(starts.tolist(), ends, strict=True))


def _number(value: float) -> float | None:
    return None if value == np.inf else int(value) if value.is_integer() else value
