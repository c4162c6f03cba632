"""Files that hold more than a film does are refused before they take time or memory."""

import io
import struct
import zlib

import numpy as np
import pydicom
import pytest
from film_files import DEFLATED, RLE, data_set, write_dicom
from pydicom.encaps import encapsulate

from lennox.errors import ImageError
from lennox.image import read_image
from lennox.image.dicom.elements import parse_elements

RAMP = np.array([[0, 1000, 2000, 4095]], np.uint16)


def refusal(data):
    with pytest.raises(ImageError) as caught:
        read_image(data)
    return str(caught.value)


def deflated(content):
    """A deflated file of this content behind an honest file meta."""
    data = write_dicom(data_set(RAMP), DEFLATED)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    meta = data[: 132 + 12 + struct.unpack_from("<L", data, 140)[0]]
    return meta + packer.compress(content) + packer.flush()


PIXELS = b"\xe0\x7f\x10\0OW\0\0\x08\0\0\0" + bytes(8)
SEQUENCE = b"\x28\0\0\x30SQ\0\0"
ITEM, UNDEFINED = b"\xfe\xff\0\xe0", b"\xff\xff\xff\xff"
ENDLESS = {
    "elements": b"\x08\0\x06\0CS\0\0" * 1_000_000 + PIXELS,
    "character sets": b"\x08\0\x05\0CS\0\0" * 1_000_000 + PIXELS,
    "items": SEQUENCE + UNDEFINED + (ITEM + bytes(4)) * 1_000_000,
    "items of a table": b"\x28\0\x10\0US\x02\0\2\0\x28\0\x11\0US\x02\0\2\0" + SEQUENCE + struct.pack("<L", 8_000_000)
    + (ITEM + bytes(4)) * 1_000_000 + PIXELS,
    "zeros": bytes(8_000_000),
    "nesting": (SEQUENCE + UNDEFINED + ITEM + UNDEFINED) * 300_000,
}  # fmt: skip


@pytest.mark.parametrize("kind", ENDLESS)
def test_more_elements_than_a_film_has_are_refused(kind):
    data = deflated(ENDLESS[kind])
    assert len(data) < 100_000
    text = refusal(data)
    # How deep the parser gets before it gives up hangs on the depth that Python allows it.
    assert kind == "nesting" or "more elements than are read" in text
    assert len(text) < 300


def test_the_elements_of_a_large_file_of_many_frames_are_read():
    made = data_set(RAMP, BitsStored=12, NumberOfFrames=200)
    made["PixelData"].value = RAMP.tobytes() * 200
    groups = []
    for frame in range(200):
        group = pydicom.Dataset()
        for number in range(20):
            group.add_new(0x00091001 + number, "LO", f"{frame}")
        groups.append(group)
    made.PerFrameFunctionalGroupsSequence = groups
    made["PerFrameFunctionalGroupsSequence"].is_undefined_length = True
    np.testing.assert_allclose(read_image(write_dicom(made), frame=199).pixels / 65535, RAMP / 4095, atol=1e-5)


def test_run_lengths_that_write_nothing_are_refused():
    made = pydicom.dcmread(io.BytesIO(write_dicom(data_set(RAMP), RLE)))
    for rows, word in ((1, "bytes found, at most"), (1000, "run lengths of fewer than 1000000 bytes")):
        made.Rows, made.Columns = rows, 1000
        frame = struct.pack("<16L", 2, 64, 64, *[0] * 13) + b"\x80" * 2_000_000
        made["PixelData"].value = encapsulate([frame])
        out = io.BytesIO()
        made.save_as(out)
        assert word in refusal(out.getvalue())


LONG = {
    "rows": (b"\x28\0\x10\0", b"US", b"\1\0" * 500_000),
    "windows": (b"\x28\0\x50\x10", b"DS", b"1\\" * 500_000),
    "photometric": (b"\x28\0\x04\0", b"CS", b"MONOCHROME2 " * 90_000),
}


@pytest.mark.parametrize("name", LONG)
def test_of_an_element_without_end_the_beginning_is_looked_at(name):
    tag, _, value = LONG[name]
    data = write_dicom(data_set(RAMP, BitsStored=12, WindowCenter=2048, WindowWidth=4096))
    at = data.index(tag + LONG[name][1])
    size = int.from_bytes(data[at + 6 : at + 8], "little")
    changed = data[:at] + tag + b"UN\0\0" + struct.pack("<L", len(value)) + value + data[at + 8 + size :]
    if name == "photometric":
        assert len(refusal(changed)) < 300
    else:
        assert read_image(changed).pixels.shape == RAMP.shape
    elements = parse_elements(changed).elements
    assert max(len(elements.shorts(0x00280010)), len(elements.numbers(0x00281050)) // 128) <= 4


@pytest.mark.parametrize("frames", ["1", "100001"])
def test_compressed_pixels_in_more_pieces_than_there_can_be_are_refused(frames):
    made = pydicom.dcmread(io.BytesIO(write_dicom(data_set(RAMP), RLE)))
    made.NumberOfFrames = frames
    out = io.BytesIO()
    made.save_as(out)
    data = out.getvalue()
    at = data.rindex(b"\xfe\xff\xdd\xe0")
    data = data[:at] + (ITEM + bytes(4)) * 100_001 + data[at:]
    with pytest.raises(ImageError, match="more than 100,000 pieces"):
        read_image(data, frame=0)
