"""What each metric counts: which rows, what above and what below the line.

A unit that the model could not read found nothing: with disease it counts as missed, without disease it cannot have
been a false alarm and is left out, and both lower `readable_rate`. So refusing a group's films never flatters a model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lennox.audit.audit_table import Cases
from lennox.audit.metrics import METRICS
from lennox.audit.policy.policy import Policy
from lennox.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Counted:
    """The rows of one metric. rows : places in the cases; top, bottom : (rows,) what each adds to the two sums.

    cases, controls : (rows,) diseased and healthy units in each row
    """

    metric: str
    rows: NDArray[np.int64]
    top: Floats
    bottom: Floats
    cases: Floats
    controls: Floats


def counted(cases: Cases, policy: Policy, metric: str) -> Counted:
    """The rows that `metric` is about, unreadable and unlabelled ones included with nothing below the line.

    Raises InputError if the cases hold nothing that the metric could count.
    """
    level = METRICS[metric].level
    if level == "lesion" and not (cases.kind == "lesion").any() and "lesions" in cases.counts:
        return _lesion_columns(cases, policy, metric)
    here = cases.rows_of(
        "lesion" if level == "lesion" else policy.scope.unit if level == "unit" else _image_kind(cases, policy)
    )
    rows = np.flatnonzero(here)
    label, score = cases.label[rows], cases.score[rows]
    readable = np.isfinite(score)
    ill, well = (label == 1).astype(np.float64), (label == 0).astype(np.float64)
    with np.errstate(invalid="ignore"):
        flagged = (readable & (score >= cases.threshold)).astype(np.float64)
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
        if column not in cases.counts:
            raise InputError(
                f"{cases.name}: '{metric}' needs a column '{column}'; add it, or name it with --column {column}=NAME"
            )
        values = cases.counts[column][rows]
        bottom = (np.isfinite(values) & readable).astype(np.float64)
        top = np.where(bottom > 0, values, 0.0)
    return Counted(metric, rows, np.asarray(top, np.float64), np.asarray(bottom, np.float64), ill, well)


def _image_kind(cases: Cases, policy: Policy) -> str:
    return "image" if (cases.kind == "image").any() else policy.scope.unit


def _lesion_columns(cases: Cases, policy: Policy, metric: str) -> Counted:
    """Lesions counted per row, in columns `lesions` and `lesions_found`."""
    if "lesions_found" not in cases.counts:
        raise InputError(f"{cases.name}: '{metric}' needs a column 'lesions_found' beside 'lesions'; add it")
    rows = np.flatnonzero(cases.rows_of(_image_kind(cases, policy)))
    lesions = np.nan_to_num(cases.counts["lesions"][rows])
    found = np.where(np.isfinite(cases.score[rows]), np.nan_to_num(cases.counts["lesions_found"][rows]), 0.0)
    if (found > lesions).any():
        raise InputError(f"{cases.name}: 'lesions_found' is above 'lesions' in some rows; a lesion can be found once")
    return Counted(metric, rows, found, lesions, lesions, np.zeros(len(rows)))
