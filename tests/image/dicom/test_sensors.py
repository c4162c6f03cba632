"""Files as real sensors write them, drawn here: each becomes the picture that a viewer shows, upright."""

import io
import shutil
import subprocess

import numpy as np
import pydicom
import pytest
from film_files import EXPLICIT, IMPLICIT, data_set, lookup_table, write_dicom
from PIL import Image as Pillow
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from lennox.image import Modality, read_image

INTRAORAL_FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.3.1"
COMPUTED_RADIOGRAPHY = "1.2.840.10008.5.1.4.1.1.1"
JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.70"


@pytest.fixture(scope="module")
def drawn():
    """A film with anatomy, (rows, columns) in [0, 1]; no two of its eight orientations are alike."""
    from lennox.phantom import draw_film

    film = draw_film(3).pixels[::4, ::4]
    return film.astype(float) / np.iinfo(film.dtype).max


def code(value, meaning):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", meaning
    return item


def icon():
    """A small picture of its own beside the film's: its pixels must not be taken for the film's."""
    item = Dataset()
    item.SamplesPerPixel, item.PhotometricInterpretation, item.Rows, item.Columns = 1, "MONOCHROME2", 16, 16
    item.BitsAllocated = item.BitsStored = 8
    item.HighBit, item.PixelRepresentation = 7, 0
    item.add_new("PixelData", "OB", bytes(range(256)))
    return item


def intraoral(film, **values):
    """An intra-oral sensor's object For Processing: 12 bits, levels from 1890, and no window."""
    levels = np.rint(1890 + film * (4095 - 1890)).astype(np.uint16)
    made = data_set(
        levels, SOPClassUID=INTRAORAL_FOR_PROCESSING, Modality="IO", BitsStored=12,
        ImageType=["ORIGINAL", "PRIMARY", ""],
        PresentationIntentType="FOR PROCESSING", PixelIntensityRelationship="LIN", PixelIntensityRelationshipSign=-1,
        ImagerPixelSpacing=[0.019, 0.019], PatientOrientation=["A", "F"], ImageLaterality="R", BurnedInAnnotation="NO",
        FieldOfViewShape="RECTANGLE", FieldOfViewHorizontalFlip="NO",
        AnatomicRegionSequence=[code("39606003", "Maxilla")],
        PrimaryAnatomicStructureSequence=[code("865995000", "Maxillary right first molar tooth")],
        IconImageSequence=[icon()], RescaleSlope="1", RescaleIntercept="0", RescaleType="US", **values,
    )  # fmt: skip
    for group in (0x0009, 0x0019, 0x0021):  # of the maker
        block = made.private_block(group, "SENSOR MAKER", create=True)
        block.add_new(1, "LO", "calibration 1")
        block.add_new(2, "OB", bytes(range(200)))
    return made, levels


def panoramic(film, **values):
    """A scanned plate: MONOCHROME1, 10 bits, a modality table beside a slope of 1, and a border without exposure."""
    stored = np.full((film.shape[0] + 20, film.shape[1] + 30), 1023, np.uint16)
    stored[10:-10, 15:-15] = np.rint((1 - film) * 900)
    table = lookup_table(np.arange(1024), bits=10, ModalityLUTType="US")
    made = data_set(
        stored, SOPClassUID=COMPUTED_RADIOGRAPHY, Modality="CR", BitsStored=10, PhotometricInterpretation="MONOCHROME1",
        ModalityLUTSequence=[table], RescaleSlope="1", RescaleIntercept="0", ImagerPixelSpacing=[0.1, 0.1],
        ViewPosition="PA", **values,
    )  # fmt: skip
    return made, stored


def as_dcmtk_shows_it(data, tmp_path):
    if shutil.which("dcm2pnm") is None:
        pytest.skip("needs dcm2pnm, of Debian's dcmtk")
    (tmp_path / "film.dcm").write_bytes(data)
    for command in ("dcmj2pnm", "dcm2pnm"):
        done = subprocess.run(
            [command, "-W", "+opw", tmp_path / "film.dcm", tmp_path / "film.pgm"], capture_output=True, check=False
        )
        if done.returncode == 0:
            picture = Pillow.open(tmp_path / "film.pgm")
            return np.asarray(picture, float) / (65535 if picture.mode.startswith("I") else 255)
    raise AssertionError(done.stderr)


def shown(data):
    image = read_image(data)
    return image, image.pixels / np.iinfo(image.pixels.dtype).max


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, JPEG_LOSSLESS_SV1])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_an_intraoral_sensor_for_processing(drawn, rotation, syntax, tmp_path):
    """The rotation says how the pixels were turned at the sensor: they are upright already (PS3.3 C.8.11.4)."""
    made, levels = intraoral(drawn, FieldOfViewRotation=rotation)
    data = write_dicom(made, syntax)
    image, found = shown(data)
    np.testing.assert_allclose(found, levels / 4095, atol=2e-4)
    assert (image.bits, image.modality, image.spacing_mm, image.note) == (12, Modality.INTRAORAL, (0.019, 0.019), "")
    np.testing.assert_allclose(found, as_dcmtk_shows_it(data, tmp_path), atol=2e-3)


@pytest.mark.parametrize("undefined", [False, True])
def test_an_icon_is_not_taken_for_the_film(drawn, undefined, tmp_path):
    made, levels = intraoral(drawn)
    made["IconImageSequence"].is_undefined_length = undefined
    for syntax in (EXPLICIT, IMPLICIT):
        np.testing.assert_allclose(shown(write_dicom(made, syntax))[1], levels / 4095, atol=2e-4)
    packed = pydicom.dcmread(io.BytesIO(write_dicom(made, JPEG_LOSSLESS_SV1)))
    packed.IconImageSequence = [icon()]
    packed.IconImageSequence[0]["PixelData"].value = encapsulate([bytes(range(256))])
    packed.IconImageSequence[0]["PixelData"].is_undefined_length = True
    out = io.BytesIO()
    packed.save_as(out)
    np.testing.assert_allclose(shown(out.getvalue())[1], levels / 4095, atol=2e-4)


@pytest.mark.parametrize("syntax", [EXPLICIT, "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.90"])
def test_a_panoramic_of_a_plate(drawn, syntax, tmp_path):
    made, stored = panoramic(np.hstack([drawn, drawn[:, ::-1]]))
    data = write_dicom(made, syntax)
    image, found = shown(data)
    np.testing.assert_allclose(found, 1 - stored / 1023, atol=1e-3)
    assert image.spacing_mm == (0.1, 0.1)
    assert not found[:5].any()  # the border without exposure is black, as a viewer shows it
    if syntax == EXPLICIT:
        np.testing.assert_allclose(found, as_dcmtk_shows_it(data, tmp_path), atol=2e-3)


def test_a_jpeg_lossless_film_of_16_bits_with_an_empty_padding_and_an_empty_table(drawn, tmp_path):
    levels = np.rint(drawn * 65535).astype(np.uint16)
    made = data_set(levels, Modality="CR", VOILUTSequence=[Dataset()])
    made.add_new(0x00280120, "US", None)
    for photometric, wanted in (("MONOCHROME2", levels), ("MONOCHROME1", 65535 - levels)):
        made.PhotometricInterpretation = photometric
        image, _ = shown(write_dicom(made, JPEG_LOSSLESS_SV1))
        np.testing.assert_array_equal(image.pixels, wanted)
        assert image.bits == 16


def test_what_a_sensor_wrote_is_fit_to_be_read(drawn):
    from lennox.inference.quality import assess

    image = read_image(write_dicom(intraoral(drawn)[0], JPEG_LOSSLESS_SV1))
    assert assess(image).reasons == ()
