"""Metrics of scores under patient weights: the area under the ROC curve, and the logistic calibration line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_CHUNK_CELLS = 60_000  # so that a chunk stays in the processor's cache
_CLIP = 1e-6
_SETTLED = 1e-4


def weighted_auc(label: NDArray[np.int64], score: Floats, weights: NDArray[np.floating]) -> Floats:
    """Area under the ROC curve of each weighting; ties count half.

    label : (rows,) 0 or 1; score : (rows,); weights : (resamples, rows)
    Returns (resamples,) float64, NaN where a class has no weight.
    """
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(score[order]) != 0])
    out = np.empty(len(weights))
    step = max(1, _CHUNK_CELLS // max(len(score), 1))
    for start in range(0, len(weights), step):
        w = np.asarray(weights[start : start + step, order], np.float64)
        diseased = np.add.reduceat(w * (label[order] == 1), starts, axis=1)
        healthy = np.add.reduceat(w * (label[order] == 0), starts, axis=1)
        below = np.cumsum(healthy, axis=1) - healthy / 2
        with np.errstate(invalid="ignore", divide="ignore"):
            out[start : start + step] = (diseased * below).sum(1) / (diseased.sum(1) * healthy.sum(1))
    return out


def logit(score: Floats) -> Floats:
    """Log odds of scores, which are kept a millionth away from 0 and 1."""
    clipped = np.clip(score, _CLIP, 1 - _CLIP)
    return np.asarray(np.log(clipped / (1 - clipped)))


def calibration(label: NDArray[np.int64], score: Floats, weights: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Intercept and slope of the logistic line of the labels on the scores' log odds (Cox 1958), per weighting.

    A perfectly calibrated score has slope 1 and intercept 0. The intercept is that of the line with its own slope.
    label : (rows,); score : (rows,) in [0, 1]; weights : (resamples, rows)
    Returns two (resamples,), NaN where a class is absent, scores do not vary, or classes do not overlap.
    """
    x = logit(score)
    whole = np.ones((1, len(x)))
    intercept, slope = _newton(label, x, whole, np.zeros(1), np.ones(1), rounds=30)
    if weights.shape == whole.shape and bool(np.all(weights == 1)):
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
