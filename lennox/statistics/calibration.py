"""Whether probabilities mean what they say, and the line that makes them: Platt scaling on the logit.

Slope and intercept: Cox (1958), logistic regression of the outcome on the logit of the probability; 1 and 0 are
perfect. Platt (1999) uses the same fit to correct probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BINS = 10
RESAMPLES = 200  # of those offered: each needs a fit


def fit_line(
    logits: Floats, outcomes: Floats, weights: Floats | None = None, ridge: float = 1e-6
) -> tuple[float, float]:
    """(slope, intercept) of the logistic regression of outcomes on logits, by Newton's method; NaN if undetermined."""
    weights = np.ones(len(logits)) if weights is None else weights
    taken = weights > 0
    if len(set(outcomes[taken].tolist())) < 2:
        return math.nan, math.nan
    design = np.stack([logits, np.ones_like(logits)], 1)
    line = np.array([1.0, 0.0])
    for _ in range(50):
        fitted = 1 / (1 + np.exp(-np.clip(design @ line, -30, 30)))
        spread = weights * np.maximum(fitted * (1 - fitted), 1e-9)
        gradient = design.T @ (weights * (outcomes - fitted)) - ridge * line
        hessian = design.T @ (design * spread[:, None]) + ridge * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        line = line + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-8:
            break
    return float(line[0]), float(line[1])


def logit(probability: Floats) -> Floats:
    """The logit, finite for 0 and 1."""
    clipped = np.clip(probability, 1e-6, 1 - 1e-6)
    result: Floats = np.log(clipped / (1 - clipped))
    return result


def assess_calibration(pairs: Sequence[tuple[float, bool, int]], weights: Sequence[Floats]) -> dict[str, Any] | None:
    """Slope, intercept, Brier score, expected error and reliability of (probability, outcome, film); None without any.

    weights : per film, one array a resample, for the intervals
    """
    if not pairs:
        return None
    probability = np.array([pair[0] for pair in pairs], np.float64)
    outcome = np.array([pair[1] for pair in pairs], np.float64)
    film = np.array([pair[2] for pair in pairs], np.int64)
    logits = logit(probability)
    slope, intercept = fit_line(logits, outcome)
    fits = np.array([fit_line(logits, outcome, weight[film]) for weight in weights[:RESAMPLES]])
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    reliability, error = [], 0.0
    for which in range(BINS):
        inside = bins == which
        if count := int(inside.sum()):
            mean, share = float(probability[inside].mean()), float(outcome[inside].mean())
            reliability.append({"mean_probability": mean, "share_true": share, "count": count})
            error += count * abs(mean - share) / len(pairs)
    return {
        "count": len(pairs), "true": int(outcome.sum()), "slope": {"value": slope, "interval": _interval(fits, 0)},
        "intercept": {"value": intercept, "interval": _interval(fits, 1)},
        "brier": float(np.mean((probability - outcome) ** 2)), "expected_error": error, "reliability": reliability,
    }  # fmt: skip


def _interval(fits: Floats, column: int) -> list[float]:
    if not len(fits):
        return [math.nan, math.nan]
    values = fits[np.isfinite(fits[:, column]), column]
    low, high = np.percentile(values, [2.5, 97.5]) if len(values) else (math.nan, math.nan)
    return [float(low), float(high)]
