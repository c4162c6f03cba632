"""An image read in overlapping windows, each at the scale of an intraoral film, merged into one map without doubles.

A panoramic shows an intraoral film's 41 mm on a fifth of its width. Where windows overlap, their maps are averaged,
each weighing less towards its own edges, and lesions are looked for on the merged map alone: a lesion that two windows
show is one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lennox.card import WindowGrid
from lennox.geometry import Placement, ProbabilityMap
from lennox.image import Image
from lennox.inference.model import Model, Prediction
from lennox.inference.prepare import grey_pixels, prepare_pixels
from lennox.inference.quality import film_box
from lennox.inference.turn import Turn

TAPER = 0.25  # of a window's side: from its edge to where it weighs fully
EDGE_WEIGHT = 0.02
CELL_PX = 4  # canvas pixels a cell of the merged map


@dataclass(frozen=True, slots=True)
class Windows:
    """Square windows of one image, on a grid of cells of `side_px` / `cells` image pixels.

    starts : (row, column) of each window's first cell
    """

    rows: int
    columns: int
    side_px: int
    cells: int
    starts: tuple[tuple[int, int], ...]

    @classmethod
    def on(cls, image: Image, grid: WindowGrid, cells: int) -> Windows:
        """The windows of an image, within what is left of it without its blank border."""
        box = film_box(image)
        height, width = box.bottom - box.top, box.right - box.left
        side_px = int(np.clip(round(grid.side * width), 1, min(image.rows, image.columns)))
        tops = _spread(box.top, height, grid.rows, grid.down, side_px)
        lefts = _spread(box.left, width, grid.columns, grid.across, side_px)
        cell_px = side_px / cells
        starts = dict.fromkeys((int(top / cell_px), int(left / cell_px)) for top in tops for left in lefts)
        return cls(image.rows, image.columns, side_px, cells, tuple(starts))

    def first_px(self, start: tuple[int, int]) -> tuple[int, int]:
        """(top, left) of a window in image pixels, to the nearest one, on the image."""
        cell_px = self.side_px / self.cells
        return (
            min(round(start[0] * cell_px), self.rows - self.side_px),
            min(round(start[1] * cell_px), self.columns - self.side_px),
        )

    @property
    def placement(self) -> Placement:
        """Where the image lies on the canvas of the merged map."""
        scale = CELL_PX * self.cells / self.side_px
        height, width = round(self.rows * scale), round(self.columns * scale)
        on_cells = [CELL_PX * (-(-side // CELL_PX) + 1) for side in (height, width)]
        return Placement(self.rows, self.columns, on_cells[0], on_cells[1], 0, 0, height, width)


class _Merging:
    """Sums of window maps and of their weights."""

    def __init__(self, placement: Placement, labels: tuple[str, ...], cells: int) -> None:
        self.placement, self.labels = placement, labels
        shape = placement.canvas_rows // CELL_PX, placement.canvas_columns // CELL_PX
        self.sums, self.weights = np.zeros((len(labels), *shape), np.float32), np.zeros(shape, np.float32)
        from_edge = np.minimum(np.arange(cells), np.arange(cells)[::-1]) + 0.5
        side = np.clip(from_edge / (TAPER * cells), EDGE_WEIGHT, 1.0).astype(np.float32)
        self.weight = side[:, None] * side

    def add(self, values: NDArray[np.float32], start: tuple[int, int]) -> None:
        here = tuple(slice(first, first + size) for first, size in zip(start, self.weight.shape, strict=True))
        self.sums[(slice(None), *here)] += values * self.weight
        self.weights[here] += self.weight

    def merged(self) -> ProbabilityMap:
        values = self.sums / np.maximum(self.weights, 1e-6)
        return ProbabilityMap.on_image(np.clip(values, 0.0, 1.0), self.labels, self.placement)


def predict_image(model: Model, image: Image, turn: Turn | None = None) -> Prediction:
    """What a network says of an image, entire or in windows, as its card asks for.

    turn : how the image, or each window of it, is laid; as the card says when None
    The distance of an image in windows is the median of theirs. Raises as `Model.predict` does.
    """
    card, pixels = model.card, grey_pixels(image, model.card.contract)
    laid = card.orientation if turn is None else turn
    if card.windows is None:
        return model.predict(prepare_pixels(pixels, card.contract, laid))
    cells = card.contract.rows // CELL_PX
    windows = Windows.on(image, card.windows, cells)
    mergings: list[_Merging] = []
    distances = []
    for start in windows.starts:
        top, left = windows.first_px(start)
        part = pixels[top : top + windows.side_px, left : left + windows.side_px]
        answer = model.predict(prepare_pixels(part, card.contract, laid))
        distances.append(answer.distance)
        maps = [answer.probability_map, *filter(None, [answer.restoration])]
        mergings = mergings or [_Merging(windows.placement, one.labels, cells) for one in maps]
        for merging, one in zip(mergings, maps, strict=True):
            merging.add(one.values, start)
    return Prediction(mergings[0].merged(), float(np.median(distances)), *(one.merged() for one in mergings[1:]))


def _spread(first: float, length: float, ends: tuple[float, float], count: int, side: int) -> list[float]:
    """Where each of so many windows begins, so that together they cover `ends`."""
    low, high = first + ends[0] * length, first + ends[1] * length - side
    return [max(0.0, float(at)) for at in np.linspace(low, max(low, high), count)]
