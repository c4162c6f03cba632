"""The overlay as a DICOM Secondary Capture, for the archive that holds the film. Written with pydicom.

The same film, model and operating point give the same bytes and the same UIDs, so that a repeated run does not
multiply in an archive. So no date of making is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import RE_VALID_UID

import lennox
from lennox.errors import ImageError
from lennox.files import sha256_of
from lennox.image import Image, read_image
from lennox.inference.examination import Examination
from lennox.report import words
from lennox.report.dicom_file import copied_elements, file_bytes, said_of, text_value, uid_of
from lennox.report.overlay import overlay_picture, result_lines

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
SERIES_NUMBER = 9999  # viewers list by number: the films come first
TITLE = "suspected findings, not a diagnosis"


def draw_capture(film: bytes, examination: Examination, *, frame: int | None = None) -> bytes:
    """The bytes of a DICOM file: the film with outlines and legend, the stamp of an unreleased model among them.

    film : the bytes of the file that was examined; if it is DICOM, the capture joins its patient and study
    frame : which image of the file it was, as for `read_image`
    By DICOM PS3.3, Secondary Capture Image IOD; RGB in 8 bits, explicit VR little endian, uncompressed.
    Raises ImageError if the file cannot be read or is another one, ValueError if it was not assessed.
    """
    image = read_image(film, frame=frame)
    if image.sha256 != examination.source.sha256:
        raise ImageError("The film is not the one that was assessed. Assess it again.")
    return capture_of(image, examination, said_of(film), frame or 0)


def capture_of(image: Image, examination: Examination, said: Mapping[str, bytes], frame: int) -> bytes:
    """`draw_capture` of a film that is read already.

    said : what its file says, see `said_of`; frame : which image of it, from 0
    """
    picture = overlay_picture(image, examination)
    rows, columns = picture.height, picture.width
    samples = picture.tobytes()
    del picture  # of a large film, it and the file would not fit into a gigabyte
    return _file(_elements(examination, said, frame) | _pixels(columns, rows, samples))


def _elements(examination: Examination, said: Mapping[str, bytes], frame: int) -> dict[str, Any]:
    """All but the pixels and the capture's own UID; what may hold characters beyond ASCII is bytes."""
    model, point = examination.model, examination.operating_point
    film = str(examination.source.sha256)
    stamp = [words.stamp(model.release)] if words.is_unreleased(model.release) else []
    copied = copied_elements(said)
    made = {
        "SeriesDescription": f"lennox{', ' + words.UNRELEASED_STAMP if stamp else ''}: {TITLE}",
        "ImageComments": "\r\n".join([*stamp, words.notice(model.release), *result_lines(examination)]),
        "DerivationDescription": (
            f"A copy of the film with outlines and a legend. lennox {lennox.__version__}, model {model.name} "
            f"{model.version} ({model.release}), weights SHA-256 {model.sha256}; film SHA-256 {film}, frame {frame}."
        ),
        "Manufacturer": "lennox",
        "ManufacturerModelName": model.name,
        "SoftwareVersions": f"lennox {lennox.__version__}",
    }
    series = [said.get("SeriesInstanceUID", film.encode()).decode(), lennox.__version__, model.sha256, model.release]
    return {
        "InstanceNumber": b"1",
        **copied,
        "StudyInstanceUID": said.get("StudyInstanceUID", uid_of("study", film).encode()),
        "SeriesInstanceUID": uid_of("series", *series, point.name, repr(point.threshold)),
        "SeriesNumber": SERIES_NUMBER,
        "Modality": "OT",
        "SOPClassUID": SECONDARY_CAPTURE,
        "ConversionType": "WSD",
        "ImageType": ["DERIVED", "SECONDARY"],
        "BurnedInAnnotation": "YES",  # whoever removes identities has to look at the pixels
        **({"ContentQualification": "RESEARCH"} if stamp else {}),
        **{
            keyword: text_value(keyword, text, copied.get("SpecificCharacterSet", b""))
            for keyword, text in made.items()
        },
        **_reference(said, frame),
    }


def _reference(said: Mapping[str, bytes], frame: int) -> dict[str, list[Dataset]]:
    kind, film = (said.get(keyword, b"").decode() for keyword in ("SOPClassUID", "SOPInstanceUID"))
    if not re.fullmatch(RE_VALID_UID, kind) or not re.fullmatch(RE_VALID_UID, film):
        return {}
    purpose, item = Dataset(), Dataset()
    purpose.CodeValue, purpose.CodingSchemeDesignator = "121322", "DCM"
    purpose.CodeMeaning = "Source image for image processing operation"
    item.ReferencedSOPClassUID = kind
    item.ReferencedSOPInstanceUID = film
    if said.get("NumberOfFrames", b"1").strip() != b"1":
        item.ReferencedFrameNumber = frame + 1  # DICOM counts from 1
    item.PurposeOfReferenceCodeSequence = [purpose]
    return {"SourceImageSequence": [item]}


def _pixels(columns: int, rows: int, samples: bytes) -> dict[str, Any]:
    return {
        "SamplesPerPixel": 3,
        "PhotometricInterpretation": "RGB",
        "PlanarConfiguration": 0,
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelRepresentation": 0,
        "PixelData": samples,
    }


def _file(elements: dict[str, Any]) -> bytes:
    """The file of these elements. The UID of the capture is made from all that can differ between two of them."""
    pixels = sha256_of(elements["PixelData"])
    derived_from = (repr(elements[keyword]) for keyword in ("SeriesInstanceUID", "DerivationDescription"))
    elements["SOPInstanceUID"] = uid_of("instance", pixels, *derived_from)
    return file_bytes(elements)
