"""What the report shows beside the verdicts: who was in the data, rates over thresholds, reliability by group."""

from __future__ import annotations

from typing import Any

import numpy as np

from lennox.audit.audit_table import AuditTable
from lennox.audit.grouping import cells_of, people_by_cell
from lennox.policy.policy import Policy

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
BINS = 10


def group_table(table: AuditTable, policy: Policy) -> list[dict[str, Any]]:
    """People and units of every group of every gated feature, before any metric."""
    entries = []
    for feature in policy.gated_features():
        kind = "lesion" if feature.level == "lesion" else policy.scope.unit
        rows = np.flatnonzero(table.rows_of(kind))
        cells = cells_of(table, policy, (feature.name,))
        label = table.label[rows]
        people = people_by_cell(
            cells.code[rows], len(cells.names), table.patient[rows],
            n_positive=(label == 1).astype(float), n_negative=(label == 0).astype(float),
            unreadable=~np.isfinite(table.score[rows]), unlabelled=label < 0, bottom=np.ones(len(rows)),
        )  # fmt: skip
        for name, who in zip(cells.names, people, strict=True):
            entries.append(
                {
                    "feature": feature.name,
                    "group": name[0][1],
                    "unit": kind,
                    "patients": who.patients,
                    "units": who.units,
                    "cases": who.n_positive,
                    "controls": who.n_negative,
                    "unreadable": who.unreadable,
                    "unlabelled": who.unlabelled,
                }
            )
    return entries


def sweep(table: AuditTable, policy: Policy) -> list[dict[str, Any]]:
    """tpr and fpr of every group at nine thresholds and the frozen one; None where undefined."""
    rows = np.flatnonzero(table.rows_of(policy.scope.unit))
    score, label = np.nan_to_num(table.score[rows], nan=-1.0), table.label[rows]
    readable = score >= 0
    thresholds = sorted({*THRESHOLDS, round(table.threshold, 6)})
    entries = []
    for feature in policy.gated_features():
        cells = cells_of(table, policy, (feature.name,))
        code = cells.code[rows]
        for index, name in enumerate(cells.names):
            here = code == index
            ill, well = np.sort(score[here & (label == 1)]), np.sort(score[here & (label == 0) & readable])
            if feature.level == "lesion" or not len(ill) + len(well):
                continue
            entries.append(
                {
                    "feature": feature.name,
                    "group": name[0][1],
                    "cases": len(ill),
                    "controls": len(well),
                    "thresholds": list(thresholds),
                    "tpr": [1 - np.searchsorted(ill, t) / len(ill) if len(ill) else None for t in thresholds],
                    "fpr": [1 - np.searchsorted(well, t) / len(well) if len(well) else None for t in thresholds],
                }
            )
    return entries


def reliability(table: AuditTable, policy: Policy) -> list[dict[str, Any]]:
    """Ten bins of the score in every group: units, mean score and share diseased."""
    rows = np.flatnonzero(table.rows_of(policy.scope.unit))
    rows = rows[np.isfinite(table.score[rows]) & (table.label[rows] >= 0)]
    score, label = table.score[rows], table.label[rows].astype(float)
    bin_ = np.minimum((score * BINS).astype(int), BINS - 1)
    entries = []
    for feature in policy.gated_features():
        if feature.level == "lesion":
            continue
        cells = cells_of(table, policy, (feature.name,))
        for index, name in enumerate(cells.names):
            here = cells.code[rows] == index
            if not here.any():
                continue
            units = np.bincount(bin_[here], minlength=BINS)
            with np.errstate(invalid="ignore"):
                mean = np.bincount(bin_[here], score[here], BINS) / units
                share = np.bincount(bin_[here], label[here], BINS) / units
            entries.append(
                {
                    "feature": feature.name,
                    "group": name[0][1],
                    "units": units.tolist(),
                    "mean_score": [None if n == 0 else float(v) for n, v in zip(units, mean, strict=True)],
                    "share_diseased": [None if n == 0 else float(v) for n, v in zip(units, share, strict=True)],
                }
            )
    return entries
