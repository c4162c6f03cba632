"""From a decoded Pillow picture to arrays, in bands: there is never more than one full copy beside Pillow's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lennox.errors import ImageError
from lennox.image.levels import full_range, one_channel, over_black

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

_ROWS_AT_ONCE = 64


def bands_of(picture: Picture) -> Iterator[NDArray[Any]]:
    """(rows, columns[, channels]) arrays of a loaded picture, from top to bottom, as Pillow hands them out."""
    columns, rows = picture.size
    for top in range(0, rows, _ROWS_AT_ONCE):
        yield np.asarray(picture.crop((0, top, columns, min(top + _ROWS_AT_ONCE, rows))))


def samples_of(picture: Picture) -> NDArray[Any]:
    """(rows, columns[, channels]) of a loaded picture, in the byte order of this computer."""
    bands = bands_of(picture)
    first = next(bands)
    samples: NDArray[Any] = np.empty((picture.height, *first.shape[1:]), first.dtype.newbyteorder("="))
    samples[: len(first)] = first
    top = len(first)
    for band in bands:
        samples[top : top + len(band)] = band
        top += len(band)
    return samples


def grey_or_colour(bands: Iterable[NDArray[Any]], rows: int) -> NDArray[Any]:
    """(rows, columns) of bands of colour whose channels are all equal, (rows, columns, 3) of others."""
    joined: NDArray[Any] | None = None
    top = 0
    for band in bands:
        found = one_channel(band)
        if joined is None:
            joined = np.empty((rows, *found.shape[1:]), found.dtype)
        elif joined.ndim == 2 and found.ndim == 3:  # the first band with colour in it
            joined = np.repeat(joined[..., np.newaxis], 3, axis=2)
        joined[top : top + len(band)] = found if found.ndim == joined.ndim else band
        top += len(band)
    if joined is None:
        raise ValueError("a picture has at least one band")
    return joined


def refuse_printing_colours(kind: str, mode: str) -> None:
    """Raise ImageError for a mode of colour that is for printing."""
    if mode in ("CMYK", "LAB", "HSV"):
        raise ImageError(
            f"The {kind} file holds {mode} colour, which is for printing; wanted grey or RGB. Export it as grey or RGB."
        )


def scaled(samples: NDArray[Any], bits: int) -> NDArray[Any]:
    """Samples of 1 to 7 bits over the full range of 8; deeper ones as they are."""
    if bits >= 8:
        return samples
    table: NDArray[Any] = np.rint(np.arange(256) * 255 / ((1 << bits) - 1)).clip(0, 255).astype(np.uint8)
    shown: NDArray[Any] = table[samples]
    return shown


def opaque(pixels: NDArray[Any], alpha: NDArray[Any] | None) -> NDArray[Any]:
    """Pixels over black by their alpha, (rows, columns) as deep as they were, or None.

    An export that is transparent throughout left its alpha unset: it is no black film. Pixels that may be written are
    changed in place.
    """
    if alpha is None or not alpha.any():
        return pixels
    if alpha.dtype.kind == "f":
        opacity: NDArray[Any] = np.rint(np.clip(alpha, 0, 1) * 65535).astype(np.uint16)
    elif alpha.dtype == np.uint16:
        opacity, _ = full_range(alpha, 16 if alpha.max() > 4095 else None)
    else:
        opacity = alpha.astype(np.uint8, copy=False)
    if opacity.min() == np.iinfo(opacity.dtype).max:
        return pixels
    if opacity.dtype != pixels.dtype:
        opacity = (opacity >> 8).astype(np.uint8) if pixels.dtype == np.uint8 else opacity.astype(np.uint16) * 257
    shown = pixels if pixels.flags.writeable else np.empty_like(pixels)
    for top in range(0, len(pixels), _ROWS_AT_ONCE):
        rows = slice(top, top + _ROWS_AT_ONCE)
        shown[rows] = over_black(pixels[rows], opacity[rows])
    return shown


def shallow_samples(picture: Picture) -> NDArray[Any]:
    """(rows, columns) or (rows, columns, 3) uint8 of a loaded picture of up to 8 bits a sample, over black."""
    if picture.mode == "1":
        return samples_of(picture).astype(np.uint8) * np.uint8(255)
    if picture.mode in ("P", "PA"):
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    elif picture.mode == "YCbCr":
        picture = picture.convert("RGB")
    if picture.mode == "L":
        return samples_of(picture)
    if picture.mode == "La":  # already multiplied by its alpha, which is the same as over black
        return np.ascontiguousarray(samples_of(picture)[..., 0])
    bands = bands_of(picture)
    if picture.mode in ("LA", "RGBA"):
        lowest, highest = picture.getchannel("A").getextrema()
        plain = lowest == 255 or highest == 0  # transparent throughout: unset, as above
        bands = (band[..., :-1] if plain else over_black(band[..., :-1], band[..., -1]) for band in bands)
        if picture.mode == "LA":
            return np.concatenate([band[..., 0] for band in bands])
    return grey_or_colour(bands, picture.height)
