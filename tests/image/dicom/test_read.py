"""DICOM, by hand: rules of pixels, headers that are untidy, files that are damaged."""

import io
import struct
import zlib

import numpy as np
import pydicom
import pytest
from film_files import DEFLATED, EXPLICIT, IMPLICIT, RLE, data_set, lookup_table, write_dicom
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate, get_frame

from lennox.errors import ImageError
from lennox.image import Modality, read_image
from lennox.image.limits import MAX_FILE_BYTES

RAMP = np.array([[0, 1000, 2000, 4095]], np.uint16)
MONO1 = {"PhotometricInterpretation": "MONOCHROME1"}


def image_of(samples, **values):
    return read_image(write_dicom(data_set(samples, **values)))


def levels_of(samples, **values):
    image = image_of(samples, **values)
    return image.pixels / np.iinfo(image.pixels.dtype).max


def refusal(data, **options):
    with pytest.raises(ImageError) as caught:
        read_image(data, **options)
    assert "Traceback" not in str(caught.value)
    return str(caught.value)


# --- From stored numbers to grey levels ------------------------------------------------------------


def test_monochrome1_shows_the_smallest_number_white():
    np.testing.assert_allclose(levels_of(RAMP, BitsStored=12, **MONO1), 1 - RAMP / 4095, atol=1e-5)


def test_the_inverse_shape_and_monochrome1_invert_once():
    np.testing.assert_allclose(
        levels_of(RAMP, BitsStored=12, **MONO1, PresentationLUTShape="INVERSE"), 1 - RAMP / 4095, atol=1e-5
    )
    np.testing.assert_allclose(
        levels_of(RAMP, BitsStored=12, PresentationLUTShape="INVERSE"), 1 - RAMP / 4095, atol=1e-5
    )
    np.testing.assert_allclose(levels_of(RAMP, BitsStored=12, PresentationLUTShape="IDENTITY"), RAMP / 4095, atol=1e-5)


def test_linear_window_by_the_formula_of_the_standard():
    """PS3.3 C.11.2.1.2.1: centre 1000, width 101 is black up to 949 (c - 0.5 - (w - 1) / 2) and white from 1050."""
    samples = np.array([[0, 949, 950, 1000, 1049, 1050, 4000]], np.uint16)
    shown = levels_of(np.tile(samples, (9, 1)), BitsStored=12, WindowCenter=1000, WindowWidth=101)[0]
    np.testing.assert_allclose(shown, [0, 0, 0.005, 0.505, 0.995, 1, 1], atol=1e-4)


def test_exact_and_sigmoid_windows():
    samples = np.array([[1000, 1500, 2000, 2500, 3000]], np.uint16)
    window = {"WindowCenter": 2000, "WindowWidth": 2000, "BitsStored": 12}
    exact = levels_of(samples, **window, VOILUTFunction="LINEAR_EXACT")
    np.testing.assert_allclose(exact, [[0, 0.25, 0.5, 0.75, 1]], atol=1e-5)
    sigmoid = levels_of(samples, **window, VOILUTFunction="SIGMOID")
    np.testing.assert_allclose(sigmoid, [[0.1192, 0.2689, 0.5, 0.7311, 0.8808]], atol=1e-4)  # 1 / (1 + e^2), ...


def test_rescaling_comes_before_the_window_and_inversion_after_it():
    samples = np.array([[0, 500, 700, 1000, 1400, 1500, 4095]], np.uint16)
    shown = levels_of(
        samples, BitsStored=12, **MONO1, RescaleSlope=2, RescaleIntercept=-1000, WindowCenter="1000.5", WindowWidth=2001
    )
    values = samples * 2.0 - 1000
    np.testing.assert_allclose(shown, 1 - np.clip(values / 2000, 0, 1), atol=1e-4)


def test_the_first_of_several_windows_counts():
    several = {"WindowCenter": [500, 3000], "WindowWidth": [1001, 100]}
    np.testing.assert_allclose(
        levels_of(RAMP, BitsStored=12, **several),
        levels_of(RAMP, BitsStored=12, WindowCenter=500, WindowWidth=1001),
    )


def test_a_table_of_interest_counts_before_a_window():
    table = lookup_table([0, 13107, 26214, 65535], first=999)
    shown = levels_of(
        np.array([[0, 999, 1000, 1001, 4095]], np.uint16), BitsStored=12,
        VOILUTSequence=[table], WindowCenter=2048, WindowWidth=4096,
    )  # fmt: skip
    np.testing.assert_allclose(shown, [[0, 0, 0.2, 0.4, 1]], atol=1e-5)


def test_inputs_beyond_a_table_get_its_ends():
    table = lookup_table(np.linspace(0, 4095, 101).astype(int), first=1000, bits=12)
    samples = np.array([[0, 1000, 1050, 1100, 4000]], np.uint16)
    np.testing.assert_allclose(levels_of(samples, VOILUTSequence=[table]), [[0, 0, 0.5, 1, 1]], atol=1e-3)


def test_a_table_of_8_bit_entries():
    table = lookup_table([0])
    table.LUTDescriptor = [256, 0, 8]
    table["LUTData"].value = bytes(range(255, -1, -1))
    samples = np.array([[0, 100, 255]], np.uint8)
    np.testing.assert_allclose(levels_of(samples, VOILUTSequence=[table]), [[1, 155 / 255, 0]], atol=1e-5)


def test_a_table_of_65536_entries_is_described_by_zero():
    table = lookup_table(np.arange(65536)[::-1])
    assert table.LUTDescriptor[0] == 0
    samples = np.array([[0, 30000, 65535]], np.uint16)
    np.testing.assert_allclose(levels_of(samples, VOILUTSequence=[table]), 1 - samples / 65535, atol=1e-5)


def test_a_window_that_was_not_made_for_the_pixels_is_passed_over():
    """Neither black nor white all over: the whole range is shown instead."""
    film = np.arange(1000, 3000, dtype=np.uint16).reshape(40, 50)
    for centre, width in ((-5000, 100), (30000, 10), (0, 1)):
        np.testing.assert_allclose(
            levels_of(film, BitsStored=12, WindowCenter=centre, WindowWidth=width), film / 4095, atol=1e-4
        )


@pytest.mark.parametrize("width", ["0", "-5", "", "wide"])
def test_a_senseless_window_counts_as_none(width):
    made = data_set(RAMP, BitsStored=12, WindowCenter=2000)
    made[0x00281051] = pydicom.dataelem.RawDataElement(
        pydicom.tag.Tag(0x00281051), "DS", len(width), width.encode(), 0, False, True
    )
    image = read_image(write_dicom(made))
    np.testing.assert_allclose(image.pixels / 65535, RAMP / 4095, atol=1e-5)


def test_padding_is_black_and_does_not_count_for_the_range():
    samples = np.array([[0, 100, 900, 60000]], np.uint16)
    shown = levels_of(samples, PixelPaddingValue=60000)
    np.testing.assert_allclose(shown, [[0, 100 / 1023, 900 / 1023, 0]], atol=1e-3)
    inverted = levels_of(samples, PixelPaddingValue=60000, **MONO1)
    np.testing.assert_allclose(inverted, [[1, 923 / 1023, 123 / 1023, 0]], atol=1e-3)
    several = levels_of(samples, PixelPaddingValue=900, PixelPaddingRangeLimit=65535)
    np.testing.assert_allclose(several, [[0, 100 / 255, 0, 0]], atol=2e-3)


def test_signed_padding():
    samples = np.array([[-2000, -1000, 0, 1000]], np.int16)
    made = data_set(samples, BitsStored=16)
    made.add_new(0x00280120, "SS", -2000)
    shown = read_image(write_dicom(made)).pixels / 65535
    np.testing.assert_allclose(shown, [[0, 1048 / 4095, 2048 / 4095, 3048 / 4095]], atol=1e-4)


def test_bits_that_the_header_understates_are_believed_from_the_pixels():
    samples = np.arange(0, 16000, 50, dtype=np.uint16).reshape(8, 40)
    np.testing.assert_allclose(levels_of(samples, BitsStored=12) * 16383, samples, atol=0.3)


def test_a_12_bit_film_with_white_letters_at_65535_is_not_black():
    film = np.array([[0, 2000, 4000, 65535]], np.uint16)
    np.testing.assert_allclose(levels_of(film), [[0, 2000 / 4095, 4000 / 4095, 1]], atol=1e-5)


def test_one_bit():
    made = data_set(np.zeros((1, 1), np.uint8), Rows=2, Columns=4, BitsAllocated=1, BitsStored=1)
    made["PixelData"].value = b"\x5a\0"
    image = read_image(write_dicom(made))
    np.testing.assert_array_equal(image.pixels, [[0, 255, 0, 255], [255, 0, 255, 0]])  # lowest bit first
    assert image.bits == 1


# --- Colour ----------------------------------------------------------------------------------------


def test_colour_by_pixel_and_by_plane():
    colour = np.arange(24, dtype=np.uint8).reshape(2, 4, 3) * 10
    np.testing.assert_array_equal(image_of(colour).pixels, colour)
    made = data_set(colour, PlanarConfiguration=1)
    made["PixelData"].value = np.ascontiguousarray(colour.transpose(2, 0, 1)).tobytes()
    np.testing.assert_array_equal(read_image(write_dicom(made)).pixels, colour)
    deep = colour.astype(np.uint16) * 257
    np.testing.assert_array_equal(image_of(deep).pixels, deep)


def test_palette_colour():
    values = {}
    for name, table in (("Red", [0, 65535]), ("Green", [0, 0]), ("Blue", [65535, 0])):
        values[f"{name}PaletteColorLookupTableDescriptor"] = [2, 0, 16]
        values[f"{name}PaletteColorLookupTableData"] = np.array(table, "<u2").tobytes()
    image = image_of(np.array([[0, 1]], np.uint8), PhotometricInterpretation="PALETTE COLOR", **values)
    np.testing.assert_array_equal(image.pixels, [[[0, 0, 65535], [65535, 0, 0]]])


@pytest.mark.parametrize("photometric", ["YBR_FULL", "YBR_FULL_422"])
def test_luminance_and_chrominance(photometric):
    grey = np.array([[50, 50, 200, 200]], np.uint8)
    if photometric == "YBR_FULL":
        samples = np.stack([grey, np.full_like(grey, 128), np.full_like(grey, 128)], -1)
        made = data_set(samples, PhotometricInterpretation=photometric)
    else:  # Y Y B R for two pixels
        made = data_set(np.zeros((1, 4, 3), np.uint8), PhotometricInterpretation=photometric)
        made["PixelData"].value = bytes([50, 50, 128, 128, 200, 200, 128, 128])
    np.testing.assert_allclose(read_image(write_dicom(made)).pixels, grey, atol=1)


def test_what_is_no_picture_of_ours_is_refused():
    for photometric, samples in (("HSV", 3), ("CMYK", 4), ("ARGB", 4), ("RGB", 1), ("MONOCHROME2", 3)):
        made = data_set(np.zeros((2, 2, samples), np.uint8), PhotometricInterpretation=photometric)
        made.SamplesPerPixel = samples
        assert "wanted grey, palette colour, RGB or YBR" in refusal(write_dicom(made))
    wide = data_set(np.zeros((2, 2), np.uint32))
    assert "32 bits" in refusal(write_dicom(wide))


# --- What goes with the pixels ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "modality"),
    [("IO", Modality.INTRAORAL), ("DX", Modality.DIGITAL_RADIOGRAPHY), ("CR", Modality.COMPUTED_RADIOGRAPHY),
     ("PX", Modality.PANORAMIC), ("XC", Modality.PHOTOGRAPH), ("OT", Modality.OTHER), ("CT", Modality.OTHER),
     ("", Modality.UNKNOWN)],
)  # fmt: skip
def test_modality(code, modality):
    assert image_of(RAMP, Modality=code).modality is modality


def test_a_vl_photograph_is_one_whatever_its_modality():
    colour = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    image = image_of(colour, SOPClassUID="1.2.840.10008.5.1.4.1.1.77.1.4", Modality="OT")
    assert image.modality is Modality.PHOTOGRAPH


@pytest.mark.parametrize(
    ("values", "spacing"),
    [
        ({"PixelSpacing": [0.02, 0.02]}, (0.02, 0.02)),
        ({"ImagerPixelSpacing": [0.02, 0.02]}, (0.02, 0.02)),
        ({"NominalScannedPixelSpacing": [0.04, 0.04]}, (0.04, 0.04)),
        ({"PixelSpacing": [0.03, 0.03], "ImagerPixelSpacing": [0.02, 0.02]}, (0.03, 0.03)),
        ({"PixelSpacing": [1, 1]}, None),  # what software writes that does not know
        ({"PixelSpacing": [1, 1], "ImagerPixelSpacing": [0.02, 0.02]}, (0.02, 0.02)),
        ({"PixelSpacing": [0, 0]}, None),
        ({"PixelSpacing": [-0.02, 0.02]}, None),
        ({"PixelSpacing": [0.02]}, None),
        ({}, None),
    ],
)
def test_spacing(values, spacing):
    assert image_of(RAMP, **values).spacing_mm == spacing


def test_untidy_values_are_read_without_a_warning(recwarn):
    made = data_set(RAMP, BitsStored=12, SpecificCharacterSet="ISO_IR 999")
    for tag, vr, value in (
        (0x00280030, "DS", b"0,02\\0,02 "),
        (0x00281050, "DS", b"2048 \0"),
        (0x00281051, "DS", b" 4096"),
        (0x00080018, "UI", b"not.a.uid"),
        (0x00100030, "DA", b"31/12/1999"),
    ):
        made[tag] = pydicom.dataelem.RawDataElement(pydicom.tag.Tag(tag), vr, len(value), value, 0, False, True)
    out = io.BytesIO()
    made.save_as(out, implicit_vr=False, little_endian=True)
    recwarn.clear()
    image = read_image(out.getvalue())
    assert image.spacing_mm == (0.02, 0.02)
    np.testing.assert_allclose(image.pixels / 65535, RAMP / 4095, atol=1e-5)
    assert not recwarn.list


# --- Files -----------------------------------------------------------------------------------------


def several_frames(frames, syntax):
    made = data_set(frames[0], NumberOfFrames=len(frames))
    made["PixelData"].value = frames.tobytes()
    if syntax != "1.2.840.10008.1.2.4.70":
        return write_dicom(made, syntax)
    single = [pydicom.dcmread(io.BytesIO(write_dicom(data_set(frame), syntax))) for frame in frames]
    made.file_meta = single[0].file_meta
    made["PixelData"].value = encapsulate([get_frame(one.PixelData, 0) for one in single])
    out = io.BytesIO()
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()


@pytest.mark.parametrize("syntax", [EXPLICIT, RLE, "1.2.840.10008.1.2.4.70"])
def test_frames(syntax):
    frames = np.stack([np.full((16, 18), level, np.uint8) for level in (0, 100, 255)])
    data = several_frames(frames, syntax)
    assert "holds 3 frames" in refusal(data)
    assert "frame 0 to 2" in refusal(data)
    assert "holds 3; frames count from 0" in refusal(data, frame=3)
    for frame in range(3):
        np.testing.assert_array_equal(read_image(data, frame=frame).pixels, frames[frame])


def test_files_without_pixels():
    for made in (data_set(RAMP), data_set(RAMP)):
        del made.PixelData
        assert "no pixels" in refusal(write_dicom(made))
    made.add_new("FloatPixelData", "OF", np.zeros(4, "<f4").tobytes())
    assert "floating-point" in refusal(write_dicom(made))
    assert "no pixels" in refusal(b"\0" * 128 + b"DICM")


def test_a_size_that_is_too_large_or_nothing_is_refused_before_decoding():
    made = data_set(RAMP, Rows=30000, Columns=30000)
    assert "30000 x 30000" in refusal(write_dicom(made))
    made = data_set(RAMP, Rows=0)
    assert "0 rows" in refusal(write_dicom(made))


def test_a_file_that_is_cut_short():
    data = write_dicom(data_set(np.zeros((50, 50), np.uint16)))
    assert "cut short: 4000 bytes of pixels found, 5000 wanted" in refusal(data[:-1000])
    assert "no pixels" in refusal(data[: -5000 - 6])


def test_a_deflated_bomb_is_refused():
    data = write_dicom(data_set(RAMP), DEFLATED)
    start = data.index(b"1.2.840.10008.1.2.1.99") + 22
    start += 0 if data[start] else 1
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(bomb.compress(bytes(1 << 20)) for _ in range((MAX_FILE_BYTES >> 20) + 2)) + bomb.flush()
    meta = data[: 132 + 12 + struct.unpack_from("<L", data, 140)[0]]
    assert len(meta + packed) < 1 << 20
    assert "unpacks to more than" in refusal(meta + packed)


def test_a_compressed_picture_of_another_size_than_announced_is_refused():
    made = pydicom.dcmread(io.BytesIO(write_dicom(data_set(np.zeros((16, 16), np.uint8)), "1.2.840.10008.1.2.4.80")))
    made.Rows = 17
    out = io.BytesIO()
    made.save_as(out)
    assert "16 x 16 pixels of 1, but the file announces 17 x 16" in refusal(out.getvalue())


@pytest.mark.parametrize(
    ("syntax", "named"),
    [("1.2.840.10008.1.2.4.100", "MPEG2"), ("1.2.840.10008.1.2.4.201", "High-Throughput"), ("1.2.3.4", "1.2.3.4"),
     ("nonsense", "something that it does not name")],
)  # fmt: skip
def test_other_compressions_are_named_and_refused(syntax, named, recwarn):
    data = write_dicom(data_set(np.zeros((16, 16), np.uint8)), "1.2.840.10008.1.2.4.80")
    at = data.index(b"\x02\0\x10\0UI") + 6
    end = at + 2 + struct.unpack_from("<H", data, at)[0]
    value = syntax.encode() + b"\0" * (len(syntax) % 2)
    data = data[:at] + struct.pack("<H", len(value)) + value + data[end:]
    recwarn.clear()
    assert named in refusal(data)
    assert not recwarn.list


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90", RLE])
def test_compressed_pixels_that_are_cut_short_are_one_error(syntax, capfd):
    noise = np.random.default_rng(1).integers(0, 4096, (64, 64), np.uint16)
    data = write_dicom(data_set(noise, BitsStored=12), syntax)
    refusal(data[: len(data) // 2])
    assert capfd.readouterr() == ("", "")


def with_frame_changed(last, change):
    """A whole DICOM file whose frame is damaged: its items and lengths still fit."""
    noise = np.random.default_rng(1).integers(0, 256, (64, 64), np.uint8)
    made = pydicom.dcmread(io.BytesIO(write_dicom(data_set(noise), f"1.2.840.10008.1.2.4.{last}")))
    made["PixelData"].value = encapsulate([change(get_frame(made.PixelData, 0))])
    out = io.BytesIO()
    made.save_as(out)
    return out.getvalue()


@pytest.mark.parametrize("last", ["50", "70", "80", "90"])
def test_a_codestream_that_ends_early_in_a_whole_file_is_no_film(last, capfd):
    data = with_frame_changed(last, lambda frame: frame[: len(frame) // 2])
    assert "damaged or cut short" in refusal(data)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("last", ["50", "70"])
def test_a_frame_that_the_decoder_only_complains_about_is_no_film(last, capfd):
    """gdcm makes up what it cannot decode, and says so: "Corrupt JPEG data"."""
    data = with_frame_changed(
        last, lambda frame: frame[: len(frame) // 2] + b"\x5a" * 30 + frame[len(frame) // 2 + 30 :]
    )
    assert "Corrupt JPEG data" in refusal(data)
    assert capfd.readouterr() == ("", "")


# --- pydicom's own files: its decoding is the oracle -----------------------------------------------

GREY_FILES = [
    "CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm",
    "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "MR_small_padded.dcm", "JPEG2000.dcm",
    "693_J2KI.dcm", "J2K_pixelrep_mismatch.dcm", "JPEGLSNearLossless_16.dcm", "examples_overlay.dcm",
]  # fmt: skip


@pytest.mark.parametrize("name", GREY_FILES)
@pytest.mark.filterwarnings("ignore")
def test_grey_files_agree_with_pydicom(name):
    path = get_testdata_file(name)
    if path is None:
        pytest.skip("this pydicom does not bring the file along")
    made = pydicom.dcmread(path)
    shown = read_image(path).pixels.astype(float)
    from pydicom.pixels import apply_modality_lut, apply_voi_lut

    wanted = np.asarray(apply_voi_lut(apply_modality_lut(made.pixel_array, made), made), float)
    if made.PhotometricInterpretation == "MONOCHROME1":
        wanted = -wanted
    if "PixelPaddingValue" in made:
        kept = np.abs(made.pixel_array.astype(int) - int(made.PixelPaddingValue)) > 0
        shown, wanted = shown[kept], wanted[kept]
    slope, offset = np.polyfit(wanted.ravel(), shown.ravel(), 1)
    assert slope > 0
    assert np.abs(slope * wanted + offset - shown).max() < 40  # of 65535: a straight line, nothing clipped


@pytest.mark.parametrize("name", ["SC_rgb_rle.dcm", "SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_dcmtk_+eb+cy+s2.dcm",
                                  "SC_rgb_dcmtk_+eb+cr.dcm", "SC_rgb_small_odd_jpeg.dcm", "examples_jpeg2k.dcm",
                                  "SC_rgb_jls_lossy_sample.dcm", "SC_ybr_full_422_uncompressed.dcm",
                                  "SC_rgb_small_odd_big_endian.dcm"])  # fmt: skip
@pytest.mark.filterwarnings("ignore")
def test_colour_files_agree_with_pydicom(name):
    path = get_testdata_file(name)
    if path is None:
        pytest.skip("this pydicom does not bring the file along")
    np.testing.assert_allclose(read_image(path).pixels, pydicom.dcmread(path).pixel_array, atol=1)


@pytest.mark.parametrize("name", ["JPGExtended.dcm", "JPEG-lossy.dcm"])
def test_lossy_jpeg_of_12_bits(name):
    """Values as pydicom's own tests have them, from another decoder."""
    path = get_testdata_file(name)
    image = read_image(path)
    assert image.bits == 12
    assert image.pixels[420, 140] >> 4 == 244
    assert image.pixels[230, 120] >> 4 == 95


def test_reading_needs_no_decoder_of_another_licence(monkeypatch):
    """pydicom would use pylibjpeg (GPL) where it is installed; lennox does not ask pydicom for compressed frames."""
    from pydicom.pixels.decoders import base

    def never(*_args, **_options):
        raise AssertionError("pydicom was asked to decode")

    data = write_dicom(data_set(RAMP, BitsStored=12), RLE)
    monkeypatch.setattr(base.Decoder, "as_array", never)
    assert read_image(data).bits == 12


def test_implicit_file_that_says_explicit():
    data = write_dicom(data_set(RAMP, BitsStored=12), IMPLICIT)
    wrong = data.replace(b"1.2.840.10008.1.2\0", b"1.2.840.10008.1.2\0")
    np.testing.assert_allclose(read_image(wrong).pixels / 65535, RAMP / 4095, atol=1e-5)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.02", "1.02.3", "1..2"])
def test_a_syntax_that_is_no_identifier_is_refused_without_a_warning(recwarn, syntax):
    made = pydicom.dcmread(io.BytesIO(write_dicom(data_set(RAMP), RLE)))
    data = made_with(made, syntax)
    recwarn.clear()
    with pytest.raises(ImageError, match="something that it does not name"):
        read_image(data)
    assert not recwarn.list


def made_with(made, syntax):
    out = io.BytesIO()
    made.save_as(out)
    known = RLE.encode() + b"\0"
    return out.getvalue().replace(known, syntax.encode().ljust(len(known), b"\0"))
