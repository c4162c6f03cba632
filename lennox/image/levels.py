"""Grey levels: how deep samples are, and how they spread over the full range of their type."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.errors import ImageError

# Depths that detectors and exporters have. A 16-bit sample that says no more is taken for the smallest that holds it.
_DEPTHS = (8, 10, 12, 14, 16)

# Rec. 601 weights in 1/65536, summing to exactly 65536, so that a grey pixel keeps its level.
_LUMA = (19595, 38470, 7471)
_ROUNDING = 2  # levels of 255 between the channels of a grey pixel
_ROWS_AT_ONCE = 64  # colour is gone through in bands: no full-size temporaries


def real_depth(highest: int) -> int:
    """The smallest usual depth, 8 to 16 bits, that holds `highest`; 16 for zero, which tells nothing."""
    return 16 if highest == 0 else next(depth for depth in _DEPTHS if highest < 1 << depth)


def without_marks(highest: int, below: int) -> int:
    """The largest sample of the film itself, where white marks at 65535 are burnt into one of up to 12 bits.

    below : the largest sample under 65535. If that is under 256 there are only marks, and no film.
    """
    return below if highest == 65535 and 255 < below <= 4095 else highest


def signed_depth(lowest: int, highest: int) -> int:
    """The smallest usual depth whose signed range holds both; 16 if both are zero."""
    return real_depth(max(highest, -lowest - 1) * 2 + 1) if lowest or highest else 16


def full_range(samples: NDArray[Any], bits: int | None = None) -> tuple[NDArray[Any], int]:
    """Spread unsigned samples over the full range of their type; uint16 samples are changed in place.

    samples : uint8, or uint16 and writeable
    bits : their depth, where it is known; None: 8 for uint8, for uint16 the real depth of the largest sample. There,
        white marks burnt into a film of up to 12 bits at 65535 (a character, a frame) become its white.
    Returns uint8 samples for a depth of 8, uint16 otherwise, and the depth.
    Raises ValueError if a sample lies above the depth.
    """
    if samples.dtype == np.uint8:
        if bits not in (None, 8):
            raise ValueError(f"uint8 samples have 8 bits, not {bits}")
        return samples, 8
    highest = int(samples.max())
    if bits is None:
        below = int(np.max(samples, where=samples != 65535, initial=0)) if highest == 65535 else highest
        bits = real_depth(without_marks(highest, below))
        np.minimum(samples, (1 << bits) - 1, out=samples)
    elif not 8 <= bits <= 16:
        raise ValueError(f"uint16 samples have 8 to 16 bits, not {bits}")
    elif highest >> bits:
        raise ValueError(f"a sample of {highest} needs more than {bits} bits")
    if bits == 8:
        return samples.astype(np.uint8), 8
    if bits < 16:
        # The highest bits once more, below the lowest: zero stays zero, the largest becomes 65535, every level is
        # within one of the exact ratio, and nothing wider than the samples is allocated.
        for top in range(0, len(samples), _ROWS_AT_ONCE):
            band = samples[top : top + _ROWS_AT_ONCE]
            lower = band >> (2 * bits - 16)
            band <<= 16 - bits
            band |= lower
    return samples, bits


def from_wide(samples: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """`full_range` of integers that fit into 16 bits; signed ones are moved up by half of their depth."""
    lowest, highest = int(samples.min()), int(samples.max())
    if highest > 65535 or lowest < -32768 or (lowest < 0 and highest > 32767):
        raise ImageError(
            f"The samples lie in {lowest} to {highest}; wanted 16 bits at most. Export the image with 8 or 16 bits."
        )
    if lowest >= 0:
        return full_range(samples.astype(np.uint16))
    bits = signed_depth(lowest, highest)
    return full_range((samples.astype(np.int32, copy=False) + (1 << (bits - 1))).astype(np.uint16), bits)


def from_float(samples: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Floating-point samples over the full range of 16 bits.

    Their white is 1, or the largest value of the smallest usual depth that holds them.
    """
    lowest, highest = float(samples.min()), float(samples.max())  # NaN and infinity show up in one of them
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise ImageError("The samples are not all finite numbers (NaN or infinity found). Export it with 8 or 16 bits.")
    if lowest < 0 or highest > 65535:
        raise ImageError(
            f"The samples are floating point in {lowest:g} to {highest:g}; wanted 0 to 1, or 0 to at most 65535. "
            "Export the image with 8 or 16 bits."
        )
    white = 1 if highest <= 1 else (1 << real_depth(int(np.ceil(highest)))) - 1
    spread: NDArray[np.uint16] = np.rint(samples * np.float32(65535 / white)).astype(np.uint16)
    return spread


def over_black(samples: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Samples over black, weighted by their alpha.

    samples : (rows, columns) or (rows, columns, channels), uint8 or uint16; alpha : (rows, columns) of the same type
    """
    white = np.iinfo(samples.dtype).max
    share = alpha.astype(np.uint32)
    share = share[..., np.newaxis] if samples.ndim == 3 else share
    shown: NDArray[Any] = ((samples * share + white // 2) // white).astype(samples.dtype)
    return shown


def luma(colour: NDArray[Any]) -> NDArray[Any]:
    """Brightness of (rows, columns, 3) colour by Rec. 601, in its own type; a grey pixel keeps its level."""
    grey = np.empty(colour.shape[:2], colour.dtype)
    for top in range(0, len(colour), _ROWS_AT_ONCE):
        band = colour[top : top + _ROWS_AT_ONCE].astype(np.uint32)
        total = band[..., 0] * _LUMA[0] + band[..., 1] * _LUMA[1] + band[..., 2] * _LUMA[2]
        grey[top : top + _ROWS_AT_ONCE] = (total + 32768) >> 16
    return grey


def one_channel(pixels: NDArray[Any]) -> NDArray[Any]:
    """(rows, columns) where the channels of (rows, columns, 3) are equal, up to rounding; else the pixels as they are.

    WebP turns grey into colour and back, and its channels come out one level apart.
    """
    if pixels.ndim != 3:
        return pixels
    for top in range(0, len(pixels), _ROWS_AT_ONCE):
        band = pixels[top : top + _ROWS_AT_ONCE].astype(np.int32)
        if np.abs(band[..., [0, 2]] - band[..., [1]]).max() > (_ROUNDING if pixels.dtype == np.uint8 else 0):
            return pixels
    return luma(pixels)
