"""The samples of a TIFF page, of any width, format and byte order, put together from its strips or tiles.

Pillow reads the widths and formats that its own modes hold, some of them wrongly; so bytes become samples here, and a
library takes part only where bytes are compressed: zlib, or libtiff through Pillow in a process of its own.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.errors import ImageError
from lennox.image.limits import MAX_SAMPLE_BYTES, MAX_TIFF_SEGMENTS, check_size
from lennox.image.raster import tiff_pages as tag
from lennox.image.raster.pillow_process import decode_apart
from lennox.image.raster.tiff_pages import TiffPage

_NONE, _DEFLATE, _OLD_DEFLATE = 1, 8, 32946
_BYTE_CODECS = (5, 32773, 34925, 50000)  # LZW, PackBits, LZMA, Zstandard: bytes in, bytes out
_HORIZONTAL, _FLOATING = 2, 3  # predictors
_UNSIGNED, _SIGNED, _FLOAT, _UNDEFINED = 1, 2, 3, 4  # sample formats
_PIECE_BYTES, _INPUT_BYTES = 1 << 22, 1 << 16  # unpacked, and deflated, at a time
_MAX_PADDING = 1 << 22  # pixels of a tile beyond those of the picture
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class _Layout:
    """How samples lie in a page: in strips or tiles of so many rows and columns, across and down, plane by plane."""

    rows: int
    columns: int
    part_rows: int
    part_columns: int
    samples: int  # in a part
    planes: int
    bits: int
    kind: str  # "u", "i" or "f"
    tiled: bool

    @property
    def row_bytes(self) -> int:
        return (self.part_columns * self.samples * self.bits + 7) // 8

    @property
    def down(self) -> int:
        return -(-self.rows // self.part_rows)

    @property
    def across(self) -> int:
        return -(-self.columns // self.part_columns)

    def rows_of(self, part: int) -> int:
        """Rows that a part of a plane holds: tiles are filled up, the last strip is not."""
        return self.part_rows if self.tiled else min(self.part_rows, self.rows - part * self.part_rows)


def has_plain_samples(page: TiffPage) -> bool:
    """Whether `tiff_samples` reads the page; JPEG, fax and the like are pictures of their own, which Pillow decodes."""
    compression = page.number(tag.COMPRESSION, _NONE)
    return compression in (_NONE, _DEFLATE, _OLD_DEFLATE) or (
        compression in _BYTE_CODECS and page.number(tag.PHOTOMETRIC, 1) != 6
    )


def tiff_samples(page: TiffPage, channels: int) -> tuple[NDArray[Any], NDArray[Any] | None, int]:
    """Samples of a page as they are stored, in the byte order of this computer.

    channels : that make a colour
    Returns (rows, columns, channels) of them, (rows, columns) of the one after, which may be alpha, or None, and bits.
    Raises ImageError for samples of a kind that is not read, and for what is damaged.
    """
    layout = _layout(page)
    there = layout.samples * layout.planes
    colour: NDArray[Any] | None = None
    extra: NDArray[Any] | None = None
    for plane in range(min(layout.planes, channels + 1)):
        for top, left, content in _pieces(page, layout, plane):
            block = _block(content, layout, page)
            if colour is None:
                colour = np.empty((layout.rows, layout.columns, min(there, channels)), block.dtype)
                extra = np.empty((layout.rows, layout.columns), block.dtype) if there > channels else None
            bottom, right = min(top + len(block), layout.rows), min(left + layout.part_columns, layout.columns)
            block = block[: bottom - top, : right - left]
            if layout.planes == 1:
                colour[top:bottom, left:right] = block[..., :channels]
            elif plane < channels:
                colour[top:bottom, left:right, plane] = block[..., 0]
            if extra is not None and (layout.planes == 1 or plane == channels):
                extra[top:bottom, left:right] = block[..., channels if layout.planes == 1 else 0]
    if colour is None:
        raise _damaged("it has no pixels")
    return colour, extra, layout.bits


def part_size(page: TiffPage) -> tuple[int, int, int, int]:
    """Rows and columns of a page, and of its strips or tiles. Raises ImageError for sizes that cannot be."""
    rows, columns = page.number(tag.ROWS, 0), page.number(tag.COLUMNS, 0)
    check_size(rows, columns)
    if tag.TILE_COLUMNS in page.fields:
        part_rows, part_columns = page.number(tag.TILE_ROWS, 0), page.number(tag.TILE_COLUMNS, 0)
    else:
        part_rows, part_columns = min(page.number(tag.ROWS_PER_STRIP, rows) or rows, rows), columns
    if min(part_rows, part_columns) < 1 or part_rows * part_columns > 2 * rows * columns + _MAX_PADDING:
        raise _damaged(f"{rows} x {columns} pixels lie in a tile of {part_rows} x {part_columns}")
    return rows, columns, part_rows, part_columns


def _layout(page: TiffPage) -> _Layout:
    rows, columns, part_rows, part_columns = part_size(page)
    samples = page.number(tag.SAMPLES, 1)
    widths, formats = set(page.numbers(tag.BITS_PER_SAMPLE)) or {1}, set(page.numbers(tag.FORMAT)) or {_UNSIGNED}
    bits, kind = min(widths), min(formats)
    letter = {_UNSIGNED: "u", _SIGNED: "i", _FLOAT: "f", _UNDEFINED: "u"}.get(kind, "")
    widths_read = {"u": (*range(1, 17), 32, 64), "i": (8, 16, 32, 64), "f": (16, 32, 64)}.get(letter, ())
    if len(widths) > 1 or len(formats) > 1 or bits not in widths_read or not 1 <= samples <= 64:
        raise ImageError(
            f"The TIFF file holds {samples} samples a pixel of {', '.join(map(str, sorted(widths)))} bits in format "
            f"{kind}; wanted integers of up to 16 bits, or floats. Export it with 8 or 16 bits."
        )
    if rows * columns * samples * bits > 8 * MAX_SAMPLE_BYTES:
        raise ImageError(
            f"The TIFF file holds {rows} x {columns} pixels of {samples} samples of {bits} bits; wanted at most "
            f"{MAX_SAMPLE_BYTES // 1_000_000} megabytes of them. Export it as grey, with 8 or 16 bits."
        )
    tiled = tag.TILE_COLUMNS in page.fields
    planes = samples if page.number(tag.PLANAR, 1) == 2 else 1
    return _Layout(rows, columns, part_rows, part_columns, samples // planes, planes, bits, letter, tiled)


def _pieces(page: TiffPage, layout: _Layout, plane: int) -> Iterator[tuple[int, int, bytes | bytearray | memoryview]]:
    """First row and column of each tile of a plane, or of some rows of a strip, and its bytes, unpacked."""
    needed = [layout.rows_of(part) * layout.row_bytes for part in range(layout.across * layout.down)]
    step = layout.part_rows if layout.tiled else max(1, _PIECE_BYTES // layout.row_bytes)
    for part, content in enumerate(_parts(page, layout, plane, needed)):
        row, column = divmod(part, layout.across)
        top, left = row * layout.part_rows, column * layout.part_columns
        for piece in _cut(content, needed[part], step * layout.row_bytes, page):
            yield top, left, piece
            top += step


def _parts(page: TiffPage, layout: _Layout, plane: int, needed: list[int]) -> Iterator[memoryview]:
    """The bytes of each strip or tile of a plane, still deflated where they are.

    needed : bytes that each has, unpacked
    """
    count = len(needed)
    first = plane * count
    offsets = page.numbers(tag.TILE_OFFSETS if layout.tiled else tag.STRIP_OFFSETS)[first : first + count]
    sizes = page.numbers(tag.TILE_BYTES if layout.tiled else tag.STRIP_BYTES)[first : first + count]
    if len(offsets) < count or count > MAX_TIFF_SEGMENTS:
        raise _damaged(f"{len(offsets)} strips or tiles are there, {count} wanted")
    compression = page.number(tag.COMPRESSION, _NONE)
    if compression == _NONE:
        sizes = tuple(needed)
    elif len(sizes) < count:
        sizes = tuple(len(page.data) - offset for offset in offsets) if count == 1 else ()
    if len(sizes) < count or sum(sizes) > 2 * len(page.data) + sum(needed) * (compression == _NONE):
        raise _damaged("its strips or tiles cannot lie in it")
    if compression in _BYTE_CODECS:
        yield from _unpacked_apart(page, layout, offsets, sizes, needed)
        return
    reverse = page.number(tag.FILL_ORDER, 1) == 2
    for offset, size in zip(offsets, sizes, strict=True):
        content = memoryview(page.data)[offset : offset + size]
        yield memoryview(bytes(content).translate(_REVERSED)) if reverse else content


def _cut(content: memoryview, wanted: int, step: int, page: TiffPage) -> Iterator[bytearray | memoryview]:
    """Unpacked bytes of a strip or tile, so many at a time: a picture in one strip is not held twice."""
    deflated = page.number(tag.COMPRESSION, _NONE) in (_DEFLATE, _OLD_DEFLATE)
    plain = (content[at : at + step] for at in range(0, wanted, step))
    pieces: Iterator[bytearray | memoryview] = _inflated(content, wanted, step) if deflated else plain
    for at, piece in zip(range(0, wanted, step), pieces, strict=True):
        if len(piece) < min(step, wanted - at):
            raise _damaged(f"{at + len(piece)} bytes of a strip or tile are there, {wanted} wanted")
        yield piece


def _inflated(content: memoryview, wanted: int, step: int) -> Iterator[bytearray]:
    inflater, at, rest = zlib.decompressobj(), 0, b""
    for start in range(0, wanted, step):
        piece, most = bytearray(), min(step, wanted - start)
        while len(piece) < most and not inflater.eof:
            if not rest:
                rest = bytes(content[at : at + _INPUT_BYTES])
                at += len(rest)
            found = inflater.decompress(rest, most - len(piece))
            if not found and not rest:  # cut short
                break
            piece += found
            rest = inflater.unconsumed_tail
        yield piece


def _unpacked_apart(
    page: TiffPage, layout: _Layout, offsets: tuple[int, ...], sizes: tuple[int, ...], needed: list[int]
) -> Iterator[memoryview]:
    """The same through libtiff: for it, a page of bytes, each strip or tile a strip of its own."""
    total = sum(needed) // layout.row_bytes
    alone = page.alone(
        (tag.COMPRESSION, tag.FILL_ORDER),
        {
            tag.COLUMNS: (layout.row_bytes,),
            tag.ROWS: (total,),
            tag.BITS_PER_SAMPLE: (8,),
            tag.PHOTOMETRIC: (1,),
            tag.STRIP_OFFSETS: offsets,
            tag.ROWS_PER_STRIP: (layout.part_rows,),
            tag.STRIP_BYTES: sizes,
        },
    )
    answer = decode_apart("TIFF", alone, sum(needed)).samples
    start = 0
    for wanted in needed:
        yield answer[start : start + wanted]
        start += wanted


def _block(content: bytes | bytearray | memoryview, layout: _Layout, page: TiffPage) -> NDArray[Any]:
    """(rows, columns, samples) of a strip or tile."""
    rows = len(content) // layout.row_bytes
    raw = np.frombuffer(content, np.uint8, rows * layout.row_bytes).reshape(rows, layout.row_bytes)
    shape = rows, layout.part_columns, layout.samples
    predictor = page.number(tag.PREDICTOR, 1) if page.number(tag.COMPRESSION, _NONE) != _NONE else 1
    if layout.bits not in (8, 16, 32, 64):
        if predictor != 1:
            raise _damaged(f"samples of {layout.bits} bits have predictor {predictor}")
        return _unpack_bits(raw, layout.part_columns * layout.samples, layout.bits).reshape(shape)
    width = layout.bits // 8
    if predictor == _FLOATING:  # bytes differ along the row, the highest of all samples first (TIFF technical note 3)
        steps = np.cumsum(raw.reshape(rows, -1, layout.samples), axis=1, dtype=np.uint8)
        planes = steps.reshape(rows, width, -1).transpose(0, 2, 1)
        return (
            np.ascontiguousarray(planes).view(f">{layout.kind}{width}").reshape(shape).astype(f"{layout.kind}{width}")
        )
    numbers = raw.view(f"{page.order}u{width}").reshape(shape)
    if predictor == _HORIZONTAL:
        numbers = np.cumsum(numbers, axis=1, dtype=f"u{width}")
    return numbers.astype(f"u{width}", copy=False).view(f"{layout.kind}{width}")


def _unpack_bits(raw: NDArray[np.uint8], count: int, bits: int) -> NDArray[Any]:
    """(rows, count) numbers of 1 to 15 bits, the highest bit first, in rows that begin at a byte."""
    groups = -(-count // 8)  # eight numbers fill as many bytes as one has bits
    padded = np.zeros((len(raw), groups * bits + 2), np.uint8)
    padded[:, : raw.shape[1]] = raw[:, : groups * bits]
    numbers = np.empty((len(raw), groups, 8), np.uint8 if bits < 8 else np.uint16)
    for which in range(8):
        at, skipped = divmod(which * bits, 8)
        window: NDArray[Any] = np.zeros((len(raw), groups), np.uint32)
        for byte in range(3):
            window = window << 8 | padded[:, at + byte : at + byte + (groups - 1) * bits + 1 : bits]
        numbers[..., which] = (window >> (24 - skipped - bits)) & ((1 << bits) - 1)
    return numbers.reshape(len(raw), -1)[:, :count]


def _damaged(what: str) -> ImageError:
    return ImageError(f"The TIFF file is damaged or cut short: {what}. Copy or export it again.")
