"""Write a film as a DICOM object: Digital Intra-Oral X-Ray Image, For Presentation."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

INTRA_ORAL_FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.3"
_JAWS = {  # SNOMED CT, of context group 4016
    "upper": ("70925003", "Maxilla"),
    "lower": ("91609006", "Mandible"),
    "both": ("110730005", "Teeth, gums and supporting structures"),
}


@dataclass(frozen=True, slots=True)
class FilmObject:
    """What goes into the object.

    pixels : (rows, columns) uint8 or uint16 as stored, 0 .. 2**bits - 1, larger is denser
    bits : 8 to 16
    spacing_mm : (row, column) size of a pixel at the detector
    identity : text that the object's UIDs are made from: the same text, the same UIDs
    number : of the instance in its series
    jaw : "upper", "lower" or "both"
    patient_name, patient_id, description : as they go into the file; description is of the series
    """

    pixels: NDArray[np.uint8] | NDArray[np.uint16]
    bits: int
    spacing_mm: tuple[float, float]
    identity: str
    number: int
    jaw: str
    patient_name: str
    patient_id: str
    description: str

    def __post_init__(self) -> None:
        wanted = np.uint8 if self.bits == 8 else np.uint16
        if not 8 <= self.bits <= 16 or self.pixels.dtype != wanted or self.pixels.ndim != 2:
            raise ValueError(f"{self.bits} bits need (rows, columns) {wanted.__name__}, got {self.pixels.dtype}")
        if int(self.pixels.max()) >> self.bits:
            raise ValueError(f"a pixel of {self.pixels.max()} does not fit into {self.bits} bits")
        if self.jaw not in _JAWS:
            raise ValueError(f"jaw must be one of {tuple(_JAWS)}, got {self.jaw!r}")


def encode_phantom(film: FilmObject) -> bytes:
    """The bytes of a DICOM file that holds a phantom's film, marked as a phantom; the same film, the same bytes.

    By DICOM PS3.3, Digital Intra-Oral X-Ray Image IOD. Explicit VR little endian, uncompressed. No date is made up:
    dates that the standard lets be empty are empty.
    """
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.sequence import Sequence
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    def uid(part: str) -> str:
        return str(generate_uid(entropy_srcs=[film.identity, part]))

    def code(value: str, meaning: str) -> Dataset:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", meaning
        return item

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = INTRA_ORAL_FOR_PRESENTATION
    meta.MediaStorageSOPInstanceUID = uid(f"instance {film.number}")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = uid("lennox")
    meta.ImplementationVersionName = "LENNOX"
    data = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
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
        "PatientOrientation": "",
        "ContentDate": "",
        "ContentTime": "",
        "QualityControlImage": "YES",  # a phantom, by the standard's own word
        "BurnedInAnnotation": "NO",
        "LossyImageCompression": "00",
        "DerivationDescription": film.description,
        "ImageLaterality": "U",
        "AnatomicRegionSequence": Sequence([code(*_JAWS[film.jaw])]),
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
        "WindowCenter": str(2 ** (film.bits - 1)),
        "WindowWidth": str(2**film.bits),
    }
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    content = film.pixels.astype("<u2" if film.bits > 8 else np.uint8).tobytes()
    data.add_new(0x7FE00010, "OW", content + b"\0" * (len(content) % 2))
    target = io.BytesIO()
    data.save_as(target, enforce_file_format=True)
    return target.getvalue()
