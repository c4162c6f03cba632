"""The pages of a TIFF file and their fields, read here before anything decodes them.

Pillow warns on standard error about each damaged field, also of those that no picture needs, reads no big-endian
BigTIFF, and follows each page that a file points at. Here the fields of all pages together are counted, and those that
a picture does not need may be damaged.
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from dataclasses import dataclass

from lennox.errors import ImageError
from lennox.image.limits import MAX_TIFF_FIELD_BYTES, MAX_TIFF_FIELDS, MAX_TIFF_SEGMENTS

SUBFILE, COLUMNS, ROWS, BITS_PER_SAMPLE, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 254, 256, 257, 258, 259, 262, 266
STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_BYTES, MAX_SAMPLE, PLANAR = 273, 274, 277, 278, 279, 281, 284
PREDICTOR, COLOUR_MAP, TILE_COLUMNS, TILE_ROWS, TILE_OFFSETS, TILE_BYTES = 317, 320, *range(322, 326)
EXTRA, FORMAT, SUBSAMPLING = 338, 339, 530
NEEDED = frozenset(
    {*range(254, 274), *range(275, 282), 284, 292, 293, 317, 320, *range(322, 326), 332, 338, 339, 347, 530, 532}
)
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_INTEGERS = {1: "B", 3: "H", 4: "L", 6: "b", 8: "h", 9: "l", 13: "L", 16: "Q", 17: "q"}


@dataclass(frozen=True, slots=True)
class TiffPage:
    """One page: the file's bytes, their order, and where the values of each field lie: kind, count, start."""

    data: bytes
    order: str
    fields: dict[int, tuple[int, int, int]]

    def numbers(self, tag: int) -> tuple[int, ...]:
        """The integers of a field; none where it is absent or holds others."""
        kind, count, start = self.fields.get(tag, (0, 0, 0))
        if kind not in _INTEGERS:
            return ()
        if count > MAX_TIFF_SEGMENTS:
            raise _damaged(f"field {tag} has {count} values")
        return struct.unpack_from(f"{self.order}{count}{_INTEGERS[kind]}", self.data, start)

    def number(self, tag: int, default: int) -> int:
        """The first integer of a field."""
        kind, count, start = self.fields.get(tag, (0, 0, 0))
        if kind not in _INTEGERS or not count:
            return default
        return int(struct.unpack_from(self.order + _INTEGERS[kind], self.data, start)[0])

    def alone(self, keep: Collection[int], changes: dict[int, tuple[int, ...]]) -> bytes:
        """A classic TIFF file of this page alone, with some of its fields, and others changed."""
        values = {tag: self._stored(tag) for tag in self.fields.keys() & keep}
        for tag, numbers in changes.items():
            values[tag] = 4, len(numbers), struct.pack(f"{self.order}{len(numbers)}L", *numbers)
        start = len(self.data) + len(self.data) % 2
        after = start + 2 + 12 * len(values) + 4
        entries, rest = b"", b""
        for tag, (kind, count, content) in sorted(values.items()):
            inline = content.ljust(4, b"\0")
            if len(content) > 4:
                inline = struct.pack(self.order + "L", after + len(rest))
                rest += content + b"\0" * (len(content) % 2)
            entries += struct.pack(self.order + "HHL", tag, kind, count) + inline
        head = (b"II" if self.order == "<" else b"MM") + struct.pack(self.order + "HL", 42, start)
        size = struct.pack(self.order + "H", len(values))
        body = memoryview(self.data)[8:]
        return b"".join([head, body, b"\0" * (len(self.data) % 2), size, entries, b"\0\0\0\0", rest])

    def _stored(self, tag: int) -> tuple[int, int, bytes]:
        kind, count, start = self.fields[tag]
        if count * _SIZES.get(kind, 0) > MAX_TIFF_FIELD_BYTES:
            raise _damaged(f"field {tag} has {count} values")
        if kind in (16, 17):  # of BigTIFF
            numbers = (number & 0xFFFFFFFF for number in self.numbers(tag))
            return 4, count, struct.pack(f"{self.order}{count}L", *numbers)
        return kind, count, self.data[start : start + count * _SIZES.get(kind, 0)]


def tiff_pages(data: bytes) -> list[TiffPage]:
    """The pages of a TIFF file. Raises ImageError for one whose pages or needed fields are damaged."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    count_of = struct.Struct(order + ("Q" if big else "H"))
    entry_of = struct.Struct(order + ("HHQ8s" if big else "HHL4s"))
    link_of = struct.Struct(order + ("Q" if big else "L"))
    pages: list[TiffPage] = []
    seen: set[int] = set()
    left = MAX_TIFF_FIELDS
    try:
        (at,) = link_of.unpack_from(data, 8 if big else 4)
        while at and at not in seen:
            seen.add(at)
            (count,) = count_of.unpack_from(data, at)
            left -= count + 1
            if left < 0:
                raise ImageError(
                    f"The TIFF file holds more than {MAX_TIFF_FIELDS:,} fields, the most that are read. "
                    "Export the image alone."
                )
            first = at + count_of.size
            after = first + count * entry_of.size
            (at,) = link_of.unpack_from(data, after)  # checks that all entries lie inside the file, too
            fields: dict[int, tuple[int, int, int]] = {}
            for position in range(first, after, entry_of.size):
                tag, kind, values, inline = entry_of.unpack_from(data, position)
                size = values * _SIZES.get(kind, 0)
                start = position + entry_of.size - len(inline)
                if size > len(inline):
                    (start,) = link_of.unpack(inline)
                if start + size <= len(data):
                    fields.setdefault(tag, (kind, values, start))
                elif tag in NEEDED:
                    raise _damaged(f"field {tag} lies outside the file")
            pages.append(TiffPage(data, order, fields))
    except struct.error:
        raise _damaged("a page lies outside the file") from None
    if not pages:
        raise _damaged("it has no page")
    return pages


def _damaged(what: str) -> ImageError:
    return ImageError(f"The TIFF file is damaged or cut short: {what}. Copy or export it again.")
