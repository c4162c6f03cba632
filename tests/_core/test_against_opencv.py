"""The reference follows OpenCV's rules: tile equalisation with its padding, and both ways of resizing."""

import numpy as np
import pytest
from intensity import levels_of

from lennox import _core
from lennox._core import reference

cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed")

FITTING = [(1024, 1024), (64, 128), (8, 8)]
NOT_FITTING = [(1023, 1001), (600, 500), (512, 501), (130, 64), (65, 9), (7, 3), (1, 9), (1, 1)]
ROUNDING = 1.0  # OpenCV rounds its tables and its result to whole levels, half a level each


def opencv_equalise(levels, clip_limit, tiles):
    return cv2.createCLAHE(clip_limit, (tiles, tiles)).apply(levels)


@pytest.mark.parametrize("tiles", [8, 3])
@pytest.mark.parametrize("clip_limit", [1.0, 2.0, 40.0])
@pytest.mark.parametrize("size", FITTING + NOT_FITTING)
def test_equalisation(film, size, clip_limit, tiles):
    pixels = film(*size)
    ours = reference.equalise(pixels, np.arange(256.0), clip_limit, tiles)
    assert np.abs(ours - opencv_equalise(pixels, clip_limit, tiles)).max() <= ROUNDING + 1e-3


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", FITTING + NOT_FITTING)
def test_the_kernel_behind_its_window(film, size, dtype):
    """The whole way without resizing. A 16-bit film is compared through its 8-bit copy, which has the same curves."""
    pixels = film(*size, dtype)
    eight = reference.nearest_grey(pixels).astype(np.uint8)
    table = reference.window_levels(np.arange(256), *reference.window(pixels, 1.0, 99.0))
    theirs = opencv_equalise(cv2.LUT(eight, np.floor(table + 0.5).astype(np.uint8)), 2.0, 8)
    settings = {"low_percentile": 1.0, "high_percentile": 99.0, "clip_limit": 2.0, "tiles": 8}
    same_pixels = eight if dtype == np.uint8 else eight.astype(np.uint16) * 257
    ours = levels_of(_core, same_pixels, *size, **settings)
    assert np.abs(ours - theirs.reshape(size)).max() <= 1.5


@pytest.mark.parametrize(
    ("size", "wanted", "interpolation"),
    [
        ((64, 96), (32, 48), "INTER_AREA"),
        ((101, 77), (64, 31), "INTER_AREA"),
        ((40, 50), (40, 50), "INTER_AREA"),
        ((33, 20), (64, 90), "INTER_LINEAR"),
    ],
)
def test_resizing(film, size, wanted, interpolation):
    pixels = film(*size)
    settings = {"low_percentile": 0.0, "high_percentile": 100.0, "clip_limit": 0.0, "tiles": 1}
    levels = reference.window_levels(pixels, *reference.window(pixels, 0.0, 100.0))
    theirs = cv2.resize(levels, wanted[::-1], interpolation=getattr(cv2, interpolation))
    assert np.abs(levels_of(_core, pixels, *wanted, **settings) - theirs).max() <= 1e-2
