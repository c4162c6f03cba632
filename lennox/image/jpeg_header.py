"""What a JPEG says before its first scan, of raster files and of frames in DICOM."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from lennox.errors import ImageError
from lennox.image.limits import MAX_JPEG_SCANS, MAX_SEGMENTS

_FRAME_STARTS = frozenset({*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC})  # 0xF7: JPEG-LS
_SCAN, _END = 0xDA, 0xD9
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_SEQUENTIAL = (0xC0, 0xC1)
_PROGRESSIVE = 0xC2
_SEQUENTIAL_SCANS = 4  # one a channel, and one too many


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """segments : (marker, position of its bytes, their end) of all before the first scan; scan : where that begins."""

    segments: tuple[tuple[int, int, int], ...]
    scan: int
    process: int  # the marker of the frame: 0xC0 is baseline
    bits: int
    rows: int
    columns: int
    samples: int
    names: bytes
    scans: int

    @property
    def is_ordinary(self) -> bool:
        """Whether decoding takes the pixels once, and not many times over."""
        return self.process in _SEQUENTIAL and self.scans <= _SEQUENTIAL_SCANS

    @property
    def least_bytes(self) -> int:
        """Fewer cannot code its pixels by Huffman: a block of 8 x 8 takes a bit for its mean, and one to end it.

        Where more is missing, libjpeg makes up the rest of the picture and says nothing to its callers.
        """
        blocks = -(-self.rows // 8) * -(-self.columns // 8)
        return blocks * {**dict.fromkeys(_SEQUENTIAL, 2), _PROGRESSIVE: 1}.get(self.process, 0) // 8


def jpeg_header(data: bytes) -> JpegHeader | None:
    """The header of a JPEG; None where no frame is announced.

    Raises ImageError for one with more segments or scans than a picture has.
    """
    at, segments = 2, []
    frame: tuple[int, int, int, int, int, bytes] | None = None
    while at + 4 <= len(data):
        if data[at] != 0xFF:  # something else between two segments, which decoders pass over
            at = data.find(b"\xff", at)
            if at < 0:
                break
        marker = data[at + 1] if at + 1 < len(data) else _END
        if marker in (0x00, 0xFF) or marker in _WITHOUT_LENGTH:
            at += 1 if marker == 0xFF else 2
            segments.append((marker, at, at))
        elif marker in (_SCAN, _END):
            break
        else:
            length = int.from_bytes(data[at + 2 : at + 4], "big")
            end = min(at + 2 + max(length, 2), len(data))
            if marker in _FRAME_STARTS and end - at >= 10 and frame is None:
                bits, rows, columns, samples = struct.unpack_from(">BHHB", data, at + 4)
                frame = marker, bits, rows, columns, samples, data[at + 10 : at + 10 + 3 * samples : 3]
            segments.append((marker, at, end))
            at = end
        if len(segments) > MAX_SEGMENTS // 100:
            raise ImageError("The JPEG holds more segments before its pixels than are read. Export the image again.")
    if frame is None:
        return None
    scans = data.count(b"\xff\xda", at)
    if scans > MAX_JPEG_SCANS:
        raise ImageError(
            f"The JPEG goes over its pixels {scans} times; wanted {MAX_JPEG_SCANS} scans at most. "
            "Export the image again."
        )
    return JpegHeader(tuple(segments), at, *frame, scans)
