"""One way to lay an image that its eight turns and mirrorings share, so that they get the same answer.

Sensors deliver films turned and mirrored. Laid by its own brightness, every one of the eight becomes the same array of
pixels before anything is computed of it; what is found is laid back afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lennox.geometry import Placement

Level = TypeVar("Level", bound=np.generic)
BLOCK_ROWS = 256


@dataclass(frozen=True, slots=True)
class Turn:
    """One of the eight turns and mirrorings: first the rows, then the columns reversed, then both exchanged."""

    reverse_rows: bool = False
    reverse_columns: bool = False
    exchange: bool = False

    def of(self, pixels: NDArray[Level]) -> NDArray[Level]:
        """(..., rows, columns) turned; a view."""
        turned = self._reversed(pixels)
        return turned.swapaxes(-2, -1) if self.exchange else turned

    def back(self, pixels: NDArray[Level]) -> NDArray[Level]:
        """(..., rows, columns) that were turned, as they were; a view."""
        return self._reversed(pixels.swapaxes(-2, -1) if self.exchange else pixels)

    def points(self, points: NDArray[np.floating], rows: int, columns: int) -> NDArray[np.float64]:
        """Where (..., 2) points (row, column) of an image of (rows, columns), at pixel edges, lie when it is turned."""
        moved = np.array(points, np.float64)
        if self.reverse_rows:
            moved[..., 0] = rows - moved[..., 0]
        if self.reverse_columns:
            moved[..., 1] = columns - moved[..., 1]
        return moved[..., ::-1] if self.exchange else moved

    def placement_back(self, placement: Placement) -> Placement:
        """Where an image lies on the canvas that is laid back, from where it lies turned."""
        rows, columns = (placement.rows, placement.top, placement.height, placement.canvas_rows), (
            placement.columns, placement.left, placement.width, placement.canvas_columns,
        )  # fmt: skip
        if self.exchange:
            rows, columns = columns, rows
        top = rows[3] - rows[1] - rows[2] if self.reverse_rows else rows[1]
        left = columns[3] - columns[1] - columns[2] if self.reverse_columns else columns[1]
        return Placement(rows[0], columns[0], rows[3], columns[3], top, left, rows[2], columns[2])

    def _reversed(self, pixels: NDArray[Level]) -> NDArray[Level]:
        return pixels[..., :: -1 if self.reverse_rows else 1, :: -1 if self.reverse_columns else 1]


AS_GIVEN = Turn()
EIGHT_TURNS = tuple(
    Turn(rows, columns, exchange) for exchange in (False, True) for rows in (False, True) for columns in (False, True)
)


def own_turn(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> Turn:
    """The turn that makes the lower and the right half the brighter ones, and the difference of the former larger.

    Sums of whole numbers, so exact: all eight of an image become the same array, unless two halves are equally bright.

    pixels : (rows, columns)
    """
    return _turn(pixels.sum(axis=1, dtype=np.int64), pixels.sum(axis=0, dtype=np.int64))


def own_turn_by_rank(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> Turn:
    """The same by the ranks of the levels, of the image without its blank border: exposure does not change it much.

    A rank is how many pixels are darker, with half of those that are alike. Whole numbers again, and exact.

    pixels : (rows, columns)
    """
    inside = _without_border(pixels)
    counts = np.zeros(np.iinfo(pixels.dtype).max + 1, np.int64)
    blocks = [inside[top : top + BLOCK_ROWS] for top in range(0, len(inside), BLOCK_ROWS)]  # a film may have 50 million
    for block in blocks:
        counts += np.bincount(block.ravel(), minlength=len(counts))
    twice_rank = 2 * np.cumsum(counts) - counts
    by_row, by_column = [], np.zeros(inside.shape[1], np.int64)
    for block in blocks:
        ranks = twice_rank[block]
        by_row.append(ranks.sum(axis=1))
        by_column += ranks.sum(axis=0)
    return _turn(np.concatenate(by_row), by_column)


def _turn(by_row: NDArray[np.int64], by_column: NDArray[np.int64]) -> Turn:
    down, across = _excess(by_row), _excess(by_column)
    return Turn(down < 0, across < 0, abs(across) > abs(down))


def _without_border(pixels: NDArray[Level]) -> NDArray[Level]:
    """The smallest rectangle outside which every row and column is uniform, to a fiftieth of the range of levels."""
    least = np.iinfo(pixels.dtype).max // 50  # type: ignore[type-var]  # whole numbers, as the callers say
    rows, columns = (
        np.flatnonzero(pixels.max(axis=axis) - pixels.min(axis=axis) > least) for axis in (1, 0)
    )  # fmt: skip
    if not rows.size or not columns.size:
        return pixels
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _excess(sums: NDArray[np.int64]) -> int:
    """Of the last half over the first; the middle of an odd number counts for neither."""
    half = len(sums) // 2
    return int(sums[len(sums) - half :].sum()) - int(sums[:half].sum())
