"""An image becomes the tensor that a card asks for. Training and reading both come through here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lennox import _core
from lennox.card import InputContract
from lennox.geometry import Placement
from lennox.image import Image


@dataclass(frozen=True, slots=True)
class Prepared:
    """A network's input, and where the image lies on it.

    tensor : (1, 1, rows, columns) float32, read-only
    """

    tensor: NDArray[np.float32]
    placement: Placement


def prepare(image: Image, contract: InputContract) -> Prepared:
    """Window, equalise, resize and normalise an image in one pass, letterboxed on the canvas of `contract`.

    Colour is reduced to its brightness first. The rule of each step is in `docs/kernels.md`.
    """
    pixels = image.grey()
    rows, columns = pixels.shape
    placement = Placement.letterbox(rows, columns, contract.rows, contract.columns)
    tensor = np.empty((1, 1, contract.rows, contract.columns), np.float32)
    _core.prepare_into(pixels, tensor[0, 0], placement, contract)
    tensor.flags.writeable = False
    return Prepared(tensor, placement)
