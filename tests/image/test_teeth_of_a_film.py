"""The teeth that a DICOM file says it shows."""

import numpy as np
import pytest
from film_files import data_set, write_dicom
from pydicom.dataset import Dataset

import lennox


def coded(code, scheme="SCT"):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, scheme, "PLANTED"
    return item


@pytest.mark.parametrize(
    ("sequences", "teeth"),
    [
        ({"PrimaryAnatomicStructureSequence": [coded("865995000"), coded("863902006")]}, ("16", "17")),
        ({"AnatomicRegionSequence": [coded("661005")], "PrimaryAnatomicStructureSequence": [coded("T-54210", "SRT")]},
         ("18",)),
        ({"PrimaryAnatomicStructureSequence": [coded("865995000", "99OWN")]}, ()),
        ({"AnatomicRegionSequence": []}, ()),
    ],
)  # fmt: skip
def test_teeth_are_read_from_their_codes_and_nothing_else(sequences, teeth):
    film = write_dicom(data_set(np.full((64, 80), 9, np.uint8), **sequences))
    assert lennox.read_image(film).teeth == teeth
