"""The size of a WebP file, before Pillow opens it."""

from __future__ import annotations

from lennox.image.limits import check_size


def check_webp_size(data: bytes) -> None:
    """Refuse a WebP that is too large: opening it is enough for its decoder to take the memory."""
    kind, head = data[12:16], data[20:30]
    if len(head) < 10:
        return
    if kind == b"VP8X":  # 24 bits each, less one
        columns, rows = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (4, 7))
    elif kind == b"VP8L":  # 14 bits each, less one, after a signature byte
        bits = int.from_bytes(head[1:5], "little")
        columns, rows = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:  # 14 bits each, after a tag and a signature of three bytes each
        columns, rows = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    check_size(rows, columns)
