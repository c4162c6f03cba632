"""PNG, JPEG, TIFF, WebP and BMP: the only door to Pillow.

Files are opened by the plug-in that their first bytes call for, never by `PIL.Image.open`: so no other format can be
reached, and the size is checked here, before Pillow warns or decodes. No setting of Pillow is changed.
"""

from __future__ import annotations

import io
import json
import sys
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import TiffTags
from PIL.ImageFile import ImageFile

from lennox.errors import ImageError
from lennox.image.image import Image
from lennox.image.levels import from_float, from_wide, full_range, one_channel, over_black
from lennox.image.limits import check_size
from lennox.image.orientation import exif_orientation, upright
from lennox.image.raster.samples import bands_of, grey_or_colour, samples_of, shallow_samples
from lennox.image.raster.signature import check_animation, check_webp_size, raster_format
from lennox.image.raster.tiff_pages import (
    BITS_PER_SAMPLE,
    COMPRESSION,
    MAX_SAMPLE,
    ORIENTATION,
    PHOTOMETRIC,
    PLANAR,
    SUBFILE,
    TiffPages,
    tiff_pages,
)

_PREVIEW_OR_MASK = 0b101
_SINGLE_TAGS = frozenset(tag for tag, meaning in TiffTags.TAGS_V2.items() if meaning.length == 1)

# Imported when there is a file of the format: each takes its time.
_PLUGINS = {
    "PNG": "PIL.PngImagePlugin:PngImageFile",
    "JPEG": "lennox.image.raster.plugins:Jpeg",
    "TIFF": "lennox.image.raster.plugins:Tiff",
    "WebP": "PIL.WebPImagePlugin:WebPImageFile",
    "BMP": "PIL.BmpImagePlugin:BmpImageFile",
}


def _plugin(kind: str) -> type[ImageFile]:
    module, _, name = _PLUGINS[kind].partition(":")
    plugin: type[ImageFile] = getattr(import_module(module), name)
    return plugin


def read_raster(data: bytes, frame: int | None, name: str, digest: str) -> Image:
    """The image in the bytes of a PNG, JPEG, TIFF, WebP or BMP file. Raises ImageError."""
    kind = raster_format(data)
    try:
        pixels, bits = _Raster(kind, data, frame).decode()
    except ImageError:
        raise
    except Exception as error:  # Pillow raises nearly anything on damaged files
        text = " ".join(f"{type(error).__name__} {error}".split())[:120]
        raise ImageError(
            f"The {kind} file is damaged, cut short or of an unusual kind ({text}). Export or copy it again."
        ) from None
    return Image(pixels, bits, name=name, sha256=digest)


class _Raster:
    """One raster file, opened at the wanted image; nothing is decoded before `decode`."""

    def __init__(self, kind: str, data: bytes, frame: int | None) -> None:
        self.kind = kind
        if kind == "PNG":
            check_animation(data)
        elif kind == "WebP":
            check_webp_size(data)
        self.tiff = tiff_pages(data, _SINGLE_TAGS) if kind == "TIFF" else TiffPages(data, ())
        self.picture = _plugin(kind)(io.BytesIO(self.tiff.data))
        check_size(self.picture.height, self.picture.width)
        self.turned = False  # whether Pillow, in loading it, turned it upright
        self.page = self._page(frame)
        if self.page != self.picture.tell():
            self.picture.seek(self.page)
            check_size(self.picture.height, self.picture.width)

    def _page(self, frame: int | None) -> int:
        """Where the wanted image is; previews and masks beside a TIFF's images do not count."""
        full = [page for page, tags in enumerate(self.tiff.tags) if not tags.get(SUBFILE, 0) & _PREVIEW_OR_MASK]
        pages = full or list(range(max(getattr(self.picture, "n_frames", 1), 1)))
        if frame is None and len(pages) > 1:
            raise ImageError(
                f"The {self.kind} file holds {len(pages)} images; wanted one. "
                f"Choose one with frame 0 to {len(pages) - 1}, or export it alone."
            )
        if frame is not None and frame >= len(pages):
            raise ImageError(f"Frame {frame} was asked for, but the file holds {len(pages)}; frames count from 0.")
        return pages[frame or 0]

    def _tag(self, tag: int, default: int) -> int:
        """The first number of a tag of a TIFF; the default for other files."""
        return self.tiff.tags[self.page].get(tag, default) if self.tiff.tags else default

    def decode(self) -> tuple[NDArray[Any], int]:
        """Upright pixels over the full range of their type, grey where all channels are equal, and the file's bits."""
        mode = self.picture.mode
        if mode in ("CMYK", "LAB", "HSV"):
            raise ImageError(
                f"The {self.kind} file holds {mode} colour, which is for printing; wanted grey or RGB. "
                "Export it as grey or RGB."
            )
        if mode in ("RGB", "RGBA") and (";16" in _rawmode(self.picture) or self._tag(BITS_PER_SAMPLE, 8) == 16):
            pixels, bits = self._deep_colour()
        elif mode in ("I", "F") or mode.startswith("I;16"):
            pixels, bits = self._deep_grey()
        else:
            pixels, bits = shallow_samples(self._load()), self._stored_bits()
        return upright(pixels, self._orientation()), bits

    def _load(self, rawmode: str | None = None) -> Pillow.Image:
        """The decoded picture; `rawmode` tells Pillow how to unpack the samples, None leaves it to Pillow."""
        if self.kind == "TIFF" and self._tag(COMPRESSION, 1) != 1:
            return self._load_in_process(rawmode)
        picture = self.picture
        if rawmode is not None:
            picture = _plugin(self.kind)(io.BytesIO(self.tiff.data))
            picture.seek(self.page)
            picture.tile = [
                tile._replace(args=(rawmode, *tile.args[1:]) if isinstance(tile.args, tuple) else rawmode)
                for tile in picture.tile
            ]
        picture.load()
        self.turned = self.kind == "TIFF" and ORIENTATION not in picture.tag_v2  # type: ignore[attr-defined]
        return picture

    def _load_in_process(self, rawmode: str | None) -> Pillow.Image:
        from lennox.image.decoder_process import run_decoder

        answer = run_decoder("raster/libtiff_decoder.py", {"page": self.page, "rawmode": rawmode}, self.tiff.data)
        start = answer.index(b"\n") + 1
        found = json.loads(answer[:start])
        self.turned = found["turned"]
        size = found["columns"], found["rows"]
        return Pillow.frombuffer(
            found["mode"], size, np.frombuffer(answer, np.uint8, offset=start), "raw", found["mode"], 0, 1
        )

    def _stored_bits(self) -> int:
        """Bits a sample of an 8-bit picture had in the file; those of a palette are the palette's."""
        if self.picture.mode in ("P", "PA"):
            return 8
        if self.kind == "PNG":
            return min(self.tiff.data[24], 8)
        if self.kind == "TIFF":
            return min(max(self._tag(BITS_PER_SAMPLE, 1), 1), 8)
        return 1 if self.picture.mode == "1" else 8

    def _orientation(self) -> int:
        """What is left to turn, once the picture is loaded: Pillow turns a TIFF by itself."""
        if self.kind == "TIFF":
            value = 1 if self.turned else self._tag(ORIENTATION, 1)
            return value if 1 <= value <= 8 else 1
        block = self.picture.info.get("exif")
        return exif_orientation(block) if isinstance(block, bytes) else 1

    def _deep_grey(self) -> tuple[NDArray[Any], int]:
        samples = samples_of(self._load())
        if samples.dtype == np.float32:
            pixels, bits = from_float(samples), 16
        elif samples.dtype == np.int32:
            pixels, bits = from_wide(samples)
        else:
            key = self.picture.info.get("transparency")
            if isinstance(key, int):  # one level of a PNG is transparent
                samples[samples == key] = 0
            pixels, bits = full_range(samples, self._stated_depth(int(samples.max())))
        if self._tag(PHOTOMETRIC, 1) == 0:  # WhiteIsZero, which Pillow leaves to us
            np.subtract(np.iinfo(pixels.dtype).max, pixels, out=pixels)
        return pixels, bits

    def _stated_depth(self, highest: int) -> int | None:
        """The depth that a TIFF states, where its samples keep to it; no other raster file states one."""
        stated = min(self._tag(BITS_PER_SAMPLE, 16), self._tag(MAX_SAMPLE, 65535).bit_length())
        return stated if 8 <= stated < 16 and highest < 1 << stated else None

    def _deep_colour(self) -> tuple[NDArray[Any], int]:
        """Colour of 16 bits, and grey of 16 bits with alpha.

        Pillow keeps 8 bits of colour. Its unpackers take one byte of each sample, the first or the second by the order
        they are told; so the file is unpacked once in each order, and the bytes are put together again.
        """
        if self._tag(PLANAR, 1) != 1:
            raise ImageError(
                "The TIFF file holds 16-bit colour in separate planes. Export it as grey, or as 8-bit colour."
            )
        layout, _, order = _rawmode(self.picture).partition(";16")
        if layout == "LA":  # read as four channels: grey high, grey low, alpha high, alpha low
            pair = samples_of(self._load("RGBA")).view(">u2").astype(np.uint16)
            return _deep_over_black(pair[..., 0], pair[..., 1])
        high, low = "BL" if order == "B" or (order == "N" and sys.byteorder == "big") else "LB"
        unpacker = layout.replace("a", "A")
        first, second = self._load(f"{unpacker};16{high}"), self._load(f"{unpacker};16{low}")
        bands = (
            upper.astype(np.uint16) << 8 | lower for upper, lower in zip(bands_of(first), bands_of(second), strict=True)
        )
        if unpacker != "RGBA":  # not RGBX either, of which Pillow hands out three channels
            return full_range(grey_or_colour(bands, first.height))
        samples = np.concatenate(list(bands))
        colour = np.ascontiguousarray(samples[..., :3])
        return _deep_over_black(colour, None if layout == "RGBa" else samples[..., 3])


def _deep_over_black(samples: NDArray[np.uint16], alpha: NDArray[np.uint16] | None) -> tuple[NDArray[Any], int]:
    """Samples over the full range, laid over black by an alpha that may be as shallow as they are; and their bits."""
    pixels, bits = full_range(np.ascontiguousarray(samples))
    pixels = one_channel(pixels)
    if alpha is not None and alpha.max() > 0:  # transparent throughout: the alpha was left unset
        opacity, _ = full_range(np.ascontiguousarray(alpha), 16 if alpha.max() > 4095 else None)
        wide = opacity if opacity.dtype == np.uint16 else opacity.astype(np.uint16) * 257
        pixels = over_black(pixels, wide if pixels.dtype == np.uint16 else (wide >> 8).astype(np.uint8))
    return pixels, bits


def _rawmode(picture: ImageFile) -> str:
    """How the samples lie in the file, by Pillow's name."""
    if not picture.tile:
        return ""
    arguments = picture.tile[0].args
    return str(arguments[0] if isinstance(arguments, tuple) else arguments)
