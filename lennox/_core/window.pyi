import numpy as np
from numpy.typing import NDArray

def variants() -> tuple[str, ...]: ...
def prepare(
    pixels: NDArray[np.uint8] | NDArray[np.uint16],
    out: NDArray[np.float32],
    top: int,
    left: int,
    height: int,
    width: int,
    low_percentile: float,
    high_percentile: float,
    clip_limit: float,
    tiles: int,
    mean: float,
    std: float,
    variant: int,
) -> None: ...
