"""Rates over patients: counts, the design effect of several units from one patient, their intraclass correlation (ICC).

Teeth of one mouth resemble each other, so that 400 teeth of 100 people hold less than 400 people's evidence. The
variance is linearised over patients (Taylor; Korn & Graubard, Analysis of Health Surveys, 1999, ch. 2) and turned
into the number of independent units that would be as uncertain, `n_eff`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RateSums:
    """Sums over patients that a rate and its variance need; arrays of one shape, an entry per cell.

    patients : patients with at least one unit
    found, units : k and m summed
    found_squared, cross, units_squared : k*k, k*m and m*m summed over patients
    found_share : k*k/m summed over patients, for the ICC
    """

    patients: Floats
    found: Floats
    units: Floats
    found_squared: Floats
    cross: Floats
    units_squared: Floats
    found_share: Floats

    @classmethod
    def of(cls, found: ArrayLike, units: ArrayLike) -> RateSums:
        """Sums of per-patient counts along the last axis; a patient without units does not count."""
        k, m = np.asarray(found, np.float64), np.asarray(units, np.float64)
        return cls(
            (m > 0).sum(-1).astype(np.float64),
            k.sum(-1),
            m.sum(-1),
            (k * k).sum(-1),
            (k * m).sum(-1),
            (m * m).sum(-1),
            np.divide(k * k, m, out=np.zeros(np.broadcast(k, m).shape), where=m > 0).sum(-1),
        )

    @classmethod
    def by_cell(
        cls, cell: NDArray[np.int64], patient: NDArray[np.int64], found: Floats, units: Floats, cells: int
    ) -> RateSums:
        """Sums per cell of rows (one cell, patient, found and units each), adding up rows of one patient first."""
        width = int(patient.max()) + 1 if len(patient) else 1
        keys, cell_and_patient = np.unique(cell * width + patient, return_inverse=True)
        k = np.bincount(cell_and_patient, found, len(keys))
        m = np.bincount(cell_and_patient, units, len(keys))
        keep = m > 0
        k, m, where = k[keep], m[keep], keys[keep] // width
        sums = (np.ones(len(k)), k, m, k * k, k * m, m * m, k * k / m)
        return cls(*(np.bincount(where, values, cells).astype(np.float64) for values in sums))

    def rate(self) -> Floats:
        """Found per unit; NaN where there is no unit."""
        return np.asarray(
            np.divide(self.found, self.units, out=np.full(np.shape(self.units), np.nan), where=self.units > 0)
        )

    def variance(self) -> Floats:
        """Cluster-linearised variance of the rate; NaN where fewer than two patients have units."""
        p = self.rate()
        squares = self.found_squared - 2 * p * self.cross + p * p * self.units_squared
        with np.errstate(invalid="ignore", divide="ignore"):
            v = self.patients / (self.patients - 1) * np.maximum(squares, 0.0) / self.units**2
        return np.where(self.patients > 1, v, np.nan)

    def n_eff(self) -> Floats:
        """Independent units as uncertain as these: Kish's effective patients at worst, one a unit at best.

        Where patients bring different numbers of units, those with many count for more than their share, so that even
        teeth of one mouth that all agree are worth fewer than one datum a patient (Kish, Survey Sampling, 1965).
        """
        p, v = self.rate(), self.variance()
        with np.errstate(invalid="ignore", divide="ignore"):
            least = self.units**2 / self.units_squared
            n = np.clip(p * (1 - p) / v, least, self.units)
        return np.where(v > 1e-15, n, least)

    def design_effect(self) -> Floats:
        """Units per independent unit, 1 where units of one patient do not resemble each other."""
        n = self.n_eff()
        return np.asarray(np.divide(self.units, n, out=np.full(np.shape(n), np.nan), where=n > 0))

    def icc(self) -> Floats:
        """Intraclass correlation of a patient's units (one-way ANOVA, Donner 1986); NaN if all have one unit."""
        p, n, k = self.patients, self.units, self.found
        with np.errstate(invalid="ignore", divide="ignore"):
            typical = (n - self.units_squared / n) / (p - 1)
            between = (self.found_share - k * k / n) / (p - 1)
            within = (k - self.found_share) / (n - p)
            icc = (between - within) / (between + (typical - 1) * within)
        return np.where((n > p) & (p > 1) & np.isfinite(icc), icc, np.nan)

    def at(self, index: int) -> RateSums:
        """The sums of one cell."""
        return RateSums(*(np.asarray(getattr(self, name)[index]) for name in self.__slots__))


def error_correlation(
    patient_a: NDArray[np.int64], error_a: Floats, patient_b: NDArray[np.int64], error_b: Floats
) -> float:
    """Correlation of two rates' errors through patients who are in both groups; 0 where nobody is.

    patient_a, patient_b : patient numbers, each once; error_a, error_b : k - p*m of that patient in each group
    """
    _, in_a, in_b = np.intersect1d(patient_a, patient_b, assume_unique=True, return_indices=True)
    scale = float(np.sqrt((error_a**2).sum() * (error_b**2).sum()))
    return float((error_a[in_a] * error_b[in_b]).sum() / scale) if scale > 0 else 0.0
