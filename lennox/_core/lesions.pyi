import numpy as np
from numpy.typing import NDArray

def find_runs(
    probability: NDArray[np.float32],
    threshold: float,
    edges: NDArray[np.int32],
    firsts: NDArray[np.int32],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    parents: NDArray[np.int32],
) -> int: ...
def fold_runs(
    probability: NDArray[np.float32],
    firsts: NDArray[np.int32],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    parents: NDArray[np.int32],
    labels: NDArray[np.int32],
    boxes: NDArray[np.int64],
    areas: NDArray[np.int64],
    sums: NDArray[np.float64],
    peaks: NDArray[np.float32],
) -> bool: ...
def find_peaks(
    probability: NDArray[np.float32],
    floor: float,
    edges: NDArray[np.int32],
    highest: NDArray[np.float32],
    peaks: NDArray[np.int32],
) -> int: ...
def find_basins(
    probability: NDArray[np.float32],
    order: NDArray[np.int32],
    saddle_share: float,
    parents: NDArray[np.int32],
    basins: NDArray[np.int32],
    peaks: NDArray[np.int32],
) -> int: ...
def grow(
    probability: NDArray[np.float32],
    peaks: NDArray[np.int32],
    region_share: float,
    basins: NDArray[np.int32],
    cells: NDArray[np.int32],
    labels: NDArray[np.int32],
    boxes: NDArray[np.int64],
    areas: NDArray[np.int64],
    sums: NDArray[np.float64],
    highest: NDArray[np.float32],
) -> int: ...
def find_firsts(labels: NDArray[np.int32], firsts: NDArray[np.int64]) -> bool: ...
def trace(
    labels: NDArray[np.int32], firsts: NDArray[np.int64], ends: NDArray[np.int64], corners: NDArray[np.float64]
) -> bool: ...
