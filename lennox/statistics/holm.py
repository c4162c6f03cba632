"""Many tests at once: Holm's correction (Scand. J. Statist. 6, 1979), which bounds the chance of any false one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def holm(p_values: ArrayLike, alpha: float) -> tuple[NDArray[np.bool_], Floats]:
    """Holm's rejections (1979) along the last axis, and the level each test was held to; NaN is not a test."""
    p = np.asarray(p_values, np.float64)
    tests = np.isfinite(p).sum(-1, keepdims=True)
    order = np.argsort(np.where(np.isfinite(p), p, np.inf), axis=-1, kind="stable")
    rank = np.argsort(order, axis=-1, kind="stable")
    level = np.where(np.isfinite(p), alpha / np.maximum(tests - rank, 1), np.nan)
    met = np.where(np.isfinite(p), p, np.inf) <= np.nan_to_num(level)
    in_order = np.take_along_axis(met, order, -1)
    rejected = np.take_along_axis(np.logical_and.accumulate(in_order, axis=-1), rank, -1)
    return rejected, level
