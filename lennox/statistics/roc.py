"""The ROC curve and its area under weights, and the predictive value of a positive answer at a prevalence."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_CHUNK_CELLS = 60_000  # so that a chunk stays in the processor's cache


def roc_area(label: ArrayLike, score: ArrayLike, weights: NDArray[np.floating] | None = None) -> Floats:
    """Area under the ROC curve of each weighting; ties count half (Mann and Whitney 1947).

    label : (rows,) 0 or 1; score : (rows,); weights : (resamples, rows), all ones unless given
    Returns (resamples,) float64, NaN where a class has no weight.
    """
    label, score = np.asarray(label, np.int64), np.asarray(score, np.float64)
    weights = np.ones((1, len(score))) if weights is None else weights
    out = np.full(len(weights), np.nan)
    if not len(score):
        return out
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(score[order]) != 0])
    step = max(1, _CHUNK_CELLS // len(score))
    for start in range(0, len(weights), step):
        w = np.asarray(weights[start : start + step, order], np.float64)
        diseased = np.add.reduceat(w * (label[order] == 1), starts, axis=1)
        healthy = np.add.reduceat(w * (label[order] == 0), starts, axis=1)
        below = np.cumsum(healthy, axis=1) - healthy / 2
        with np.errstate(invalid="ignore", divide="ignore"):
            out[start : start + step] = (diseased * below).sum(1) / (diseased.sum(1) * healthy.sum(1))
    return out


def roc_curve(label: ArrayLike, score: ArrayLike) -> Floats:
    """(points, 2) of 1 - specificity and sensitivity as the threshold falls; empty without both classes."""
    label, score = np.asarray(label, bool), np.asarray(score, np.float64)
    if label.all() or not label.any():
        return np.empty((0, 2))
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.r_[np.diff(score[order]) != 0, True])
    found, false = np.cumsum(label[order])[ends], np.cumsum(~label[order])[ends]
    return np.concatenate([np.zeros((1, 2)), np.stack([false / false[-1], found / found[-1]], 1)])


def positive_predictive_value(sensitivity: float, specificity: float, prevalence: float) -> float | None:
    """Share of positive answers that are right, by Bayes' rule; None if there is no positive answer."""
    right, wrong = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
    return right / (right + wrong) if right + wrong else None
