"""PNG: levels that are transparent, orientation wherever it is written, chunks without end."""

import io
import struct
import zlib

import numpy as np
import pytest
from film_files import exif, packed_bits, turned, write_png
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from lennox.errors import ImageError
from lennox.image import read_image

STORED = np.arange(240, dtype=np.uint8).reshape(12, 20)


def chunk(name, content):
    return struct.pack(">L", len(content)) + name + content + struct.pack(">L", zlib.crc32(name + content))


def png(stored, bits, *chunks, colour_type=0):
    """PNG of (rows, columns) integers of 1 to 8 bits."""
    width = -(-stored.shape[1] * bits // 8)
    packed = packed_bits(stored, bits)
    raw = b"".join(b"\0" + packed[row * width : (row + 1) * width] for row in range(len(stored)))
    head = struct.pack(">LLBBBBB", *stored.shape[::-1], bits, colour_type, 0, 0, 0)
    parts = [
        chunk(b"IHDR", head),
        *(chunk(*one) for one in chunks),
        chunk(b"IDAT", zlib.compress(raw)),
        chunk(b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_transparent_level_is_black_in_every_depth(bits):
    most = (1 << bits) - 1
    stored = np.tile(np.arange(most + 1) % 16, 2).reshape(2, -1)
    key = min(most, 9)
    shown = read_image(png(stored, bits, (b"tRNS", struct.pack(">H", key)))).pixels
    np.testing.assert_array_equal(shown, np.where(stored == key, 0, np.rint(stored * 255 / most)))


def test_a_transparent_colour_is_black_in_8_and_16_bits():
    for dtype, scale in ((np.uint8, 1), (np.uint16, 257)):
        colour = (np.array([[[10, 20, 30], [10, 20, 31], [200, 100, 0]]]) * scale).astype(dtype)
        key = struct.pack(">3H", *(level * scale for level in (10, 20, 30)))
        shown = read_image(write_png(colour, chunks=[(b"tRNS", key)])).pixels
        np.testing.assert_array_equal(shown, np.where([[[1], [0], [0]]], 0, colour))


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palettes_of_every_depth_with_alpha(bits):
    stored = np.arange(2 << bits).reshape(2, -1) % (1 << bits)
    palette = bytes(level for entry in range(1 << bits) for level in [255 - entry] * 3)
    chunks = [(b"PLTE", palette), (b"tRNS", b"\0\x80")]
    shown = read_image(png(stored, bits, *chunks, colour_type=3)).pixels
    np.testing.assert_array_equal(
        shown, np.choose(np.minimum(stored, 2), [0 * stored, 128 + 0 * stored, 255 - stored]) - (stored == 1)
    )


def profile(orientation, name):
    """EXIF as ImageMagick and Exiv2 write it into a text chunk: a name, a length, and hexadecimal digits in lines."""
    digits = (b"Exif\0\0" + exif(orientation)).hex()
    lines = [digits[at : at + 72] for at in range(0, len(digits), 72)]
    return f"\n{name}\n{len(digits) // 2:8d}\n" + "\n".join(lines) + "\n"


def with_text(stored, keyword, text, *, international=False, compressed=False):
    information = PngInfo()
    add = information.add_itxt if international else information.add_text
    add(keyword, text, zip=compressed)
    out = io.BytesIO()
    Pillow.fromarray(stored).save(out, "PNG", pnginfo=information)
    return out.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["exif", "APP1", "EXIF"])
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("international", [False, True])
def test_an_orientation_in_a_text_chunk_turns_the_picture(orientation, name, compressed, international):
    data = with_text(
        turned(STORED, orientation), f"Raw profile type {name}", profile(orientation, name),
        international=international, compressed=compressed,
    )  # fmt: skip
    np.testing.assert_array_equal(read_image(data).pixels, STORED)


def test_a_profile_whose_name_is_several_words_turns_the_picture():
    block = exif(6)
    text = f"\ngeneric profile\n{len(block):8}\n{block.hex()}\n"
    data = with_text(turned(STORED, 6), "Raw profile type APP1", text, international=False, compressed=True)
    np.testing.assert_array_equal(read_image(data).pixels, STORED)


@pytest.mark.parametrize("form", ['tiff:Orientation="6"', "<tiff:Orientation>6</tiff:Orientation>"])
def test_an_orientation_in_xmp_counts_where_there_is_no_exif(form):
    block = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description {form}/></x:xmpmeta>'.encode()
    stored = turned(STORED, 6)
    for other, turns in (([], True), ([(b"eXIf", exif(1))], False)):
        data = write_png(stored, chunks=[(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + block), *other])
        np.testing.assert_array_equal(read_image(data).pixels, STORED if turns else stored)
        for kind in ("JPEG", "WEBP"):
            out = io.BytesIO()
            options = {"xmp": block} | ({"exif": b"Exif\0\0" + exif(1)} if other else {})
            Pillow.fromarray(np.kron(stored, np.ones((8, 8), np.uint8))).save(out, kind, **options)
            assert read_image(out.getvalue()).pixels.shape == ((96, 160) if turns else (160, 96))


@pytest.mark.parametrize("kind", [1, 3, 4, 6, 8, 9])
def test_an_orientation_after_the_pixels_and_of_any_integer_type(kind):
    block = (
        b"MM\0*\0\0\0\x08\0\x01"
        + struct.pack(">HHL", 274, kind, 1)
        + (6).to_bytes({1: 1, 3: 2, 4: 4, 6: 1, 8: 2, 9: 4}[kind], "big").ljust(4, b"\0")
    )
    data = write_png(turned(STORED, 6))
    end = data.index(b"IEND") - 4
    np.testing.assert_array_equal(read_image(data[:end] + chunk(b"eXIf", block) + data[end:]).pixels, STORED)
    out = io.BytesIO()
    Pillow.fromarray(np.kron(turned(STORED, 6), np.ones((8, 8), np.uint8))).save(out, "JPEG", exif=b"Exif\0\0" + block)
    assert read_image(out.getvalue()).pixels.shape == (12 * 8, 20 * 8)


@pytest.mark.parametrize(
    "text",
    [
        "",
        pytest.param("\n" * 200_000, id="newlines"),
        "\nexif\n",
        "\nexif\n 4\nzz",
        "no profile at all",
        "\nexif\n 8\n4578696600004d4d002a",
    ],
)
def test_a_damaged_profile_is_passed_over(text, recwarn):
    np.testing.assert_array_equal(read_image(with_text(STORED, "Raw profile type exif", text)).pixels, STORED)
    assert not recwarn.list


def test_text_that_unpacks_to_very_much_is_not_unpacked():
    bomb = b"Raw profile type exif\0\0" + zlib.compress(bytes(50_000_000), 9)
    data = write_png(STORED, chunks=[(b"zTXt", bomb)] * 5)
    np.testing.assert_array_equal(read_image(data).pixels, STORED)


def test_a_picture_that_lennox_drew_is_refused():
    for text in (with_text(STORED, "lennox", "overlay"), with_text(STORED, "lennox", "overlay", international=True)):
        with pytest.raises(ImageError, match="outlines that lennox drew"):
            read_image(text)
    np.testing.assert_array_equal(read_image(with_text(STORED, "Software", "lennox")).pixels, STORED)


def test_chunks_without_end_are_refused():
    data = write_png(STORED)
    for name in (b"abCd", b"IDAT", b"tEXt"):
        with pytest.raises(ImageError, match="more than 100,000 chunks"):
            read_image(data[:33] + chunk(name, b"") * 100_001 + data[33:])


@pytest.mark.parametrize("name", [b"eXIf", b"zTXt"])
def test_of_many_orientations_a_few_are_looked_at(name):
    """Each could be a quarter of a megabyte, and a file hold ten thousands of them."""

    def block(orientation):
        if name == b"eXIf":
            return name, exif(orientation)
        text = b"\nexif\n%8d\n" % len(exif(orientation)) + exif(orientation).hex().encode()
        return name, b"Raw profile type exif\0\0" + zlib.compress(text)

    for blocks in (8, 9):
        data = png(turned(STORED, 6), 8, *[block(1)] * (blocks - 1), block(6))
        np.testing.assert_array_equal(read_image(data).pixels, STORED if blocks == 8 else turned(STORED, 6))
