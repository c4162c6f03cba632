import io

import numpy as np
import pytest
from PIL import Image as Raster

from lennox.geometry import Box
from lennox.image import Image
from lennox.inference.findings import Finding
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


@pytest.mark.parametrize("side", [600, 1200, 3000])
def test_lines_and_numbers_grow_with_the_film(side, make):
    """An overlay is seen as large as the screen: a line of one pixel on a film of 3000 would be a hair."""
    from dataclasses import replace

    film = Image.from_array(np.full((side, side), 90, np.uint8))
    one = make("suspected")
    box = Box(0.4 * side, 0.3 * side, 0.6 * side, 0.7 * side)
    outline = ((box.top, box.left), (box.top, box.right), (box.bottom, box.right), (box.bottom, box.left))
    lesion = Finding("caries", 0.83, box, (0.5 * side, 0.5 * side), outline, 0.08 * side**2, None)
    one = replace(one, source=replace(one.source, sha256=film.sha256, rows=side, columns=side), findings=(lesion,))
    yellow = (drawn(film, one)[:side, :side] == OUTLINE).all(axis=2)
    across_the_left_edge = yellow[side // 2, : side // 2]
    assert across_the_left_edge.sum() == pytest.approx(side / 300, abs=1)
    rows = np.flatnonzero(yellow[:, round(0.705 * side) :].any(axis=1))  # the number, right of its box
    assert 0.6 * side / 30 <= len(rows) <= 1.2 * side / 30


def test_a_drawn_copy_says_that_it_is_no_film(image, make):
    assert Raster.open(io.BytesIO(draw_overlay(image, make("suspected")))).text == {"lennox": "overlay"}


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
