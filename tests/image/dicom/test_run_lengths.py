"""Run lengths, by hand and at random."""

import contextlib
import struct

import numpy as np
import pytest
from film_files import RLE, data_set, write_dicom
from hypothesis import given
from hypothesis import strategies as st

from lennox.image import read_image
from lennox.image.dicom.run_lengths import unpack_frame


def unpack(frame, shape, itemsize):
    return unpack_frame(frame, *shape, itemsize).transpose(1, 2, 0)


def framed(*segments):
    starts = [64 + sum(len(segment) for segment in segments[:which]) for which in range(len(segments))]
    return struct.pack("<16L", len(segments), *starts, *[0] * (15 - len(segments))) + b"".join(segments)


def test_by_hand():
    """Three bytes as they are, one byte four times, a byte that does nothing, one byte as it is."""
    frame = framed(bytes([2, 10, 20, 30, 253, 7, 128, 0, 99]))
    np.testing.assert_array_equal(unpack(frame, (2, 4, 1), 1)[..., 0], [[10, 20, 30, 7], [7, 7, 7, 99]])


def test_runs_may_go_on_in_the_next_row_and_beyond_the_last_pixel():
    np.testing.assert_array_equal(unpack(framed(bytes([250, 7, 127, *range(10), *bytes(118)])), (3, 4, 1), 1)[..., 0],
                                  [[7, 7, 7, 7], [7, 7, 7, 0], [1, 2, 3, 4]])  # fmt: skip


def test_the_high_byte_comes_first():
    frame = framed(bytes([1, 0x12, 0xAB]), bytes([1, 0x34, 0xCD]))
    np.testing.assert_array_equal(unpack(frame, (1, 2, 1), 2)[..., 0], [[0x1234, 0xABCD]])


def test_samples_come_one_after_the_other():
    frame = framed(bytes([255, 1]), bytes([255, 2]), bytes([1, 3, 4]))
    np.testing.assert_array_equal(unpack(frame, (1, 2, 3), 1), [[[1, 2, 3], [1, 2, 4]]])


@pytest.mark.parametrize(
    ("frame", "word"),
    [(b"", "no header"), (framed(b"\0\1", b"\0\1"), "2 segments found, 1 wanted"), (framed(b"\0\1"), "fewer than 8"),
     (framed(b"\x05\1\2"), "fewer than 8"), (framed(b""), "fewer than 8"),
     (framed(b"\x80" * 100), "fewer than 8"), (framed(bytes(4000)), "at most"),
     (struct.pack("<16L", 1, 1 << 30, *[0] * 14), "fewer than 8")],
)  # fmt: skip
def test_what_is_missing_is_said(frame, word):
    with pytest.raises(ValueError, match=word):
        unpack(frame, (2, 4, 1), 1)


@given(st.binary(max_size=300))
def test_random_bytes_give_pixels_or_one_error(data):
    for frame in (data, framed(data)):
        with contextlib.suppress(ValueError):
            assert unpack(frame, (3, 5, 1), 1).shape == (3, 5, 1)


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (5, 3), (33, 47), (64, 130)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_pydicom_packs_is_unpacked(shape, dtype):
    rng = np.random.default_rng(0)
    film = np.where(rng.random(shape) < 0.5, 200, rng.integers(0, 250, shape)).astype(dtype)
    np.testing.assert_array_equal(read_image(write_dicom(data_set(film), RLE)).pixels, film)
    colour = rng.integers(0, 250, (*shape, 3)).astype(np.uint8)
    np.testing.assert_array_equal(read_image(write_dicom(data_set(colour), RLE)).pixels, colour)
