"""What is measured of each lesion on a probability map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class LabelledLesions:
    """Lesions of one map: a label image and one row of measures a lesion, label `n` in row `n - 1`.

    labels : (rows, columns) int32; 0 is background
    boxes : (lesions, 4) int64, half-open [top, left, bottom, right) in cells
    areas : (lesions,) int64, in cells
    centroids : (lesions, 2) float64, (row, column) weighted by probability; cell (0, 0) has its centre at (0.5, 0.5)
    means, peaks : (lesions,) float32, mean and highest probability
    """

    labels: NDArray[np.int32]
    boxes: NDArray[np.int64]
    areas: NDArray[np.int64]
    centroids: NDArray[np.float64]
    means: NDArray[np.float32]
    peaks: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.areas)
