import io

import numpy as np
import pytest
from PIL import Image as Raster

from lennox.image import Image
from lennox.report.overlay import OUTLINE, draw_overlay


def drawn(image, examination):
    return np.asarray(Raster.open(io.BytesIO(draw_overlay(image, examination))))


def test_the_film_keeps_its_pixels_apart_from_the_outlines(image, make):
    film = (image.pixels >> 8).astype(np.uint8)
    plain, marked = drawn(image, make("none")), drawn(image, make("suspected"))
    left = (plain.shape[1] - 60) // 2
    inside = np.s_[:40, left : left + 60]
    np.testing.assert_array_equal(plain[inside][..., 0], film)
    yellow = (marked[inside] == OUTLINE).all(axis=2)
    assert yellow[10, 20:35].mean() > 0.7  # the top edge of the first lesion
    assert not yellow[31:, 40:].any()  # nothing is near that corner
    assert plain.shape[0] > 40  # a legend below


def test_the_original_is_not_touched(image, make):
    before = image.pixels.copy()
    draw_overlay(image, make("suspected"))
    np.testing.assert_array_equal(image.pixels, before)


def test_an_unreleased_model_is_stamped(image, make):
    from lennox.report.overlay import WARNING

    unreleased = make("none")
    released = type(unreleased)(
        unreleased.source, type(unreleased.model)("m", "1", "ab" * 32, "released"), unreleased.operating_point,
        "assessed", (), 0.12,
    )  # fmt: skip
    red = [(drawn(image, one) == WARNING).all(axis=2).mean() for one in (unreleased, released)]
    assert red[0] > 0.05
    assert red[1] == 0


@pytest.mark.parametrize("status", ["not assessable", "unreadable"])
def test_nothing_is_drawn_without_a_result(image, make, status):
    with pytest.raises(ValueError, match="nothing to draw"):
        draw_overlay(image, make(status))


def test_another_film_is_refused(make):
    other = Image.from_array(np.zeros((40, 60), np.uint8))
    with pytest.raises(ValueError, match="another image"):
        draw_overlay(other, make("suspected"))


@pytest.mark.parametrize("shape", [(40, 60), (3000, 20), (20, 3000), (40, 60, 3)])
def test_any_shape_can_be_drawn(shape, make):
    from dataclasses import replace

    film = Image.from_array(np.random.default_rng(0).integers(0, 255, shape, np.uint8))
    one = make("none")
    one = replace(one, source=replace(one.source, sha256=film.sha256, rows=shape[0], columns=shape[1]))
    assert drawn(film, one).shape[1] >= max(shape[1], 480)


def test_a_name_with_accents_is_drawn_without_them_and_not_as_boxes(image, make):
    from dataclasses import replace

    one = make("none")
    named = [
        replace(one, model=replace(one.model, release=f"unreleased: loaded by {who}")) for who in ("Zoë Łis", "Zoe ?is")
    ]
    np.testing.assert_array_equal(drawn(image, named[0]), drawn(image, named[1]))
