"""Compressed DICOM frames: what their own headers say, and their samples."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import get_frame

from lennox.errors import ImageError
from lennox.image.decoder_process import DecodingBudget, run_decoder
from lennox.image.dicom.run_lengths import unpack_frame
from lennox.image.jpeg_header import jpeg_header
from lennox.image.limits import MAX_DICOM_FRAGMENTS

JPEG_2000 = ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91")
JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
JPEG = tuple(f"1.2.840.10008.1.2.4.{part}" for part in (50, 51, 57, 70))
RLE = "1.2.840.10008.1.2.5"
SYNTAXES = (RLE, *JPEG, *JPEG_LS, *JPEG_2000)

# What gdcm says of frames that it then decodes well: it tries the decoder of 8 bits first, and encoders are sloppy.
_HARMLESS = ("Unsupported JPEG data precision", "Invalid SOS parameters for sequential JPEG")
_JPEG_2000_START = b"\xff\x4f\xff\x51"
# Syntaxes of a JPEG by the marker of its frame; the first is taken where the file states none of them.
_BY_MARKER = {0xC0: JPEG, 0xC1: JPEG[1:], 0xC2: JPEG[1:], 0xC3: JPEG[2:], 0xF7: JPEG_LS}


@dataclass(frozen=True, slots=True)
class Frame:
    """What a frame holds, by the file's header or its own.

    bits : of a sample; photometric : how colours are coded, once decoded; signed : whether a codestream says so
    """

    rows: int
    columns: int
    samples: int
    bits: int
    photometric: str
    signed: bool = False


def syntax_of(data: bytes, stated: str) -> str:
    """The transfer syntax of a frame: as stated, unless none is or the codestream is of another kind."""
    if stated and stated not in SYNTAXES:
        return stated
    if data.startswith(_JPEG_2000_START):
        return stated if stated in JPEG_2000 else JPEG_2000[0]
    header = jpeg_header(data) if data.startswith(b"\xff\xd8\xff") else None
    family = _BY_MARKER.get(header.process, ()) if header else ()
    return family[0] if family and stated not in family else stated


def frame_bytes(pixels: memoryview, index: int, count: int) -> bytes:
    """The codestream of a frame of so many, out of the items that it is cut into. Raises ImageError for too many."""
    items, at = [], 0
    while bytes(pixels[at : at + 4]) == b"\xfe\xff\x00\xe0":  # any other tag ends the sequence
        length = int.from_bytes(pixels[at + 4 : at + 8], "little")
        items.append(pixels[at + 8 : at + 8 + length])
        at += 8 + length
        if len(items) + len(items[0]) // 4 > MAX_DICOM_FRAGMENTS:  # the first is the table of offsets
            raise ImageError(
                f"The compressed pixels lie in more than {MAX_DICOM_FRAGMENTS:,} pieces, the most that are read. "
                "Export the image alone."
            )
    if count > 1:
        return get_frame(io.BytesIO(pixels), index, number_of_frames=count)
    return b"".join(items[1:])


def codestream(data: bytes, photometric: str) -> Frame | None:
    """What the header of a JPEG, JPEG-LS or JPEG 2000 codestream says; None where there is no such header."""
    at = data.find(_JPEG_2000_START, 0, 4096)
    if at >= 0:
        if len(data) < at + 43:
            return None
        right, bottom, left, top, samples, depth = struct.unpack_from(">4L16xHB", data, at + 8)
        colour = "RGB" if photometric in ("YBR_ICT", "YBR_RCT") or _is_transformed(data, at + 2) else photometric
        return Frame(bottom - top, right - left, samples, (depth & 0x7F) + 1, colour, bool(depth & 0x80))
    return _jpeg_frame(data, photometric) if data.startswith(b"\xff\xd8") else None


def _is_transformed(data: bytes, at: int) -> bool:
    """Whether the channels of a JPEG 2000 were transformed, as only red, green and blue are; at : of the first segment.

    What the decoder gives back are then those, whatever the file says.
    """
    while data[at : at + 1] == b"\xff" and len(data) >= at + 9:
        if data[at + 1] == 0x52:  # COD: style, progression, layers, transform
            return data[at + 8] == 1
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return False


def _jpeg_frame(data: bytes, photometric: str) -> Frame | None:
    header = jpeg_header(data)
    if header is None:
        return None
    jfif = any(marker == 0xE0 and data[at + 4 : at + 8] == b"JFIF" for marker, at, _ in header.segments)
    adobe = next((data[at + 15] for marker, at, end in header.segments if marker == 0xEE and end - at >= 16
                  and data[at + 4 : at + 9] == b"Adobe"), None)  # fmt: skip
    if header.samples == 3:  # the codestream knows better than the file
        if header.names in (b"RGB", b"rgb") or (adobe == 0 and not jfif):
            photometric = "RGB"
        elif (jfif or adobe == 1) and photometric == "RGB":
            photometric = "YBR_FULL"
    return Frame(header.rows, header.columns, header.samples, header.bits, photometric)


def decode(data: bytes, syntax: str, frame: Frame, *, planar: int, signed: bool) -> NDArray[Any]:
    """Samples of a frame, (rows, columns) or (rows, columns, 3), uint8 or uint16; bits above `frame.bits` mean nothing.

    Raises ImageError, or ValueError for run lengths, where the frame is damaged, as far as the decoder notices.
    """
    allocated = 8 if frame.bits <= 8 else 16
    if syntax == RLE:
        planes = unpack_frame(data, frame.rows, frame.columns, frame.samples, allocated // 8)
        return np.ascontiguousarray(planes.transpose(1, 2, 0)) if frame.samples > 1 else planes[0]
    header = {
        "syntax": syntax,
        "photometric": frame.photometric,
        "rows": frame.rows,
        "columns": frame.columns,
        "samples": frame.samples,
        "planar": planar,
        "allocated": allocated,
        "stored": frame.bits,
        "signed": int(signed),
    }
    wanted = frame.rows * frame.columns * frame.samples * allocated // 8
    # Three to six times what the decoders take of a noisy film; no more for data that a picture cannot be made of.
    megabytes = min(len(data), wanted) / 1e6
    per_megabyte = 0.5 if syntax in JPEG_2000 else 0.2
    budget = DecodingBudget(wanted, wanted / 1e6 * 0.05 + megabytes * per_megabyte)
    answer = run_decoder("dicom/gdcm_decoder.py", header, data, budget, _HARMLESS)
    if len(answer) != wanted:
        raise ImageError(
            f"The compressed pixels are damaged: {len(answer)} bytes decoded, {wanted} wanted. Export the file again."
        )
    samples: NDArray[Any] = np.frombuffer(answer, "u1" if allocated == 8 else "<u2")
    if frame.samples == 1:
        return samples.reshape(frame.rows, frame.columns)
    if planar and syntax not in JPEG_LS:
        return np.ascontiguousarray(samples.reshape(frame.samples, frame.rows, frame.columns).transpose(1, 2, 0))
    return samples.reshape(frame.rows, frame.columns, frame.samples)
