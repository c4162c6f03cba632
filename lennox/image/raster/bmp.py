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
_ROWS_AT_ONCE = 64
_MAX_TABLE = (1 << 16) - 1


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
    stored = stored if height < 0 else stored[::-1]
    colour = np.empty((rows, columns, 3), np.uint8)
    alpha = np.empty((rows, columns), np.uint8) if masks[3] else None
    for top in range(0, rows, _ROWS_AT_ONCE):
        words = stored[top : top + _ROWS_AT_ONCE, : columns * width // 8].copy().view(f"<u{width // 8}")
        for channel, mask in enumerate(masks[:3]):
            colour[top : top + len(words), :, channel] = _field(words, mask)
        if alpha is not None:
            alpha[top : top + len(words)] = _field(words, masks[3])
    return opaque(one_channel(colour), alpha)


def _field(words: NDArray[Any], mask: int) -> NDArray[np.uint8]:
    """One colour, of as many bits as its mask has, over the full range."""
    shift = (mask & -mask).bit_length() - 1 if mask else 0
    most = mask >> shift
    if most & (most + 1):
        raise ImageError("The BMP file is damaged: the bits of a colour do not lie together. Export it again.")
    numbers = (words & mask) >> shift
    if most <= _MAX_TABLE:
        table: NDArray[np.uint8] = ((np.arange(most + 1) * 255 + most // 2) // max(most, 1)).astype(np.uint8)
        return np.asarray(table[numbers])
    return ((numbers.astype(np.uint64) * 255 + most // 2) // most).astype(np.uint8)
