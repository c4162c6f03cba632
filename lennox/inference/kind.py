"""What kind of picture this is, as a small network of the model's folder sees it; beside the rules of `quality`.

The network looks at an overview, its blank border cropped, laid as the film itself is laid (`turn`). It was taught
what its card says; where no kind is likely enough it answers that it cannot tell.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lennox.card import ImageKind, KindCard
from lennox.errors import ModelError
from lennox.image import Image
from lennox.inference.quality import film_overview, sample_grid
from lennox.inference.session import open_session
from lennox.inference.turn import own_turn

SIDE = 96


def kind_view(image: Image) -> NDArray[np.float32]:
    """(1, 1, 96, 96) float32: the overview without its border, its 2nd to 98th percentile from -1 to 1, centred."""
    pixels = image.grey()
    levels = film_overview(np.ascontiguousarray(own_turn(pixels).of(pixels)))
    low, high = np.partition(levels, (int(0.02 * (levels.size - 1)), int(0.98 * (levels.size - 1))), axis=None)[
        [int(0.02 * (levels.size - 1)), int(0.98 * (levels.size - 1))]
    ]
    return lay_view(np.clip((levels - low) / max(float(high - low), 1e-6), 0.0, 1.0))


def lay_view(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """(1, 1, 96, 96) of an overview's levels in [0, 1]: -1 to 1, and -1 beside it."""
    rows, columns = levels.shape
    scale = SIDE / max(rows, columns)
    down, across = max(1, round(rows * scale)), max(1, round(columns * scale))
    view = np.full((1, 1, SIDE, SIDE), -1.0, np.float32)
    top, left = (SIDE - down) // 2, (SIDE - across) // 2
    view[0, 0, top : top + down, left : left + across] = 2.0 * sample_grid(levels, down, across) - 1.0
    return view


class KindNetwork:
    """The kind network of a model, ready to judge."""

    def __init__(self, weights: bytes, card: KindCard, name: str) -> None:
        """weights : of an ONNX file that was checked; name : of the model. Raises ModelError if it fits no card."""
        self.card, self.name = card, name
        self._session = open_session(weights, name, 1, small=True)
        shapes = {item.name: item.shape for item in (*self._session.get_inputs(), *self._session.get_outputs())}
        if shapes != {"view": [1, 1, SIDE, SIDE], "kinds": [1, len(card.kinds)]}:
            raise ModelError(f"{name}: kind.onnx has {shapes}; its card asks for {len(card.kinds)} kinds of one view.")

    def probabilities(self, image: Image) -> dict[ImageKind, float]:
        """How likely each kind is. Raises ModelError for an impossible answer."""
        logits = np.asarray(self._session.run(["kinds"], {"view": kind_view(image)})[0], np.float64)[0]
        if not np.isfinite(logits).all():
            raise ModelError(f"{self.name}: kind.onnx gave an impossible answer; it must not be used.")
        odds = np.exp(logits - logits.max())
        return dict(zip(self.card.kinds, map(float, odds / odds.sum()), strict=True))
