"""A one-sided bound of a ratio of sums over patients that asks nothing of the shape of their distribution.

To test "the ratio is `limit` or less", each patient counts `top - limit * bottom`, whose mean is then zero or less. One
imagined patient is added, who brings as many units as anybody brought and to whom the worst happened. The p-value is
the chance that a sum with independent exponential weights is zero or less: the Bayesian bootstrap (Rubin, Ann. Statist.
1981) with a worst patient added, which is Gaffke's test of a bounded mean (Math. Methods Statist. 14, 2005, 451-467;
Learned-Miller & Thomas, arXiv:1905.06208). With one unit a patient it is Clopper-Pearson. That it never errs more often
than alpha is proved for answers of yes and no and conjectured for others; docs/auditor/gate-validation.md tries to
refute it.
No bound that holds for every distribution can be much tighter: a sample of n patients misses a minority of 3/n of all
patients one time in twenty, whatever happened to that minority.

The chance is computed by Lugannani and Rice's saddle point formula (Adv. Appl. Probab. 12, 1980), within about 1 % of
itself, so nothing is drawn and nothing depends on a seed, on names or on an order.
P-values need NumPy alone, since each load of a model asks for some; bounds need SciPy.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_STEPS = 60
_SLACK = 1e-3  # of a bound, as a normal quantile, on the safe side
_erfc = np.frompyfunc(math.erfc, 1, 1)


def weighted_sum_chance(values: ArrayLike, times: ArrayLike) -> Floats:
    """Chance that the sum of values, each times its own Gamma(times) weight, is 0 or less.

    values, times : (..., n), broadcast; `times` equal values with exponential weights are one with a Gamma weight
    Returns (...,): 1 where no value is above 0, else 0 where none is below.
    """
    d, c = np.broadcast_arrays(np.asarray(values, np.float64), np.asarray(times, np.float64))
    d = np.where(c > 0, d, 0.0)
    top, least = d.max(-1), d.min(-1)
    open_question = (top > 0) & (least < 0)
    p = np.where(top > 0, 0.0, 1.0)
    if not np.any(open_question):
        return np.asarray(p)
    d, c = d[open_question], c[open_question]
    d = d / np.abs(d).max(-1, keepdims=True)
    p[open_question] = _lugannani_rice(d, c, _saddle_point(d, c))
    return np.asarray(p)


def _saddle_point(d: Floats, c: Floats) -> Floats:
    """Where the derivative of the cumulants' generating function is 0: Newton's steps inside a bracket."""
    above = (c * d).sum(-1) > 0
    low = np.where(above, 1.0 / d.min(-1), 0.0)
    high = np.where(above, 0.0, 1.0 / d.max(-1))
    s = np.zeros(len(d))
    for _ in range(_STEPS):
        with np.errstate(divide="ignore", invalid="ignore"):
            q = d / (1.0 - s[:, None] * d)
            slope, curve = (c * q).sum(-1), (c * q * q).sum(-1)
            low, high = np.where(slope < 0, s, low), np.where(slope > 0, s, high)
            step = s - slope / curve
        new = np.where((step > low) & (step < high), step, (low + high) / 2)
        done = np.abs(new - s) <= 1e-6 * (1.0 + np.abs(s))  # the formula is flat here: the square is left
        s = new
        if done.all():
            break
    return s


def _lugannani_rice(d: Floats, c: Floats, s: Floats) -> Floats:
    q = d / (1.0 - s[:, None] * d)
    curve, third = (c * q * q).sum(-1), 2.0 * (c * q**3).sum(-1)
    cumulant = -(c * np.log1p(-s[:, None] * d)).sum(-1)
    w = np.sign(s) * np.sqrt(np.maximum(-2.0 * cumulant, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        p = _normal_chance(w) + np.exp(-w * w / 2) / np.sqrt(2 * np.pi) * (1.0 / w - 1.0 / (s * np.sqrt(curve)))
    at_mean = 0.5 + third / (6.0 * np.sqrt(2 * np.pi) * curve**1.5)
    return np.asarray(np.clip(np.where(np.abs(w) < 1e-4, at_mean, p), 0.0, 1.0), np.float64)


def _normal_chance(z: Floats) -> Floats:
    """Chance of a standard normal value of `z` or less."""
    return np.asarray(_erfc(-z / math.sqrt(2.0)), np.float64) / 2.0


def ratio_p_value(
    top: ArrayLike, bottom: ArrayLike, limit: ArrayLike, worst: ArrayLike, times: ArrayLike = 1.0
) -> Floats:
    """Chance of a ratio as far above `limit` as this one, were it `limit` in truth.

    top, bottom : (..., patients) what each adds above and below; times : patients alike
    worst : (...) the least that a unit can add above, such as 0 for a share
    """
    k, m = np.asarray(top, np.float64), np.asarray(bottom, np.float64)
    one = np.asarray(limit, np.float64)[..., None]
    most = np.where(np.asarray(times) > 0, m, 0.0).max(-1, keepdims=True)
    values = k - one * m
    imagined = np.broadcast_to((np.asarray(worst)[..., None] - one) * most, (*values.shape[:-1], 1))
    weights = np.broadcast_to(np.asarray(times, np.float64), values.shape)
    return weighted_sum_chance(
        np.concatenate([values, imagined], -1), np.concatenate([weights, np.ones(imagined.shape)], -1)
    )


def ratio_lower_bound(
    top: ArrayLike, bottom: ArrayLike, alpha: ArrayLike, worst: ArrayLike, times: ArrayLike = 1.0
) -> Floats:
    """The largest limit that the ratio is shown to exceed at level alpha; arguments as in `ratio_p_value`.

    An upper bound is the lower bound of the negative: -ratio_lower_bound(-top, bottom, alpha, -most).
    """
    from scipy import special

    k, m, alike = (np.asarray(values, np.float64) for values in (top, bottom, times))
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = np.asarray((k * alike).sum(-1) / (m * alike).sum(-1))
    level = np.broadcast_to(special.ndtri(np.asarray(alpha, np.float64)), estimate.shape)
    low = np.broadcast_to(np.asarray(worst, np.float64), estimate.shape).copy()
    high, at_low, at_high = estimate.copy(), np.full(estimate.shape, -8.0), np.zeros(estimate.shape)
    error = np.sqrt((alike * (k - estimate[..., None] * m) ** 2).sum(-1)) / np.maximum((m * alike).sum(-1), 1e-300)
    with np.errstate(invalid="ignore", divide="ignore"):
        guess = np.nan_to_num(1.0 + level * 1.1 * error / (estimate - low), nan=0.5, neginf=0.5)
    tolerance = 1e-9 * np.maximum(np.abs(high), np.abs(low)) + 1e-15
    done, before = ~np.isfinite(estimate), np.zeros(estimate.shape, np.bool_)
    for step in range(_STEPS):  # on the normal scale the p-value is nearly a straight line: Illinois' regula falsi
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.nan_to_num((level - _SLACK / 2 - at_low) / (at_high - at_low), nan=0.5)
        share = np.clip(share, 1e-4, 1 - 1e-4) if step else np.clip(guess, 0.1, 0.95)
        middle = np.where(done, low, low + (high - low) * share)
        z = special.ndtri(np.clip(ratio_p_value(k, m, middle, worst, times), 1e-15, 1 - 1e-15))
        shown, again = z <= level, (z <= level) == before if step else np.zeros(estimate.shape, np.bool_)
        at_high = np.where(shown, np.where(again, level + (at_high - level) / 2, at_high), z)
        at_low = np.where(shown, z, np.where(again, level + (at_low - level) / 2, at_low))
        low, high, before = np.where(shown, middle, low), np.where(shown, high, middle), shown
        done |= (high - low <= tolerance) | (shown & (level - z < _SLACK))
        if done.all():
            break
    return np.where(np.isfinite(estimate), low, np.nan)
