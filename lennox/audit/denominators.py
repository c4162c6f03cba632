"""What each metric counts: which rows, what above and what below the line.

A unit that the model could not read found nothing: with disease it counts as missed, without disease it cannot have
been a false alarm and is left out, and both lower `readable_rate`. So refusing a group's films never flatters a model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lennox.audit.audit_table import AuditTable
from lennox.errors import InputError
from lennox.policy.metrics import METRICS, MetricName
from lennox.policy.policy import Policy

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Counted:
    """The rows of one metric. rows : places in the table; top, bottom : (rows,) what each adds to the two sums.

    n_positive, n_negative : (rows,) diseased and healthy units in each row
    """

    metric: MetricName
    rows: NDArray[np.int64]
    top: Floats
    bottom: Floats
    n_positive: Floats
    n_negative: Floats


def counted(table: AuditTable, policy: Policy, metric: MetricName) -> Counted:
    """The rows that `metric` is about, unreadable and unlabelled ones included with nothing below the line.

    Raises InputError if the table holds nothing that the metric could count.
    """
    level = METRICS[metric].level
    if level == "lesion" and not (table.kind == "lesion").any() and "lesions" in table.counts:
        return _lesion_columns(table, policy, metric)
    here = table.rows_of(
        "lesion" if level == "lesion" else policy.scope.unit if level == "unit" else _image_kind(table, policy)
    )
    rows = np.flatnonzero(here)
    label, score = table.label[rows], table.score[rows]
    readable = np.isfinite(score)
    ill, well = (label == 1).astype(np.float64), (label == 0).astype(np.float64)
    with np.errstate(invalid="ignore"):
        flagged = (readable & (score >= table.threshold)).astype(np.float64)
    top, bottom = np.zeros(len(rows)), np.zeros(len(rows))
    if metric in ("tpr", "lesion_sensitivity"):
        top, bottom = ill * flagged, ill
    elif metric == "fpr":
        top, bottom = well * flagged, well * readable
    elif metric == "readable_rate":
        top, bottom = readable.astype(np.float64), np.ones(len(rows))
    elif metric in ("auc", "calibration_slope", "calibration_intercept", "brier"):
        bottom = ((label >= 0) & readable).astype(np.float64)
        top = np.where(bottom > 0, (np.nan_to_num(score) - ill) ** 2, 0.0)
    else:
        column = {"dice": "dice", "false_positives_per_image": "false_positives"}[metric]
        if column not in table.counts:
            raise InputError(
                f"{table.name}: '{metric}' needs a column '{column}'; add it, or name it with --column {column}=NAME"
            )
        values = table.counts[column][rows]
        bottom = (np.isfinite(values) & readable).astype(np.float64)
        top = np.where(bottom > 0, values, 0.0)
    return Counted(metric, rows, np.asarray(top, np.float64), np.asarray(bottom, np.float64), ill, well)


def _image_kind(table: AuditTable, policy: Policy) -> str:
    return "image" if (table.kind == "image").any() else policy.scope.unit


def _lesion_columns(table: AuditTable, policy: Policy, metric: MetricName) -> Counted:
    """Lesions counted per row, in columns `lesions` and `lesions_found`."""
    if "lesions_found" not in table.counts:
        raise InputError(f"{table.name}: '{metric}' needs a column 'lesions_found' beside 'lesions'; add it")
    rows = np.flatnonzero(table.rows_of(_image_kind(table, policy)))
    lesions = np.nan_to_num(table.counts["lesions"][rows])
    found = np.where(np.isfinite(table.score[rows]), np.nan_to_num(table.counts["lesions_found"][rows]), 0.0)
    if (found > lesions).any():
        raise InputError(f"{table.name}: 'lesions_found' is above 'lesions' in some rows; a lesion can be found once")
    return Counted(metric, rows, found, lesions, lesions, np.zeros(len(rows)))
