"""TIFF: every width, format, byte order and compression of samples, and what the tags around them say."""

import io
import shutil
import struct
import subprocess
import zlib

import numpy as np
import pytest
from film_files import imagemagick, packed_bits, write_tiff
from PIL import Image as Pillow

from lennox.errors import ImageError
from lennox.image import read_image

ROWS, COLUMNS = 11, 13  # a row of few bits ends within a byte
RAMP = np.linspace(0, 1, ROWS * COLUMNS).reshape(ROWS, COLUMNS)
SIZE = {256: COLUMNS, 257: ROWS, 262: 1, 277: 1, 278: ROWS}


def levels(data, **options):
    pixels = read_image(data, **options).pixels
    return pixels / np.iinfo(pixels.dtype).max


def refusal(data):
    with pytest.raises(ImageError) as caught:
        read_image(data)
    return str(caught.value)


def compressed(raw, row_bytes, compression):
    """The bytes of a strip as libtiff compresses it: Pillow writes them as a picture of bytes."""
    if compression == "deflate":
        return zlib.compress(raw), 8
    if compression is None:
        return raw, 1
    out = io.BytesIO()
    picture = Pillow.frombytes("L", (row_bytes, len(raw) // row_bytes), raw)
    picture.save(out, "TIFF", compression=compression, tiffinfo={278: len(raw) // row_bytes})
    page = Pillow.open(out)
    start, size = page.tag_v2[273][0], page.tag_v2[279][0]
    return out.getvalue()[start : start + size], page.tag_v2[259]


COMPRESSIONS = [None, "deflate", "tiff_lzw", "packbits"]


@pytest.mark.parametrize("big_endian", [False, True], ids=["little", "big"])
@pytest.mark.parametrize("bits", range(1, 17))
def test_integers_of_every_width_packed_into_bytes(bits, big_endian):
    stored = np.rint(RAMP * ((1 << bits) - 1)).astype(int)
    raw = packed_bits(stored, bits)
    if bits == 16 and not big_endian:  # whole bytes follow the order of the file
        raw = stored.astype("<u2").tobytes()
    for compression in COMPRESSIONS if bits in (1, 4, 10, 12, 14, 16) else COMPRESSIONS[:2]:
        content, code = compressed(raw, len(raw) // ROWS, compression)
        image = read_image(write_tiff((content, {**SIZE, 258: bits, 259: code}), big_endian=big_endian))
        assert image.bits == bits
        white = np.iinfo(image.pixels.dtype).max
        np.testing.assert_allclose(
            image.pixels / white, stored / ((1 << bits) - 1), atol=0.6 / 255 if bits < 9 else 2e-3
        )


@pytest.mark.parametrize("big_endian", [False, True], ids=["little", "big"])
@pytest.mark.parametrize("kind", ["u1", "u2", "u4", "i1", "i2", "i4", "f2", "f4", "f8"])
@pytest.mark.parametrize("predictor", [1, 2, 3])
def test_every_format_byte_order_and_predictor(kind, big_endian, predictor):
    order = ">" if big_endian else "<"
    lowest, highest = {"u1": (0, 255), "i1": (-128, 127), "i2": (-32768, 32767), "i4": (-32768, 32767)}.get(
        kind, (0, 65535)
    )
    stored = RAMP if kind[0] == "f" else np.rint(lowest + RAMP * (highest - lowest))
    stored = stored.astype(kind)
    if predictor == 3 and kind[0] != "f":
        pytest.skip("predictor 3 is for floats")
    width = int(kind[1])
    if predictor == 2:
        words = stored.view(f"u{width}")
        words = np.diff(words, axis=1, prepend=words[:, :1] * 0)
        raw = words.astype(f"{order}u{width}").tobytes()
    elif predictor == 3:  # the highest bytes of a row first, then differences
        planes = stored.astype(f">{kind}").view(np.uint8).reshape(ROWS, COLUMNS, width).transpose(0, 2, 1)
        raw = np.diff(planes.reshape(ROWS, -1), axis=1, prepend=np.zeros((ROWS, 1), np.uint8)).tobytes()
    else:
        raw = stored.astype(f"{order}{kind}").tobytes()
    tags = {**SIZE, 258: 8 * width, 317: predictor, 339: {"u": 1, "i": 2, "f": 3}[kind[0]]}
    for compression in COMPRESSIONS[1:3] if predictor > 1 else COMPRESSIONS[:3]:
        content, code = compressed(raw, COLUMNS * width, compression)
        shown = levels(write_tiff((content, {**tags, 259: code}), big_endian=big_endian))
        np.testing.assert_allclose(shown, RAMP, atol=0.51 / 255 if width == 1 else 1e-3)


@pytest.mark.parametrize("big_endian", [False, True], ids=["little", "big"])
def test_big_tiff_of_either_byte_order(big_endian):
    film = np.rint(RAMP * 4095).astype(np.uint16)
    for deflate in (False, True):
        data = write_tiff(film, big_endian=big_endian, deflate=deflate, big=True)
        np.testing.assert_array_equal(read_image(data).pixels, read_image(write_tiff(film)).pixels)
    content, code = compressed(film.astype(">u2" if big_endian else "<u2").tobytes(), 2 * COLUMNS, "tiff_lzw")
    data = write_tiff((content, {**SIZE, 258: 16, 259: code}), big_endian=big_endian, big=True)
    np.testing.assert_array_equal(read_image(data).pixels, read_image(write_tiff(film)).pixels)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("planar", [1, 2])
def test_tiles_and_planes_that_do_not_fill_the_picture(compression, planar):
    rng = np.random.default_rng(0)
    colour = rng.integers(0, 65536, (40, 50, 3)).astype(np.uint16)
    padded = np.pad(colour, ((0, 8), (0, 14), (0, 0)))
    tiles = [padded[top : top + 16, left : left + 32] for top in (0, 16, 32) for left in (0, 32)]
    if planar == 2:
        tiles = [tile[..., channel : channel + 1] for channel in range(3) for tile in tiles]
    parts, offsets = b"", []
    for tile in tiles:
        content, code = compressed(tile.tobytes(), tile.shape[1] * tile.shape[2] * 2, compression)
        offsets.append((8 + len(parts), len(content)))
        parts += content
    tags = {256: 50, 257: 40, 258: [16] * 3, 259: code, 262: 2, 277: 3, 284: planar, 322: 32, 323: 16,
            324: [at for at, _ in offsets], 325: [size for _, size in offsets], 273: None, 279: None}  # fmt: skip
    np.testing.assert_array_equal(read_image(write_tiff((parts, tags))).pixels, colour)


def test_strips_whose_last_is_shorter():
    film = np.rint(RAMP * 65535).astype(np.uint16)
    raw = film.tobytes()
    step = 4 * COLUMNS * 2
    tags = {**SIZE, 258: 16, 278: 4, 273: [8, 8 + step, 8 + 2 * step], 279: [step, step, len(raw) - 2 * step]}
    np.testing.assert_array_equal(read_image(write_tiff((raw, tags))).pixels, film)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_missing_photometric_is_not_inverted(dtype):
    film = np.rint(RAMP * np.iinfo(dtype).max).astype(dtype)
    np.testing.assert_array_equal(read_image(write_tiff((film, {262: None}))).pixels, film)
    colour = np.stack([film, film // 2, film // 3], -1)
    np.testing.assert_array_equal(read_image(write_tiff((colour, {262: None}))).pixels, colour)
    np.testing.assert_array_equal(read_image(write_tiff((film, {262: 0}))).pixels, np.iinfo(dtype).max - film)


@pytest.mark.parametrize("scale", [1, 256, 257], ids=["8 bits", "shifted", "full"])
@pytest.mark.parametrize("bits", [4, 8])
def test_palettes_given_in_8_or_16_bits(scale, bits):
    count = 1 << bits
    greys = np.linspace(255, 0, count).astype(int)
    stored = (np.arange(ROWS * COLUMNS) % count).reshape(ROWS, COLUMNS)
    tags = {**SIZE, 258: bits, 262: 3, 320: [int(level) * scale for level in greys] * 3}
    np.testing.assert_array_equal(read_image(write_tiff((packed_bits(stored, bits), tags))).pixels, greys[stored])


def test_a_palette_that_is_too_short_is_refused():
    data = write_tiff((np.zeros((4, 4), np.uint8), {262: 3, 320: [0] * 300}))
    assert "palette is too short" in refusal(data)


def test_bits_of_a_byte_in_reverse():
    film = np.rint(RAMP * 255).astype(np.uint8)
    mirrored = np.packbits(np.unpackbits(film[..., None], axis=-1)[..., ::-1], axis=-1)[..., 0]
    for compression in COMPRESSIONS[:2]:
        content, code = compressed(film.tobytes(), COLUMNS, compression)
        content = content if code != 1 else mirrored.tobytes()
        if code != 1:
            content = bytes(int(f"{byte:08b}"[::-1], 2) for byte in content)
        data = write_tiff((content, {**SIZE, 258: 8, 259: code, 266: 2}))
        np.testing.assert_array_equal(read_image(data).pixels, film)


@pytest.mark.parametrize("kind", [1, 3, 4])
def test_an_orientation_of_any_integer_type(kind):
    stored = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
    data = bytearray(write_tiff((stored, {274: 6})))
    at = data.index(struct.pack("<HH", 274, 3))
    struct.pack_into("<HL", data, at + 2, kind, 1)
    np.testing.assert_array_equal(read_image(bytes(data)).pixels, np.rot90(stored, -1))


def test_samples_that_no_picture_has_are_refused():
    film = np.zeros((4, 4), np.uint8)
    assert "format 5" in refusal(write_tiff((film, {339: 5})))
    assert "64 bits" in refusal(write_tiff((np.zeros((4, 4), np.uint64), {339: 6})))
    assert "of the kind 32803" in refusal(write_tiff((film, {262: 32803})))
    assert "5, 6" in refusal(write_tiff((np.zeros((4, 4, 3), np.uint8), {258: [5, 6, 5]})))


def test_a_tile_that_is_far_larger_than_the_picture_is_refused():
    for compression in (1, 5, 7, 8):
        tags = {259: compression, 322: 46000, 323: 46000, 324: 8, 325: 16, 273: None, 278: None, 279: None}
        assert "tile of 46000 x 46000" in refusal(write_tiff((np.zeros((4, 4), np.uint8), tags)))


def test_directories_that_overlap_are_counted_together():
    data = bytearray(b"II*\0" + struct.pack("<L", 8) + bytes(20_000))
    for page in range(1000):  # each begins in the one before, has a thousand fields, and points at the next
        struct.pack_into("<H", data, 8 + 2 * page, 1000)
        struct.pack_into("<L", data, 8 + 2 * page + 2 + 12 * 1000, 8 + 2 * (page + 1))
    assert "TIFF file" in refusal(bytes(data))
    several = write_tiff(*[(np.zeros((1, 1), np.uint8), dict.fromkeys(range(40000, 40100), 0))] * 700)
    assert "more than 65,536 fields" in refusal(several)


def test_strips_that_share_their_bytes_many_times_over_are_refused():
    empty = b"\x78\x9c" + b"\0\0\0\xff\xff" * 10_000  # deflated blocks of nothing
    tags = {256: 100, 257: 400, 258: 8, 259: 8, 262: 1, 277: 1, 278: 1, 273: [8] * 400, 279: [len(empty)] * 400}
    assert "cannot lie in it" in refusal(write_tiff((empty, tags)))


@pytest.mark.skipif(shutil.which("tiff2rgba") is None, reason="needs tiff2rgba, of Debian's libtiff-tools")
@pytest.mark.parametrize("photometric", [0, 1, 3, None])
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_grey_and_palettes_as_libtiff_shows_them(bits, photometric, tmp_path):
    stored = np.rint(RAMP * ((1 << bits) - 1)).astype(int)
    raw = stored.astype("<u2").tobytes() if bits == 16 else packed_bits(stored, bits)
    tags = {**SIZE, 258: bits, 262: photometric}
    if photometric == 3:
        if bits == 16:
            pytest.skip("libtiff reads no palette of 16 bits")
        tags[320] = [int(level) << 8 for level in np.linspace(255, 0, 1 << bits)] * 3
    (tmp_path / "film.tif").write_bytes(write_tiff((raw, tags)))
    done = subprocess.run(
        ["tiff2rgba", "-c", "none", tmp_path / "film.tif", tmp_path / "shown.tif"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    wanted = np.asarray(Pillow.open(tmp_path / "shown.tif"))[..., 0]
    np.testing.assert_allclose(levels(tmp_path / "film.tif"), wanted / 255, atol=0.006)


@pytest.mark.skipif(imagemagick() is None, reason="needs ImageMagick")
@pytest.mark.parametrize("big_endian", [False, True], ids=["little", "big"])
@pytest.mark.parametrize("bits", [10, 12, 14])
def test_packed_samples_as_imagemagick_shows_them(bits, big_endian, tmp_path):
    stored = np.rint(RAMP * ((1 << bits) - 1)).astype(int)
    (tmp_path / "film.tif").write_bytes(
        write_tiff((packed_bits(stored, bits), {**SIZE, 258: bits}), big_endian=big_endian)
    )
    command = [imagemagick(), tmp_path / "film.tif", "-depth", "16", "-endian", "LSB", "gray:-"]
    done = subprocess.run(command, capture_output=True, check=False)
    wanted = np.frombuffer(done.stdout, "<u2").reshape(ROWS, COLUMNS) / 65535
    np.testing.assert_allclose(levels(tmp_path / "film.tif"), wanted, atol=2e-3)


def test_a_field_that_no_decoder_needs_so_large_is_refused():
    """Thirty of them may lie over the same bytes of the file, and each would be copied."""
    strips = 1_100_000
    page = {256: 8, 257: 8, 258: 8, 259: 7, 262: 1, 277: 1, 278: 8, 320: [0] * 3 * (strips // 3 * 4)}
    assert "field 320 has" in refusal(write_tiff((bytes(64), page)))


def test_samples_beyond_the_limit_are_refused_before_they_are_unpacked():
    page = {256: 7000, 257: 7000, 258: [8] * 9, 259: 8, 262: 1, 277: 9, 278: 7000, 338: [0] * 8}
    assert "wanted at most 400 megabytes" in refusal(write_tiff((zlib.compress(bytes(1000)), page)))


@pytest.mark.parametrize("tail", [b"", b"more behind the end" * 100])
def test_a_strip_of_more_than_is_unpacked_at_once(tail):
    film = (np.arange(3000 * 900, dtype=np.uint32).reshape(900, 3000) * 7 % 65521).astype(np.uint16)
    page = {256: 3000, 257: 900, 258: 16, 259: 8, 262: 1, 277: 1, 278: 900}
    packed = zlib.compress(film.tobytes(), 1)
    np.testing.assert_array_equal(read_image(write_tiff((packed + tail, page))).pixels, film)
    assert "bytes of a strip or tile are there" in refusal(write_tiff((packed[: len(packed) // 2], page)))


@pytest.mark.parametrize("deflate", [False, True])
@pytest.mark.parametrize("stated", [(2, 2), (2, 1), None])
def test_chroma_that_is_subsampled_is_refused_and_never_shifted(stated, deflate):
    tags = {256: 16, 257: 16, 258: [8, 8, 8], 262: 6, 277: 3, 278: 16, 530: stated, 259: 8 if deflate else 1}
    raw = bytes(16 * 16 * 3)
    page = zlib.compress(raw) if deflate else raw
    assert "is subsampled" in refusal(write_tiff((page, tags)))
    assert read_image(write_tiff((page, {**tags, 530: (1, 1)}))).pixels.shape == (16, 16, 3)
