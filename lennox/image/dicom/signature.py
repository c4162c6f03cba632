"""Telling DICOM from other files by their first bytes, without loading pydicom."""

from __future__ import annotations

from typing import Literal

_PREAMBLE = 128
_GROUPS = (0x0002, 0x0008)  # a file without preamble begins with one of these


def is_dicom(data: bytes) -> bool:
    """Whether the bytes are a DICOM file, with or without its preamble and file meta information."""
    if data[_PREAMBLE : _PREAMBLE + 4] == b"DICM":
        return True
    if len(data) < 16:
        return False
    orders: tuple[Literal["little", "big"], ...] = ("little", "big")
    for order in orders:
        group = int.from_bytes(data[:2], order)
        element = int.from_bytes(data[2:4], order)
        if group not in _GROUPS or element > 0x0100:
            continue
        if data[4:6].isalpha() and data[4:6].isupper():  # explicit value representation
            return True
        length = int.from_bytes(data[4:8], order)
        if length % 2 == 0 and length < min(len(data), 1024):
            return True
    return False
