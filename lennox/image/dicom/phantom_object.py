"""A phantom's film as a DICOM object: Digital Intra-Oral X-Ray Image, For Presentation."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

INTRA_ORAL_FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.3"
# Keywords of pydicom's code dictionary: context groups 4016 (regions) and 4018 (teeth)
_QUADRANTS = {1: "PermanentMaxillaryRight", 2: "PermanentMaxillaryLeft", 3: "MandibularLeft", 4: "MandibularRight"}
_POSITIONS = (
    "CentralIncisor",
    "LateralIncisor",
    "Canine",
    "FirstPremolar",
    "SecondPremolar",
    "FirstMolar",
    "SecondMolar",
    "ThirdMolar",
)


@dataclass(frozen=True, slots=True)
class FilmObject:
    """What goes into the object.

    pixels : (rows, columns) uint8 or uint16 as stored, 0 .. 2**bits - 1, larger is denser
    bits : 8 to 16
    spacing_mm : (row, column) size of a pixel at the detector
    identity : text that the object's UIDs are made from: the same text, the same UIDs
    number : of the instance in its series
    teeth : FDI numbers of the permanent teeth on the film, at least one
    patient_name, patient_id, description : as they go into the file; description is of the series
    """

    pixels: NDArray[np.uint8] | NDArray[np.uint16]
    bits: int
    spacing_mm: tuple[float, float]
    identity: str
    number: int
    teeth: tuple[int, ...]
    patient_name: str
    patient_id: str
    description: str

    def __post_init__(self) -> None:
        wanted = np.uint8 if self.bits == 8 else np.uint16
        if not 8 <= self.bits <= 16 or self.pixels.dtype != wanted or self.pixels.ndim != 2:
            raise ValueError(f"{self.bits} bits need (rows, columns) {wanted.__name__}, got {self.pixels.dtype}")
        if int(self.pixels.max()) >> self.bits:
            raise ValueError(f"a pixel of {self.pixels.max()} does not fit into {self.bits} bits")
        if not self.teeth or any(fdi // 10 not in _QUADRANTS or not 1 <= fdi % 10 <= 8 for fdi in self.teeth):
            raise ValueError(f"teeth must be FDI numbers of permanent teeth, at least one, got {self.teeth}")


def _keyword(fdi: int) -> str:
    keyword = f"{_QUADRANTS[fdi // 10]}{_POSITIONS[fdi % 10 - 1]}Tooth"
    return "MandibularLeftLateralTooth" if fdi == 32 else keyword  # the standard's own term


def _region(teeth: tuple[int, ...]) -> str:
    jaws = {"Maxilla" if fdi < 30 else "Mandible" for fdi in teeth}
    return jaws.pop() if len(jaws) == 1 else "TeethGumsAndSupportingStructures"


def _sides(teeth: tuple[int, ...]) -> tuple[str, list[str]]:
    """Laterality, and where rows and columns run in the patient: the film is seen from outside the mouth."""
    right = {fdi // 10 in (1, 4) for fdi in teeth}
    if right == {True}:
        return "R", ["A", "F"]
    return ("L", ["P", "F"]) if right == {False} else ("B", ["L", "F"])


def encode_phantom(film: FilmObject) -> bytes:
    """The bytes of a DICOM file that holds a phantom's film, marked as a phantom; the same film, the same bytes.

    By DICOM PS3.3, Digital Intra-Oral X-Ray Image IOD. Explicit VR little endian, uncompressed. No date is made up:
    dates that the standard lets be empty are empty.
    """
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.sequence import Sequence
    from pydicom.sr.codedict import codes
    from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

    def uid(part: str) -> UID:
        return generate_uid(entropy_srcs=[film.identity, part])

    def coded(group: str, keyword: str) -> Dataset:
        code = getattr(getattr(codes, group), keyword)
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme_designator, code.meaning
        return item

    region = coded("cid4016", _region(film.teeth))
    teeth = Sequence([coded("cid4018", _keyword(fdi)) for fdi in film.teeth])
    laterality, orientation = _sides(film.teeth)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(INTRA_ORAL_FOR_PRESENTATION)
    meta.MediaStorageSOPInstanceUID = uid(f"instance {film.number}")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = uid("lennox")
    meta.ImplementationVersionName = "LENNOX"
    data = FileDataset(io.BytesIO(), {}, file_meta=meta, preamble=b"\0" * 128)
    rows, columns = film.pixels.shape
    elements = {
        # patient and study
        "PatientName": film.patient_name,
        "PatientID": film.patient_id,
        "PatientBirthDate": "",
        "PatientSex": "",
        "StudyInstanceUID": uid("study"),
        "StudyDate": "",
        "StudyTime": "",
        "StudyID": "",
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
        # series and equipment
        "Modality": "IO",
        "SeriesInstanceUID": uid("series"),
        "SeriesNumber": 1,
        "SeriesDescription": film.description,
        "PresentationIntentType": "FOR PRESENTATION",
        "Manufacturer": "lennox",
        "ManufacturerModelName": "phantom",
        # image
        "SOPClassUID": INTRA_ORAL_FOR_PRESENTATION,
        "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "InstanceNumber": film.number,
        "ImageType": ["DERIVED", "PRIMARY", ""],
        "PatientOrientation": orientation,
        "ContentDate": "",
        "ContentTime": "",
        "QualityControlImage": "YES",  # a phantom, by the standard's own word
        "BurnedInAnnotation": "NO",
        "LossyImageCompression": "00",
        "DerivationDescription": film.description,
        "ImageLaterality": laterality,
        "AnatomicRegionSequence": Sequence([region]),
        "PrimaryAnatomicStructureSequence": teeth,
        "AcquisitionContextSequence": Sequence([]),
        "DetectorType": "",
        "ImagerPixelSpacing": [f"{step:.6f}" for step in film.spacing_mm],
        "PositionerType": "NONE",
        # pixels
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": 8 if film.bits == 8 else 16,
        "BitsStored": film.bits,
        "HighBit": film.bits - 1,
        "PixelRepresentation": 0,
        "PixelIntensityRelationship": "LOG",
        "PixelIntensityRelationshipSign": -1,
        "RescaleIntercept": "0",
        "RescaleSlope": "1",
        "RescaleType": "US",
        "PresentationLUTShape": "IDENTITY",
        "WindowCenter": str(2 ** (film.bits - 1)),  # the full range: a window that the standard wants, and no change
        "WindowWidth": str(2**film.bits),
    }
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    content = film.pixels.astype("<u2" if film.bits > 8 else np.uint8).tobytes()
    data.add_new(0x7FE00010, "OW", content + b"\0" * (len(content) % 2))
    target = io.BytesIO()
    data.save_as(target, enforce_file_format=True)
    return target.getvalue()
