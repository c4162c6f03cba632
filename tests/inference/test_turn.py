"""The eight turns and mirrorings of an image become one array, and what is found on it is laid back."""

import numpy as np
import pytest

from lennox.geometry import Placement
from lennox.inference.turn import EIGHT_TURNS, Turn, own_turn, own_turn_by_rank
from lennox.phantom import draw_film


@pytest.mark.parametrize("shape", [(7, 12), (12, 7), (9, 9), (1, 5)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("rule", [own_turn, own_turn_by_rank])
def test_all_eight_become_the_same_array(shape, dtype, rule):
    random = np.random.default_rng(shape[0])
    pixels = random.integers(0, np.iinfo(dtype).max, shape, dtype)
    own = rule(pixels).of(pixels)
    for turn in EIGHT_TURNS:
        turned = turn.of(pixels)
        assert np.array_equal(rule(turned).of(turned), own)


def test_exposure_and_a_border_hardly_turn_a_film_that_is_laid_by_rank():
    films = [draw_film(seed, rows=240, columns=320).pixels for seed in range(30)]
    changes = (
        lambda pixels: np.round(255.0 * (pixels / 255.0) ** 0.6).astype(np.uint8),
        lambda pixels: np.pad(pixels, ((40, 0), (0, 0))),
        lambda pixels: np.pad(pixels, ((0, 0), (40, 0)), constant_values=255),
    )

    def laid_another_way(rule):
        return sum(rule(change(pixels)) != rule(pixels) for pixels in films for change in changes)

    by_level, by_rank = laid_another_way(own_turn), laid_another_way(own_turn_by_rank)
    assert by_level > 20
    assert by_rank < by_level / 3


def test_a_film_of_more_rows_than_a_block_is_ranked_as_a_whole():
    pixels = np.zeros((1000, 3), np.uint8)
    pixels[:600, 0], pixels[600:, 0] = 200, 199  # the upper half is brighter by a level only
    assert own_turn_by_rank(pixels).reverse_rows


def test_a_blank_image_is_laid_as_it_is():
    assert own_turn_by_rank(np.zeros((5, 7), np.uint8)) == Turn()


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
