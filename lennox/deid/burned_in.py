"""Text in the pixels: where thin strokes of nearly full contrast stand side by side, as letters do and tissue does not.

A pixel belongs to a stroke if it differs by more than a third of the picture's range, in the same direction, from a
pixel a few steps to its left and from one to its right (or above and below). A block of text has many of them, in
several columns. This finds printed characters of 8 to 40 pixels; handwriting on a scanned film it may miss, and wires
and files of a root treatment it may take for text: a film that is found so is for a person to look at.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lennox.geometry import Box
from lennox.image import Image

_CONTRAST = 0.35  # of the range between the 1st and 99.9th percentile
_REACHES = (2, 4, 7)  # pixels from the middle of a stroke to the background
_CELL = 8  # pixels; a character touches two or more
_FILLED = 0.09  # share of stroke pixels in a cell
_LEAST_CELLS = 5  # in one row of cells within `_GAP`
_GAP = 3


def text_boxes(image: Image) -> list[Box]:
    """Where text may stand, in pixels of the image, from above to below."""
    strokes = _strokes(image.grey().astype(np.float32))
    rows, columns = strokes.shape[0] // _CELL, strokes.shape[1] // _CELL
    if not rows or not columns:
        return []
    cut = strokes[: rows * _CELL, : columns * _CELL].reshape(rows, _CELL, columns, _CELL)
    cells = cut.mean((1, 3)) >= _FILLED
    boxes = []
    for row in range(rows):
        filled = np.flatnonzero(cells[row])
        for run in np.split(filled, np.flatnonzero(np.diff(filled) > _GAP) + 1):
            if len(run) >= _LEAST_CELLS:
                boxes.append(Box(*(float(_CELL * edge) for edge in (row, run[0], row + 1, run[-1] + 1))))
    return boxes


def _strokes(grey: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(rows, columns) bool: pixels of strokes."""
    low, high = np.percentile(grey[:: max(1, grey.shape[0] // 512), :: max(1, grey.shape[1] // 512)], (1, 99.9))
    least = _CONTRAST * max(float(high - low), 1.0)
    found = np.zeros(grey.shape, bool)
    for axis in (0, 1):
        for reach in _REACHES:
            if grey.shape[axis] <= 2 * reach:
                continue
            lines = np.moveaxis(grey, axis, 0)
            middle, before, after = lines[reach:-reach], lines[: -2 * reach], lines[2 * reach :]
            bright = np.minimum(middle - before, middle - after) > least
            dark = np.minimum(before - middle, after - middle) > least
            np.moveaxis(found, axis, 0)[reach:-reach] |= bright | dark
    return found
