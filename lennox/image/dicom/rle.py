"""Run lengths, the simplest compression of DICOM (PS3.5 annex G), unpacked here: it needs no decoder in C."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.errors import ImageError

_HEADER = struct.Struct("<16L")


def unpack_rle(frame: bytes, shape: tuple[int, int, int], itemsize: int) -> NDArray[Any]:
    """(rows, columns, samples) uint8 or uint16 of a frame, whose bytes lie in segments, the highest byte first.

    Raises ImageError where segments are missing or too short.
    """
    rows, columns, samples = shape
    wanted = samples * itemsize
    if len(frame) < _HEADER.size:
        raise _damaged("no header")
    count, *offsets = _HEADER.unpack_from(frame)
    if count != wanted:
        raise _damaged(f"{count} segments found, {wanted} wanted")
    ends = [*offsets[1:count], len(frame)]
    planes = np.empty((rows * columns, samples, itemsize), np.uint8)
    for which in range(count):
        sample, byte = divmod(which, itemsize)
        segment = _unpack_segment(frame, offsets[which], ends[which], rows * columns)
        planes[:, sample, itemsize - 1 - byte] = np.frombuffer(segment, np.uint8, rows * columns)
    return planes.reshape(-1).view(f"<u{itemsize}").reshape(shape)


def _unpack_segment(frame: bytes, at: int, end: int, size: int) -> bytearray:
    """The `size` bytes of a segment, and perhaps a few more."""
    unpacked = bytearray()
    end = min(end, len(frame))
    while len(unpacked) < size and at + 1 < end:
        head = frame[at]
        if head < 128:  # so many bytes and one as they are
            unpacked += frame[at + 1 : min(at + 2 + head, end)]
            at += 2 + head
        else:  # one byte several times; 128 does nothing
            if head > 128:
                unpacked += frame[at + 1 : at + 2] * (257 - head)
                at += 1
            at += 1
    if len(unpacked) < size:
        raise _damaged(f"{len(unpacked)} bytes of a segment found, {size} wanted")
    return unpacked


def _damaged(what: str) -> ImageError:
    return ImageError(f"The compressed pixels are damaged or cut short ({what}). Copy or export the file again.")
