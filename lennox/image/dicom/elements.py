"""The elements of a DICOM file that come before the pixels, and the bytes of the pixels."""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydicom.dataelem import RawDataElement
from pydicom.filereader import data_element_generator, read_sequence
from pydicom.tag import Tag

from lennox.errors import ImageError
from lennox.image.limits import MAX_DICOM_READS, MAX_FILE_BYTES

_IMPLICIT, _EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
_DEFLATED, _BIG_ENDIAN = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"
_NATIVE = (_IMPLICIT, _EXPLICIT, _DEFLATED, _BIG_ENDIAN)

_PIXEL_DATA = 0x7FE00010
_CHARACTER_SET = 0x00080005  # kept from pydicom, which warns of those that it does not know
_UNDEFINED = 0xFFFFFFFF
_MAX_TEXT_BYTES = 1024  # a list of windows is longer than what else is read as text
_MAX_SHORTS_BYTES = 8
_MAX_NUMBER = 1e12  # beyond it the levels of a film could not be told apart
_SHARED_GROUPS, _FRAME_GROUPS = 0x52009229, 0x52009230
# Pixel measures, window or table of interest, rescaling, what an enhanced X-ray frame says of its pixels.
_MACROS = (0x00289110, 0x00289132, 0x00289145, 0x00289443)
_INTEREST = (0x00281050, 0x00281051, 0x00281056, 0x00283010)  # window, its function, table
_BINARY = {"FL": "f", "FD": "d", "SS": "h", "US": "H", "SL": "l", "UL": "L"}
_LONG_VRS = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")

_WANTED = (
    *(0x00080016, 0x00080060, 0x00080070),  # kind of object, modality, manufacturer
    *(0x00082218, 0x00082228),  # anatomic region, primary anatomic structure
    *(0x00181164, 0x00182010, 0x00280030, 0x00280034),  # spacings, aspect ratio
    *range(0x00280002, 0x00280012),  # samples, photometric interpretation, planar configuration, frames, rows, columns
    *(0x00280100, 0x00280101, 0x00280102, 0x00280103, 0x00280120, 0x00280121),  # bits, sign, padding
    *(0x00281050, 0x00281051, 0x00281052, 0x00281053, 0x00281056),  # window, rescaling
    *(0x00281101, 0x00281102, 0x00281103, 0x00281201, 0x00281202, 0x00281203),  # palette
    *(0x00281221, 0x00281222, 0x00281223),
    *(0x00283000, 0x00283010, 0x20500020),  # tables, presentation shape
    *(0x52009229, 0x52009230),  # functional groups, shared and of each frame
)


class _CountedStream(io.BytesIO):
    """The bytes of a file, which may be read in so many steps only.

    pydicom reads each element and each item of a sequence in a step or two, whatever it holds, and makes a Python
    object of it: a deflated file of 20 kilobytes can hold millions. A real film has a few hundred.
    """

    steps = MAX_DICOM_READS

    def read(self, size: int | None = -1, /) -> bytes:
        """As of any stream, until the steps are used up."""
        self.steps -= 1
        self.check()
        return super().read(size)

    def check(self) -> None:
        """Raise ImageError if more was read than a film holds."""
        if self.steps < 0:
            raise ImageError(
                f"The DICOM file holds more elements than are read (about {MAX_DICOM_READS // 2:,}). "
                "Export the image alone."
            )


class Elements:
    """Elements of a data set, read as what the caller knows them to be; absent and senseless ones alike are absent."""

    def __init__(self, raw: Mapping[int, Any], little: bool, stream: _CountedStream) -> None:
        self._raw, self._little, self._stream = raw, little, stream
        self.order = "<" if little else ">"

    def __contains__(self, tag: int) -> bool:
        return tag in self._raw

    def bytes_of(self, tag: int) -> bytes:
        value = getattr(self._raw.get(tag), "value", None)
        return value if isinstance(value, bytes) else b""

    def text(self, tag: int) -> str:
        return self.bytes_of(tag)[:_MAX_TEXT_BYTES].decode("latin-1").strip(" \0")

    def numbers(self, tag: int) -> tuple[float, ...]:
        """Decimal strings, NaN for one that is none; a comma for the point and what follows a NUL are forgiven.

        Also where software wrote them as binary numbers, and says so.
        """
        binary = _BINARY.get(getattr(self._raw.get(tag), "VR", None) or "")
        if binary is not None:
            data = self.bytes_of(tag)[:_MAX_TEXT_BYTES]
            form = self.order + binary
            data = data[: len(data) // struct.calcsize(form) * struct.calcsize(form)]
            return tuple(float(value) for (value,) in struct.iter_unpack(form, data))
        return tuple(_number(part) for part in self.text(tag).split("\\")) if self.text(tag) else ()

    def number(self, tag: int, default: float) -> float:
        """The first decimal string that is a number of a size that a film can have."""
        return next((value for value in self.numbers(tag) if abs(value) < _MAX_NUMBER), default)

    def shorts(self, tag: int) -> tuple[int, ...]:
        """The first few: no element that is read so has more than three."""
        data = self.bytes_of(tag)[:_MAX_SHORTS_BYTES]
        return struct.unpack(f"{self.order}{len(data) // 2}H", data[: len(data) // 2 * 2])

    def short(self, tag: int, default: int) -> int:
        values = self.shorts(tag)
        return values[0] if values else default

    def is_signed(self, tag: int) -> bool:
        return getattr(self._raw.get(tag), "VR", None) == "SS"

    def items(self, tag: int) -> list[Elements]:
        """Items of a sequence."""
        element = self._raw.get(tag)
        if element is None or not element.value:
            return []
        if isinstance(element, RawDataElement):
            part = _CountedStream(element.value)
            part.steps = self._stream.steps
            try:
                found = read_sequence(part, element.is_implicit_VR, element.is_little_endian, len(element.value), "")
            except OSError:  # pydicom's, which hides what the stream has to say
                part.check()
                raise
            finally:
                self._stream.steps = part.steps
        else:
            found = element.value
        contents = ({int(key): item.get_item(key) for key in item.keys()} for item in found)  # noqa: SIM118
        return [Elements(content, self._little, self._stream) for content in contents]

    def in_frame(self, index: int) -> Elements:
        """The same, with what the functional groups say of a frame: its own before the shared, both before the rest.

        Empty elements say nothing; a window of a frame counts before a table for all, and a table before a window.
        """
        merged = dict(self._raw)
        shared, frames = self.items(_SHARED_GROUPS), self.items(_FRAME_GROUPS)
        for group in (*shared[:1], *frames[index : index + 1]):
            for macro in _MACROS:
                for item in group.items(macro)[:1]:
                    said = {tag: element for tag, element in item._raw.items() if element.value}
                    if any(tag in said for tag in _INTEREST):
                        merged = {tag: element for tag, element in merged.items() if tag not in _INTEREST}
                    merged |= said
        return Elements(merged, self._little, self._stream)


def _number(text: str) -> float:
    try:
        return float(text.replace("\0", " ").split()[0].replace(",", "."))
    except (ValueError, IndexError):
        return math.nan


@dataclass(frozen=True, slots=True)
class DicomFile:
    """elements before the pixels; transfer syntax; bytes of the pixels and their value representation."""

    elements: Elements
    syntax: str
    pixels: memoryview
    pixel_vr: str

    @property
    def is_compressed(self) -> bool:
        return self.syntax not in _NATIVE


def parse_elements(data: bytes, wanted: Collection[int] = _WANTED) -> DicomFile:
    """Read what comes before the pixels. Raises ImageError for a file without integer pixels.

    wanted : tags of the elements to keep, those the pixels need unless given; the character set is always kept
    """
    start, syntax = _file_meta(data)
    if syntax == _DEFLATED:
        data, start = _inflate(memoryview(data)[start:]), 0
    body = memoryview(data)
    # What the data set shows counts more than what the file says of it: the two differ in files of old software.
    little = int.from_bytes(data[start : start + 2], "little") <= int.from_bytes(data[start : start + 2], "big")
    implicit = not _is_vr(data[start + 4 : start + 6])
    stream = _CountedStream(data)
    raw: dict[int, Any] = {}
    tag, vr, length, at = _CHARACTER_SET, "", 0, start
    while tag == _CHARACTER_SET and length != _UNDEFINED:
        stream.seek(at + length)
        elements = data_element_generator(
            stream,
            implicit,
            little,
            stop_when=lambda tag, _vr, _length: int(tag) == _CHARACTER_SET or int(tag) >= 0x7FE00008,
            specific_tags=list(wanted),
        )
        raw |= {int(element.tag): element for element in elements}
        stream.steps -= 1
        stream.check()
        tag, vr, length, at = _element_at(body, stream.tell(), implicit, little)
        if tag == _CHARACTER_SET:
            value = bytes(body[at : at + length])
            raw[tag] = RawDataElement(Tag(tag), vr, length, value, at, implicit, little)
    if tag != _PIXEL_DATA:
        what = "floating-point pixels" if tag >> 16 == 0x7FE0 else "no pixels"
        raise ImageError(f"The DICOM file holds {what}; wanted an image with integer pixels. Export the image itself.")
    if length == _UNDEFINED:
        syntax = "" if syntax in _NATIVE else syntax
        return DicomFile(Elements(raw, little, stream), syntax, body[at:], vr)
    if syntax not in _NATIVE or syntax == "":
        syntax = (_IMPLICIT if implicit else _EXPLICIT) if little else _BIG_ENDIAN
    return DicomFile(Elements(raw, little, stream), syntax, body[at : at + length], vr)


def _file_meta(data: bytes) -> tuple[int, str]:
    """Where the data set begins, and its transfer syntax; "" where nothing says it."""
    start = 132 if data[128:132] == b"DICM" else 0
    stream = _CountedStream(data)
    stream.seek(start)
    syntax = ""
    end = start
    for element in data_element_generator(stream, False, True, stop_when=lambda tag, _vr, _length: int(tag) >> 16 != 2):
        if int(element.tag) == 0x00020010 and isinstance(element.value, bytes) and not syntax:  # of two, the first
            syntax = element.value.decode("latin-1").strip(" \0")
        end = stream.tell()
    return end, syntax


def _inflate(body: memoryview) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflated = inflater.decompress(body, MAX_FILE_BYTES)
    if inflater.unconsumed_tail:
        raise ImageError(
            f"The DICOM file unpacks to more than {MAX_FILE_BYTES >> 20} MiB, the most that is read. "
            "Export one image alone."
        )
    return inflated


def _is_vr(code: bytes) -> bool:
    return len(code) == 2 and code.isalpha() and code.isupper()


def _element_at(body: memoryview, at: int, implicit: bool, little: bool) -> tuple[int, str, int, int]:
    """Tag, value representation, length and position of the value of the element at a position; tag 0 at the end."""
    order = "<" if little else ">"
    head = bytes(body[at : at + 12])
    if len(head) < 8:
        return 0, "", 0, at
    group, element = struct.unpack_from(order + "HH", head)
    tag = group << 16 | element
    if implicit or not _is_vr(head[4:6]):
        return tag, "OW", struct.unpack_from(order + "L", head, 4)[0], at + 8
    vr = head[4:6]
    if vr not in _LONG_VRS:
        return tag, vr.decode(), struct.unpack_from(order + "H", head, 6)[0], at + 8
    if len(head) < 12:
        return 0, "", 0, at
    return tag, vr.decode(), struct.unpack_from(order + "L", head, 8)[0], at + 12
