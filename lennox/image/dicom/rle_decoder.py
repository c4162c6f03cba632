"""Unpacks one frame of run lengths, the simplest compression of DICOM (PS3.5 annex G); `confined` runs it.

Not pydicom's decoder: it does not bound what it unpacks (a frame of 200 megabytes becomes 12 gigabytes), and in a
process of its own it takes half a second to import. Imports nothing of lennox, to start quickly.
"""

import re
import struct
from collections.abc import Iterator
from typing import Any

_HEADER = struct.Struct("<16L")
_NOTHING = re.compile(b"\x80+")  # bytes that do nothing; a file may hold millions
_MAX_GROWTH = 1.25  # of what does not repeat: a byte in 128, or one in each row that is short


def decode(header: dict[str, Any], frame: bytes) -> Iterator[bytearray]:
    """The segments of a frame: of each sample, its highest bytes first.

    header : rows, columns, samples, allocated
    Raises ValueError where segments are missing or too short, or hold more than pixels.
    """
    size, samples, itemsize = header["rows"] * header["columns"], header["samples"], header["allocated"] // 8
    if len(frame) < _HEADER.size:
        raise ValueError("no header")
    count, *offsets = _HEADER.unpack_from(frame)
    if count != samples * itemsize:
        raise ValueError(f"{count} segments found, {samples * itemsize} wanted")
    most = count * (_MAX_GROWTH * size + 2 * header["rows"]) + 1024
    if len(frame) > most:
        raise ValueError(f"{len(frame)} bytes found, at most {most:.0f} wanted")
    for start, end in zip(offsets, [*offsets[1:count], len(frame)], strict=False):
        yield _unpack_segment(frame, start, min(end, len(frame)), size)


def _unpack_segment(frame: bytes, at: int, end: int, size: int) -> bytearray:
    unpacked = bytearray()
    while len(unpacked) < size and at + 1 < end:
        head = frame[at]
        if head < 128:  # so many bytes and one as they are
            unpacked += frame[at + 1 : min(at + 2 + head, end)]
            at += 2 + head
        elif head > 128:  # one byte several times
            unpacked += frame[at + 1 : at + 2] * (257 - head)
            at += 2
        else:
            at = _NOTHING.match(frame, at).end()  # type: ignore[union-attr]
    if len(unpacked) < size:
        raise ValueError(f"{len(unpacked)} bytes of a segment found, {size} wanted")
    return unpacked[:size]
