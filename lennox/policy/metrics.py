"""The metrics a policy may ask for, the criteria it may hold them to, and why others are refused (R17)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MetricName = Literal[
    "tpr",
    "fpr",
    "lesion_sensitivity",
    "readable_rate",
    "false_positives_per_image",
    "auc",
    "brier",
    "calibration_slope",
    "calibration_intercept",
    "dice",
]
Family = Literal["proportion", "mean", "auc", "calibration"]
Needs = Literal["cases", "controls", "both", "units"]
Level = Literal["unit", "lesion", "image"]
Criterion = Literal["worst-group", "between-groups", "to-overall"]
Direction = Literal["at-least", "at-most", "between"]


@dataclass(frozen=True, slots=True)
class Metric:
    """What a metric is and what it needs.

    family : how its bounds are drawn: proportions by design-effect intervals, means by per-patient sums
    evidence : which of the policy's minima counts its denominator
    level : rows it is computed over
    better : the direction a limit may take
    """

    name: MetricName
    family: Family
    evidence: Needs
    level: Level
    better: Direction
    low: float
    high: float
    words: str

    @property
    def is_rate(self) -> bool:
        """Whether its values lie in 0..1, so that a limit of 10 is a slip for 0.10."""
        return self.low == 0.0 and self.high == 1.0


_INF = float("inf")
METRICS: dict[MetricName, Metric] = {
    metric.name: metric
    for metric in (
        Metric("tpr", "proportion", "cases", "unit", "at-least", 0, 1, "share of diseased units found"),
        Metric("fpr", "proportion", "controls", "unit", "at-most", 0, 1, "share of healthy units flagged"),
        Metric("lesion_sensitivity", "proportion", "cases", "lesion", "at-least", 0, 1, "share of lesions found"),
        Metric("readable_rate", "proportion", "units", "image", "at-least", 0, 1, "share of units that could be read"),
        Metric("false_positives_per_image", "mean", "units", "image", "at-most", 0, _INF, "false marks per image"),
        Metric("auc", "auc", "both", "unit", "at-least", 0, 1, "area under the ROC curve"),
        Metric("brier", "mean", "both", "unit", "at-most", 0, 1, "mean squared error of the scores"),
        Metric("calibration_slope", "calibration", "both", "unit", "between", -_INF, _INF, "calibration slope"),
        Metric("calibration_intercept", "calibration", "both", "unit", "between", -_INF, _INF, "calibration intercept"),
        Metric("dice", "mean", "cases", "image", "at-least", 0, 1, "overlap of outlines (Dice)"),
    )
}

_PREVALENCE = (
    "prevalence differs between groups: this metric would punish finding disease where it is; write 'tpr' or 'fpr'"
)
REFUSED_METRICS = {
    **dict.fromkeys(
        (
            "accuracy",
            "balanced_accuracy",
            "selection_rate",
            "demographic_parity",
            "statistical_parity",
            "disparate_impact",
        ),
        _PREVALENCE,
    ),
    **dict.fromkeys(("ppv", "npv", "precision", "f1"), _PREVALENCE),
    "ece": "the binned calibration error grows as a group shrinks, even for a perfect model; write 'calibration_slope'",
    "sensitivity": "write 'tpr'",
    "recall": "write 'tpr'",
    "fnr": "write 'tpr', at-least one minus this limit",
    "specificity": "write 'fpr', at-most one minus this limit",
    "tnr": "write 'fpr', at-most one minus this limit",
    "fp_per_image": "write 'false_positives_per_image'",
}
