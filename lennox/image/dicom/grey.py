"""From the numbers that a DICOM file stores to grey levels: modality, then values of interest, then inversion.

A sample has at most 16 bits, so the full chain is computed once for each number that can be stored, as a table, and
the pixels are looked up in it: DICOM PS3.3 C.11.1 (modality), C.11.2 (values of interest), C.7.6.3.1.2 (photometric
interpretation). Nothing of the image's size is allocated but its pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.image.levels import full_range, real_depth, signed_depth, without_marks

_ROWS_AT_ONCE = 64
_ROUGH_ROWS = 128
_MIN_INSIDE = 0.01  # a window that leaves fewer of the pixels between black and white was not made for them


@dataclass(frozen=True, slots=True)
class Lookup:
    """A look-up table: the outputs, of `bits` bits, for inputs from `first` on; inputs beyond it get its ends."""

    first: int
    outputs: NDArray[np.uint16]
    bits: int

    def __call__(self, inputs: NDArray[Any]) -> NDArray[np.float64]:
        indices = np.clip(np.rint(inputs - self.first), 0, len(self.outputs) - 1).astype(np.intp)
        outputs: NDArray[np.float64] = self.outputs[indices].astype(np.float64)
        return outputs

    @property
    def white(self) -> int:
        """The largest output; where 16 bits are declared, the real depth of the outputs decides, as for files."""
        highest = int(self.outputs.max())
        depth = self.bits if self.bits < 16 and highest < 1 << self.bits else real_depth(highest)
        return (1 << depth) - 1


@dataclass(frozen=True, slots=True)
class Window:
    """A window of interest: LINEAR, LINEAR_EXACT or SIGMOID (PS3.3 C.11.2.1.2 and C.11.2.1.3)."""

    centre: float
    width: float
    function: str = "LINEAR"

    def __call__(self, inputs: NDArray[Any]) -> NDArray[np.float64]:
        if self.function == "SIGMOID":
            steps = np.clip(-4.0 * (inputs - self.centre) / self.width, -700.0, 700.0)
            return np.asarray(1.0 / (1.0 + np.exp(steps)))
        if self.function == "LINEAR_EXACT":
            return np.asarray((inputs - self.centre) / self.width + 0.5)
        return np.asarray((inputs - (self.centre - 0.5)) / max(self.width - 1.0, 1e-6) + 0.5)


@dataclass(frozen=True, slots=True)
class GreyRules:
    """What a file says about its grey samples.

    bits_stored, signed, shift : how many bits a sample has, whether one is its sign, how far above bit 0 they lie;
        nothing may be assumed of the other bits (PS3.5 8.1.1)
    slope, intercept, modality : rescaling, or the table in its stead
    interest : table or window of interest; None for the whole range
    inverse : whether the smallest number is white
    padding : first and last number that stand for "no image here"
    """

    bits_stored: int
    signed: bool = False
    shift: int = 0
    slope: float = 1.0
    intercept: float = 0.0
    modality: Lookup | None = None
    interest: Lookup | Window | None = None
    inverse: bool = False
    padding: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class _Stored:
    """Each number that can be stored: what it means, how often it occurs, and between which ends it may lie."""

    numbers: NDArray[np.int64]
    counts: NDArray[np.int64]
    padding: NDArray[np.bool_]
    lowest: int
    highest: int
    bits: int


def grey_levels(stored: NDArray[Any], rules: GreyRules) -> tuple[NDArray[Any], int]:
    """Grey pixels over the full range of their type, larger is brighter, and the bits of a sample.

    stored : (rows, columns) of 8 or 16-bit integers, as the file holds them
    Returns uint8 for samples of up to 8 bits without a table or window, uint16 otherwise.
    """
    patterns = stored.view(np.uint8 if stored.dtype.itemsize == 1 else np.uint16)
    meant = _meaning(patterns, rules)
    levels, reshaped = _levels(meant, rules)
    if rules.inverse:
        levels = 1.0 - levels
    levels[meant.padding] = 0.0
    kind: type[np.uint8 | np.uint16] = np.uint8 if meant.bits <= 8 and not reshaped else np.uint16
    table = np.rint(levels * np.iinfo(kind).max).astype(kind)
    pixels = np.empty(patterns.shape, kind)
    for top in range(0, len(patterns), _ROWS_AT_ONCE):
        pixels[top : top + _ROWS_AT_ONCE] = table[patterns[top : top + _ROWS_AT_ONCE]]
    return pixels, meant.bits


def _count(patterns: NDArray[Any]) -> NDArray[np.int64]:
    size = 1 << (8 * patterns.dtype.itemsize)
    counts = np.zeros(size, np.int64)
    for top in range(0, len(patterns), _ROWS_AT_ONCE):
        counts += np.bincount(patterns[top : top + _ROWS_AT_ONCE].ravel(), minlength=size)
    return counts


def _meaning(patterns: NDArray[Any], rules: GreyRules) -> _Stored:
    """What each bit pattern means, and the range of the samples: as declared, or as found where that is impossible."""
    counts = _count(patterns)
    width = 8 * patterns.dtype.itemsize
    declared = min(rules.bits_stored, width)
    shift = 0 if _lies_low(counts, declared, rules.shift) else rules.shift
    stored = np.arange(len(counts), dtype=np.int64) >> shift
    full = _low_bits(stored, width - shift, rules.signed)
    numbers = _low_bits(stored, declared, rules.signed)
    padding = np.zeros(len(counts), bool)
    if rules.padding is not None:
        padding = ((numbers >= rules.padding[0]) & (numbers <= rules.padding[1])) | (
            (full >= rules.padding[0]) & (full <= rules.padding[1])
        )
    used = (counts > 0) & ~padding
    if not used.any():
        used = counts > 0
    if (numbers != full)[used].any() and _roughness(patterns, full) < _roughness(patterns, numbers):
        numbers = full  # a header that understates the depth: cut down to it, levels would wrap around
    lowest, highest = int(numbers[used].min()), int(numbers[used].max())
    half = 1 << (declared - 1)
    counts = np.where(padding, 0, counts)
    if lowest < 0:
        is_declared = declared < 16 and lowest >= -half and highest < half
        bits = declared if is_declared else signed_depth(lowest, highest)
        return _Stored(numbers, counts, padding, -(1 << (bits - 1)), (1 << (bits - 1)) - 1, bits)
    if rules.signed and declared < 16 and highest < half:
        return _Stored(numbers, counts, padding, -half, half - 1, declared)
    bits = declared
    if declared == 16 or highest >= 1 << declared:  # says nothing, or what cannot be: the samples decide
        below = int(numbers[used & (numbers < 65535)].max(initial=0))
        bits = real_depth(without_marks(highest, below))
    return _Stored(numbers, counts, padding, 0, (1 << bits) - 1, bits)


def _lies_low(counts: NDArray[np.int64], bits: int, shift: int) -> bool:
    """Whether samples begin at bit 0 although they are said not to: bits below are set, and none of those above."""
    below = np.arange(len(counts)) & ((1 << shift) - 1) != 0
    return bool(counts[below].any() and not counts[1 << bits :].any())


def _roughness(patterns: NDArray[Any], numbers: NDArray[np.int64]) -> int:
    """How much neighbours in a row differ, summed over some of the rows: what was read wrongly jumps."""
    rows = numbers[patterns[:: max(1, len(patterns) // _ROUGH_ROWS)]]
    return int(np.abs(np.diff(rows, axis=1)).sum())


def _low_bits(numbers: NDArray[np.int64], bits: int, signed: bool) -> NDArray[np.int64]:
    low = numbers & ((1 << bits) - 1)
    half = 1 << (bits - 1)
    return (low ^ half) - half if signed else low


def _levels(meant: _Stored, rules: GreyRules) -> tuple[NDArray[np.float64], bool]:
    """Level in [0, 1] of each number, before inversion, and whether a table or window had a part in it."""
    if rules.modality is not None:
        values = rules.modality(meant.numbers)
        low, high = 0.0, float(rules.modality.white)
    else:
        slope = rules.slope or 1.0
        values = np.asarray(meant.numbers * slope + rules.intercept, np.float64)
        low, high = sorted(end * slope + rules.intercept for end in (meant.lowest, meant.highest))
    plain = np.clip((values - low) / (high - low), 0.0, 1.0)
    if rules.interest is not None:
        white = rules.interest.white if isinstance(rules.interest, Lookup) else 1
        levels = np.clip(rules.interest(values) / white, 0.0, 1.0)
        if _inside(levels, meant.counts) >= _MIN_INSIDE or _inside(plain, meant.counts) < 0.5:
            return levels, True
    return plain, rules.modality is not None


def _inside(levels: NDArray[np.float64], counts: NDArray[np.int64]) -> float:
    """Share of the pixels that are neither black nor white."""
    return float(counts[(levels > 0.0) & (levels < 1.0)].sum() / max(counts.sum(), 1))


def colour_levels(samples: NDArray[Any], bits: int) -> tuple[NDArray[Any], int]:
    """(rows, columns, 3) colour over the full range of its type, and its bits."""
    if samples.dtype.itemsize == 1:
        return samples.view(np.uint8), 8
    deep = samples.astype(np.uint16)
    if 8 <= bits < 16 and int(deep.max()) >= 1 << bits and not _is_understated(deep, bits):
        deep &= (1 << bits) - 1
    return full_range(deep, bits if 8 <= bits < 16 and int(deep.max()) < 1 << bits else None)


def _is_understated(deep: NDArray[np.uint16], bits: int) -> bool:
    """Whether the samples of a colour are deeper than the header says: cut down, levels would wrap around."""
    numbers = np.arange(65536)
    return all(
        _roughness(deep[..., channel], numbers) < _roughness(deep[..., channel], numbers & ((1 << bits) - 1))
        for channel in range(3)
        if int(deep[..., channel].max()) >= 1 << bits
    )


def palette_levels(stored: NDArray[Any], palette: tuple[Lookup, Lookup, Lookup], bits: int) -> tuple[NDArray[Any], int]:
    """(rows, columns, 3) colour of palette entries, and the bits of the palette.

    bits : of an entry's number; what lies above means nothing, unless the palette is longer than that
    """
    numbers = np.arange(1 << (8 * stored.dtype.itemsize))
    if len(palette[0].outputs) + palette[0].first <= 1 << bits:
        numbers &= (1 << bits) - 1
    colours = np.stack([part(numbers) for part in palette], axis=-1).astype(np.uint16)
    table, bits = full_range(colours)
    return np.ascontiguousarray(table[stored.view(np.uint8 if stored.dtype.itemsize == 1 else np.uint16)]), bits
