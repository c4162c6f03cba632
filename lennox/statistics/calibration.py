"""Whether probabilities mean what they say, and the line that makes them: logistic regression on the log odds.

Slope and intercept: Cox (1958), logistic regression of the outcome on the log odds of the probability; 1 and 0 are
perfect. Platt (1999) uses the same fit to correct probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
BINS = 10
RESAMPLES = 200  # of those offered: each needs a fit
_CHUNK_CELLS = 60_000  # so that a chunk stays in the processor's cache
_CLIP = 1e-6
_SETTLED = 1e-4


def logit(score: ArrayLike) -> Floats:
    """Log odds of scores, which are kept a millionth away from 0 and 1."""
    clipped = np.clip(np.asarray(score, np.float64), _CLIP, 1 - _CLIP)
    return np.asarray(np.log(clipped / (1 - clipped)))


def calibration_line(
    label: ArrayLike, score: ArrayLike, weights: NDArray[np.floating] | None = None
) -> tuple[Floats, Floats]:
    """Intercept and slope of the logistic line of the labels on the scores' log odds (Cox 1958), per weighting.

    A perfectly calibrated score has slope 1 and intercept 0. The intercept is that of the line with its own slope.
    label : (rows,) 0 or 1; score : (rows,) in [0, 1]; weights : (resamples, rows), all ones unless given
    Returns two (resamples,), NaN where a class is absent, scores do not vary, or classes do not overlap.
    """
    label, x = np.asarray(label, np.int64), logit(score)
    ones = np.ones((1, len(x)))
    intercept, slope = _newton(label, x, ones, np.zeros(1), np.ones(1), rounds=30)
    if weights is None or (weights.shape == ones.shape and bool(np.all(weights == 1))):
        return intercept, slope
    first = np.nan_to_num(intercept), np.nan_to_num(slope, nan=1.0)
    intercepts, slopes = np.empty(len(weights)), np.empty(len(weights))
    step = max(1, _CHUNK_CELLS // max(len(x), 1))
    for start in range(0, len(weights), step):
        w = np.asarray(weights[start : start + step], np.float64)
        a, b = _newton(label, x, w, np.repeat(first[0], len(w)), np.repeat(first[1], len(w)), rounds=12)
        intercepts[start : start + step], slopes[start : start + step] = a, b
    return intercepts, slopes


def _newton(
    label: NDArray[np.int64], x: Floats, w: Floats, a: Floats, b: Floats, *, rounds: int
) -> tuple[Floats, Floats]:
    """Newton's steps for weighted logistic regression of label on x; diverging lines become NaN."""
    y, squares = label.astype(np.float64), x * x
    change = np.full(len(w), np.inf)
    with np.errstate(all="ignore"):
        for _ in range(rounds):
            mean = np.exp(-(a[:, None] + np.multiply.outer(b, x)))
            np.add(mean, 1.0, out=mean)
            np.reciprocal(mean, out=mean)
            error = w * (y - mean)
            mean *= 1.0 - mean
            mean *= w  # now the curvature
            g0, g1 = error.sum(1), error @ x
            h00, h01, h11 = mean.sum(1), mean @ x, mean @ squares
            determinant = h00 * h11 - h01 * h01
            da = (h11 * g0 - h01 * g1) / determinant
            db = (h00 * g1 - h01 * g0) / determinant
            size = np.maximum(np.abs(da), np.abs(db))
            shorten = np.where(size > 4.0, 4.0 / size, 1.0)
            a, b, change = a + da * shorten, b + db * shorten, size
            if not np.any(change > _SETTLED):  # the next step would be its square
                break
    settled = np.isfinite(a) & np.isfinite(b) & (change <= _SETTLED) & (np.abs(b) < 1e3)
    return np.where(settled, a, np.nan), np.where(settled, b, np.nan)


def assess_calibration(pairs: Sequence[tuple[float, bool, int]], weights: Sequence[Floats]) -> dict[str, Any] | None:
    """Slope, intercept, Brier score, expected error and reliability of (probability, outcome, film); None without any.

    weights : per film, one array a resample, for the intervals
    """
    if not pairs:
        return None
    probability = np.array([pair[0] for pair in pairs], np.float64)
    outcome = np.array([pair[1] for pair in pairs], np.float64)
    film = np.array([pair[2] for pair in pairs], np.int64)
    (intercept,), (slope,) = calibration_line(outcome, probability)
    drawn = np.array([weight[film] for weight in weights[:RESAMPLES]]).reshape(-1, len(pairs))
    intercepts, slopes = calibration_line(outcome, probability, drawn)
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    reliability, error = [], 0.0
    for which in range(BINS):
        inside = bins == which
        if count := int(inside.sum()):
            mean, share = float(probability[inside].mean()), float(outcome[inside].mean())
            reliability.append({"mean_probability": mean, "share_true": share, "count": count})
            error += count * abs(mean - share) / len(pairs)
    return {
        "count": len(pairs), "true": int(outcome.sum()),
        "slope": {"value": float(slope), "interval": _interval(slopes)},
        "intercept": {"value": float(intercept), "interval": _interval(intercepts)},
        "brier": float(np.mean((probability - outcome) ** 2)), "expected_error": error, "reliability": reliability,
    }  # fmt: skip


def _interval(values: Floats) -> list[float]:
    """95 % percentile interval of the values that could be determined."""
    values = values[np.isfinite(values)]
    low, high = np.percentile(values, [2.5, 97.5]) if len(values) else (math.nan, math.nan)
    return [float(low), float(high)]
