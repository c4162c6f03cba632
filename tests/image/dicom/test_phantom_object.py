"""A phantom's film as an intra-oral DICOM object."""

import io

import numpy as np
import pydicom
import pytest

from lennox.image.dicom.phantom_object import INTRA_ORAL_FOR_PRESENTATION, FilmObject, encode_phantom


def film(**changes) -> FilmObject:
    settings = {
        "pixels": np.arange(35, dtype=np.uint16).reshape(7, 5) * 100,
        "bits": 12,
        "spacing_mm": (0.03, 0.04),
        "identity": "test",
        "number": 3,
        "teeth": (16, 15, 14),
        "patient_name": "DRAWN^FILM",
        "patient_id": "DRAWN-1",
        "description": "Drawn film (phantom), not a patient",
    }
    return FilmObject(**(settings | changes))


def read(content: bytes) -> pydicom.FileDataset:
    return pydicom.dcmread(io.BytesIO(content))  # no force: it must be a DICOM file of its own


def test_the_object_is_an_intra_oral_film_for_presentation():
    data = read(encode_phantom(film()))
    assert data.SOPClassUID == data.file_meta.MediaStorageSOPClassUID == INTRA_ORAL_FOR_PRESENTATION
    assert (data.Modality, data.PresentationIntentType) == ("IO", "FOR PRESENTATION")
    assert (data.PhotometricInterpretation, data.PixelIntensityRelationshipSign) == ("MONOCHROME2", -1)
    assert list(data.ImagerPixelSpacing) == [0.03, 0.04]
    np.testing.assert_array_equal(data.pixel_array, film().pixels)


def test_it_says_that_it_is_drawn():
    data = read(encode_phantom(film()))
    assert "Drawn" in data.SeriesDescription
    assert str(data.PatientName) == "DRAWN^FILM"
    assert data.QualityControlImage == "YES"


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_pixels_of_any_depth(bits):
    pixels = np.array([[0, 2**bits - 1, 5]], np.uint8 if bits == 8 else np.uint16)  # an odd count: padded to even
    data = read(encode_phantom(film(pixels=pixels, bits=bits)))
    assert (data.BitsStored, data.HighBit) == (bits, bits - 1)
    np.testing.assert_array_equal(data.pixel_array, pixels)


@pytest.mark.parametrize(
    ("teeth", "side", "region"),
    [
        ((16, 15), "R", "Maxilla"),
        ((36, 37), "L", "Mandible"),
        ((41, 31), "B", "Mandible"),
        ((25, 35), "L", "Teeth, gums and supporting structures"),
    ],
)
def test_teeth_say_side_and_jaw(teeth, side, region):
    data = read(encode_phantom(film(teeth=teeth)))
    assert data.ImageLaterality == side
    assert data.AnatomicRegionSequence[0].CodeMeaning == region
    assert len(data.PrimaryAnatomicStructureSequence) == len(teeth)


def test_every_permanent_tooth_has_its_code():
    teeth = tuple(10 * quadrant + position for quadrant in (1, 2, 3, 4) for position in range(1, 9))
    data = read(encode_phantom(film(teeth=teeth)))
    codes = {item.CodeValue for item in data.PrimaryAnatomicStructureSequence}
    assert len(codes) == 32
    assert {item.CodingSchemeDesignator for item in data.PrimaryAnatomicStructureSequence} == {"SCT"}


def test_the_same_film_has_the_same_bytes_and_another_other_uids():
    assert encode_phantom(film()) == encode_phantom(film())
    one, other = read(encode_phantom(film())), read(encode_phantom(film(identity="another")))
    assert one.SOPInstanceUID != other.SOPInstanceUID
    assert one.StudyInstanceUID != other.StudyInstanceUID


@pytest.mark.parametrize(
    "wrong",
    [{"bits": 7}, {"bits": 8}, {"bits": 11}, {"teeth": ()}, {"teeth": (55,)}, {"teeth": (19,)}],
    ids=str,
)
def test_what_does_not_fit_is_refused(wrong):
    with pytest.raises(ValueError, match=r"bits|teeth"):
        film(**wrong)
