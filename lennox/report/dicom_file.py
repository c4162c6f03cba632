"""DICOM files of ours: what the film's file says of patient and study, and how elements are written. With pydicom.

What the film's file says is copied as bytes, in the character set it was written in: dental software writes values
that DICOM forbids, and an archive files what we add with the film only if both say the same.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from typing import Any

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element, write_file_meta_info
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from lennox.image.dicom.elements import parse_elements
from lennox.image.dicom.signature import is_dicom

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


def said_of(film: bytes) -> dict[str, bytes]:
    """What the film's file says, as it is written there, without filling; {keyword: bytes}; none unless it is DICOM."""
    if not is_dicom(film):
        return {}
    tags = {keyword: tag_of(keyword) for keyword in (*_ALWAYS, *_IF_SAID, *_UIDS, *_OTHERS)}
    elements = parse_elements(film, tags.values()).elements
    said = {keyword: elements.bytes_of(tag).rstrip(b" \0") for keyword, tag in tags.items()}
    for keyword in _UIDS:
        if not re.fullmatch(rb"[0-9.]{1,64}", said[keyword]):
            said[keyword] = b""
    return {keyword: value for keyword, value in said.items() if 0 < len(value) < _MAX_BYTES}


def copied_elements(said: Mapping[str, bytes]) -> dict[str, bytes]:
    """Patient and study as the film's file says, with its character set; empty where the standard asks for more."""
    side = "ImageLaterality" if "ImageLaterality" in said else "Laterality"  # one of them, or empty if unknown
    copied = {keyword: said.get(keyword, b"") for keyword in (*_ALWAYS, side)}
    copied |= {keyword: said[keyword] for keyword in _IF_SAID if keyword in said}
    character_set = said.get("SpecificCharacterSet", b"")
    if not character_set and all(value.isascii() for value in copied.values()):
        character_set = b"ISO_IR 192"
    return copied | ({"SpecificCharacterSet": character_set} if character_set else {})


def file_bytes(elements: Mapping[str, Any]) -> bytes:
    """The file of these elements, {keyword: value}; explicit VR little endian."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(elements["SOPClassUID"])
    meta.MediaStorageSOPInstanceUID = elements["SOPInstanceUID"]
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = uid_of("lennox")
    meta.ImplementationVersionName = "LENNOX"
    out = DicomBytesIO(b"")
    out.is_little_endian, out.is_implicit_VR = True, False
    out.write(b"\0" * 128 + b"DICM")
    write_file_meta_info(out, meta)
    for keyword in sorted(elements.keys() - {"PixelData"}, key=tag_of):
        write_data_element(out, element_of(keyword, elements[keyword]))
    if "PixelData" not in elements:
        return out.getvalue()
    samples: bytes = elements["PixelData"]  # the last of all; pydicom would copy those of a large film three times
    filling = b"\0" * (len(samples) % 2)
    head = struct.pack("<HH2s2xL", 0x7FE0, 0x0010, b"OB", len(samples) + len(filling))
    return b"".join((out.getvalue(), head, samples, filling))


def element_of(keyword: str, value: Any) -> DataElement | RawDataElement:
    """An element; bytes are written as they are, whatever they hold."""
    tag = tag_of(keyword)
    vr = dictionary_VR(tag)
    if not isinstance(value, bytes):
        return DataElement(tag, vr, value)
    value += (b"\0" if vr in ("UI", "OB") else b" ") * (len(value) % 2)
    return RawDataElement(Tag(tag), vr, len(value), value, 0, False, True)


def text_value(keyword: str, text: str, character_set: bytes) -> bytes:
    """Text of ours; a backslash would begin a second value, and characters that the set lacks become &#1234;."""
    codec = _CODECS.get(character_set, "ascii")
    coded = text.replace("\\", "/").encode(codec, "xmlcharrefreplace").decode(codec)
    return coded[: LONGEST[dictionary_VR(tag_of(keyword))]].encode(codec)


def tag_of(keyword: str) -> int:
    """The number of an element by its keyword."""
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    return tag


def uid_of(*parts: str) -> UID:
    """The UID of these parts: the same for the same."""
    return generate_uid(entropy_srcs=["lennox", *parts])
