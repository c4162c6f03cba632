"""How pixel values become a network's input: one object for the kernel, its twin, the card and training."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from numbers import Integral, Real

MAX_TILES = 32
MAX_CLIP_LIMIT = 1e6


@dataclass(frozen=True, slots=True)
class IntensitySettings:
    """A percentile window, contrast-limited adaptive histogram equalisation (CLAHE) and normalisation.

    low_percentile, high_percentile : the window, over pixels that are neither black nor white
    clip_limit : contrast limit, in multiples of a flat histogram; 0 switches the equalisation off
    tiles : tiles along each side of the image
    mean, std : level 0..255 becomes (level - mean) / std
    Raises TypeError for a value that is not a number (`tiles`: not a whole one), ValueError for one out of range.
    """

    low_percentile: float
    high_percentile: float
    clip_limit: float
    tiles: int
    mean: float
    std: float

    def __post_init__(self) -> None:
        check_numbers(self)
        if not 0.0 <= self.low_percentile < self.high_percentile <= 100.0:
            raise ValueError(f"percentiles must rise within 0..100, got {self.low_percentile}..{self.high_percentile}")
        if not 0.0 <= self.clip_limit <= MAX_CLIP_LIMIT:
            raise ValueError(f"clip_limit must be in 0..{MAX_CLIP_LIMIT:.0f}, got {self.clip_limit}")
        if not 1 <= self.tiles <= MAX_TILES:
            raise ValueError(f"tiles must be in 1..{MAX_TILES}, got {self.tiles}")
        if not self.std > 0.0:
            raise ValueError(f"std must be positive, got {self.std}")


def check_numbers(settings: object) -> None:
    """Refuse a `float` or `int` of a settings object that is not a finite number, or not a whole one for `int`."""
    for field in (one for one in fields(settings) if one.type in ("float", "int")):  # type: ignore[arg-type]
        value, whole = getattr(settings, field.name), field.type == "int"
        if isinstance(value, bool) or not isinstance(value, Integral if whole else Real):
            raise TypeError(f"{field.name} must be a {'whole ' if whole else ''}number, got {value!r}")
        if not math.isfinite(value):
            raise ValueError(f"{field.name} must be finite, got {value}")
