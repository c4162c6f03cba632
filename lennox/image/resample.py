"""Pixels that are not square become square ones: a lesion keeps its shape, and areas are counted right."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.errors import ImageError
from lennox.image.limits import check_size

_TOLERANCE = 0.02  # a pixel of up to so much more height or width is taken for square
_MAX_ASPECT = 10.0
_ROWS_AT_ONCE = 64


def square_pixels(pixels: NDArray[Any], aspect: float) -> tuple[NDArray[Any], str]:
    """Pixels resampled along the side that has fewer of them a millimetre, linearly; nothing is thrown away.

    pixels : (rows, columns) or (rows, columns, 3), uint8 or uint16
    aspect : height of a pixel by its width
    Returns the pixels and a sentence that says what was done; the pixels as they are and "" where they are square.
    Raises ImageError for an aspect that no picture has, or where the result would be too large.
    """
    if abs(aspect - 1.0) <= _TOLERANCE:
        return pixels, ""
    if not 1.0 / _MAX_ASPECT <= aspect <= _MAX_ASPECT:
        raise ImageError(
            f"The DICOM file says that its pixels are {aspect:.4g} times as high as wide; wanted at most "
            f"{_MAX_ASPECT:g} to 1. Export it with square pixels."
        )
    rows, columns = pixels.shape[:2]
    size = (round(rows * aspect), columns) if aspect > 1.0 else (rows, round(columns / aspect))
    check_size(*size)
    if aspect > 1.0:
        resampled = _stretch(pixels, size[0])
    else:
        resampled = np.empty((*size, *pixels.shape[2:]), pixels.dtype)
        for top in range(0, rows, _ROWS_AT_ONCE):
            band = pixels[top : top + _ROWS_AT_ONCE].swapaxes(0, 1)
            resampled[top : top + _ROWS_AT_ONCE] = _stretch(band, size[1]).swapaxes(0, 1)
    note = (
        f"The file's pixels are not square ({aspect:.4g} times as high as wide): {rows} x {columns} pixels were "
        f"resampled to {size[0]} x {size[1]}, in which positions are given."
    )
    return resampled, note


def _stretch(pixels: NDArray[Any], size: int) -> NDArray[Any]:
    """Linear interpolation along the first axis, between the centres of pixels."""
    stretched = np.empty((size, *pixels.shape[1:]), pixels.dtype)
    for top in range(0, size, _ROWS_AT_ONCE):
        wanted = np.arange(top, min(top + _ROWS_AT_ONCE, size))
        centres = np.clip((wanted + 0.5) * len(pixels) / size - 0.5, 0, len(pixels) - 1)
        above = np.floor(centres).astype(np.intp)
        below = np.minimum(above + 1, len(pixels) - 1)
        share = (centres - above).astype(np.float32).reshape(-1, *[1] * (pixels.ndim - 1))
        mixed = pixels[above] * (1 - share) + pixels[below] * share
        stretched[top : top + len(wanted)] = np.rint(mixed)
    return stretched
