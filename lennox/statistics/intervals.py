"""Bounds and p-values of rates and of their differences, vectorised over cells.

Wilson (1927) for rates inside differences, Newcombe's square-and-add (1998, method 10) for differences, and
Clopper-Pearson (1934) for floors and ceilings, all on the design-effect n. Where patients bring several units the
variance is itself estimated, so Wilson takes Student's t with patients - 1 degrees of freedom, and Clopper-Pearson
takes n * (z/t)^2 (Korn & Graubard 1998).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from lennox.statistics.rates import RateSums

Floats = NDArray[np.float64]


def wilson(p: ArrayLike, n: ArrayLike, z: ArrayLike) -> tuple[Floats, Floats]:
    """Both Wilson bounds of a rate p over n units at normal (or t) quantile z."""
    p, n, z = np.asarray(p, np.float64), np.asarray(n, np.float64), np.asarray(z, np.float64)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)


def clopper_pearson(p: ArrayLike, n: ArrayLike, alpha: ArrayLike) -> tuple[Floats, Floats]:
    """Both one-sided Clopper-Pearson bounds of a rate p over n units (n need not be whole)."""
    p, n = np.asarray(p, np.float64), np.asarray(n, np.float64)
    k = p * n
    with np.errstate(invalid="ignore"):
        low = np.where(k > 0, special.betaincinv(np.maximum(k, 1e-300), n - k + 1, alpha), 0.0)
        high = np.where(k < n, special.betainccinv(k + 1, np.maximum(n - k, 1e-300), alpha), 1.0)
    return low, high


def student(alpha: ArrayLike, patients: ArrayLike) -> Floats:
    """Upper quantile of Student's t with patients - 1 degrees of freedom (1 at least)."""
    return np.asarray(-special.stdtrit(np.maximum(np.asarray(patients, np.float64) - 1, 1), alpha))


def exact_n(sums: RateSums, alpha: float) -> Floats:
    """The n for Clopper-Pearson: the design-effect n, shrunk by (z/t)^2 where its variance had to be estimated."""
    quantile = student(alpha, sums.patients)
    shrink = np.where(sums.units > sums.patients, (special.ndtri(alpha) / quantile) ** 2, 1.0)
    return np.asarray(sums.n_eff() * shrink)


def rate_bounds(sums: RateSums, alpha: float, *, nominal: float | None = None) -> tuple[Floats, Floats]:
    """One-sided bounds (low, high) of each rate, each at level alpha. nominal : alpha of the policy, for the n."""
    return clopper_pearson(sums.rate(), exact_n(sums, nominal or alpha), alpha)


def rate_p_values(sums: RateSums, limit: ArrayLike, alpha: float) -> tuple[Floats, Floats]:
    """Chances, were each rate at `limit`, of one as low, and of one as high, as this one.

    The first is small for a rate below the limit, the second for one above. alpha : of the policy, for the n.
    """
    p, n = sums.rate(), exact_n(sums, alpha)
    k = p * n
    with np.errstate(invalid="ignore"):
        low = np.where(k < n, special.betaincc(k + 1, np.maximum(n - k, 1e-300), limit), 1.0)
        high = np.where(k > 0, special.betainc(np.maximum(k, 1e-300), n - k + 1, limit), 1.0)
    return low, high


def gap_bounds(a: RateSums, b: RateSums, alpha: ArrayLike, correlation: ArrayLike = 0.0) -> tuple[Floats, Floats]:
    """One-sided bounds (low, high) of the differences rate(a) - rate(b), each at level alpha.

    correlation : of the two rates' errors, 0 where no patient is in both groups (Zou & Donner 2008 where some are)
    """
    pa, pb, r = a.rate(), b.rate(), np.asarray(correlation)
    la, ua = wilson(pa, a.n_eff(), student(alpha, a.patients))
    lb, ub = wilson(pb, b.n_eff(), student(alpha, b.patients))
    d = pa - pb

    def reach(first: Floats, second: Floats) -> Floats:
        return np.sqrt(np.maximum(first**2 + second**2 - 2 * r * first * second, 0.0))

    return d - reach(pa - la, ub - pb), d + reach(ua - pa, pb - lb)


def gap_p_values(a: RateSums, b: RateSums, limit: float, correlation: ArrayLike = 0.0) -> Floats:
    """Level at which the lower bound of rate(a) - rate(b) meets `limit`: small where the gap is beyond it."""
    shape = np.broadcast_shapes(np.shape(a.units), np.shape(b.units))
    low, high = np.full(shape, -40.0), np.full(shape, np.log(0.5))  # logarithms of alpha
    beyond = a.rate() - b.rate() > limit
    if not np.any(beyond):
        return np.ones(shape)
    for _ in range(40):
        middle = (low + high) / 2
        clears = gap_bounds(a, b, np.exp(middle), correlation)[0] > limit
        low, high = np.where(clears, low, middle), np.where(clears, middle, high)
    return np.where(beyond, np.exp(high), 1.0)


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
