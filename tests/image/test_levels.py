"""How deep samples are, and how they spread over the full range."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from lennox.errors import ImageError
from lennox.image.levels import from_float, from_wide, full_range, one_channel, over_black, real_depth, signed_depth


@pytest.mark.parametrize(
    ("highest", "bits"), [(0, 16), (1, 8), (255, 8), (256, 10), (1023, 10), (4095, 12), (4096, 14), (16384, 16)]
)
def test_depth_by_hand(highest, bits):
    assert real_depth(highest) == bits


@pytest.mark.parametrize(
    ("lowest", "highest", "bits"),
    [(0, 0, 16), (-1, 0, 8), (-128, 127, 8), (-129, 0, 10), (-2048, 2047, 12), (-1, 2048, 14)],
)  # fmt: skip
def test_signed_depth_by_hand(lowest, highest, bits):
    assert signed_depth(lowest, highest) == bits


@given(arrays(np.uint16, array_shapes(min_dims=2, max_dims=2, max_side=8), elements=st.integers(0, 65535)))
def test_samples_keep_their_order_and_use_the_range(samples):
    spread, bits = full_range(samples.copy())
    white = np.iinfo(spread.dtype).max
    assert spread.shape == samples.shape
    order = np.argsort(samples, axis=None, kind="stable")
    assert (np.diff(spread.ravel()[order].astype(int)) >= 0).all()
    assert spread.max() <= white
    if samples.max() >= 64:
        assert spread.max() > 0.24 * white  # never turned black
    if samples.max() < 65535:
        np.testing.assert_allclose(spread / white, samples / ((1 << bits) - 1), atol=1 / 4095 if bits < 16 else 0)


@given(st.integers(8, 16), st.data())
def test_a_stated_depth_maps_its_white_to_white(bits, data):
    top = (1 << bits) - 1
    samples = np.array([[0, data.draw(st.integers(0, top)), top]], np.uint16)
    spread, depth = full_range(samples.copy(), bits)
    white = np.iinfo(spread.dtype).max
    assert depth == bits
    assert spread[0, 0] == 0
    assert spread[0, 2] == white
    assert abs(float(spread[0, 1]) - float(samples[0, 1]) * white / top) <= 1.0


def test_a_sample_above_its_stated_depth_is_refused():
    with pytest.raises(ValueError, match="needs more than 12 bits"):
        full_range(np.array([[4096]], np.uint16), 12)
    with pytest.raises(ValueError, match="8 to 16 bits"):
        full_range(np.array([[1]], np.uint16), 7)


def test_wide_and_floating_samples():
    np.testing.assert_array_equal(from_wide(np.array([[0, 255]], np.int32))[0], [[0, 255]])
    np.testing.assert_array_equal(from_wide(np.array([[-2048, 2047]], np.int32))[0], [[0, 65535]])
    np.testing.assert_array_equal(from_float(np.array([[0, 1]], np.float32)), [[0, 65535]])
    np.testing.assert_array_equal(from_float(np.array([[0, 4095]], np.float32)), [[0, 65535]])
    for wrong in ([[0, np.nan]], [[np.inf, 0]], [[-np.inf, 0]], [[-0.1, 1]], [[0, 70000]]):
        with pytest.raises(ImageError):
            from_float(np.array(wrong, np.float32))
    for wrong in ([[0, 65536]], [[-1, 40000]], [[-32769, 0]]):
        with pytest.raises(ImageError):
            from_wide(np.array(wrong, np.int32))


def test_over_black_by_hand():
    samples, alpha = np.array([[200, 200, 7]], np.uint8), np.array([[255, 0, 128]], np.uint8)
    np.testing.assert_array_equal(over_black(samples, alpha), [[200, 0, 4]])


def test_one_channel_by_hand():
    grey = np.array([[1, 2], [3, 250]], np.uint8)
    colour = np.stack([grey] * 3, -1)
    np.testing.assert_array_equal(one_channel(colour), grey)
    colour[1, 1, 2] = 247
    assert one_channel(colour) is colour
    deep = np.stack([grey.astype(np.uint16)] * 3, -1)
    deep[0, 0, 0] += 1
    assert one_channel(deep) is deep  # 16 bits are not rounded by anything
