"""What the DICOM objects refer to: the film's own file where its pixels are the picture that was read, else a copy.

A position of lennox is one in the picture as it is looked at. Where the file is no DICOM, holds several images, was
resampled to square pixels, or shows its pixels through tables, a Secondary Capture of that picture is written first and
the objects refer to it; so an outline lies where it belongs in every viewer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import RE_VALID_UID, UID

import lennox
from lennox.files import sha256_of
from lennox.image import Image
from lennox.image.dicom.elements import parse_elements
from lennox.report.dicom_capture import SECONDARY_CAPTURE
from lennox.report.dicom_file import copied_elements, file_bytes, said_of, tag_of, text_value, uid_of

# How the stored samples become grey values, which a presentation state repeats.
_GREY = ("RescaleIntercept", "RescaleSlope", "WindowCenter", "WindowWidth")
_ELEMENTS = (
    *("PhotometricInterpretation", "BitsStored", "PixelRepresentation", "SamplesPerPixel", "Rows", "Columns"),
    *("ModalityLUTSequence", "VOILUTSequence", "VOILUTFunction", "PresentationLUTShape", "Modality"),
    *_GREY,
)
_REFERENCES = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
SERIES_NUMBER = 9900  # viewers list by number: the films come first


@dataclass(frozen=True, slots=True)
class SourceImage:
    """The image that objects refer to.

    dataset : what highdicom asks of it, without pixels and without a patient
    copied : what the film's file says of patient and study, as `copied_elements` gives it
    date, time : of the film, as DICOM writes them; "" where its file says none
    file : the bytes of the copy that was made, or None where the film's own file is referred to
    """

    dataset: Dataset
    copied: Mapping[str, bytes]
    date: str
    time: str
    file: bytes | None


def source_image(film: bytes, image: Image, frame: int) -> SourceImage:
    """The image to refer to. film : the bytes of the file; image : what was read of its image `frame`."""
    said = said_of(film)
    copied = copied_elements(said)
    date, time = _dated(film) if said else ("", "")
    stored = _stored(film, said, image)
    if stored is not None:
        return SourceImage(stored, copied, date, time, None)
    elements = _capture(film, said, copied, image, frame)
    dataset = _dataset({keyword: str(elements[keyword]) for keyword in _REFERENCES}, image)
    dataset.Modality = "OT"
    return SourceImage(dataset, copied, date, time, file_bytes(elements))


def _stored(film: bytes, said: Mapping[str, bytes], image: Image) -> Dataset | None:
    """The film's own file as a dataset, or None where its pixels are not the picture that was read."""
    uids = {keyword: said.get(keyword, b"").decode("ascii", "replace") for keyword in _REFERENCES}
    if not said or image.note or not image.is_grey or not all(re.fullmatch(RE_VALID_UID, uid) for uid in uids.values()):
        return None
    elements = parse_elements(film, [tag_of(keyword) for keyword in _ELEMENTS]).elements
    text = {
        keyword: elements.bytes_of(tag_of(keyword)).rstrip(b" \0").decode("ascii", "replace")
        for keyword in ("PhotometricInterpretation", "PresentationLUTShape", "VOILUTFunction", "Modality", *_GREY)
    }
    tables = any(elements.bytes_of(tag_of(keyword)) for keyword in ("ModalityLUTSequence", "VOILUTSequence"))
    if (
        said.get("NumberOfFrames", b"1").strip() != b"1"
        or tables
        or text["PhotometricInterpretation"] not in ("MONOCHROME1", "MONOCHROME2")
        or text["PresentationLUTShape"] == "INVERSE"
        or text["VOILUTFunction"] not in ("", "LINEAR")
    ):
        return None
    dataset = _dataset(uids, image)
    dataset.PhotometricInterpretation = text["PhotometricInterpretation"]
    dataset.Modality = text["Modality"] or "OT"
    for first, second in (("RescaleIntercept", "RescaleSlope"), ("WindowCenter", "WindowWidth")):
        values = [_first_number(text[keyword]) for keyword in (first, second)]
        if None not in values:
            setattr(dataset, first, values[0])
            setattr(dataset, second, values[1])
    if "RescaleSlope" in dataset:
        dataset.RescaleType = "US"
    return dataset


def _dataset(uids: Mapping[str, str], image: Image) -> Dataset:
    dataset = Dataset()
    for keyword, uid in uids.items():
        setattr(dataset, keyword, UID(uid))
    for keyword in (
        *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID"),
        *("AccessionNumber", "ReferringPhysicianName"),
    ):
        setattr(dataset, keyword, "")  # copied as bytes afterwards
    dataset.Rows, dataset.Columns = image.rows, image.columns
    dataset.SamplesPerPixel = 1 if image.is_grey else 3
    dataset.PhotometricInterpretation = "MONOCHROME2" if image.is_grey else "RGB"
    dataset.BitsAllocated = dataset.BitsStored = image.pixels.itemsize * 8
    dataset.HighBit, dataset.PixelRepresentation = dataset.BitsStored - 1, 0
    return dataset


def _capture(
    film: bytes, said: Mapping[str, bytes], copied: Mapping[str, bytes], image: Image, frame: int
) -> dict[str, Any]:
    """A Secondary Capture of the picture as it was read, by PS3.3, Secondary Capture Image IOD."""
    digest = sha256_of(film)
    why = f"The picture as lennox {lennox.__version__} read it, for outlines to refer to. File SHA-256 {digest}, " + (
        f"image {frame}. {image.note}".rstrip()
    )
    made = {
        "SeriesDescription": "lennox: the picture as it was read",
        "DerivationDescription": why,
        "Manufacturer": "lennox",
        "SoftwareVersions": f"lennox {lennox.__version__}",
    }
    bits = image.pixels.itemsize * 8
    samples = image.pixels.tobytes()
    parts = (digest, str(frame), lennox.__version__, sha256_of(samples))
    return {
        **copied,
        "InstanceNumber": b"1",
        "StudyInstanceUID": said.get("StudyInstanceUID", uid_of("study", digest).encode()).decode("ascii", "replace"),
        "SeriesInstanceUID": uid_of("source series", *parts),
        "SOPInstanceUID": uid_of("source", *parts),
        "SOPClassUID": SECONDARY_CAPTURE,
        "SeriesNumber": SERIES_NUMBER,
        "Modality": "OT",
        "ConversionType": "WSD",
        "ImageType": ["DERIVED", "SECONDARY"],
        **{key: text_value(key, text, copied.get("SpecificCharacterSet", b"")) for key, text in made.items()},
        "SamplesPerPixel": 1 if image.is_grey else 3,
        "PhotometricInterpretation": "MONOCHROME2" if image.is_grey else "RGB",
        **({} if image.is_grey else {"PlanarConfiguration": 0}),
        "Rows": image.rows,
        "Columns": image.columns,
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": 0,
        "PixelData": samples,
    }


def _dated(film: bytes) -> tuple[str, str]:
    """When the film was made, of the first pair of elements that says a day."""
    pairs = (("ContentDate", "ContentTime"), ("AcquisitionDate", "AcquisitionTime"), ("StudyDate", "StudyTime"))
    elements = parse_elements(film, [tag_of(keyword) for pair in pairs for keyword in pair]).elements
    for keywords in pairs:
        date, time = (elements.bytes_of(tag_of(key)).strip(b" \0").decode("ascii", "replace") for key in keywords)
        if re.fullmatch(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])", date):
            return date, time if re.fullmatch(r"([01]\d|2[0-3])[0-5]\d[0-5]\d", time[:6]) and len(
                time
            ) == 6 else "000000"
    return "", ""


def _first_number(text: str) -> float | None:
    try:
        value = float(text.split("\\")[0])
    except ValueError:
        return None
    return value if abs(value) < 1e9 else None
