"""Cells: the groups of a feature, or of features crossed, each row in one of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lennox.audit.audit_table import NOT_APPLICABLE, AuditTable
from lennox.policy.minimums import People
from lennox.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class Cells:
    """names : (feature, group) pairs of each cell; code : (rows of the table,) the cell, -1: in none.

    declared : whether a cell must have rows; one of people who did not say need not
    """

    features: tuple[str, ...]
    names: tuple[tuple[tuple[str, str], ...], ...]
    declared: tuple[bool, ...]
    code: NDArray[np.int64]


def cells_of(table: AuditTable, policy: Policy, features: tuple[str, ...]) -> Cells:
    """The cells of `features` crossed. Groups come from the policy; only "did not say" needs rows to appear (R30)."""
    code = np.zeros(len(table), np.int64)
    applies = np.ones(len(table), bool)
    names: list[tuple[tuple[str, str], ...]] = [()]
    declared = [True]
    for name in features:
        feature = policy.feature(name)
        values = (*feature.groups, policy.unknown.name)
        group = table.group[name]
        applies &= group != NOT_APPLICABLE
        code = code * len(values) + np.maximum(group, 0)
        names = [(*before, (name, value)) for before in names for value in values]
        declared = [before and value != policy.unknown.name for before in declared for value in values]
    code = np.where(applies, code, -1)
    present = np.bincount(code[code >= 0], minlength=len(names)) > 0
    keep = np.flatnonzero(present | np.array(declared))
    new_code = np.full(len(names) + 1, -1)
    new_code[keep] = np.arange(len(keep))
    return Cells(features, tuple(names[i] for i in keep), tuple(declared[i] for i in keep), new_code[code])


def people_by_cell(
    cell: NDArray[np.int64],
    cells: int,
    patient: NDArray[np.int64],
    *,
    n_positive: NDArray[np.float64],
    n_negative: NDArray[np.float64],
    unreadable: NDArray[np.bool_],
    unlabelled: NDArray[np.bool_],
    bottom: NDArray[np.float64],
) -> list[People]:
    """Count the people and units of each cell; all arrays have one entry per row of the metric."""
    here = cell >= 0
    cell, patient = cell[here], patient[here]

    def total(values: NDArray[np.generic]) -> NDArray[np.int64]:
        return np.rint(np.bincount(cell, values[here].astype(np.float64), cells)).astype(np.int64)

    def distinct(which: NDArray[np.bool_]) -> NDArray[np.int64]:
        width = int(patient.max(initial=0)) + 1
        return np.bincount(np.unique(cell[which] * width + patient[which]) // width, minlength=cells)

    columns = (
        distinct(np.ones(len(cell), bool)),
        np.bincount(cell, minlength=cells),
        total(n_positive),
        total(n_negative),
        total(unreadable),
        total(unlabelled),
        distinct(bottom[here] > 0),
        total(bottom),
    )
    return [People(*(int(column[index]) for column in columns)) for index in range(cells)]
