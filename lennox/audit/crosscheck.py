"""The only door to Fairlearn: the same point values through `MetricFrame`, and the largest difference to ours.

Fairlearn answers 0.0 for a rate over nobody, so values are compared only where our denominator is not empty; groups
go in as texts without missing values, since it treats those differently by container.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.audit.audit_table import AuditTable
from lennox.audit.denominators import counted
from lennox.audit.grouping import cells_of
from lennox.errors import InputError
from lennox.policy.metrics import METRICS
from lennox.policy.policy import Policy

COMPARED = ("tpr", "fpr", "lesion_sensitivity", "readable_rate")


def crosscheck(table: AuditTable, policy: Policy) -> dict[str, Any]:
    """Compare every rate of the policy, in every group, with Fairlearn.

    Returns the version, the number of values compared, and the largest absolute difference.
    """
    try:
        import fairlearn
    except ImportError as error:
        raise InputError("an audit needs Fairlearn, pandas and SciPy; install lennox[audit]") from error
    largest, compared = 0.0, 0
    wanted = {(r.metric, name) for r in policy.requirements for name in r.over if r.metric in COMPARED}
    for metric, feature in sorted(wanted):
        count = counted(table, policy, metric)
        if METRICS[metric].level == "lesion" and "lesions" in table.counts and not (table.kind == "lesion").any():
            continue  # counts per film, which MetricFrame has no words for
        cells = cells_of(table, policy, (feature,))
        group = cells.code[count.rows]
        keep = (count.bottom > 0) & (group >= 0)
        theirs = rates_by_group(metric, count.top[keep] > 0, group[keep])
        for cell, value in theirs.items():
            here = keep & (group == cell)
            largest = max(largest, abs(value - count.top[here].sum() / count.bottom[here].sum()))
            compared += 1
    return {
        "library": "fairlearn",
        "version": fairlearn.__version__,
        "compared": compared,
        "largest_difference": largest,
    }


def rates_by_group(metric: str, answers: NDArray[np.bool_], group: NDArray[np.int64]) -> Mapping[int, float]:
    """A rate of each group by `MetricFrame`, over rows that are all in its denominator."""
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate

    if not len(group):
        return {}
    function: Callable[..., Any] = {"tpr": true_positive_rate, "lesion_sensitivity": true_positive_rate}.get(
        metric, false_positive_rate if metric == "fpr" else selection_rate
    )
    truth = np.zeros(len(group), int) if metric == "fpr" else np.ones(len(group), int)
    options = {} if function is selection_rate else {"pos_label": 1}
    frame = MetricFrame(
        metrics=lambda y_true, y_pred: function(y_true, y_pred, **options),
        y_true=truth,
        y_pred=answers.astype(int),
        sensitive_features={"cell": np.array([f"cell {cell}" for cell in range(int(group.max()) + 1)])[group]},
    )
    return {int(str(name).removeprefix("cell ")): float(value) for name, value in frame.by_group.items()}
