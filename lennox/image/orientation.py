"""Turning an image upright by its EXIF orientation."""

from __future__ import annotations

import re
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ORIENTATION = 0x0112
_MAX_BYTES = 1 << 16  # as much as a JPEG can hold
_IN_XMP = re.compile(rb"tiff:Orientation\s*(?:=\s*[\"']|>)\s*([1-8])\s*[\"'<]")
_TYPES = {1: "B", 3: "H", 4: "L", 6: "b", 8: "h", 9: "l"}  # the standard wants a short, and software writes others


def exif_orientation(block: bytes) -> int:
    """The orientation, 1 to 8, in an EXIF block; 1 where it is absent or damaged.

    Read here rather than by a library, for it is one number and must neither warn nor fail on a damaged block.
    """
    block = block[: _MAX_BYTES + 6].removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        return 1
    try:
        (start,) = struct.unpack_from(order + "L", block, 4)
        (count,) = struct.unpack_from(order + "H", block, start)
        for entry in range(count):
            tag, kind = struct.unpack_from(order + "HH", block, start + 2 + 12 * entry)
            if tag == _ORIENTATION and kind in _TYPES:
                (value,) = struct.unpack_from(order + _TYPES[kind], block, start + 10 + 12 * entry)
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:  # an offset or count that points outside the block
        return 1
    return 1


def xmp_orientation(block: bytes) -> int:
    """The orientation in an XMP block, for files without EXIF; 1 where it is absent."""
    found = _IN_XMP.search(block[:_MAX_BYTES])
    return int(found[1]) if found else 1


def upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """(rows, columns) or (rows, columns, 3) pixels stored with an EXIF orientation, as they are to be looked at."""
    if orientation >= 5:  # 5 to 8 store columns as rows
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
