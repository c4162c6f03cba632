"""Held-out films are judged as the model will lay them: the marks stay on what they mark."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs lennox[train]")
from lennox.annotations.shapes import Shape  # noqa: E402
from lennox.card import InputContract  # noqa: E402
from lennox.inference.turn import EIGHT_TURNS  # noqa: E402
from lennox.training.sources import make_canvas  # noqa: E402

pytestmark = pytest.mark.training
CONTRACT = InputContract(0.5, 99.5, 0.0, 8, 127.0, 128.0, 96, 128)


@pytest.mark.parametrize("turn", EIGHT_TURNS)
def test_a_mark_stays_on_what_it_marks_however_the_film_was_given(turn):
    pixels = np.linspace(0, 120, 60 * 90).reshape(60, 90).astype(np.uint8)  # brightest below, then to the right
    pixels[6:14, 20:40] = 255
    given = np.ascontiguousarray(turn.of(pixels))
    mark = Shape.of_mask(given == 255)
    canvas = make_canvas(given, CONTRACT, [mark], None, "own")
    reference = make_canvas(pixels, CONTRACT, [Shape.of_mask(pixels == 255)], None, "own")
    assert np.array_equal(canvas.levels, reference.levels)
    assert np.array_equal(canvas.masks, reference.masks)
    assert canvas.lesions[0] == pytest.approx(reference.lesions[0])
    seen = mark.moved(canvas.from_film)  # where an exam looks for it
    assert seen.centre == pytest.approx(canvas.lesions[0])
    row, column = map(int, seen.centre)
    assert canvas.levels[row, column] == 255
    assert canvas.masks[0][row, column] == 255
