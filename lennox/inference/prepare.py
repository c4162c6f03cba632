"""An image becomes the tensor that a card asks for. Training and reading both come through here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lennox import _core
from lennox.card import InputContract, Orientation
from lennox.geometry import Placement
from lennox.image import Image
from lennox.inference.turn import AS_GIVEN, Turn, own_turn


@dataclass(frozen=True, slots=True)
class Prepared:
    """A network's input, and where the image lies on it.

    tensor : (1, 1, rows, columns) float32, read-only
    placement : of the image as it was laid
    turn : how it was laid
    """

    tensor: NDArray[np.float32]
    placement: Placement
    turn: Turn = AS_GIVEN


def prepare(image: Image, contract: InputContract, orientation: Orientation = "as given") -> Prepared:
    """Window, equalise, resize and normalise an image in one pass, letterboxed on the canvas of `contract`.

    Colour is reduced to its brightness first. The rule of each step is in `docs/contributor/kernels.md`.
    orientation : "own" lays the image as `own_turn` says first
    """
    return prepare_laid(image, contract, own_turn(image.grey()) if orientation == "own" else AS_GIVEN)


def prepare_laid(image: Image, contract: InputContract, turn: Turn) -> Prepared:
    """The same of an image that is laid as `turn` says."""
    pixels = image.grey()
    pixels = np.ascontiguousarray(turn.of(pixels))
    rows, columns = pixels.shape
    placement = Placement.letterbox(rows, columns, contract.rows, contract.columns)
    tensor = np.empty((1, 1, contract.rows, contract.columns), np.float32)
    _core.prepare_into(pixels, tensor[0, 0], placement, contract)
    tensor.flags.writeable = False
    return Prepared(tensor, placement, turn)
