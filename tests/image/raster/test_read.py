"""PNG, JPEG, TIFF, WebP and BMP, by hand and at the edge."""

import io
import struct
import zlib

import numpy as np
import pytest
from film_files import exif, turned, write_png, write_tiff
from PIL import Image as Pillow

from lennox.errors import ImageError
from lennox.image import read_image

GREY = np.array([[0, 100], [200, 255]], np.uint8)


def saved(picture, kind, **options):
    out = io.BytesIO()
    picture = Pillow.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    picture.save(out, kind, **options)
    return out.getvalue()


def refusal(data, **options):
    with pytest.raises(ImageError) as caught:
        read_image(data, **options)
    return str(caught.value)


def test_colour_stays_colour():
    colour = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [9, 9, 9]]], np.uint8)
    for kind in ("PNG", "BMP", "TIFF"):
        image = read_image(saved(colour, kind))
        np.testing.assert_array_equal(image.pixels, colour)
        np.testing.assert_array_equal(image.grey(), [[76, 150], [29, 9]])  # 0.299, 0.587, 0.114
    image = read_image(saved(colour, "WEBP", lossless=True))
    np.testing.assert_array_equal(image.pixels, colour)


def test_deep_colour_keeps_its_16_bits():
    colour = np.array([[[65535, 1, 256], [40000, 40001, 40002]]], np.uint16)
    for data in (
        write_png(colour),
        write_png(colour, interlace=True),
        write_tiff(colour),
        write_tiff(colour, big_endian=True),
        write_tiff(colour, deflate=True),
    ):
        image = read_image(data)
        np.testing.assert_array_equal(image.pixels, colour)
        assert image.bits == 16


def test_channels_one_level_apart_are_grey_and_three_are_not():
    nearly = np.repeat(GREY[:, :, None], 3, 2)
    nearly[0, 1] = (100, 101, 99)
    image = read_image(saved(nearly, "PNG"))
    assert image.pixels.ndim == 2
    assert abs(int(image.pixels[0, 1]) - 100) <= 1
    nearly[0, 1] = (100, 103, 100)
    assert read_image(saved(nearly, "PNG")).pixels.ndim == 3


@pytest.mark.parametrize(
    ("samples", "alpha", "shown"),
    [(200, 255, 200), (200, 0, 0), (200, 128, 100), (255, 1, 1)],
    ids=["opaque", "transparent", "half", "nearly"],
)
def test_alpha_is_laid_over_black(samples, alpha, shown):
    grey_alpha = np.array([[[samples, alpha], [50, 255]]], np.uint8)
    rgba = np.concatenate([np.repeat(grey_alpha[..., :1], 3, 2), grey_alpha[..., 1:]], 2)
    for data in (write_png(grey_alpha), write_png(rgba), write_tiff((rgba, {338: 2}))):
        np.testing.assert_array_equal(read_image(data).pixels, [[shown, 50]])
    deep = grey_alpha.astype(np.uint16) * 257
    for data in (write_png(deep), write_png(np.concatenate([np.repeat(deep[..., :1], 3, 2), deep[..., 1:]], 2))):
        np.testing.assert_allclose(read_image(data).pixels, [[shown * 257, 50 * 257]], atol=128)


def test_an_export_that_is_transparent_throughout_is_not_turned_black():
    for depth in (np.uint8, np.uint16):
        film = GREY.astype(depth) * (np.iinfo(depth).max // 255)
        np.testing.assert_array_equal(read_image(write_png(np.stack([film, film * 0], -1))).pixels, film)


def test_alpha_already_multiplied_in_is_not_applied_twice():
    rgba = np.array([[[100, 100, 100, 128], [255, 255, 255, 255]]], np.uint8)
    np.testing.assert_allclose(read_image(write_tiff((rgba, {338: 1}))).pixels, [[100, 255]], atol=1)
    deep = rgba.astype(np.uint16) * 257
    np.testing.assert_allclose(read_image(write_tiff((deep, {338: 1}))).pixels, [[25700, 65535]])


def test_one_transparent_level_is_black():
    np.testing.assert_array_equal(
        read_image(write_png(GREY, chunks=[(b"tRNS", b"\0\xc8")])).pixels, [[0, 100], [0, 255]]
    )
    deep = GREY.astype(np.uint16) * 257
    data = write_png(deep, chunks=[(b"tRNS", struct.pack(">H", 200 * 257))])
    np.testing.assert_array_equal(read_image(data).pixels, [[0, 25700], [0, 65535]])
    rgb = np.repeat(GREY[:, :, None], 3, 2)
    data = write_png(rgb, chunks=[(b"tRNS", b"\0\xc8\0\xc8\0\xc8")])
    np.testing.assert_array_equal(read_image(data).pixels, [[0, 100], [0, 255]])


def test_palettes_with_and_without_transparency():
    indexed = Pillow.fromarray(np.array([[0, 1], [2, 1]], np.uint8), "P")
    indexed.putpalette([10, 10, 10, 90, 90, 90, 250, 250, 250])
    for kind in ("PNG", "BMP", "TIFF"):
        np.testing.assert_array_equal(read_image(saved(indexed, kind)).pixels, [[10, 90], [250, 90]])
    np.testing.assert_array_equal(
        read_image(saved(indexed, "TIFF", compression="tiff_lzw")).pixels, [[10, 90], [250, 90]]
    )
    np.testing.assert_array_equal(read_image(saved(indexed, "PNG", transparency=2)).pixels, [[10, 90], [0, 90]])
    see_through = saved(indexed, "PNG", transparency=b"\xff\x80\xff")
    np.testing.assert_array_equal(read_image(see_through).pixels, [[10, 45], [250, 45]])


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_bits_use_the_full_range(bits):
    levels = np.arange(8) % (1 << bits)
    row = int("".join(format(level, f"0{bits}b") for level in levels), 2).to_bytes(bits, "big")
    head = struct.pack(">LLBBBBB", 8, 1, bits, 0, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" + row)), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">L", len(body)) + name + body + struct.pack(">L", zlib.crc32(name + body)) for name, body in parts
    )
    image = read_image(data)
    np.testing.assert_array_equal(image.pixels, [np.rint(levels * 255 / ((1 << bits) - 1))])
    assert image.bits == bits
    assert image.pixels.dtype == np.uint8


def test_one_bit_bmp_and_tiff():
    black_white = Pillow.fromarray(GREY > 150)
    for data in (
        saved(black_white, "BMP"),
        saved(black_white, "TIFF"),
        saved(black_white, "TIFF", compression="group4"),
    ):
        image = read_image(data)
        np.testing.assert_array_equal(image.pixels, [[0, 0], [255, 255]])
        assert image.bits == 1


@pytest.mark.parametrize(
    ("highest", "bits"), [(255, 8), (256, 10), (1023, 10), (1024, 12), (4095, 12), (4096, 14), (16384, 16), (60000, 16)]
)
def test_the_largest_sample_tells_the_depth(highest, bits):
    film = np.array([[0, highest // 2, highest]], np.uint16)
    for data in (write_png(film), write_tiff(film)):
        image = read_image(data)
        assert image.bits == bits
        full = np.iinfo(image.pixels.dtype).max
        np.testing.assert_allclose(image.pixels, film * (full / ((1 << bits) - 1)), atol=1)
        assert image.pixels.max() > 0.24 * full  # whatever it is: never turned black


def test_a_black_16_bit_image_stays_black():
    image = read_image(write_png(np.zeros((3, 3), np.uint16)))
    assert image.bits == 16
    assert not image.pixels.any()


def test_white_marks_on_a_12_bit_film_do_not_turn_it_black():
    film = np.linspace(0, 4000, 100).astype(np.uint16).reshape(10, 10)
    film[2, 3] = 65535
    image = read_image(write_png(film))
    assert image.bits == 12
    assert image.pixels[2, 3] == 65535
    assert image.pixels[9, 9] == 4000 << 4 | 4000 >> 8
    lonely = np.array([[0, 3, 65535]], np.uint16)
    np.testing.assert_array_equal(read_image(write_png(lonely)).pixels, lonely)  # marks and no film: as it is


def test_what_a_tiff_states_counts_where_its_samples_keep_to_it():
    dark = np.array([[0, 900]], np.uint16)
    assert read_image(write_tiff((dark, {281: 4095}))).bits == 12
    assert read_image(write_tiff((dark, {281: 65535}))).bits == 10
    assert read_image(write_tiff((dark * 10, {281: 4095}))).bits == 14  # the statement cannot be true


def test_floats_are_read_by_their_range():
    unit = np.array([[0.0, 0.5, 1.0]], np.float32)
    np.testing.assert_array_equal(read_image(write_tiff(unit)).pixels, [[0, 32768, 65535]])
    np.testing.assert_array_equal(read_image(write_tiff(unit * 255)).pixels, [[0, 32768, 65535]])
    np.testing.assert_allclose(read_image(write_tiff(unit * 4000)).pixels, [[0, 32007, 64015]], atol=1)
    white_is_zero = write_tiff((unit, {262: 0}))
    np.testing.assert_array_equal(read_image(white_is_zero).pixels, [[65535, 32767, 0]])


@pytest.mark.parametrize(
    ("wrong", "word"), [(np.nan, "NaN"), (np.inf, "NaN or infinity"), (-1.0, "floating point"), (1e6, "floating point")]
)
def test_floats_that_are_no_levels_are_refused(wrong, word):
    assert word in refusal(write_tiff(np.array([[0.0, wrong]], np.float32)))


def test_integers_of_32_bits():
    np.testing.assert_array_equal(read_image(write_tiff(np.array([[0, 4095]], np.int32))).pixels, [[0, 65535]])
    assert "16 bits at most" in refusal(write_tiff(np.array([[0, 70000]], np.int32)))
    assert "16 bits at most" in refusal(write_tiff(np.array([[-40000, 0]], np.int32)))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_in_every_format(orientation):
    upright = np.arange(0, 240, 20, dtype=np.uint8).reshape(3, 4)
    stored = turned(upright, orientation)
    block = b"Exif\0\0" + exif(orientation)
    for data in (
        write_png(stored, chunks=[(b"eXIf", exif(orientation))]),
        saved(stored, "WEBP", lossless=True, exif=block),
        write_tiff((stored, {274: orientation})),
        write_tiff((stored, {274: orientation}), deflate=True),
    ):
        np.testing.assert_array_equal(read_image(data).pixels, upright)
    camera = read_image(saved(np.kron(stored, np.ones((8, 8), np.uint8)), "JPEG", quality=100, exif=block))
    np.testing.assert_allclose(camera.pixels, np.kron(upright, np.ones((8, 8))), atol=2)


def test_orientation_by_hand():
    """Stored with orientation 6, the first row of the file is the right side of the picture."""
    data = write_png(np.array([[1, 2], [3, 4]], np.uint8), chunks=[(b"eXIf", exif(6))])
    np.testing.assert_array_equal(read_image(data).pixels, [[3, 1], [4, 2]])


@pytest.mark.parametrize("block", [b"", b"MM", exif(0), exif(9), exif(6)[:12], b"MM\0*\xff\xff\xff\xff" + bytes(20)])
def test_damaged_exif_is_passed_over(block, recwarn):
    picture = Pillow.fromarray(np.tile(GREY, (8, 8)))
    for data in (
        write_png(np.tile(GREY, (8, 8)), chunks=[(b"eXIf", block)] if block else []),
        saved(picture, "JPEG", exif=b"Exif\0\0" + block, quality=100, subsampling=0),
    ):
        assert read_image(data).pixels.shape == (16, 16)
    assert not recwarn.list


def test_colours_for_printing_are_refused():
    cmyk = Pillow.new("CMYK", (8, 8), (10, 20, 30, 40))
    for data in (saved(cmyk, "JPEG"), saved(cmyk, "TIFF")):
        assert "CMYK" in refusal(data)
    assert "LAB" in refusal(saved(Pillow.new("LAB", (8, 8)), "TIFF"))


def test_several_images_are_refused_or_chosen_from():
    frames = [Pillow.fromarray(np.full((4, 5), level, np.uint8)).convert("RGB") for level in (10, 120, 250)]
    files = {
        "PNG": saved(frames[0], "PNG", save_all=True, append_images=frames[1:]),
        "WebP": saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True),
        "TIFF": write_tiff(*[np.asarray(frame) for frame in frames]),
        "TIFF deflate": write_tiff(*[np.asarray(frame.convert("L")) for frame in frames], deflate=True),
    }
    for data in files.values():
        assert "holds 3 images" in refusal(data)
        assert "frame 0 to 2" in refusal(data)
        assert "holds 3; frames count from 0" in refusal(data, frame=3)
        for frame, level in enumerate((10, 120, 250)):
            np.testing.assert_array_equal(read_image(data, frame=frame).pixels, np.full((4, 5), level))


def test_pages_of_several_depths_and_sizes():
    pages = [np.full((2, 3), 7, np.uint8), np.full((5, 4), 4095, np.uint16), np.full((3, 3, 3), 65535, np.uint16)]
    data = write_tiff(*pages)
    assert [read_image(data, frame=frame).pixels.shape for frame in range(3)] == [(2, 3), (5, 4), (3, 3)]
    assert [read_image(data, frame=frame).bits for frame in range(3)] == [8, 12, 16]


def test_previews_and_masks_are_no_images():
    film, preview = np.full((8, 8), 90, np.uint8), np.full((2, 2), 1, np.uint8)
    for data in (
        write_tiff(film, (preview, {254: 1})),
        write_tiff((preview, {254: 1}), film),
        write_tiff(film, (preview, {254: 4})),
    ):
        np.testing.assert_array_equal(read_image(data).pixels, film)
        np.testing.assert_array_equal(read_image(data, frame=0).pixels, film)


def test_planes_apart():
    colour = np.arange(18, dtype=np.uint8).reshape(2, 3, 3) * 10
    planes = np.ascontiguousarray(colour.transpose(2, 0, 1)).reshape(6, 3)
    tags = {257: 2, 258: [8] * 3, 262: 2, 277: 3, 278: 2, 284: 2, 339: [1] * 3}
    one = write_tiff((planes, tags))
    where = one.index(planes.tobytes())
    data = write_tiff((planes, {**tags, 273: [where, where + 6, where + 12], 279: [6] * 3}))
    np.testing.assert_array_equal(read_image(data).pixels, colour)
    deep = {**tags, 258: [16] * 3, 273: [8, 20, 32], 279: [12] * 3}
    image = read_image(write_tiff((planes.astype(np.uint16) * 257, deep)))
    np.testing.assert_array_equal(image.pixels, colour.astype(np.uint16) * 257)


def sized(kind, rows, columns):
    """A file whose header announces a size, and whose pixels are few."""
    if kind == "PNG":
        head = struct.pack(">LLBBBBB", columns, rows, 8, 0, 0, 0, 0)
        packed = zlib.compress(bytes(100))
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">L", len(body)) + name + body + struct.pack(">L", zlib.crc32(name + body))
            for name, body in ((b"IHDR", head), (b"IDAT", packed), (b"IEND", b""))
        )
    if kind == "TIFF":
        return write_tiff((np.zeros((4, 4), np.uint8), {256: columns, 257: rows}))
    if kind == "WebP":
        data = bytearray(saved(np.tile(GREY, (4, 4)), "WEBP", lossless=True))
        at = data.index(b"VP8L") + 9
        bits = int.from_bytes(data[at : at + 4], "little") & ~0xFFFFFFF | (columns - 1) | (rows - 1) << 14
        data[at : at + 4] = bits.to_bytes(4, "little")
        return bytes(data)
    data = bytearray(saved(np.tile(GREY, (4, 4)), kind))
    if kind == "BMP":
        struct.pack_into("<ll", data, 18, columns, rows)
    else:
        struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, rows, columns)
    return bytes(data)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG", "BMP", "WebP"])
def test_huge_images_are_refused_before_they_are_decoded(kind, recwarn):
    side = 16000 if kind == "WebP" else 30000
    text = refusal(sized(kind, side, side))
    assert f"{side} x {side} pixels" in text
    assert "at most 50 million" in text
    assert not recwarn.list


def test_a_side_that_is_too_long_and_one_without_pixels():
    assert "20000 a side" in refusal(sized("PNG", 1, 20001))
    for kind in ("PNG", "TIFF", "JPEG"):
        refusal(sized(kind, 0, 5))


def test_a_bomb_of_few_bytes_within_the_limit_is_refused_as_cut_short():
    assert "damaged" in refusal(sized("PNG", 7000, 7000))


def test_one_pixel_can_be_read():
    for kind in ("PNG", "TIFF", "JPEG", "BMP", "WEBP"):
        assert read_image(saved(np.full((1, 1), 77, np.uint8), kind)).pixels.shape == (1, 1)


def test_an_animation_of_nothing_is_refused_without_a_warning(recwarn):
    assert "damaged" in refusal(write_png(GREY, chunks=[(b"acTL", bytes(8))]))
    assert not recwarn.list


def test_resolution_is_not_taken_for_the_spacing_of_a_film():
    for kind in ("PNG", "TIFF", "JPEG", "BMP"):
        assert read_image(saved(np.tile(GREY, (8, 8)), kind, dpi=(1200, 1200))).spacing_mm is None


def test_jpeg_in_a_tiff():
    film = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    image = read_image(saved(film, "TIFF", compression="jpeg", quality=95))
    np.testing.assert_allclose(image.pixels, film, atol=6)


def test_a_damaged_compressed_tiff_is_one_error_and_says_nothing_else(capfd):
    noise = np.random.default_rng(0).integers(0, 255, (40, 40), np.uint8)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits"):
        data = bytearray(saved(noise, "TIFF", compression=compression))
        middle = len(data) // 2
        data[middle : middle + 200] = b"\xaa" * 200
        if compression != "packbits":  # which holds nothing that could be found wrong
            assert "damaged" in refusal(bytes(data))
        assert capfd.readouterr() == ("", "")


def test_tiles_and_big_tiff(plain_film):
    film = plain_film[:112, :160]  # one tile: sides are multiples of 16
    where = {273: None, 278: None, 279: None, 322: 160, 323: 112, 324: 8, 325: film.nbytes}
    shown = read_image(write_tiff(film)).pixels
    for data in (
        write_tiff((film, where)),
        write_tiff((film, where), big_endian=True),
        saved(film, "TIFF", big_tiff=True),
        saved(film, "TIFF", big_tiff=True, compression="tiff_lzw"),
    ):
        np.testing.assert_array_equal(read_image(data).pixels, shown)


@pytest.mark.parametrize("bits", [24, 32])
def test_bmp_of_true_colour(bits):
    grey = np.tile(GREY, (4, 4))
    if bits == 32:  # Pillow writes alpha; viewers of most exports leave it at zero
        data = saved(np.concatenate([np.repeat(grey[..., None], 3, 2), np.zeros((8, 8, 1), np.uint8)], 2), "BMP")
    else:
        data = saved(np.repeat(grey[..., None], 3, 2), "BMP")
    np.testing.assert_array_equal(read_image(data).pixels, grey)


def test_tags_that_no_picture_needs_may_be_damaged(recwarn):
    film = np.tile(GREY, (4, 4))
    for tags in ({296: [2, 2]}, {305: 70000}, {33432: [70000, 1]}):
        data = write_tiff((film, tags))
        np.testing.assert_array_equal(read_image(data).pixels, film)
    far = bytearray(write_tiff((film, {33432: [1, 2, 3]})))
    at = far.index(struct.pack("<HH", 33432, 3))
    struct.pack_into("<L", far, at + 8, 1 << 30)  # its values lie outside the file
    np.testing.assert_array_equal(read_image(bytes(far)).pixels, film)
    needed = bytearray(write_tiff((film, {258: [8, 8, 8]})))
    struct.pack_into("<L", needed, needed.index(struct.pack("<HH", 258, 3)) + 8, 1 << 30)
    assert "field 258" in refusal(bytes(needed))
    assert not recwarn.list


def test_pages_that_point_at_each_other_end():
    data = bytearray(write_tiff(GREY, GREY + 1))
    last = len(data) - 4
    while data[last : last + 4] != b"\0\0\0\0":
        last -= 1
    assert read_image(bytes(data), frame=1).pixels[0, 0] == 1
    start = struct.unpack_from("<L", data, 4)[0]
    count = struct.unpack_from("<H", data, start)[0]
    struct.pack_into("<L", data, start + 2 + 12 * count, start)  # the first page follows itself
    np.testing.assert_array_equal(read_image(bytes(data)).pixels, GREY)


def test_of_many_orientations_in_a_jpeg_a_few_are_looked_at():
    data = saved(np.arange(64, dtype=np.uint8).reshape(4, 16), "JPEG")
    one, six = (b"\xff\xe1" + struct.pack(">H", len(block) + 8) + b"Exif\0\0" + block for block in map(exif, (1, 6)))
    for others, shape in ((7, (16, 4)), (8, (4, 16))):
        turned_last = data[:2] + one * others + six + data[2:]
        assert read_image(turned_last).pixels.shape == shape
