"""Which image of a file that holds several is meant."""

from __future__ import annotations

from lennox.errors import ImageError


def choose_frame(kind: str, unit: str, count: int, frame: int | None) -> int:
    """The frame asked for, or the only one. Raises ImageError where there are several and none was asked for."""
    if frame is None and count > 1:
        raise ImageError(
            f"The {kind} file holds {count} {unit}; wanted one. "
            f"Choose one with frame 0 to {count - 1}, or export it alone."
        )
    if frame is not None and frame >= count:
        raise ImageError(f"Frame {frame} was asked for, but the file holds {count}; frames count from 0.")
    return frame or 0
