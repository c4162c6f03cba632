"""TIFF and BigTIFF: what the samples of a page mean."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from lennox.errors import ImageError
from lennox.image.frames import choose_frame
from lennox.image.levels import from_float, from_wide, full_range, one_channel
from lennox.image.orientation import upright
from lennox.image.raster import tiff_pages as tag
from lennox.image.raster.pillow_process import decode_apart
from lennox.image.raster.samples import opaque, refuse_printing_colours, scaled, shallow_samples
from lennox.image.raster.tiff_pages import TiffPage, tiff_pages
from lennox.image.raster.tiff_samples import has_plain_samples, part_size, tiff_samples

_PREVIEW_OR_MASK = 0b101
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6
_CHANNELS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1, _YCBCR: 3}
_PRINTING = {5: "CMYK", 8: "LAB", 9: "LAB", 10: "LAB"}
_FAX = (2, 3, 4)
_PREMULTIPLIED, _ALPHA, _COREL_ALPHA = 1, 2, 999  # extra samples; 0 is of no stated kind


def read_tiff(data: bytes, frame: int | None) -> tuple[NDArray[Any], int]:
    """Upright pixels over the full range of their type, grey where all channels are equal, and the file's bits."""
    pages = tiff_pages(data)
    pages = [page for page in pages if not page.number(tag.SUBFILE, 0) & _PREVIEW_OR_MASK] or pages
    page = pages[choose_frame("TIFF", "images", len(pages), frame)]
    pixels, bits = _plain(page) if has_plain_samples(page) else _coded(page)
    orientation = page.number(tag.ORIENTATION, 1)
    return upright(pixels, orientation if 1 <= orientation <= 8 else 1), bits


def _photometric(page: TiffPage) -> int:
    """What the samples are; where the file does not say, as libtiff takes it."""
    if page.number(tag.SAMPLES, 1) >= 3:
        return page.number(tag.PHOTOMETRIC, _RGB)
    fax = page.number(tag.COMPRESSION, 1) in _FAX
    return page.number(tag.PHOTOMETRIC, _WHITE_IS_ZERO if fax else _BLACK_IS_ZERO)


def _coded(page: TiffPage) -> tuple[NDArray[Any], int]:
    """A page that is coded as a picture: JPEG, fax and the like."""
    rows, columns, _, _ = part_size(page)
    alone = page.alone(tag.NEEDED, {tag.PHOTOMETRIC: (_photometric(page),)})
    found = decode_apart("TIFF", alone, 4 * rows * columns)
    refuse_printing_colours("TIFF", found.mode)
    bits = min(max(page.number(tag.BITS_PER_SAMPLE, 1), 1), 8)
    return shallow_samples(found.picture()), bits


def _plain(page: TiffPage) -> tuple[NDArray[Any], int]:
    photometric = _photometric(page)
    refuse_printing_colours("TIFF", _PRINTING.get(photometric, ""))
    channels = _CHANNELS.get(photometric)
    if channels is None or page.number(tag.SAMPLES, 1) < channels:
        raise ImageError(
            f"The TIFF file holds {page.number(tag.SAMPLES, 1)} samples a pixel of the kind {photometric}; "
            "wanted grey, RGB or a palette. Export it as grey or RGB."
        )
    samples, extra, bits = tiff_samples(page, channels)
    alpha = extra if _has_alpha(page) else None
    if photometric == _PALETTE:
        pixels, bits = _coloured(samples[..., 0], page, bits), 8
    elif photometric == _YCBCR:
        if samples.dtype != np.uint8 or set(page.numbers(tag.SUBSAMPLING) or (2, 2)) != {1}:
            raise ImageError("The TIFF file holds YCbCr colour that is subsampled or not of 8 bits. Export it as RGB.")
        pixels = np.asarray(Pillow.fromarray(samples, "YCbCr").convert("RGB"))
    else:
        pixels, bits = _levels(samples[..., 0] if channels == 1 else samples, bits, page.number(tag.MAX_SAMPLE, 65535))
    if photometric == _WHITE_IS_ZERO:
        pixels = np.iinfo(pixels.dtype).max - pixels
    return opaque(one_channel(pixels), None if alpha is None else scaled(alpha, bits)), bits


def _has_alpha(page: TiffPage) -> bool:
    """Whether the sample after the colour is alpha to be applied; software that does not say means so."""
    stated = page.numbers(tag.EXTRA)
    return not stated or stated[0] in (_ALPHA, _COREL_ALPHA)


def _coloured(indices: NDArray[Any], page: TiffPage, bits: int) -> NDArray[Any]:
    entries = np.array(page.numbers(tag.COLOUR_MAP), np.uint32)
    if bits > 16 or len(entries) < 3 << bits or indices.dtype.kind != "u":
        raise ImageError("The TIFF file is damaged: its palette is too short. Export it again.")
    if entries.max() > 255:  # else software wrote 8 bits, where the format wants 16
        entries >>= 8
    table: NDArray[np.uint8] = entries[: 3 << bits].reshape(3, -1).T.astype(np.uint8)
    colours: NDArray[np.uint8] = table[indices]
    return colours


def _levels(samples: NDArray[Any], bits: int, stated: int) -> tuple[NDArray[Any], int]:
    """Samples over the full range of their type, and their bits.

    stated : the largest sample that the file says it may have
    """
    kind, width = samples.dtype.kind, samples.dtype.itemsize
    if kind == "f":
        return from_float(samples.astype(np.float32, copy=False)), 16
    if width == 1 and kind == "u":
        return scaled(samples, bits), bits
    if width == 1:
        if samples.min() >= 0:
            return scaled(samples.view(np.uint8), 7), 8
        return samples.view(np.uint8) ^ np.uint8(128), 8
    if kind == "u" and width == 2:
        depth = min(bits, stated.bit_length())
        return full_range(samples, depth if 8 <= depth < 16 and int(samples.max()) < 1 << depth else None)
    return from_wide(samples)
