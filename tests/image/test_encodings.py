"""The same film in every encoding gives the same picture."""

import warnings

import numpy as np
import pytest
from film_encodings import encode_film, largest_error

from lennox.image import read_image

NAMES = sorted(encode_film(np.pad(np.full((14, 14), 4095, np.uint16), 1)))


def bits_of(name):
    parts = name.split("-")
    if "palette" in parts and "dicom" in parts:
        return 16  # of the palette
    if "8" in parts or "q95" in parts or "baseline" in parts:
        return 8
    return (
        16 if ("16" in parts and "in" not in parts and "stored" not in parts) or name.startswith("tiff-float") else 12
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_encoding_gives_the_same_picture(name, encodings, plain_film, recwarn, capfd):
    image = read_image(encodings[name])
    assert image.pixels.shape == plain_film.shape  # upright, and grey although some files are colour
    levels = image.pixels / np.iinfo(image.pixels.dtype).max
    assert np.abs(levels - plain_film / 4095).max() <= largest_error(name)
    assert image.bits == bits_of(name)
    assert image.pixels.dtype == (np.uint8 if image.bits == 8 else np.uint16)
    assert not recwarn.list
    assert capfd.readouterr() == ("", "")


def test_no_encoding_needs_the_name_of_the_file(encodings, plain_film, tmp_path):
    """The content decides: a PNG that is called .bmp is a PNG."""
    for name in ("png-8", "dicom-12", "tiff-16", "jpeg-q95"):
        path = tmp_path / "film.bmp"
        path.write_bytes(encodings[name])
        assert read_image(path).pixels.shape == plain_film.shape


def test_settings_of_other_libraries_are_left_alone(encodings):
    import pydicom
    from PIL import Image, ImageFile

    def settings():
        return (
            Image.MAX_IMAGE_PIXELS,
            ImageFile.LOAD_TRUNCATED_IMAGES,
            vars(pydicom.config.settings),
            warnings.filters[:],
        )

    before = settings()
    for name in ("png-16-rgb", "jpeg-q95", "tiff-12-in-16-lzw", "webp-8", "bmp-8", "dicom-12", "dicom-jpeg-ls"):
        read_image(encodings[name])
    assert settings() == before
