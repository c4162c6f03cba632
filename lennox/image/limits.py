"""How large a file may be, checked before anything is decoded."""

from __future__ import annotations

from lennox.errors import ImageError

MAX_FILE_BYTES = 256 << 20
MAX_PIXELS = 50_000_000  # a panoramic film scanned at 600 dpi has half of that
MAX_SIDE = 20_000


def check_size(rows: int, columns: int) -> None:
    """Raise ImageError unless an image of this size may be decoded."""
    if rows < 1 or columns < 1:
        raise ImageError(
            f"The image has {rows} rows and {columns} columns; wanted at least one of each. Export it again."
        )
    if rows * columns > MAX_PIXELS or max(rows, columns) > MAX_SIDE:
        raise ImageError(
            f"The image has {rows} x {columns} pixels; wanted at most {MAX_PIXELS // 1_000_000} million, and at most "
            f"{MAX_SIDE} a side. Scan or export it at a lower resolution."
        )
