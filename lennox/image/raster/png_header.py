"""The chunks of a PNG file: what Pillow needs of them, and what it does not find."""

from __future__ import annotations

import io
import zlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from lennox.errors import ImageError
from lennox.image.limits import MAX_EXIF_BLOCKS, MAX_SEGMENTS
from lennox.image.orientation import exif_orientation, xmp_orientation

_FOR_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"acTL", b"fcTL", b"fdAT", b"IEND")
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_PROFILES = (b"raw profile type exif", b"raw profile type app1")  # in any case; as ImageMagick and Exiv2 write EXIF
_MAX_TEXT_BYTES = 1 << 18  # of a profile: twice as much as EXIF takes
_XMP = b"XML:com.adobe.xmp"
_OVERLAY = "This is a copy of a film with outlines that lennox drew, not a film. Use the film itself."


class Joined(io.RawIOBase):
    """Parts of a file as a file of their own, without a copy."""

    def __init__(self, parts: Sequence[bytes | memoryview]) -> None:
        self._parts, self._at = parts, 0
        self._starts = [0]
        for part in parts:
            self._starts.append(self._starts[-1] + len(part))

    def read(self, size: int | None = -1, /) -> bytes:
        end = self._starts[-1] if size is None or size < 0 else min(self._at + size, self._starts[-1])
        found = []
        while self._at < end:
            number = bisect_right(self._starts, self._at) - 1
            start = self._starts[number]
            found.append(self._parts[number][self._at - start : end - start])
            self._at = min(end, self._starts[number + 1])
        return b"".join(found)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._at = max(0, offset + (0, self._at, self._starts[-1])[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class PngHeader:
    """parts : the file without what is not for the pixels; bits of a sample; EXIF orientation; level that is clear."""

    parts: list[bytes | memoryview]
    bits: int
    colour_type: int
    orientation: int
    transparent: tuple[int, ...] | None


def png_header(data: bytes) -> PngHeader:
    """Go through the chunks. Raises ImageError for too many, and for a picture that lennox drew."""
    at = 8
    kept: list[bytes | memoryview] = [data[:8]]
    orientations: list[int] = []
    transparent, xmp = None, 1
    bits, colour_type = (data[24], data[25]) if len(data) > 25 else (8, 0)
    for _ in range(MAX_SEGMENTS):
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        end = at + 12 + length
        content = memoryview(data)[at + 8 : end - 4]
        if name in _FOR_PIXELS:
            kept.append(memoryview(data)[at:end])
        elif name == b"eXIf" and len(orientations) < MAX_EXIF_BLOCKS:
            orientations.append(exif_orientation(bytes(content)))
        elif name in _TEXTS:
            keyword, _, text = bytes(content).partition(b"\0")
            if keyword == b"lennox" and text.lstrip(b"\0").startswith(b"overlay"):
                raise ImageError(_OVERLAY)
            if keyword == _XMP:
                xmp = xmp_orientation(bytes(content))
            if keyword.lower() in _PROFILES and len(orientations) < MAX_EXIF_BLOCKS:
                orientations.append(_of_profile(name, text))
        if name == b"tRNS" and colour_type in (0, 2):
            transparent = tuple(int.from_bytes(content[at : at + 2], "big") for at in range(0, len(content), 2))
        elif name == b"acTL" and not 0 < int.from_bytes(content[:4], "big") <= 0x80000000:
            raise ImageError("The PNG file is damaged: it announces an animation of no images. Export it again.")
        at = end
        if name == b"IEND" or at + 8 > len(data):
            break
    else:
        raise ImageError(f"The PNG file holds more than {MAX_SEGMENTS:,} chunks. Export the image again.")
    orientation = next((found for found in orientations if found != 1), 1) if orientations else xmp
    return PngHeader(kept, bits, colour_type, orientation, transparent)


def _of_profile(name: bytes, text: bytes) -> int:
    """The orientation that a text chunk holds as a profile in hexadecimal digits; 1 where it is damaged."""
    compressed = name == b"zTXt"
    if name == b"iTXt":
        compressed = text[:1] == b"\1"
        text = b"\0".join(text[2:].split(b"\0", 2)[2:])
    elif compressed:
        text = text[1:]
    try:
        text = zlib.decompressobj().decompress(text, _MAX_TEXT_BYTES) if compressed else text
        digits = b"".join(text.lstrip().split(b"\n", 2)[2:])  # after the lines of the profile's name and length
        return exif_orientation(bytes.fromhex(digits.decode("ascii")))
    except (zlib.error, ValueError):
        return 1
