"""Patients whose truth is known: shares, counts, scores, from even to skewed, for trying the gate's bounds on them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Generator = np.random.Generator

UNITS = ("1", "4", "30", "1 to 6", "1 to 30", "1, one in ten 20")
MARKS = ("Poisson", "negative binomial, k 0.3", "all on one in 10", "all on one in 20")
DICE = ("even", "wide", "5 % zeros", "20 % zeros")
SCORES = ("binormal", "5 % undetectable", "5 % like healthy")


def units(rng: Generator, kind: str, shape: tuple[int, ...]) -> Floats:
    """Units of each patient; kind : of `UNITS`."""
    if kind == "1 to 6":
        drawn = rng.integers(1, 7, shape)
    elif kind == "1 to 30":
        drawn = rng.integers(1, 31, shape)
    elif kind == "1, one in ten 20":
        drawn = np.where(rng.random(shape) < 0.1, 20, 1)
    else:
        drawn = np.full(shape, int(kind))
    return drawn.astype(np.float64)


def found(rng: Generator, bottom: Floats, rate: float, icc: float) -> Floats:
    """Beta-binomial: units found of `bottom`, where patients have rates of their own. icc : in [0, 1)."""
    own: Floats | float = rate
    if icc > 0:
        strength = (1 - icc) / icc
        own = rng.beta(rate * strength, (1 - rate) * strength, bottom.shape)
    return rng.binomial(bottom.astype(np.int64), own).astype(np.float64)


def found_worse_of_many(rng: Generator, bottom: Floats, rate: float, share_of_many: float) -> Floats:
    """Patients with many units fare worse: found at 0.9 * rate, and others so much better that all together is `rate`.

    share_of_many : the share of all units that patients with 20 bring
    """
    many = 0.9 * rate
    few = (rate - share_of_many * many) / (1 - share_of_many)
    return rng.binomial(bottom.astype(np.int64), np.where(bottom > 1, many, few)).astype(np.float64)


def marks(rng: Generator, kind: str, shape: tuple[int, ...], mean: float) -> Floats:
    """False marks of films, one film a patient; kind : of `MARKS`."""
    if kind == "Poisson":
        return rng.poisson(mean, shape).astype(np.float64)
    if kind == "negative binomial, k 0.3":
        return rng.poisson(rng.gamma(0.3, mean / 0.3, shape)).astype(np.float64)
    share = 1 / int(kind.rsplit(" ", 1)[1])
    return np.where(rng.random(shape) < share, mean / share, 0.0)


def dice(rng: Generator, kind: str, shape: tuple[int, ...], mean: float) -> Floats:
    """Dice of films, one film a patient; kind : of `DICE`."""
    if kind.endswith("zeros"):
        zeros = float(kind.split(" ")[0]) / 100
        inner = mean / (1 - zeros)
        return np.where(rng.random(shape) < zeros, 0.0, rng.beta(20 * inner, 20 * (1 - inner), shape))
    strength = {"even": 8.0, "wide": 2.0}[kind]
    return rng.beta(mean * strength, (1 - mean) * strength, shape)


def squared_errors(rng: Generator, kind: str, shape: tuple[int, ...], mean: float) -> Floats:
    """Squared errors of scores, one unit a patient: a calibrated score's, or 0.9 off in a few units, else right."""
    if kind == "few and large":
        return np.where(rng.random(shape) < mean / 0.81, 0.81, 0.0)
    prevalence = 0.5
    spread = prevalence * (1 - prevalence)
    strength = (mean / spread) / (1 - mean / spread)
    score = rng.beta(prevalence * strength, (1 - prevalence) * strength, shape)
    return np.asarray((score - (rng.random(shape) < score)) ** 2)


def scored(
    rng: Generator, kind: str, patients: int, teeth: str, area: float, icc: float = 0.3
) -> tuple[NDArray[np.int8], Floats, NDArray[np.int64]]:
    """(label, score, patient) of rows whose area under the ROC curve is `area`; kind : of `SCORES`."""
    each = units(rng, teeth, (patients,)).astype(np.int64)
    who = np.repeat(np.arange(patients), each)
    label = (rng.random(len(who)) < 0.5).astype(np.int8)
    shared = 0.0 if kind == "binormal" else 0.05
    lost = {"5 % undetectable": 0.0, "5 % like healthy": 0.5}.get(kind, 0.0)
    apart = np.sqrt(2) * special.ndtri((area - shared * lost) / (1 - shared))
    latent = np.sqrt(1 - icc) * rng.standard_normal(len(who)) + np.sqrt(icc) * rng.standard_normal(patients)[who]
    hidden = (label == 1) & (rng.random(len(who)) < shared)
    latent += apart * ((label == 1) & ~hidden)
    if kind == "5 % undetectable":
        latent[hidden] = -20.0
    return label, special.expit(latent - apart / 2), who


def on_a_line(
    rng: Generator, patients: int, teeth: str, intercept: float, slope: float, icc: float
) -> tuple[NDArray[np.int8], Floats, NDArray[np.int64]]:
    """(label, score, patient) of rows whose labels follow a logistic line of the scores' log odds."""
    each = units(rng, teeth, (patients,)).astype(np.int64)
    who = np.repeat(np.arange(patients), each)

    def alike() -> Floats:
        own = rng.standard_normal(len(who))
        return np.asarray(np.sqrt(icc) * rng.standard_normal(patients)[who] + np.sqrt(1 - icc) * own)

    odds = -1.0 + 1.5 * alike()
    label = (special.ndtr(alike()) < special.expit(intercept + slope * odds)).astype(np.int8)
    return label, special.expit(odds), who
