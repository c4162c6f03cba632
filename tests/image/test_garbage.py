"""Damaged files and random bytes: a valid image or one ImageError comes out, in bounded time, and nothing else."""

import time

import numpy as np
import pytest
from film_encodings import encode_film
from hypothesis import given, settings
from hypothesis import strategies as st

from lennox.errors import ImageError
from lennox.image import Image, read_image

# Every way through the readers once. Those decoded in a process of their own take longer, and get fewer tries.
HERE = [
    "png-8", "png-8-interlaced", "png-8-palette", "png-12-in-16", "png-16-rgba", "png-16-grey-alpha", "bmp-8",
    "bmp-8-rgb", "tiff-8", "tiff-12-in-16-big-endian", "tiff-16-rgb-big-endian", "tiff-turned-6x", "tiff-float",
    "webp-8", "webp-q95", "webp-8-turned", "jpeg-q95", "jpeg-rgb-q95", "dicom-8", "dicom-8-palette", "dicom-12-mono1",
    "dicom-interest-table-signed", "dicom-modality-table", "dicom-implicit", "dicom-big-endian", "dicom-deflated",
    "dicom-without-meta", "dicom-rle",
]  # fmt: skip
APART = ["tiff-12-in-16-lzw", "tiff-turned-deflate", "dicom-jpeg-lossless-sv1", "dicom-jpeg-ls", "dicom-jpeg-2000",
         "dicom-jpeg-baseline"]  # fmt: skip
LIMIT_S = 20  # of a busy machine; each takes milliseconds


@pytest.fixture(scope="module")
def files():
    rng = np.random.default_rng(3)
    film = np.add.outer(np.arange(24) * 80, np.arange(30) * 70) + rng.integers(0, 60, (24, 30))
    return encode_film(np.clip(film, 0, 4095).astype(np.uint16))


def outcome(data, recwarn, capfd):
    """Read, and hold to the promise; True for an image."""
    start = time.monotonic()
    try:
        image = read_image(data)
    except ImageError as error:
        text = str(error)
        assert "\n" not in text  # one clear sentence or three
        assert len(text) < 400
        image = None
    assert time.monotonic() - start < LIMIT_S
    assert not [str(warning.message) for warning in recwarn.list]
    assert capfd.readouterr() == ("", "")
    if image is not None:
        assert isinstance(image, Image)
        assert image.pixels.dtype in (np.uint8, np.uint16)
        assert not image.pixels.flags.writeable
    return image is not None


def damaged(data, rng):
    """One way or another to spoil a file."""
    changed = bytearray(data)
    way = rng.integers(4)
    if way == 0:
        return data[: rng.integers(len(data))]
    if way == 1:  # bits flipped anywhere
        for at in rng.integers(len(data), size=rng.integers(1, 6)):
            changed[at] ^= 1 << rng.integers(8)
    elif way == 2:  # a byte of the header
        changed[rng.integers(min(len(data), 1200))] = rng.integers(256)
    else:  # a burst, or a piece missing
        at, length = rng.integers(len(data)), rng.integers(1, 60)
        changed[at : at + length] = rng.bytes(length) if rng.integers(2) else b""
    return bytes(changed)


@pytest.mark.parametrize("name", HERE)
def test_cut_short_at_any_byte(name, files, recwarn, capfd):
    data = files[name]
    step = max(1, len(data) // 60)
    readable = [outcome(data[:end], recwarn, capfd) for end in range(0, len(data), step)]
    # A film that lost a tenth of its pixels must not pass for a film; what follows the pixels may be missing.
    assert not any(readable[: len(readable) * 8 // 10])


@pytest.mark.parametrize("name", HERE)
def test_spoilt_bytes(name, files, recwarn, capfd):
    rng = np.random.default_rng(sum(name.encode()))
    for _ in range(60):
        outcome(damaged(files[name], rng), recwarn, capfd)


@pytest.mark.parametrize("name", APART)
def test_spoilt_bytes_of_what_is_decoded_apart(name, files, recwarn, capfd):
    rng = np.random.default_rng(sum(name.encode()))
    data = files[name]
    for end in (len(data) // 3, len(data) * 2 // 3):
        assert not outcome(data[:end], recwarn, capfd)
    for _ in range(6):
        outcome(damaged(data, rng), recwarn, capfd)


STARTS = [
    b"", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff\xe0", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08",
    b"II+\0\x08\0\0\0", b"RIFF\x40\0\0\0WEBPVP8 ", b"RIFF\x40\0\0\0WEBPVP8X", b"BM", b"\0" * 128 + b"DICM",
    b"\0" * 128 + b"DICM\x02\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0", b"\x08\0\x05\0CS\x0a\0ISO_IR 100",
    b"\x08\0\0\0\4\0\0\0",
]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(STARTS), st.binary(max_size=400))
@pytest.mark.filterwarnings("error")
def test_random_bytes_behind_every_beginning(start, rest):
    try:
        read_image(start + rest)
    except ImageError as error:
        assert "\n" not in str(error)  # noqa: PT017
