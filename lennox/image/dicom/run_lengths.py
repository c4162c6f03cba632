"""One frame of run lengths, the simplest compression of DICOM (PS3.5 annex G)."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.image.raster.pack_bits import unpack_bits

_HEADER = struct.Struct("<16L")
_MAX_GROWTH = 1.25  # of what does not repeat: a byte in 128, or one in each row that is short


def unpack_frame(frame: bytes, rows: int, columns: int, samples: int, item_bytes: int) -> NDArray[Any]:
    """(samples, rows, columns) uint8 or uint16 of a frame. item_bytes : 1 or 2

    Raises ValueError where segments are missing or too short, or hold more than pixels.
    """
    size, wanted = rows * columns, samples * item_bytes
    if len(frame) < _HEADER.size:
        raise ValueError("no header of run lengths")
    count, *offsets = _HEADER.unpack_from(frame)
    if count != wanted:
        raise ValueError(f"{count} segments found, {wanted} wanted")
    most = count * (_MAX_GROWTH * size + 2 * rows) + 1024
    if len(frame) > most:
        raise ValueError(f"{len(frame)} bytes found, at most {most:.0f} wanted")
    ends = [*offsets[1:count], len(frame)]
    unpacked = np.zeros((samples, rows, columns), np.uint8 if item_bytes == 1 else np.uint16)
    for which, (start, end) in enumerate(zip(offsets, ends, strict=False)):
        sample, byte = divmod(which, item_bytes)  # byte by byte, the highest first
        part = unpack_bits(memoryview(frame)[start:end], size).reshape(rows, columns)
        unpacked[sample] |= part if byte == item_bytes - 1 else part.astype(np.uint16) << 8
    return unpacked
