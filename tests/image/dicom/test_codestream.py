"""What a compressed frame says of itself, where the file around it says something else, or nothing."""

import io

import numpy as np
import pydicom
import pytest
from film_files import EXPLICIT, RLE, data_set, write_dicom
from PIL import Image as Pillow
from pydicom.encaps import encapsulate

from lennox.errors import ImageError
from lennox.image import read_image

JPEG_BASELINE, JPEG_LOSSLESS, JPEG_LS, JPEG_2000 = (f"1.2.840.10008.1.2.4.{part}" for part in (50, 70, 80, 90))
FILM = np.clip(np.add.outer(np.arange(48) * 40, np.arange(60) * 35), 0, 4095).astype(np.uint16)
FILM[0, 0], FILM[-1, -1] = 0, 4095
COLOUR = np.stack([FILM // 16, 255 - FILM // 20, np.full(FILM.shape, 90)], -1).astype(np.uint8)


def levels(data):
    pixels = read_image(data).pixels
    return pixels / np.iinfo(pixels.dtype).max


def holding(frame, syntax, **values):
    """A file of a colour picture with these bytes as its frame."""
    made = pydicom.dcmread(io.BytesIO(write_dicom(data_set(COLOUR, **values))))
    made.PixelData = encapsulate([frame])
    made["PixelData"].VR, made["PixelData"].is_undefined_length = "OB", True
    made.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    out = io.BytesIO()
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()


def pillow(kind, **options):
    out = io.BytesIO()
    Pillow.fromarray(COLOUR).save(out, kind, **options)
    return out.getvalue()


def without_markers(jpeg, *markers):
    """A JPEG without some of its segments: 0xE0 is JFIF's, 0xEE Adobe's."""
    kept, at = jpeg[:2], 2
    while jpeg[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        kept += b"" if jpeg[at + 1] in markers else jpeg[at:end]
        at = end
    return kept + jpeg[at:]


def with_adobe(jpeg, transform):
    return jpeg[:2] + b"\xff\xee\0\x0eAdobe\0d\0\0\0\0" + bytes([transform]) + jpeg[2:]


@pytest.mark.parametrize("written", [JPEG_LOSSLESS, JPEG_LS, JPEG_2000])
@pytest.mark.parametrize("stated", ["", EXPLICIT, RLE, JPEG_BASELINE, JPEG_LOSSLESS, JPEG_LS, JPEG_2000])
def test_a_codestream_is_decoded_as_what_it_is(written, stated):
    data = write_dicom(data_set(FILM, BitsStored=12), written)
    said = data.replace(written.encode(), stated.encode().ljust(len(written), b"\0"), 1)
    np.testing.assert_allclose(levels(said), FILM / 4095, atol=1e-4)


def test_a_codestream_of_a_syntax_that_is_not_read_is_refused():
    data = write_dicom(data_set(FILM, BitsStored=12), JPEG_2000).replace(b".4.90", b".4.55", 1)
    with pytest.raises(ImageError, match="Export it uncompressed"):
        read_image(data)


def test_a_jpeg_2000_that_says_it_is_signed_is():
    made = data_set((FILM.astype(int) - 2048).astype(np.int16), BitsStored=12)
    made = pydicom.dcmread(io.BytesIO(write_dicom(made, JPEG_2000)))
    made.PixelRepresentation = 0
    out = io.BytesIO()
    made.save_as(out)
    np.testing.assert_allclose(levels(out.getvalue()), FILM / 4095, atol=1e-4)


@pytest.mark.parametrize("stated", ["RGB", "YBR_FULL", "YBR_FULL_422"])
def test_colours_of_a_jpeg_are_what_its_markers_say(stated):
    chroma = without_markers(pillow("JPEG", quality=97, subsampling=0), 0xE0)
    plain = without_markers(pillow("JPEG", quality=97, keep_rgb=True), 0xE0, 0xEE)
    for frame in (with_adobe(chroma, 1), with_adobe(plain, 0)):
        shown = read_image(holding(frame, JPEG_BASELINE, PhotometricInterpretation=stated)).pixels
        assert np.abs(shown.astype(int) - COLOUR).mean() < 3


@pytest.mark.parametrize("stated", ["RGB", "YBR_FULL", "YBR_RCT", "YBR_ICT"])
@pytest.mark.parametrize("irreversible", [False, True])
def test_channels_that_a_jpeg_2000_transforms_are_red_green_and_blue(stated, irreversible):
    frame = pillow("JPEG2000", no_jp2=True, mct=1, irreversible=irreversible)
    shown = read_image(holding(frame, JPEG_2000, PhotometricInterpretation=stated)).pixels
    assert np.abs(shown.astype(int) - COLOUR).mean() < 3
