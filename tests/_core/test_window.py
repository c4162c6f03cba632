"""Film to levels: by hand on both implementations, at random against each other, and at the edge."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from intensity import fill, levels_of

from lennox import _core
from lennox._core import IntensitySettings, reference
from lennox.geometry import Placement

PLAIN = {"low_percentile": 0.0, "high_percentile": 100.0, "clip_limit": 0.0, "tiles": 1}
USUAL = {"low_percentile": 1.0, "high_percentile": 99.0, "clip_limit": 2.0, "tiles": 8}
NORMALISED = {**PLAIN, "mean": 0.0, "std": 1.0}
FIXED_POINT = 0.02  # levels: what rounding tones and shares to integers may cost


def grey(*values, dtype=np.uint8):
    return np.array(values, dtype) * dtype(1 if dtype == np.uint8 else 257)


# By hand


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_window_is_a_straight_line_between_the_percentiles(core, dtype):
    pixels = grey([10, 20], [30, 40], dtype=dtype)
    levels = levels_of(core, pixels, 2, 2, **PLAIN)
    assert levels.dtype == np.float32
    np.testing.assert_allclose(levels, [[0, 85], [170, 255]], atol=1e-3)


@pytest.mark.parametrize(
    ("high", "expected"), [(50.0, [0, 255, 255]), (200 / 3, [0, 170, 255]), (100.0, [0, 127.5, 255])]
)
def test_percentiles_lie_between_grey_values(core, high, expected):
    """Of 10, 20, 30 half a pixel each lies below its value: the median is 20, two thirds are reached at 25."""
    levels = levels_of(core, grey([10, 20, 30]), 1, 3, **{**PLAIN, "high_percentile": high})
    np.testing.assert_allclose(levels, [expected], atol=1e-3)


def test_black_and_white_do_not_shape_the_window(core):
    levels = levels_of(core, grey([0, 3, 10, 20, 252, 255]), 1, 6, **PLAIN)
    np.testing.assert_allclose(levels, [[0, 0, 0, 255, 255, 255]], atol=1e-3)


def test_black_and_white_shape_the_window_of_a_film_of_little_else(core):
    pixels = np.zeros((1, 201), np.uint8)
    pixels[0, 0] = 128  # less than 1 % of the film
    np.testing.assert_allclose(levels_of(core, pixels, 1, 201, **PLAIN)[0, :2], [255, 0], atol=1e-3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("value", [0, 100, 255])
def test_a_film_of_one_grey_value_is_left_as_it_is(core, value, dtype):
    pixels = np.full((5, 7), value * (np.iinfo(dtype).max // 255), dtype)
    np.testing.assert_allclose(levels_of(core, pixels, 5, 7, **PLAIN), value, atol=1e-3)


def test_equalisation_of_one_flat_tile(core):
    """256 pixels of grey value 100 and a limit of 2 a level: 254 are cut off and go to levels 0..253, one each.

    Up to level 100 that makes 101 + 2 of 256.
    """
    pixels = np.full((16, 16), 100, np.uint8)
    levels = levels_of(core, pixels, 16, 16, **{**PLAIN, "clip_limit": 2.0})
    np.testing.assert_allclose(levels, 103 * 255 / 256, atol=FIXED_POINT)


def test_equalisation_goes_straight_from_tile_centre_to_tile_centre(core):
    """Upper tiles {50, 100} and {100, 150}; without a limit a curve is the share of pixels that are not brighter.

    OpenCV has the centres of these tiles at columns 1 and 3, so column 2 lies halfway.
    """
    pixels = grey([50, 100, 100, 150], [100, 100, 100, 100])
    levels = levels_of(core, pixels, 2, 4, **{**PLAIN, "clip_limit": 1000.0, "tiles": 2})
    of_left, of_right = 255.0, 127.5  # grey value 100: the brightest of its tile, or the darker half
    np.testing.assert_allclose(levels[0], [127.5, of_left, (of_left + of_right) / 2, 255.0], atol=FIXED_POINT)


def test_shrinking_takes_the_mean_and_enlarging_a_straight_line(core):
    pixels = grey([10, 20], [30, 40])  # levels 0, 85, 170, 255
    np.testing.assert_allclose(levels_of(core, pixels, 1, 1, **PLAIN), [[127.5]], atol=1e-3)
    wide = levels_of(core, pixels, 1, 4, **PLAIN)
    np.testing.assert_allclose(wide, [[85, 85 + 85 / 4, 85 + 85 * 3 / 4, 170]], atol=1e-3)


def test_shrinking_by_a_fraction_shares_the_pixel_on_the_border(core):
    levels = levels_of(core, grey([10, 20, 40]), 1, 2, **PLAIN)  # levels 0, 85, 255
    np.testing.assert_allclose(levels, [[(0 + 85 / 2) / 1.5, (85 / 2 + 255) / 1.5]], atol=1e-3)


def test_the_canvas_around_the_film_is_level_0_and_everything_is_normalised(core):
    out = np.full((4, 5), np.nan, np.float32)
    placement = Placement(2, 2, 4, 5, top=1, left=2, height=2, width=2)
    core.prepare_into(grey([10, 20], [30, 40]), out, placement, IntensitySettings(**PLAIN, mean=85.0, std=85.0))
    expected = np.full((4, 5), -1.0)
    expected[1:3, 2:4] = [[-1, 0], [1, 2]]
    np.testing.assert_allclose(out, expected, atol=1e-4)


# At random


@st.composite
def films(draw):
    rows, columns = draw(st.integers(1, 70)), draw(st.integers(1, 70))
    dtype = draw(st.sampled_from([np.uint8, np.uint16]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    low, high = sorted(rng.integers(0, np.iinfo(dtype).max + 1, 2))
    pixels = rng.integers(low, high + 1, (rows, columns)).astype(dtype)
    return np.sort(pixels, axis=1) if draw(st.booleans()) else pixels


@given(
    films(), st.integers(1, 90), st.integers(1, 90), st.sampled_from([0.0, 0.5, 2.0, 40.0]), st.integers(1, 9),
    st.floats(0, 40), st.floats(60, 100),
)  # fmt: skip
def test_every_variant_equals_the_reference(pixels, height, width, clip_limit, tiles, low, high):
    settings = {"low_percentile": low, "high_percentile": high, "clip_limit": clip_limit, "tiles": tiles}
    expected = levels_of(reference, pixels, height, width, **settings)
    for variant in range(len(_core.variants())):
        levels = np.empty((height, width), np.float32)
        _core._window.prepare(
            pixels, levels, 0, 0, height, width, low, high, clip_limit, tiles, 0.0, 1.0, variant
        )  # fmt: skip
        np.testing.assert_allclose(levels, expected, atol=FIXED_POINT, err_msg=_core.variants()[variant])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("rows", "columns", "height", "width"),
    [
        (1023, 1001, 512, 501),
        (600, 500, 768, 640),
        (301, 1600, 300, 97),
        (1, 900, 3, 512),
        (7, 5, 64, 64),
        (130, 2, 9, 8),
    ],
)
def test_odd_sizes_equal_the_reference(film, dtype, rows, columns, height, width):
    pixels = film(rows, columns, dtype)
    expected = levels_of(reference, pixels, height, width, **USUAL)
    assert np.abs(levels_of(_core, pixels, height, width, **USUAL) - expected).max() <= FIXED_POINT


@pytest.mark.parametrize("clip_limit", [0.0, 2.0])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_all_variants_give_the_same_bits(film, monkeypatch, dtype, clip_limit):
    pixels = film(333, 517, dtype)
    results = []
    for number, _ in enumerate(_core.variants()):
        monkeypatch.setattr(_core, "_variant", number)
        results += [
            levels_of(_core, pixels, *size, **{**USUAL, "clip_limit": clip_limit})
            for size in [(256, 397), (333, 517), (400, 600)]
        ]
    for first, other in zip(results[:3] * (len(results) // 3), results, strict=True):
        np.testing.assert_array_equal(first, other)


def test_nearest_grey_values_of_all_16_bit_pixels():
    """Division by 257 in all its forms, over every pixel value: each mistake would show as a step in the curve."""
    pixels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    settings = {**PLAIN, "clip_limit": 1e6}
    np.testing.assert_allclose(
        levels_of(_core, pixels, 256, 256, **settings),
        levels_of(reference, pixels, 256, 256, **settings),
        atol=FIXED_POINT,
    )


# One film in several encodings


@pytest.fixture(scope="module")
def encodings(film):
    """One 8-bit film: as it is, in 16 bits, and in 12 bits scaled to 16."""
    pixels = film(403, 511)
    twelve = np.rint(pixels * (4095 / 255))
    return pixels, pixels.astype(np.uint16) * 257, np.rint(twelve * (65535 / 4095)).astype(np.uint16)


@pytest.mark.parametrize("clip_limit", [0.0, 2.0])
def test_encodings_of_one_film_give_the_same_levels(core, encodings, clip_limit):
    eight, sixteen, twelve = (
        levels_of(core, pixels, 202, 256, **{**USUAL, "clip_limit": clip_limit}) for pixels in encodings
    )
    assert np.abs(sixteen - eight).max() <= 0.01
    assert np.abs(twelve - eight).max() <= 0.15  # rounding to 12 bits itself moves a grey value by up to 1/32


@pytest.mark.parametrize("clip_limit", [0.0, 2.0])
def test_a_16_bit_film_and_its_8_bit_copy_differ_by_rounding_only(film, clip_limit):
    sixteen = film(403, 511, np.uint16)
    eight = np.floor(sixteen / 257 + 0.5).astype(np.uint8)
    settings = {**USUAL, "clip_limit": clip_limit}
    difference = levels_of(_core, sixteen, 202, 256, **settings)
    difference -= levels_of(_core, eight, 202, 256, **settings)
    assert np.abs(difference).mean() <= 0.3


# At the edge


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (7, 8), (8, 7)])
@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
def test_tiny_and_flat_films_have_finite_levels(core, shape, value, dtype):
    pixels = np.full(shape, value * np.iinfo(dtype).max, dtype)
    levels = levels_of(core, pixels, 32, 32, **USUAL)
    assert np.isfinite(levels).all()
    assert levels.min() >= 0.0
    assert levels.max() <= 255.001


def test_inputs_may_be_read_only_and_are_not_written(film, every_variant):
    pixels = film(65, 77)
    before = pixels.copy()
    pixels.flags.writeable = False
    levels_of(_core, pixels, 40, 50, **USUAL)
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize(
    ("pixels", "error", "message"),
    [
        (np.zeros((4, 4), np.float32), TypeError, "uint8 or uint16, got 2 axes of float32"),
        (np.zeros((4, 4), ">u2"), TypeError, "got 2 axes of >u2"),
        (np.zeros((4, 4, 3), np.uint8), TypeError, "got 3 axes"),
        ([[1, 2]], TypeError, "got list"),
        (np.zeros((0, 4), np.uint8), ValueError, "1 to 2147483647"),
        (np.zeros((4, 8), np.uint8)[:, ::2], ValueError, "contiguous"),
    ],
)
def test_pixels_of_another_kind_are_refused(pixels, error, message):
    out = np.zeros((2, 2), np.float32)
    with pytest.raises(error, match=message):
        _core.prepare_into(pixels, out, fill(4, 4, 2, 2), IntensitySettings(**NORMALISED))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"low_percentile": 50.0, "high_percentile": 50.0}, "percentiles"),
        ({"low_percentile": -1.0}, "percentiles"),
        ({"high_percentile": float("nan")}, "high_percentile"),
        ({"clip_limit": -1.0}, "clip_limit"),
        ({"clip_limit": float("inf")}, "clip_limit"),
        ({"tiles": 0}, "tiles"),
        ({"tiles": 33}, "tiles"),
        ({"mean": float("nan")}, "mean"),
        ({"std": 0.0}, "std"),
        ({"std": float("inf")}, "std must be finite"),
    ],
)
def test_settings_out_of_range_do_not_exist(wrong, message):
    with pytest.raises(ValueError, match=message):
        IntensitySettings(**NORMALISED | wrong)


@pytest.mark.parametrize("wrong", [{"tiles": 8.0}, {"tiles": True}, {"mean": "0"}, {"std": None}])
def test_settings_of_another_type_do_not_exist(wrong):
    with pytest.raises(TypeError, match=f"{next(iter(wrong))} must be a"):
        IntensitySettings(**NORMALISED | wrong)


@pytest.mark.parametrize(
    ("pixels", "canvas"), [((2, 3), (4, 4)), ((2, 2), (4, 5)), ((1, 1), (4, 4))], ids=["image", "canvas", "smaller"]
)
def test_arrays_of_another_size_than_the_placement_says_are_refused(pixels, canvas):
    placement = Placement(2, 2, 4, 4, 0, 0, 4, 4)
    with pytest.raises(ValueError, match="not what the placement says"):
        _core.prepare_into(
            np.zeros(pixels, np.uint8), np.zeros(canvas, np.float32), placement, IntensitySettings(**NORMALISED)
        )


def test_a_canvas_that_cannot_be_written_is_refused():
    placement, settings = Placement(1, 2, 4, 4, 0, 0, 4, 4), IntensitySettings(**NORMALISED)
    out = np.zeros((4, 4), np.float32)
    out.flags.writeable = False
    with pytest.raises(ValueError, match="writable"):
        _core.prepare_into(grey([1, 2]), out, placement, settings)
    with pytest.raises(TypeError, match="out must be"):
        _core.prepare_into(grey([1, 2]), np.zeros((4, 4)), placement, settings)


def test_arrays_that_are_not_aligned_are_refused():
    """A float at an odd address is undefined behaviour in C, though most processors read it."""
    settings = IntensitySettings(**NORMALISED)
    odd = np.zeros(4 * 16 + 1, np.uint8)[1:].view(np.float32).reshape(4, 4)
    with pytest.raises(ValueError, match="out must be contiguous and aligned"):
        _core.prepare_into(grey([1, 2]), odd, Placement(1, 2, 4, 4, 0, 0, 4, 4), settings)
    pixels = np.zeros(2 * 4 + 1, np.uint8)[1:].view(np.uint16).reshape(2, 2)
    with pytest.raises(ValueError, match="pixels must be contiguous and aligned"):
        _core.prepare_into(pixels, np.zeros((4, 4), np.float32), fill(2, 2, 4, 4), settings)
