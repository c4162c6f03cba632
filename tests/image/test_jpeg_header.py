"""What a JPEG says before its pixels, and one that says too much."""

import io
import struct

import numpy as np
import pytest
from PIL import Image as Pillow

from lennox.errors import ImageError
from lennox.image import read_image
from lennox.image.jpeg_header import jpeg_header

FILM = np.add.outer(np.arange(64), np.arange(80)).astype(np.uint8)


def jpeg(picture=FILM, **options):
    out = io.BytesIO()
    Pillow.fromarray(picture).save(out, "JPEG", **options)
    return out.getvalue()


def with_scans(count):
    """A progressive JPEG whose last scan comes so many times more, without its data."""
    data = jpeg(progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last : last + 10] * count + data[-2:]


def test_what_the_header_says():
    header = jpeg_header(jpeg())
    assert (header.rows, header.columns, header.samples, header.bits, header.scans) == (64, 80, 1, 8, 1)
    assert header.is_ordinary
    colour = jpeg_header(jpeg(np.stack([FILM] * 3, -1)))
    assert (colour.samples, colour.names, colour.is_ordinary) == (3, b"\1\2\3", True)
    assert not jpeg_header(jpeg(progressive=True)).is_ordinary


def test_no_picture_is_announced():
    assert jpeg_header(b"\xff\xd8\xff\xd9") is None
    with pytest.raises(ImageError, match="no picture begins in it"):
        read_image(b"\xff\xd8\xff\xe0\0\4ab\xff\xd9")


def test_a_progressive_jpeg_is_the_same_picture():
    for options in ({}, {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\3\0\0\0\0\0\0"}):
        plain, progressive = read_image(jpeg(**options)), read_image(jpeg(progressive=True, **options))
        np.testing.assert_array_equal(plain.pixels, progressive.pixels)


def test_a_hundred_scans_are_read_and_more_refused():
    assert read_image(with_scans(20)).pixels.shape == FILM.shape
    with pytest.raises(ImageError, match="goes over its pixels 2006 times"):
        read_image(with_scans(2000))


@pytest.mark.parametrize(
    "segment", [b"\xff\xfe\0\2", b"\xff", b"\xff\xe1\0\2", b"\xff\xed\0\4ab", b"\xff\0", b"\xff\1"]
)
def test_segments_without_end_are_refused(segment):
    data = jpeg()
    with pytest.raises(ImageError, match="more segments"):
        read_image(data[:2] + segment * 5000 + data[2:])


def test_what_lies_between_two_segments_is_passed_over():
    data = jpeg()
    np.testing.assert_array_equal(read_image(data[:2] + b"\xff\xff" + data[2:]).pixels, read_image(data).pixels)
    np.testing.assert_array_equal(read_image(data[:2] + b"\xff\xfe\0\6text" + data[2:]).pixels, read_image(data).pixels)


@pytest.mark.parametrize("options", [{}, {"optimize": True}, {"progressive": True}, {"quality": 1, "optimize": True}])
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (9, 700), (400, 300)])
def test_a_picture_of_one_grey_has_the_bytes_that_it_must_have(options, size):
    out = io.BytesIO()
    Pillow.new("L", size, 130).save(out, "JPEG", **options)
    header = jpeg_header(out.getvalue())
    assert 0 <= header.least_bytes <= len(out.getvalue()) - header.scan
    assert read_image(out.getvalue()).pixels.shape == size[::-1]


def test_a_picture_whose_pixels_are_missing_is_not_made_up():
    """libjpeg paints what is missing grey, where the end is marked, and says nothing."""
    out = io.BytesIO()
    Pillow.new("L", (64, 64), 130).save(out, "JPEG")
    data = out.getvalue()
    at = data.index(b"\xff\xc0") + 5
    larger = data[:at] + struct.pack(">HH", 6000, 6000) + data[at + 4 :]
    with pytest.raises(ImageError, match="cannot be 6000 x 6000 pixels"):
        read_image(larger)
