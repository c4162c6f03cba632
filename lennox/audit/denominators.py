"""What each metric counts: which rows, what above and what below the line, and what is not known of the others.

Silence counts against a model: a diseased unit that it could not read is missed. Other units without an answer or a
label may hold anything, so bounds are taken where each of them is at its worst: `open_low` units at the least value a
unit can have for a floor, `open_high` units at the most for a ceiling. Estimates are of what was answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
    open_low, open_high : (rows,) units that may belong below the line, each at its least, or most, above it
    """

    metric: MetricName
    rows: NDArray[np.int64]
    top: Floats
    bottom: Floats
    n_positive: Floats
    n_negative: Floats
    open_low: Floats
    open_high: Floats


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
    readable, unlabelled = np.isfinite(score), label < 0
    ill, well = (label == 1).astype(np.float64), (label == 0).astype(np.float64)
    with np.errstate(invalid="ignore"):
        flagged = readable & (score >= table.threshold)
    top: NDArray[Any]
    bottom: NDArray[Any]
    low: NDArray[Any] = np.zeros(len(rows))
    high: NDArray[Any] = low
    if metric in ("tpr", "lesion_sensitivity"):
        top, bottom, low, high = ill * flagged, ill, unlabelled & ~flagged, unlabelled & flagged
    elif metric == "fpr":
        silent = ~readable & (label != 1)
        top, bottom = well * flagged, well * readable
        low, high = silent | (unlabelled & ~flagged), silent | (unlabelled & flagged)
    elif metric == "readable_rate":
        top, bottom = readable, np.ones(len(rows))
    elif metric in ("auc", "calibration_slope", "calibration_intercept", "brier"):
        bottom = (label >= 0) & readable
        top = np.where(bottom, (np.nan_to_num(score) - ill) ** 2, 0.0)
        low = high = ~bottom
    else:
        column = {"dice": "dice", "false_positives_per_image": "false_positives"}[metric]
        if column not in table.counts:
            raise InputError(
                f"{table.name}: '{metric}' needs a column '{column}'; add it, or name it with --column {column}=NAME"
            )
        values = table.counts[column][rows]
        bottom = np.isfinite(values) & readable
        top = np.where(bottom, values, 0.0)
        low = high = ~bottom
        if metric == "dice" and not (bottom & (label == 0)).any():  # nobody outlines what is not there
            low = high = ~bottom & (label != 0)
    sums = (np.asarray(values, np.float64) for values in (top, bottom, ill, well, low, high))
    return Counted(metric, rows, *sums)


def _image_kind(table: AuditTable, policy: Policy) -> str:
    return "image" if (table.kind == "image").any() else policy.scope.unit


def _lesion_columns(table: AuditTable, policy: Policy, metric: MetricName) -> Counted:
    """Lesions counted per row, in columns `lesions` and `lesions_found`."""
    if "lesions_found" not in table.counts:
        raise InputError(f"{table.name}: '{metric}' needs a column 'lesions_found' beside 'lesions'; add it")
    rows = np.flatnonzero(table.rows_of(_image_kind(table, policy)))
    said = table.counts["lesions"][rows]
    lesions, most = np.nan_to_num(said), np.nanmax(said, initial=1.0)
    found = np.where(np.isfinite(table.score[rows]), np.nan_to_num(table.counts["lesions_found"][rows]), 0.0)
    if (found > lesions).any():
        raise InputError(f"{table.name}: 'lesions_found' is above 'lesions' in some rows; a lesion can be found once")
    unknown = np.where(np.isnan(said), most, 0.0)  # a film whose lesions nobody counted may have as many as any
    return Counted(metric, rows, found, lesions, lesions, np.zeros(len(rows)), unknown, unknown)
