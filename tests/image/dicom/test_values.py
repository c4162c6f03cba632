"""What DICOM files of real software say, and how it is understood: beside dcmtk, where that is installed."""

import io
import shutil
import struct
import subprocess

import numpy as np
import pydicom
import pytest
from film_files import BIG_ENDIAN, EXPLICIT, IMPLICIT, RLE, data_set, lookup_table, write_dicom
from PIL import Image as Pillow
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from lennox.image import read_image

FILM = np.clip(np.add.outer(np.arange(48) * 40, np.arange(60) * 35), 0, 4095).astype(np.uint16)
FILM[0, 0], FILM[-1, -1] = 0, 4095
SHOWN = FILM / 4095
TWELVE = {"BitsStored": 12}
WINDOW = np.clip((FILM - 999.5) / 2000, 0, 1)  # of centre 2000 and width 2001


def levels(data, **options):
    pixels = read_image(data, **options).pixels
    return pixels / np.iinfo(pixels.dtype).max


def with_raw(made, **elements):
    """The bytes of a file with decimal strings as no library would write them, by keyword."""
    for keyword, value in elements.items():
        tag = Tag(pydicom.datadict.tag_for_keyword(keyword))
        made[tag] = RawDataElement(tag, "DS", len(value), value, 0, False, True)
    return write_dicom(made)


def dcmtk(data, tmp_path, *options):
    """Levels as dcmtk shows them, or None where it is not installed."""
    if shutil.which("dcm2pnm") is None:
        return None
    (tmp_path / "film.dcm").write_bytes(data)
    command = ["dcm2pnm", "+opw", *options, tmp_path / "film.dcm", tmp_path / "film.pgm"]
    subprocess.run(command, capture_output=True, check=True)
    picture = Pillow.open(tmp_path / "film.pgm")
    return np.asarray(picture, float) / (65535 if picture.mode.startswith("I") else 255)


def check(data, wanted, tmp_path, *options):
    """What lennox shows is what is wanted by hand, and what dcmtk shows."""
    np.testing.assert_allclose(levels(data), wanted, atol=2e-3)
    shown = dcmtk(data, tmp_path, *options)
    if shown is not None:
        np.testing.assert_allclose(levels(data), shown, atol=2e-3)


# --- Bits of a sample ------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [10, 12, 14])
@pytest.mark.parametrize("above", [[15], [14], [15, 14], "one row", "noise"], ids=str)
def test_bits_above_those_stored_mean_nothing(bits, above, tmp_path):
    film = (SHOWN * ((1 << bits) - 1)).astype(np.uint16)
    rng = np.random.default_rng(0)
    stored = film.copy()
    if above == "one row":
        stored[20] |= np.uint16(0xFFFF << bits & 0xFFFF)
    elif above == "noise":
        stored |= rng.integers(0, 1 << (16 - bits), film.shape).astype(np.uint16) << bits
    else:
        for bit in above:
            stored |= (rng.random(film.shape) < 0.05).astype(np.uint16) << bit
    check(write_dicom(data_set(stored, BitsStored=bits)), film / ((1 << bits) - 1), tmp_path, "-W")


@pytest.mark.parametrize("extended", ["no row", "few rows", "half", "every row"])
@pytest.mark.parametrize("bits", [10, 12, 13])
def test_the_sign_comes_from_the_highest_stored_bit(bits, extended, tmp_path):
    half = 1 << (bits - 1)
    film = np.rint(SHOWN * (2 * half - 1)).astype(int) - half
    stored = (film & (2 * half - 1)).astype(np.uint16)
    rows = {"no row": slice(0, 0), "few rows": slice(5, 8), "half": slice(0, 24), "every row": slice(None)}[extended]
    stored[rows] = film.astype(np.int16).view(np.uint16)[rows]
    made = data_set(stored, BitsStored=bits, PixelRepresentation=1)
    check(write_dicom(made), (film + half) / (2 * half - 1), tmp_path, "-W")


@pytest.mark.parametrize("high_bit", [11, 12, 13, 15])
@pytest.mark.parametrize("below", [False, True])
def test_samples_that_do_not_begin_at_the_lowest_bit(high_bit, below, tmp_path):
    shift = high_bit - 11
    stored = FILM << shift | (np.uint16((1 << shift) - 1) if below else np.uint16(0))
    check(write_dicom(data_set(stored, **TWELVE, HighBit=high_bit)), SHOWN, tmp_path, "-W")


@pytest.mark.parametrize("high_bit", [0, 10, 12, 15, 255])
@pytest.mark.parametrize(("bits", "white"), [(12, 4095), (8, 255)])
def test_a_highest_bit_that_cannot_be_is_not_believed(bits, white, high_bit):
    film = np.rint(SHOWN * white).astype("u2" if bits == 12 else "u1")
    np.testing.assert_allclose(levels(write_dicom(data_set(film, BitsStored=bits, HighBit=high_bit))), film / white,
                               atol=1e-4)  # fmt: skip


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("shape", [None, "IDENTITY", "INVERSE"])
def test_films_of_one_bit_are_inverted_as_others_are(photometric, shape):
    film = (FILM > 2000).astype(np.uint8)
    values = {"PhotometricInterpretation": photometric} | ({"PresentationLUTShape": shape} if shape else {})
    made = data_set(film, BitsAllocated=1, BitsStored=1, **values)
    made.PixelData = np.packbits(film.ravel(), bitorder="little").tobytes()
    inverse = photometric == "MONOCHROME1" or shape == "INVERSE"
    image = read_image(write_dicom(made))
    np.testing.assert_array_equal(image.pixels, np.where(film != inverse, 255, 0))
    assert image.bits == 1


def test_an_overlay_in_bits_that_nobody_announces_is_taken_out(tmp_path):
    stored = FILM.copy()
    stored[10:20, 10:20] |= 0x8000
    check(write_dicom(data_set(stored, **TWELVE)), SHOWN, tmp_path, "-W")


@pytest.mark.skipif(shutil.which("dcmcjpls") is None, reason="needs dcmtk")
@pytest.mark.parametrize("command", [["dcmcjpls"], ["dcmcjpeg", "+e1"], ["dcmcjpeg", "+el"], ["dcmcrle"]], ids=" ".join)
@pytest.mark.parametrize(
    ("bits", "dtype"), [(6, "u1"), (7, "u1"), (7, "u2"), (9, "u2"), (12, "u2"), (15, "u2"), (16, "u2")]
)
def test_what_dcmtk_compresses_without_loss(command, bits, dtype, tmp_path):
    film = np.rint(SHOWN * ((1 << bits) - 1)).astype(dtype)
    (tmp_path / "plain.dcm").write_bytes(write_dicom(data_set(film, BitsStored=bits)))
    subprocess.run([*command, tmp_path / "plain.dcm", tmp_path / "packed.dcm"], capture_output=True, check=True)
    packed = read_image(tmp_path / "packed.dcm")
    np.testing.assert_array_equal(packed.pixels, read_image(tmp_path / "plain.dcm").pixels)
    assert packed.bits == bits


# --- Values that are empty, or not what they should be ---------------------------------------------


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_an_empty_padding_value_is_none(photometric, tmp_path):
    made = data_set(FILM, **TWELVE, PhotometricInterpretation=photometric)
    made.add_new(0x00280120, "US", None)
    check(write_dicom(made), 1 - SHOWN if photometric == "MONOCHROME1" else SHOWN, tmp_path, "-W")


@pytest.mark.parametrize(
    "slope", [b"-1\\", b"-1\0", b"-1\\\\", b"-1\\text", b"\\-1", b"text\\-1 ", b" -1.0 ", b"-1\0\0\0", b"-1,0 "]
)
def test_one_bad_slope_does_not_discard_the_others(slope):
    data = with_raw(data_set(FILM, **TWELVE), RescaleSlope=slope, RescaleIntercept=b"4095\\")
    np.testing.assert_allclose(levels(data), 1 - SHOWN, atol=1e-4)
    lowest = with_raw(
        data_set(FILM, **TWELVE),
        RescaleSlope=slope,
        RescaleIntercept=b"4095\\",
        WindowCenter=b"2000 ",
        WindowWidth=b"2001",
    )
    np.testing.assert_allclose(levels(lowest), np.clip((4095.0 - FILM - 999.5) / 2000, 0, 1), atol=1e-4)


@pytest.mark.parametrize("absurd", [b"1e308 ", b"-1e308", b"1e18"])
def test_numbers_that_no_film_has_are_none(absurd):
    for keyword in ("RescaleSlope", "RescaleIntercept"):
        np.testing.assert_allclose(levels(with_raw(data_set(FILM, **TWELVE), **{keyword: absurd})), SHOWN, atol=1e-4)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_inputs_of_a_table_of_interest_are_signed_as_what_comes_before_it(syntax):
    curve = np.rint(np.linspace(0, 1, 4096) ** 2 * 4095)
    falling = data_set(FILM, **TWELVE, RescaleSlope="-1", RescaleIntercept="0")
    falling.VOILUTSequence = [lookup_table(curve, first=-4095, bits=12)]
    np.testing.assert_allclose(levels(write_dicom(falling, syntax)), (1 - SHOWN) ** 2, atol=2e-3)
    signed = data_set((FILM.astype(int) - 2048).astype(np.int16), **TWELVE)
    signed.ModalityLUTSequence = [lookup_table(np.arange(4096) * 16, first=-2048)]
    signed.VOILUTSequence = [lookup_table(np.arange(20000) // 5, first=40000, bits=12)]
    wanted = np.clip(FILM.astype(int) * 16 - 40000, 0, 19999) // 5 / 4095
    np.testing.assert_allclose(levels(write_dicom(signed, syntax)), wanted, atol=2e-3)


@pytest.mark.parametrize(
    ("centre", "width"),
    [(b"2000\\", b"2001\\"), (b"2000", b"2001\\abc"), (b"2000\0", b"2001\0"), (b"\\2000", b"\\2001"),
     (b"2000\\300", b"2001\\0"), (b"100\\2000", b"0\\2001"), (b"text\\2000", b"100\\2001"), (b"2000\\1", b"2001 ")],
)  # fmt: skip
def test_the_first_whole_window_counts(centre, width):
    data = with_raw(data_set(FILM, **TWELVE), WindowCenter=centre, WindowWidth=width)
    np.testing.assert_allclose(levels(data), WINDOW, atol=1e-4)


@pytest.mark.parametrize(
    "spacing", [b"0.02\\0.02\\", b"0.02\\0.02\0", b"0.02 \\ 0.02", b"0,02\\0,02", b"0.02\\0.02\\text"]
)
def test_a_spacing_with_more_behind_it(spacing):
    image = read_image(with_raw(data_set(FILM, **TWELVE), ImagerPixelSpacing=spacing))
    assert image.spacing_mm == (0.02, 0.02)


@pytest.mark.parametrize("spacing", [b"0.02\\", b"\\0.02", b"text\\0.02", b"inf\\inf", b"nan\\0.02"])
def test_half_a_spacing_is_none(spacing):
    made = data_set(FILM, **TWELVE)
    assert read_image(with_raw(made, PixelSpacing=spacing)).spacing_mm is None
    made = data_set(FILM, **TWELVE, ImagerPixelSpacing=[0.03, 0.03])
    assert read_image(with_raw(made, PixelSpacing=spacing)).spacing_mm == (0.03, 0.03)


# --- Tables ----------------------------------------------------------------------------------------


def empty_tables():
    nothing, undescribed, without_data = pydicom.Dataset(), lookup_table([1, 2]), lookup_table([1, 2])
    del undescribed.LUTDescriptor
    del without_data.LUTData
    blank = lookup_table([1, 2])
    blank["LUTData"].value = b""
    return [nothing, undescribed, without_data, blank]


@pytest.mark.parametrize("sequence", ["VOILUTSequence", "ModalityLUTSequence"])
@pytest.mark.parametrize("which", range(4))
def test_an_empty_table_says_nothing(sequence, which):
    table = empty_tables()[which]
    window = {"WindowCenter": 2000, "WindowWidth": 2001}
    np.testing.assert_allclose(
        levels(write_dicom(data_set(FILM, **TWELVE, **window, **{sequence: [table]}))), WINDOW, atol=1e-4
    )
    ramp = lookup_table(np.arange(4095, -1, -1), bits=12)
    shown = levels(write_dicom(data_set(FILM, **TWELVE, **{sequence: [table, ramp]})))
    np.testing.assert_allclose(shown, 1 - SHOWN, atol=1e-3)


@pytest.mark.parametrize("bits", [12, 16])
@pytest.mark.parametrize("there", [4000, 2000, 100])
def test_a_table_that_is_cut_short_keeps_its_width(bits, there, tmp_path):
    table = lookup_table(np.sqrt(np.arange(4096) / 4095) * ((1 << bits) - 1), bits=bits)
    table["LUTData"].value = table.LUTData[: 2 * there]
    outputs = np.frombuffer(table.LUTData, "<u2")
    white = (1 << bits) - 1
    wanted = outputs[np.minimum(FILM, there - 1)] / white
    if outputs.max() / white > 0.9:  # else the depth that 16 bits declare is taken from the outputs
        check(write_dicom(data_set(FILM, **TWELVE, VOILUTSequence=[table])), wanted, tmp_path, "+Wl", "1")
    else:
        shown = levels(write_dicom(data_set(FILM, **TWELVE, VOILUTSequence=[table])))
        assert np.corrcoef(shown.ravel(), wanted.ravel())[0, 1] > 0.999


def test_a_modality_table_counts_before_a_slope(tmp_path):
    table = lookup_table(np.arange(4095, -1, -1), bits=12, ModalityLUTType="US")
    made = data_set(FILM, **TWELVE, ModalityLUTSequence=[table], RescaleSlope="1", RescaleIntercept="0")
    check(write_dicom(made), 1 - SHOWN, tmp_path, "-W")


# --- Functional groups, file metas -----------------------------------------------------------------


def group(**macros):
    item = pydicom.Dataset()
    for keyword, values in macros.items():
        inner = pydicom.Dataset()
        for name, value in values.items():
            setattr(inner, name, value)
        setattr(item, keyword, [inner])
    return item


def functional(shared, per_frame, syntax, *, undefined):
    made = data_set(FILM, **TWELVE, NumberOfFrames=2)
    made["PixelData"].value = np.stack([FILM, FILM]).tobytes()
    made.SharedFunctionalGroupsSequence = [shared]
    if per_frame:
        made.PerFrameFunctionalGroupsSequence = per_frame
    for element in (made[0x52009229], *([made[0x52009230]] if per_frame else [])):
        element.is_undefined_length = undefined
    return write_dicom(made, syntax)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("undefined", [False, True])
def test_what_functional_groups_say_counts(syntax, undefined):
    window = {"WindowCenter": 2000, "WindowWidth": 2001}
    shared = group(
        FrameVOILUTSequence=window, PixelMeasuresSequence={"PixelSpacing": [0.02, 0.02]},
        PixelValueTransformationSequence={"RescaleSlope": "-1", "RescaleIntercept": "4095"},
    )  # fmt: skip
    of_second = group(
        FrameVOILUTSequence={"WindowCenter": 1000, "WindowWidth": 1001},
        PixelMeasuresSequence={"PixelSpacing": [0.03, 0.03]},
    )
    data = functional(shared, [pydicom.Dataset(), of_second], syntax, undefined=undefined)
    falling = 4095.0 - FILM
    first, second = read_image(data, frame=0), read_image(data, frame=1)
    np.testing.assert_allclose(first.pixels / 65535, np.clip((falling - 999.5) / 2000, 0, 1), atol=1e-4)
    np.testing.assert_allclose(second.pixels / 65535, np.clip((falling - 499.5) / 1000, 0, 1), atol=1e-4)
    assert (first.spacing_mm, second.spacing_mm) == ((0.02, 0.02), (0.03, 0.03))
    alone = functional(shared, [], syntax, undefined=undefined)
    np.testing.assert_array_equal(read_image(alone, frame=1).pixels, first.pixels)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_a_window_of_a_frame_counts_before_a_table_for_all_and_empty_ones_say_nothing(syntax):
    table = lookup_table(np.rint(np.linspace(0, 1, 4096) ** 2 * 4095), bits=12)
    window, empty = {"WindowCenter": 2000, "WindowWidth": 2001}, {"WindowCenter": None, "WindowWidth": None}
    for top, shared, frame, wanted in (
        ({"VOILUTSequence": [table]}, window, None, WINDOW),
        ({}, window, {"VOILUTSequence": [table]}, SHOWN**2),
        ({"WindowCenter": 2000, "WindowWidth": 2001}, empty, None, WINDOW),
        ({}, window, empty, WINDOW),
    ):
        made = data_set(FILM, **TWELVE, NumberOfFrames=1, **top)
        made.SharedFunctionalGroupsSequence = [group(FrameVOILUTSequence=shared)]
        made.PerFrameFunctionalGroupsSequence = [group(FrameVOILUTSequence=frame) if frame else pydicom.Dataset()]
        np.testing.assert_allclose(levels(write_dicom(made, syntax)), wanted, atol=2e-3)


def test_the_spacing_of_an_enhanced_x_ray_frame_is_that_at_the_detector():
    shared = group(FramePixelDataPropertiesSequence={"ImagerPixelSpacing": [0.019, 0.019]})
    assert read_image(functional(shared, [], EXPLICIT, undefined=False), frame=0).spacing_mm == (0.019, 0.019)


@pytest.mark.parametrize("second", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2"])
def test_of_two_file_metas_the_first_counts(second):
    data = write_dicom(data_set(FILM, **TWELVE), "1.2.840.10008.1.2.4.70")
    end = 144 + struct.unpack_from("<L", data, 140)[0]
    other = write_dicom(data_set(FILM, **TWELVE))
    meta = other[132 : 144 + struct.unpack_from("<L", other, 140)[0]]
    at = meta.index(b"\x02\0\x10\0UI") + 6
    size = struct.unpack_from("<H", meta, at)[0]
    meta = (
        meta[:at]
        + struct.pack("<H", len(second) + len(second) % 2)
        + second.encode()
        + b"\0" * (len(second) % 2)
        + meta[at + 2 + size :]
    )
    np.testing.assert_allclose(levels(data[:end] + meta + data[end:]), SHOWN, atol=1e-4)


# --- Pixels that are not square --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "shape", "spacing"),
    [
        ({"PixelAspectRatio": ["2", "1"]}, (96, 60), None),
        ({"PixelAspectRatio": ["1", "2"]}, (48, 120), None),
        ({"PixelSpacing": [0.04, 0.02]}, (96, 60), (0.02, 0.02)),
        ({"ImagerPixelSpacing": [0.02, 0.03]}, (48, 90), (0.02, 0.02)),
        ({"PixelAspectRatio": ["1", "1"]}, (48, 60), None),
        ({"PixelAspectRatio": ["2", "1"], "PixelSpacing": [0.02, 0.02]}, (48, 60), (0.02, 0.02)),
        ({"ImagerPixelSpacing": [0.02, 0.0201]}, (48, 60), (0.02, 0.0201)),
        ({"PixelSpacing": [2, 1]}, (96, 60), None),
    ],
)
def test_pixels_become_square_and_that_is_said(values, shape, spacing):
    image = read_image(write_dicom(data_set(FILM, **TWELVE, **values)))
    assert image.pixels.shape == shape
    assert image.spacing_mm == spacing
    assert bool(image.note) == (shape != FILM.shape)
    if image.note:
        assert f"48 x 60 pixels were resampled to {shape[0]} x {shape[1]}" in image.note
    means = image.pixels.reshape(48, shape[0] // 48, 60, -1).mean(axis=(1, 3)) if shape[1] % 60 == 0 else None
    if means is not None:
        np.testing.assert_allclose(means / 65535, SHOWN, atol=0.02)


def test_a_ramp_is_resampled_linearly_and_colour_alike():
    ramp = np.tile(np.arange(0, 250, 10, dtype=np.uint8), (4, 1))
    shown = read_image(write_dicom(data_set(ramp, PixelAspectRatio=["1", "2"]))).pixels
    np.testing.assert_allclose(shown[:, 1:-1], np.tile(np.arange(2.5, 237.6, 5), (4, 1)), atol=0.51)
    colour = np.stack([ramp, ramp // 2, 255 - ramp], -1)
    shown = read_image(write_dicom(data_set(colour, PixelAspectRatio=["3", "1"]))).pixels
    assert shown.shape == (12, 25, 3)
    np.testing.assert_array_equal(shown, np.repeat(colour, 3, axis=0))


def test_an_aspect_that_no_picture_has_is_refused():
    from lennox.errors import ImageError

    with pytest.raises(ImageError, match="100 times as high as wide"):
        read_image(write_dicom(data_set(FILM, **TWELVE, PixelAspectRatio=["100", "1"])))
    out = io.BytesIO()
    data_set(np.zeros((15000, 3000), np.uint8), PixelAspectRatio=["2", "1"]).save_as(
        out, implicit_vr=False, little_endian=True
    )
    with pytest.raises(ImageError, match="30000 x 3000"):
        read_image(out.getvalue())


# --- Siblings of these -----------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [9, 10])
def test_run_lengths_keep_samples_that_do_not_begin_at_the_lowest_bit(bits, tmp_path):
    stored = np.rint(SHOWN * ((1 << bits) - 1)).astype(np.uint16)
    made = data_set(stored << (16 - bits) | FILM >> bits, BitsStored=bits, HighBit=15)
    np.testing.assert_allclose(levels(write_dicom(made, RLE)), stored / ((1 << bits) - 1), atol=2e-3)


@pytest.mark.parametrize("planar", [0, 1])
def test_bits_above_those_of_a_colour_mean_nothing(planar):
    colour = np.stack([FILM, FILM[::-1], FILM[:, ::-1]], axis=-1)
    above = np.random.default_rng(1).integers(0, 16, colour.shape).astype(np.uint16) << 12
    made = data_set(colour | above, BitsStored=12, PlanarConfiguration=planar)
    if planar:
        made.PixelData = np.ascontiguousarray((colour | above).transpose(2, 0, 1)).tobytes()
    np.testing.assert_allclose(levels(write_dicom(made)), colour / 4095, atol=2e-3)
    deeper = data_set(colour << 3, BitsStored=12)  # a header that understates the depth: nothing is cut off
    np.testing.assert_allclose(levels(write_dicom(deeper)), (colour << 3) / 65535, atol=2e-3)


@pytest.mark.parametrize(("bits", "kind"), [(6, np.uint8), (10, np.uint16)])
def test_bits_above_those_of_a_palette_mean_nothing(bits, kind):
    numbers = np.rint(SHOWN * ((1 << bits) - 1)).astype(kind)
    made = data_set(numbers | kind(1 << (8 * numbers.itemsize - 1)), BitsStored=bits)
    made.PhotometricInterpretation = "PALETTE COLOR"
    outputs = np.arange(1 << bits) * (65535 // ((1 << bits) - 1))
    for colour in ("Red", "Green", "Blue"):
        setattr(made, f"{colour}PaletteColorLookupTableDescriptor", [1 << bits, 0, 16])
        setattr(made, f"{colour}PaletteColorLookupTableData", outputs.astype("<u2").tobytes())
    np.testing.assert_allclose(levels(write_dicom(made)), numbers / ((1 << bits) - 1), atol=3e-3)


@pytest.mark.parametrize("there", [4096, 4000, 3000])
def test_a_table_of_8_bits_in_words_that_is_cut_short_keeps_its_width(there):
    outputs = 255 - np.arange(4096) // 16
    item = lookup_table(outputs[:there], bits=8)
    item.LUTDescriptor = [4096, 0, 8]
    shown = outputs[np.minimum(FILM, there - 1)] / 255
    np.testing.assert_allclose(levels(write_dicom(data_set(FILM, **TWELVE, VOILUTSequence=[item]))), shown, atol=2e-3)


@pytest.mark.parametrize(("vr", "form"), [("FD", "d"), ("FL", "f"), ("US", "H"), ("SS", "h"), ("SL", "l"), ("UL", "L")])
@pytest.mark.parametrize("syntax", [EXPLICIT, BIG_ENDIAN])
def test_a_window_in_binary_numbers_is_one(vr, form, syntax):
    made = data_set(FILM, **TWELVE)
    for keyword, value in (("WindowCenter", 2000), ("WindowWidth", 2001)):
        tag = Tag(pydicom.datadict.tag_for_keyword(keyword))
        packed = struct.pack((">" if syntax == BIG_ENDIAN else "<") + form, value)
        made[tag] = RawDataElement(tag, vr, len(packed), packed, 0, False, syntax != BIG_ENDIAN)
    np.testing.assert_allclose(levels(write_dicom(made, syntax)), WINDOW, atol=2e-3)
