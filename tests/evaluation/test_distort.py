"""Changes of a film: what they do to pixels and to the shapes drawn on them."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow

from lennox.annotations.shapes import Shape
from lennox.evaluation.distort import DISTORTIONS, blur, compress
from lennox.geometry import Box
from lennox.phantom import draw_film

SHAPE = Shape(Box(10, 20, 30, 60), (np.array([[10, 20], [10, 60], [30, 60], [30, 20]], float),))


@pytest.fixture(scope="module")
def pixels():
    return draw_film(1, rows=96, columns=128).pixels


@pytest.mark.parametrize("name", list(DISTORTIONS))
def test_shapes_follow_the_pixels(pixels, name):
    distortion = DISTORTIONS[name]
    marked = np.zeros((96, 128), np.uint8)
    marked[10:30, 20:60] = 200
    changed = distortion.change(marked)
    moved = distortion.move(SHAPE, (96, 128))
    rows, columns = np.nonzero(changed > changed.max() / 2)
    top, left, bottom, right = moved.box.as_tuple()
    assert abs(rows.min() - top) <= 1
    assert abs(columns.min() - left) <= 1
    assert abs(rows.max() + 1 - bottom) <= 1
    assert abs(columns.max() + 1 - right) <= 1
    assert distortion.change(pixels).dtype in (np.uint8, np.uint16)


@pytest.mark.parametrize("quality", [20, 50, 90])
def test_compression_is_near_that_of_a_real_encoder(pixels, quality):
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    real = np.asarray(Pillow.open(buffer)).astype(float)
    ours = compress(pixels / 255.0, quality) * 255
    assert np.abs(ours - real).mean() < 0.9
    assert np.abs(ours - pixels).mean() == pytest.approx(np.abs(real - pixels).mean(), rel=0.1)


def test_blur_keeps_the_mean_and_lowers_the_detail(pixels):
    levels = pixels / 255.0
    smooth = blur(levels, 2.0)
    assert smooth.mean() == pytest.approx(levels.mean(), abs=0.01)
    assert np.abs(np.diff(smooth)).mean() < np.abs(np.diff(levels)).mean() / 2
