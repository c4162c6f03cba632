"""Where things are, and how probable: boxes, the placement of an image on a network's canvas, probability maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Box:
    """A half-open rectangle in pixels of the image: rows top..bottom, columns left..right."""

    top: float
    left: float
    bottom: float
    right: float

    def __post_init__(self) -> None:
        if not (self.top < self.bottom and self.left < self.right):  # refuses NaN too
            raise ValueError(f"a box must have top < bottom and left < right, got {self.as_tuple()}")

    def as_tuple(self) -> tuple[float, float, float, float]:
        """(top, left, bottom, right)."""
        return self.top, self.left, self.bottom, self.right


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an image of (rows, columns) lies on a canvas, after letterboxing.

    rows, columns : size of the image, in its own pixels
    canvas_rows, canvas_columns : size of the canvas
    top, left, height, width : the rectangle of the canvas that the image covers
    """

    rows: int
    columns: int
    canvas_rows: int
    canvas_columns: int
    top: int
    left: int
    height: int
    width: int

    def __post_init__(self) -> None:
        if min(self.rows, self.columns, self.height, self.width) < 1:
            raise ValueError(f"an image and its place on the canvas must not be empty: {self}")
        if (
            min(self.top, self.left) < 0
            or self.top + self.height > self.canvas_rows
            or self.left + self.width > self.canvas_columns
        ):
            raise ValueError(f"the image must lie inside the canvas: {self}")

    @classmethod
    def letterbox(cls, rows: int, columns: int, canvas_rows: int, canvas_columns: int) -> Placement:
        """The largest centred placement that keeps the aspect of an image of (rows, columns)."""
        scale = min(canvas_rows / rows, canvas_columns / columns)
        height = min(canvas_rows, max(1, round(rows * scale)))
        width = min(canvas_columns, max(1, round(columns * scale)))
        return cls(
            rows, columns, canvas_rows, canvas_columns,
            (canvas_rows - height) // 2, (canvas_columns - width) // 2, height, width,
        )  # fmt: skip

    def to_image(self, canvas_points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Move (..., 2) canvas points (row, column), measured at pixel edges, to the image, clipped to it."""
        points = np.asarray(canvas_points, np.float64)
        scale = np.array([self.rows / self.height, self.columns / self.width])
        moved = (points - [self.top, self.left]) * scale
        clipped: NDArray[np.float64] = np.clip(moved, 0.0, [self.rows, self.columns])
        return clipped

    def to_canvas(self, image_points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Move (..., 2) image points (row, column), measured at pixel edges, to the canvas."""
        points = np.asarray(image_points, np.float64)
        scale = np.array([self.height / self.rows, self.width / self.columns])
        moved: NDArray[np.float64] = points * scale + [self.top, self.left]
        return moved


@dataclass(frozen=True, slots=True)
class ProbabilityMap:
    """The probability of each label at each cell of the canvas.

    values : (labels, rows, columns) float32 in [0, 1], read-only
    labels : one name a plane
    placement : where the image lies on the canvas that the planes cover
    """

    values: NDArray[np.float32]
    labels: tuple[str, ...]
    placement: Placement

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or self.values.shape[0] != len(self.labels) or self.values.dtype != np.float32:
            raise ValueError(
                f"values must be (labels, rows, columns) float32 for {len(self.labels)} labels, "
                f"got {self.values.shape} {self.values.dtype}"
            )
        if not (np.isfinite(self.values).all() and self.values.min() >= 0.0 and self.values.max() <= 1.0):
            raise ValueError("probabilities must be finite and in [0, 1]")
        self.values.flags.writeable = False

    @classmethod
    def on_image(cls, values: NDArray[np.float32], labels: tuple[str, ...], placement: Placement) -> ProbabilityMap:
        """The map with nothing suspected on the letterbox: a cell counts where its centre lies on the image."""
        uncut = cls(np.array(values), labels, placement)
        stride_rows, stride_columns = uncut.stride
        rows = (np.arange(values.shape[1]) + 0.5) * stride_rows - placement.top
        columns = (np.arange(values.shape[2]) + 0.5) * stride_columns - placement.left
        row_on_image = (rows >= 0) & (rows < placement.height)
        column_on_image = (columns >= 0) & (columns < placement.width)
        return cls(uncut.values * (row_on_image[:, None] & column_on_image), labels, placement)

    @property
    def stride(self) -> tuple[float, float]:
        """Canvas pixels per cell, (rows, columns)."""
        return (
            self.placement.canvas_rows / self.values.shape[1],
            self.placement.canvas_columns / self.values.shape[2],
        )
