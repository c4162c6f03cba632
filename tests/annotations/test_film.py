"""Marks are brought to the pixels of the file, or refused where they cannot be the file's."""

from pathlib import Path

import pytest

from lennox.annotations.film import Film
from lennox.annotations.matching import Truth
from lennox.annotations.shapes import Shape
from lennox.errors import InputError
from lennox.geometry import Box


def film(rows, columns, box=(10, 20, 30, 60)):
    return Film(Path("f.png"), "f", rows, columns, Truth(True, (Shape(Box(*box)),)), (("root", Shape(Box(*box))),))


def test_marks_are_scaled_with_the_image():
    moved = film(100, 200).on_image(200, 400)
    assert moved.truth.lesions[0].box == moved.others[0][1].box == Box(20, 40, 60, 120)
    assert (moved.rows, moved.columns) == (200, 400)


def test_a_film_that_says_no_size_counts_the_files_pixels():
    assert film(None, None).on_image(100, 200).truth.lesions[0].box == Box(10, 20, 30, 60)


def test_rounding_by_a_pixel_is_no_stretching():
    film(100, 199).on_image(50, 100)


@pytest.mark.parametrize("size", [(200, 100), (100, 100), (100, 220)])
def test_a_size_that_cannot_be_the_files_is_refused(size):
    with pytest.raises(InputError, match="marks would be stretched"):
        film(100, 200).on_image(*size)


@pytest.mark.parametrize("box", [(10, 150, 30, 215), (-8, 20, 30, 40), (10, -13, 30, 20), (80, 150, 108, 190)])
def test_a_mark_that_reaches_far_beyond_the_edge_is_refused(box):  # as corners taken for a width and height do
    with pytest.raises(InputError, match="reaches outside the image"):
        film(100, 200, box).on_image(100, 200)


def test_a_mark_may_be_drawn_a_little_beyond_the_edge():
    assert film(100, 200, (-3, 150, 103, 205)).on_image(100, 200).truth.lesions


def test_a_mark_beside_the_image_is_refused():
    with pytest.raises(InputError, match="reaches outside the image, around row 20, column 240"):
        film(100, 200, (10, 230, 30, 250)).on_image(100, 200)
