"""BMP whose colours lie in fields of bits, and whose pixels are packed as runs."""

import struct

import numpy as np
import pytest

from lennox.errors import ImageError
from lennox.image import read_image

GREY = np.linspace(0, 255, 24).astype(np.uint8).reshape(4, 6)[:, :5]


def bmp(words, width, masks, *, header=40, top_down=False):
    """BMP of (rows, columns) words of 16 or 32 bits; masks of red, green, blue and, in longer headers, alpha."""
    rows, columns = words.shape
    lines = [row.astype(f"<u{width // 8}").tobytes() for row in (words if top_down else words[::-1])]
    pixels = b"".join(line + b"\0" * (-len(line) % 4) for line in lines)
    fields = struct.pack("<4L", *masks, *[0] * (4 - len(masks)))
    info = struct.pack(
        "<LllHHLLllLL", header, columns, -rows if top_down else rows, 1, width, 3, len(pixels), 0, 0, 0, 0
    )
    info += fields[:12] if header == 40 else fields.ljust(header - 40, b"\0")
    return b"BM" + struct.pack("<LHHL", 14 + len(info) + len(pixels), 0, 0, 14 + len(info)) + info + pixels


LAYOUTS = {
    "5-6-5": (16, (0xF800, 0x07E0, 0x001F)),
    "5-5-5": (16, (0x7C00, 0x03E0, 0x001F)),
    "4-4-4": (16, (0x0F00, 0x00F0, 0x000F)),
    "2-3-1": (16, (0x0030, 0x000E, 0x0001)),
    "8-8-8": (32, (0xFF0000, 0x00FF00, 0x0000FF)),
    "8-8-8 reversed": (32, (0x0000FF, 0x00FF00, 0xFF0000)),
    "11-11-10": (32, (0xFFE00000, 0x001FFC00, 0x000003FF)),
    "10-10-10": (32, (0x3FF00000, 0x000FFC00, 0x000003FF)),
}


def coded(level, mask):
    shift = (mask & -mask).bit_length() - 1
    return np.rint(level / 255 * (mask >> shift)).astype(np.uint64) << np.uint64(shift)


@pytest.mark.parametrize("top_down", [False, True])
@pytest.mark.parametrize("header", [40, 56, 108, 124])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_fields_of_any_width(layout, header, top_down):
    width, masks = LAYOUTS[layout]
    words = sum(coded(GREY.astype(float), mask) for mask in masks)
    image = read_image(bmp(words, width, masks, header=header, top_down=top_down))
    step = 255 / min((mask >> ((mask & -mask).bit_length() - 1)) for mask in masks)
    shown = image.pixels if image.is_grey else image.pixels.mean(axis=2)
    np.testing.assert_allclose(shown, GREY, atol=step / 2 + 1)


def test_alpha_of_a_longer_header_is_applied():
    masks = (0xFF0000, 0x00FF00, 0x0000FF, 0xFF000000)
    words = np.array([[0xFF646464, 0x80646464, 0x00646464]], np.uint64)
    np.testing.assert_array_equal(read_image(bmp(words, 32, masks, header=108)).pixels, [[100, 50, 0]])
    np.testing.assert_array_equal(read_image(bmp(words & 0xFFFFFF, 32, masks, header=108)).pixels, [[100, 100, 100]])


def test_fields_that_do_not_lie_together_and_files_that_are_cut_short_are_refused():
    words = np.zeros((4, 5), np.uint64)
    for data in (bmp(words, 16, (0xA000, 0x07E0, 0x001F)), bmp(words, 16, (0xF800, 0x07E0, 0x001F))[:-8]):
        with pytest.raises(ImageError, match="BMP file is"):
            read_image(data)


def with_runs(rows, columns, runs):
    palette = bytes(level for entry in range(256) for level in (entry, entry, entry, 0))
    info = struct.pack("<LllHHLLllLL", 40, columns, rows, 1, 8, 1, len(runs), 0, 0, 256, 0)
    return b"BM" + struct.pack("<LHHL", 54 + 1024 + len(runs), 0, 0, 54 + 1024) + info + palette + runs


def test_runs_are_unpacked():
    data = with_runs(2, 4, bytes([4, 50, 0, 0, 1, 10, 3, 20, 0, 1]))
    np.testing.assert_array_equal(read_image(data).pixels, [[10, 20, 20, 20], [50, 50, 50, 50]])


def test_runs_that_write_nothing_end():
    with pytest.raises(ImageError, match="far more than its pixels"):
        read_image(with_runs(20, 20, b"\0\2\0\0" * 20_000))


def test_fields_of_many_rows_are_read():
    """More than are taken at once, upwards and downwards."""
    words = np.arange(300, dtype=np.uint64)[:, None] * 100 + np.arange(3, dtype=np.uint64)
    shown = read_image(bmp(words, 16, (0xF800, 0x07E0, 0x001F))).pixels
    want = [((words.astype(int) & mask) >> shift) * 255 / most for mask, shift, most in
            ((0xF800, 11, 31), (0x07E0, 5, 63), (0x001F, 0, 31))]  # fmt: skip
    np.testing.assert_allclose(shown, np.stack(want, -1), atol=0.51)
