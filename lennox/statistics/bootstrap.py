"""The cluster bootstrap: patients are drawn with replacement, and every metric is computed from patient counts.

A resample is a column of whole patient counts. Sums of all cells are one sparse product S @ W; float32 holds whole
numbers exactly below 2**24, so the counts, and every rate made of them, are those of a plain loop over patients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Counts = NDArray[np.float32]
Statistic = Callable[[Counts], Floats]  # patient counts (patients, resamples) -> values (resamples, cells)

_CHUNK_CELLS = 4_000_000  # patient counts held at once: 16 MB of float32
_EXACT_BELOW = 1 << 24


def draw_counts(patients: int, resamples: int, seed: int) -> Iterator[Counts]:
    """Patient counts of each resample, in chunks (patients, some resamples); the same for the same seed."""
    rng = np.random.default_rng(seed)
    step = max(1, min(resamples, _CHUNK_CELLS // max(patients, 1)))
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        drawn = rng.integers(0, patients, (size, patients), dtype=np.int32)
        drawn += (np.arange(size, dtype=np.int32) * np.int32(patients))[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * patients).reshape(size, patients)
        yield np.ascontiguousarray(counts.T, np.float32)


def resample(statistics: Sequence[Statistic], patients: int, resamples: int, seed: int) -> list[Floats]:
    """Each statistic on the same draws: a list of (resamples, cells), NaN where a value is undefined."""
    parts: list[list[Floats]] = [[] for _ in statistics]
    if patients:
        for counts in draw_counts(patients, resamples, seed):
            for statistic, part in zip(statistics, parts, strict=True):
                part.append(statistic(counts))
    return [np.concatenate(part) if part else np.empty((0, 0)) for part in parts]


@dataclass(frozen=True)
class Ratio:
    """Sum over sum, per cell. top, bottom : (cells, patients) sparse sums of each patient."""

    top: sparse.csr_array
    bottom: sparse.csr_array

    @classmethod
    def of(
        cls, cell: NDArray[np.int64], patient: NDArray[np.int64], top: Floats, bottom: Floats, shape: tuple[int, int]
    ) -> Ratio:
        """From rows of cell, patient, and what each adds above and below; shape : (cells, patients)."""
        return cls(_sums(cell, patient, top, shape), _sums(cell, patient, bottom, shape))

    def __call__(self, counts: Counts) -> Floats:
        above, below = (np.asarray(_exact(part, counts).T, np.float64) for part in (self.top, self.bottom))
        return np.asarray(np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0))


def _sums(
    cell: NDArray[np.int64], patient: NDArray[np.int64], values: Floats, shape: tuple[int, int]
) -> sparse.csr_array:
    whole = bool(np.all(values == np.rint(values))) and float(np.abs(values).sum()) * 8 < _EXACT_BELOW
    return sparse.csr_array((values.astype(np.float32 if whole else np.float64), (cell, patient)), shape=shape)


def _exact(sums: sparse.csr_array, counts: Counts) -> NDArray[np.floating]:
    return np.asarray(sums @ (counts if sums.dtype == np.float32 else counts.astype(np.float64)))


@dataclass(frozen=True)
class PerCell:
    """A metric of the weighted rows of each cell, where sums do not suffice.

    rows : for each cell, the patient, label and score of its rows
    metric : (label, score, weights (resamples, rows)) -> (resamples,)
    """

    rows: tuple[tuple[NDArray[np.int64], NDArray[np.int64], Floats], ...]
    metric: Callable[[NDArray[np.int64], Floats, NDArray[np.floating]], Floats]

    def __call__(self, counts: Counts) -> Floats:
        values = np.full((counts.shape[1], len(self.rows)), np.nan)
        for cell, (patient, label, score) in enumerate(self.rows):
            if len(np.unique(label)) == 2:
                values[:, cell] = self.metric(label, score, counts[patient].T)
        return values


def bootstrap_rates(
    patient: NDArray[np.int64],
    group: NDArray[np.int64],
    label: NDArray[np.int64],
    flagged: NDArray[np.int64],
    *,
    resamples: int,
    seed: int,
) -> tuple[Floats, Floats]:
    """(tpr, fpr) of each group in each resample of the patients: two (resamples, groups), NaN where undefined.

    patient, group, label, flagged : (rows,) whole numbers from 0
    """
    shape = int(group.max()) + 1, int(patient.max()) + 1
    ill, found = (label == 1).astype(np.float64), (flagged == 1).astype(np.float64)
    tpr = Ratio.of(group, patient, ill * found, ill, shape)
    fpr = Ratio.of(group, patient, (1 - ill) * found, 1 - ill, shape)
    both = resample((tpr, fpr), shape[1], resamples, seed)
    return both[0], both[1]
