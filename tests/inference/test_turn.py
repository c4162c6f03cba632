"""The eight turns and mirrorings of an image become one array, and what is found on it is laid back."""

import numpy as np
import pytest

from lennox.geometry import Placement
from lennox.inference.turn import EIGHT_TURNS, own_turn


@pytest.mark.parametrize("shape", [(7, 12), (12, 7), (9, 9), (1, 5)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_all_eight_become_the_same_array(shape, dtype):
    random = np.random.default_rng(shape[0])
    pixels = random.integers(0, np.iinfo(dtype).max, shape, dtype)
    own = own_turn(pixels).of(pixels)
    for turn in EIGHT_TURNS:
        turned = turn.of(pixels)
        assert np.array_equal(own_turn(turned).of(turned), own)


def test_the_eight_are_eight():
    pixels = np.arange(6).reshape(2, 3)
    assert len({(turn.of(pixels).shape, turn.of(pixels).tobytes()) for turn in EIGHT_TURNS}) == 8


@pytest.mark.parametrize("turn", EIGHT_TURNS)
def test_laid_back_is_as_it_was(turn):
    values = np.arange(2 * 3 * 5).reshape(2, 3, 5)
    assert np.array_equal(turn.back(turn.of(values)), values)


@pytest.mark.parametrize("turn", EIGHT_TURNS)
def test_the_placement_follows_the_image(turn):
    turned = turn.of(np.zeros((30, 41)))
    laid = Placement.letterbox(*turned.shape, 64, 48)  # a canvas that is not square, and odd margins
    canvas = np.zeros((64, 48))
    canvas[laid.top : laid.top + laid.height, laid.left : laid.left + laid.width] = 1.0
    back = turn.placement_back(laid)
    assert (back.rows, back.columns) == (30, 41)
    seen = turn.back(canvas)
    assert (back.canvas_rows, back.canvas_columns) == seen.shape
    assert seen[back.top : back.top + back.height, back.left : back.left + back.width].all()
    assert seen.sum() == back.height * back.width
