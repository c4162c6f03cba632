"""Films as pictures for people: eight bits a channel, smaller when asked. Written with Pillow."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import numpy as np
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from lennox.image import Image
from lennox.image.image import Pixels

OVERLAY_CHUNK = ("lennox", "overlay")  # keyword and text; read_image refuses a PNG that has it
_ROWS_AT_ONCE = 256
JPEG_QUALITY = 88  # beside the original, differences are below a film's noise


def to_picture(image: Image, low: float = 0.0, high: float = 1.0) -> Pillow.Image:
    """The film as it is stored, in 8 bits a channel: grey or colour. Sixteen bits keep their upper eight.

    low, high : shares of the film's range that become black and white, for a closer look at what lies between
    """
    return _eight_bits(image.pixels, low, high)


def bands(image: Image) -> Iterator[tuple[int, Pillow.Image]]:
    """The same in bands, each with its first row: where a copy of the whole film would not fit beside it."""
    for top in range(0, image.rows, _ROWS_AT_ONCE):
        yield top, _eight_bits(image.pixels[top : top + _ROWS_AT_ONCE], 0.0, 1.0)


def _eight_bits(pixels: Pixels, low: float, high: float) -> Pillow.Image:
    if (low, high) != (0.0, 1.0):
        levels = np.arange(1 << (8 * pixels.dtype.itemsize)) / ((1 << (8 * pixels.dtype.itemsize)) - 1)
        pixels = np.rint(255 * np.clip((levels - low) / (high - low), 0, 1)).astype(np.uint8)[pixels]
    elif pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    return Pillow.fromarray(np.ascontiguousarray(pixels))


def shrink(picture: Pillow.Image, longest_side: int) -> Pillow.Image:
    """The picture, reduced so that its longer side is at most `longest_side` pixels; never enlarged."""
    scale = longest_side / max(picture.size)
    if scale >= 1.0:
        return picture
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Pillow.Resampling.BOX if scale < 0.5 else Pillow.Resampling.LANCZOS)


def jpeg(picture: Pillow.Image) -> bytes:
    """A picture as the bytes of a JPEG file: smaller than the film, and not for reading at full size."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return out.getvalue()


def jpeg_uri(picture: Pillow.Image) -> str:
    """A picture as a data URI, so that a page needs no second file."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg(picture)).decode("ascii")


def png(picture: Pillow.Image) -> bytes:
    """A picture as the bytes of a PNG file, every pixel kept; quick rather than small."""
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()


def overlay_png(picture: Pillow.Image) -> bytes:
    """A drawn copy of a film as the bytes of a PNG file, which says of itself that it is no film."""
    out, chunks = io.BytesIO(), PngInfo()
    chunks.add_text(*OVERLAY_CHUNK)
    picture.save(out, "PNG", pnginfo=chunks, compress_level=3)  # less than half the time of 6, and films grow by 5 %
    return out.getvalue()
