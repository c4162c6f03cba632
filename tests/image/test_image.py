"""The noun: valid or absent, read-only, full range."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lennox.image import Image, Modality

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4)


def test_an_array_becomes_an_image():
    image = Image.from_array(GREY, name="film", spacing_mm=(0.02, 0.02))
    np.testing.assert_array_equal(image.pixels, GREY)
    assert (image.rows, image.columns, image.bits, image.name) == (3, 4, 8, "film")
    assert image.modality is Modality.UNKNOWN
    assert len(image.sha256) == 64
    assert image.grey() is image.pixels


def test_arrays_of_12_bits_are_spread_by_what_is_said_or_by_their_range():
    film = np.array([[0, 1000, 4095]], np.uint16)
    for bits in (None, 12):
        image = Image.from_array(film, bits=bits)
        assert image.bits == 12
        np.testing.assert_array_equal(image.pixels, [[0, 1000 << 4 | 1000 >> 8, 65535]])
    np.testing.assert_array_equal(Image.from_array(film, bits=16).pixels, film)
    np.testing.assert_array_equal(film, [[0, 1000, 4095]])  # the caller's array is as it was


def test_pixels_are_read_only_and_the_callers_array_is_not():
    pixels = GREY.copy()
    image = Image(pixels, 8)
    with pytest.raises(ValueError, match="read-only"):
        image.pixels[0, 0] = 1
    pixels[0, 0] = 9
    assert pixels.flags.writeable
    assert Image.from_array(np.asfortranarray(GREY)).pixels.flags.c_contiguous


def test_equal_channels_are_held_as_one():
    colour = np.stack([GREY] * 3, -1)
    assert Image.from_array(colour).is_grey
    colour[0, 0] = (0, 9, 0)
    assert not Image.from_array(colour).is_grey


@pytest.mark.parametrize(
    ("pixels", "bits", "match"),
    [
        (np.zeros(3, np.uint8), 8, "must be"),
        (np.zeros((3, 3, 4), np.uint8), 8, "must be"),
        (np.zeros((0, 3), np.uint8), 8, "not empty"),
        (np.zeros((3, 3), np.float32), 8, "uint8 or uint16"),
        (np.zeros((3, 3), np.int16), 8, "uint8 or uint16"),
        (np.zeros((3, 3), np.uint8), 0, "bits"),
        (np.zeros((3, 3), np.uint8), 17, "bits"),
    ],
)
def test_what_is_no_image_is_refused(pixels, bits, match):
    with pytest.raises(ValueError, match=match):
        Image(pixels, bits)


@pytest.mark.parametrize("spacing", [(0, 1), (0.1, -1), (float("nan"), 1), (1, float("inf"))])
def test_spacing_that_cannot_be_is_refused(spacing):
    with pytest.raises(ValueError, match="spacing"):
        Image(GREY, 8, spacing_mm=spacing)


def test_arrays_that_are_no_image_are_refused():
    with pytest.raises(ValueError, match="uint8 or uint16"):
        Image.from_array(GREY.astype(float))
    with pytest.raises(ValueError, match="12 bits"):
        Image.from_array(np.array([[5000]], np.uint16), bits=12)
    with pytest.raises(ValueError, match="8 bits"):
        Image.from_array(GREY, bits=12)


def test_an_image_survives_pickling_read_only():
    image = Image(GREY, 8, Modality.INTRAORAL, "film.dcm", "ab" * 32, (0.02, 0.03))
    again = pickle.loads(pickle.dumps(image))
    np.testing.assert_array_equal(again.pixels, GREY)
    assert (again.modality, again.name, again.sha256, again.spacing_mm) == (
        image.modality, image.name, image.sha256, image.spacing_mm,
    )  # fmt: skip
    assert not again.pixels.flags.writeable


@given(arrays(np.uint16, (7, 5), elements=st.integers(0, 65535)), st.booleans())
def test_luma_of_a_grey_pixel_is_its_level(grey, shallow):
    grey = (grey >> 8).astype(np.uint8) if shallow else grey
    colour = np.stack([grey] * 3, -1)
    np.testing.assert_array_equal(Image(colour, 8 * grey.itemsize).grey(), grey)


def test_luma_by_hand():
    colour = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    np.testing.assert_array_equal(Image(colour, 8).grey(), [[76, 150, 29]])
    deep = colour.astype(np.uint16) * 257
    np.testing.assert_array_equal(Image(deep, 16).grey(), [[19595, 38469, 7471]])
