"""The pages of a TIFF file, checked before anything decodes it.

Pillow warns on standard error about each damaged tag, also of those that no picture needs. Here such tags are blanked
out, in a copy; a damaged tag that the picture needs, or a page outside the file, is an error.
"""

from __future__ import annotations

import struct
from collections.abc import Set
from dataclasses import dataclass

from lennox.errors import ImageError

SUBFILE, BITS_PER_SAMPLE, COMPRESSION, PHOTOMETRIC, ORIENTATION, MAX_SAMPLE, PLANAR = 254, 258, 259, 262, 274, 281, 284

_MAX_PAGES = 1000  # enough to say "several": a chain of a million pages must not take minutes
_NEEDED = {*range(254, 282), 284, 292, 293, 317, 320, *range(322, 326), 332, 338, 339, 340, 347, 529, 530, 532}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_TEXTS = (1, 2, 7)  # bytes, text and what is undefined: many make one value
_INTEGERS = {1: "B", 3: "H", 4: "L", 16: "Q"}


@dataclass(frozen=True, slots=True)
class TiffPages:
    """The file's bytes, without what Pillow would warn about, and the integer tags of each page.

    data : the bytes given where nothing had to be blanked out
    tags : first number of each integer tag, a page each
    """

    data: bytes
    tags: tuple[dict[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Layout:
    """How classic and Big TIFF differ: formats of the count of entries, of one entry, and of a link."""

    order: str
    big: bool

    @property
    def count(self) -> struct.Struct:
        return struct.Struct(self.order + ("Q" if self.big else "H"))

    @property
    def entry(self) -> struct.Struct:
        return struct.Struct(self.order + ("HHQ8s" if self.big else "HHL4s"))

    @property
    def link(self) -> struct.Struct:
        return struct.Struct(self.order + ("Q" if self.big else "L"))


def tiff_pages(data: bytes, single: Set[int]) -> TiffPages:
    """Go through the pages of a TIFF file.

    single : the tags that may hold one value only
    Raises ImageError for a file whose pages or needed tags are damaged.
    """
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    layout = _Layout(order, big)
    blanked: list[int] = []
    pages: list[dict[int, int]] = []
    seen: set[int] = set()
    budget = len(data)
    try:
        (at,) = layout.link.unpack_from(data, 8 if big else 4)
        while at and at not in seen and len(pages) < _MAX_PAGES:
            seen.add(at)
            (count,) = layout.count.unpack_from(data, at)
            first = at + layout.count.size
            after = first + count * layout.entry.size
            (at,) = layout.link.unpack_from(data, after)  # checks that all entries lie inside the file, too
            tags: dict[int, int] = {}
            for position in range(first, after, layout.entry.size):
                tag, kind, values, inline = layout.entry.unpack_from(data, position)
                size = values * _SIZES.get(kind, 0)
                start = position + layout.entry.size - len(inline)
                if size > len(inline):
                    (start,) = layout.link.unpack(inline)
                    budget -= size
                if start + size > len(data) or budget < 0 or (values > 1 and tag in single and kind not in _TEXTS):
                    if tag in _NEEDED:
                        raise _damaged(f"tag {tag} cannot be")
                    blanked.append(position + 2)
                elif kind in _INTEGERS and values and tag not in tags:
                    tags[tag] = struct.unpack_from(order + _INTEGERS[kind], data, start)[0]
            pages.append(tags)
    except struct.error:
        raise _damaged("a page lies outside the file") from None
    if not pages:
        raise _damaged("it has no page")
    return TiffPages(_without(data, blanked), tuple(pages))


def _damaged(what: str) -> ImageError:
    return ImageError(f"The TIFF file is damaged or cut short: {what}. Copy or export it again.")


def _without(data: bytes, positions: list[int]) -> bytes:
    """The data with the types at these positions set to none that exists: readers skip such tags."""
    if not positions:
        return data
    copy = bytearray(data)
    for position in positions:
        copy[position : position + 2] = b"\0\0"
    return bytes(copy)
