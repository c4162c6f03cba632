"""The overlay as a DICOM Secondary Capture, for the archive that holds the film. Written with pydicom.

What the film's file says of patient and study is copied as bytes, in the character set it was written in: dental
software writes values that DICOM forbids, and an archive files the capture with the film only if both say the same.

The same film, model and operating point give the same bytes and the same UIDs, so that a repeated run does not
multiply in an archive. So no date of making is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element, write_file_meta_info
from pydicom.tag import Tag
from pydicom.uid import RE_VALID_UID, UID, ExplicitVRLittleEndian, generate_uid

import lennox
from lennox.errors import ImageError
from lennox.files import sha256_of
from lennox.image import read_image
from lennox.image.dicom.elements import parse_elements
from lennox.image.dicom.signature import is_dicom
from lennox.inference.examination import Examination
from lennox.report import words
from lennox.report.overlay import overlay_picture, result_lines

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
SERIES_NUMBER = 9999  # viewers list by number: the films come first
TITLE = "suspected findings, not a diagnosis"
LONGEST = {"LO": 64, "ST": 1024, "LT": 10240}  # characters, by PS3.5

# Copied from the film's file, and empty where it does not say: the standard asks for them.
_ALWAYS = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"),
    "PatientOrientation",
)  # fmt: skip
# Copied where the film's file says them. No sequence and no private element is among them.
_IF_SAID = (
    *("IssuerOfPatientID", "PatientAge", "PatientIdentityRemoved", "DeidentificationMethod"),
    *("StudyDescription", "TimezoneOffsetFromUTC", "InstanceNumber"),
    *("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod"),
)  # fmt: skip
_MAX_BYTES = 65534  # of an element that is not a sequence
_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID", "SOPInstanceUID")
_OTHERS = ("SpecificCharacterSet", "NumberOfFrames", "ImageLaterality", "Laterality")
# How text of ours is written beside the film's; in any other set, only characters that all sets share.
_CODECS = {b"ISO_IR 192": "utf-8", b"ISO_IR 100": "latin-1"}


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
    picture = overlay_picture(image, examination)
    said = _said_of(film) if is_dicom(film) else {}
    return _file(_elements(examination, said, frame or 0) | _pixels(picture.width, picture.height, picture.tobytes()))


def _said_of(film: bytes) -> dict[str, bytes]:
    """What the film's file says, as it is written there, without filling; {keyword: bytes}."""
    tags = {keyword: _tag(keyword) for keyword in (*_ALWAYS, *_IF_SAID, *_UIDS, *_OTHERS)}
    elements = parse_elements(film, tags.values()).elements
    said = {keyword: elements.bytes_of(tag).rstrip(b" \0") for keyword, tag in tags.items()}
    for keyword in _UIDS:
        if not re.fullmatch(rb"[0-9.]{1,64}", said[keyword]):
            said[keyword] = b""
    return {keyword: value for keyword, value in said.items() if 0 < len(value) < _MAX_BYTES}


def _elements(examination: Examination, said: Mapping[str, bytes], frame: int) -> dict[str, Any]:
    """All but the pixels and the capture's own UID; what may hold characters beyond ASCII is bytes."""
    model, point = examination.model, examination.operating_point
    film = str(examination.source.sha256)
    stamp = [words.stamp(model.release)] if words.is_unreleased(model.release) else []
    side = "ImageLaterality" if "ImageLaterality" in said else "Laterality"  # one of them, or empty if unknown
    copied = {keyword: said.get(keyword, b"") for keyword in (*_ALWAYS, side)}
    copied |= {keyword: said[keyword] for keyword in _IF_SAID if keyword in said}
    character_set = said.get("SpecificCharacterSet", b"")
    if not character_set and all(value.isascii() for value in copied.values()):
        character_set = b"ISO_IR 192"
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
        **({"SpecificCharacterSet": character_set} if character_set else {}),
        "StudyInstanceUID": said.get("StudyInstanceUID", _uid("study", film).encode()),
        "SeriesInstanceUID": _uid("series", *series, point.name, repr(point.threshold)),
        "SeriesNumber": SERIES_NUMBER,
        "Modality": "OT",
        "SOPClassUID": SECONDARY_CAPTURE,
        "ConversionType": "WSD",
        "ImageType": ["DERIVED", "SECONDARY"],
        "BurnedInAnnotation": "YES",  # whoever removes identities has to look at the pixels
        **({"ContentQualification": "RESEARCH"} if stamp else {}),
        **{keyword: _text(keyword, text, _CODECS.get(character_set, "ascii")) for keyword, text in made.items()},
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
    elements["SOPInstanceUID"] = _uid("instance", pixels, *derived_from)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(SECONDARY_CAPTURE)
    meta.MediaStorageSOPInstanceUID = elements["SOPInstanceUID"]
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = _uid("lennox")
    meta.ImplementationVersionName = "LENNOX"
    out = DicomBytesIO(b"")
    out.is_little_endian, out.is_implicit_VR = True, False
    out.write(b"\0" * 128 + b"DICM")
    write_file_meta_info(out, meta)
    for keyword in sorted(elements, key=_tag):
        write_data_element(out, _element(keyword, elements[keyword]))
    return out.getvalue()


def _element(keyword: str, value: Any) -> DataElement | RawDataElement:
    tag = _tag(keyword)
    vr = "OB" if keyword == "PixelData" else dictionary_VR(tag)
    if not isinstance(value, bytes):
        return DataElement(tag, vr, value)
    value += (b"\0" if vr in ("UI", "OB") else b" ") * (len(value) % 2)
    return RawDataElement(Tag(tag), vr, len(value), value, 0, False, True)


def _text(keyword: str, text: str, codec: str) -> bytes:
    """Text of ours; a backslash would begin a second value, and characters that the set lacks become &#1234;."""
    coded = text.replace("\\", "/").encode(codec, "xmlcharrefreplace").decode(codec)
    return coded[: LONGEST[dictionary_VR(_tag(keyword))]].encode(codec)


def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    return tag


def _uid(*parts: str) -> UID:
    return generate_uid(entropy_srcs=["lennox", *parts])
