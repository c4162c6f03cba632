"""BMP files whose colours lie in fields of bits, of any width: Pillow reads some of them, and 5-6-5 wrongly."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.errors import ImageError
from lennox.image.levels import one_channel
from lennox.image.limits import check_size
from lennox.image.raster.samples import opaque

_RUN_LENGTHS = (1, 2)
_FIELDS = (3, 6)


def has_run_lengths(data: bytes) -> bool:
    """Whether the pixels are packed, which Pillow unpacks slowly."""
    return _compression(data) in _RUN_LENGTHS


def has_bit_fields(data: bytes) -> bool:
    """Whether `bit_fields` reads the file."""
    return _compression(data) in _FIELDS and int.from_bytes(data[28:30], "little") in (16, 32)


def _compression(data: bytes) -> int:
    return int.from_bytes(data[30:34], "little") if int.from_bytes(data[14:18], "little") >= 40 else 0


def bit_fields(data: bytes) -> NDArray[Any]:
    """(rows, columns) or (rows, columns, 3) uint8 pixels. Raises ImageError for a damaged file."""
    if len(data) < 66:
        raise ImageError("The BMP file is cut short. Copy or export it again.")
    start, size, columns, height, _, width, compression = struct.unpack_from("<LLllHHL", data, 10)
    rows = abs(height)
    check_size(rows, columns)
    masks = list(struct.unpack_from("<4L", data, 54))
    if size < 56 and compression != 6:
        masks[3] = 0
    row_bytes = (columns * width // 8 + 3) // 4 * 4
    if len(data) < start + rows * row_bytes:
        raise ImageError("The BMP file is cut short: pixels are missing. Copy or export it again.")
    stored = np.frombuffer(data, np.uint8, rows * row_bytes, start).reshape(rows, row_bytes)
    words = stored[:, : columns * width // 8].copy().view(f"<u{width // 8}")
    words = words if height < 0 else words[::-1]
    colour = np.stack([_field(words, mask) for mask in masks[:3]], -1)
    return opaque(one_channel(colour), _field(words, masks[3]) if masks[3] else None)


def _field(words: NDArray[Any], mask: int) -> NDArray[np.uint8]:
    """One colour, of as many bits as its mask has, over the full range."""
    shift = (mask & -mask).bit_length() - 1 if mask else 0
    most = mask >> shift
    if most & (most + 1):
        raise ImageError("The BMP file is damaged: the bits of a colour do not lie together. Export it again.")
    levels = ((words & mask) >> shift).astype(np.uint64)
    return ((levels * 255 + most // 2) // max(most, 1)).astype(np.uint8)
