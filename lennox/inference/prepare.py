"""An image becomes the tensor that a card asks for. Training and reading both come through here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lennox import _core
from lennox.card import InputContract, Orientation
from lennox.geometry import Placement
from lennox.image import Image
from lennox.inference.photograph import balanced_grey
from lennox.inference.turn import AS_GIVEN, Turn, own_turn, own_turn_by_rank


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

    Colour is reduced to one level first. The rule of each step is in `docs/contributor/kernels.md`.
    orientation : "own" lays the image as `own_turn` says first, "own by rank" as `own_turn_by_rank` does
    """
    return prepare_pixels(grey_pixels(image, contract), contract, orientation)


def grey_pixels(image: Image, contract: InputContract) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """(rows, columns) of an image of any colours, as the contract says."""
    return balanced_grey(image.pixels) if contract.colour == "balanced" and not image.is_grey else image.grey()


def prepare_pixels(
    pixels: NDArray[np.uint8] | NDArray[np.uint16], contract: InputContract, orientation: Orientation | Turn
) -> Prepared:
    """The same of the grey pixels of an image, or of a part of it. orientation : or how to lay it"""
    if isinstance(orientation, str):
        orientation = _turn_of(pixels, orientation)
    turn = orientation
    pixels = np.ascontiguousarray(turn.of(pixels))
    rows, columns = pixels.shape
    placement = Placement.letterbox(rows, columns, contract.rows, contract.columns)
    tensor = np.empty((1, 1, contract.rows, contract.columns), np.float32)
    _core.prepare_into(pixels, tensor[0, 0], placement, contract)
    tensor.flags.writeable = False
    return Prepared(tensor, placement, turn)


def _turn_of(pixels: NDArray[np.uint8] | NDArray[np.uint16], orientation: Orientation) -> Turn:
    if orientation == "own":
        return own_turn(pixels)
    return own_turn_by_rank(pixels) if orientation == "own by rank" else AS_GIVEN
