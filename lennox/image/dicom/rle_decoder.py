"""Unpacks one frame of run lengths, the simplest compression of DICOM (PS3.5 annex G); `confined` runs it.

Not pydicom's decoder: it does not bound what it unpacks (a frame of 200 megabytes becomes 12 gigabytes), and in a
process of its own it takes half a second to import. Imports nothing of lennox, to start quickly.
"""

import struct
from typing import Any

_HEADER = struct.Struct("<16L")


def decode(header: dict[str, Any], frame: bytes) -> list[bytearray]:
    """The samples of a frame, pixel by pixel, little endian. Its bytes lie in segments, the highest byte first.

    header : rows, columns, samples, allocated
    Raises ValueError where segments are missing or too short.
    """
    size, samples, itemsize = header["rows"] * header["columns"], header["samples"], header["allocated"] // 8
    if len(frame) < _HEADER.size:
        raise ValueError("no header")
    count, *offsets = _HEADER.unpack_from(frame)
    if count != samples * itemsize:
        raise ValueError(f"{count} segments found, {samples * itemsize} wanted")
    ends = [*offsets[1:count], len(frame)]
    unpacked = bytearray(size * count)
    for which in range(count):
        sample, byte = divmod(which, itemsize)
        segment = _unpack_segment(frame, offsets[which], min(ends[which], len(frame)), size)
        unpacked[sample * itemsize + itemsize - 1 - byte :: count] = segment
    return [unpacked]


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
        else:  # does nothing
            at += 1
    if len(unpacked) < size:
        raise ValueError(f"{len(unpacked)} bytes of a segment found, {size} wanted")
    return unpacked[:size]
