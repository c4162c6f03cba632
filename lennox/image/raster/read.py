"""PNG, JPEG, TIFF, WebP and BMP: with the files beside it the only door to Pillow.

Files are opened by the plug-in that their first bytes call for, never by `PIL.Image.open`: so no other format can be
reached, and the size is checked here, before Pillow warns or decodes. Pillow gets what the pixels need, and no text,
profile or EXIF: it would unpack them, or warn. No setting of Pillow is changed.

What takes each pixel once is decoded here; what may go over them many times, in a confined process.
"""

from __future__ import annotations

import io
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL.ImageFile import ImageFile

from lennox.errors import ImageError
from lennox.image.frames import choose_frame
from lennox.image.image import Image
from lennox.image.jpeg_header import jpeg_header
from lennox.image.levels import full_range, one_channel
from lennox.image.limits import MAX_EXIF_BLOCKS, check_size
from lennox.image.orientation import exif_orientation, upright, xmp_orientation
from lennox.image.raster.bmp import bit_fields, has_bit_fields, has_run_lengths
from lennox.image.raster.complete import load
from lennox.image.raster.pillow_process import PLUGINS, decode_apart
from lennox.image.raster.png_header import Joined, PngHeader, png_header
from lennox.image.raster.samples import bands_of, opaque, refuse_printing_colours, samples_of, shallow_samples
from lennox.image.raster.signature import Kind, raster_format
from lennox.image.raster.webp_header import check_webp_size

_APP0, _APP1, _APP14 = 0xE0, 0xE1, 0xEE  # JFIF, EXIF and Adobe: how colours are coded
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_APPLICATION, _COMMENT = range(0xE0, 0xF0), 0xFE
_RUN_LENGTH_GROWTH, _BMP_HEAD_BYTES = 6, 1 << 16  # a pixel alone takes two bytes, in a row alone six

Read = tuple[NDArray[Any], int]  # pixels over the full range of their type, and the file's bits


def read_raster(data: bytes, frame: int | None, name: str, digest: str) -> Image:
    """The image in the bytes of a PNG, JPEG, TIFF, WebP or BMP file. Raises ImageError."""
    kind = raster_format(data)
    try:
        pixels, bits = _read(kind, data, frame)
    except (ImageError, MemoryError):
        raise
    except Exception as error:  # Pillow raises nearly anything on damaged files
        text = " ".join(f"{type(error).__name__} {error}".split())[:120]
        raise ImageError(
            f"The {kind} file is damaged, cut short or of an unusual kind ({text}). Export or copy it again."
        ) from None
    return Image(pixels, bits, name=name, sha256=digest)


def _read(kind: Kind, data: bytes, frame: int | None) -> Read:
    if kind == "TIFF":
        from lennox.image.raster.tiff import read_tiff

        return read_tiff(data, frame)
    if kind == "PNG":
        return _read_png(data, frame)
    if kind == "JPEG":
        return _read_jpeg(data, frame)
    if kind == "WebP":
        return _read_webp(data, frame)
    return _read_bmp(data, frame)


def _open(kind: Kind, data: bytes | Joined) -> ImageFile:
    module, name = PLUGINS[kind]
    picture: ImageFile = getattr(import_module(module), name)(data if isinstance(data, Joined) else io.BytesIO(data))
    check_size(picture.height, picture.width)
    refuse_printing_colours(kind, picture.mode)
    return picture


def _loaded(kind: Kind, picture: ImageFile, data: bytes, frame: int, *, apart: bool) -> Pillow.Image:
    if frame or apart:
        return decode_apart(kind, data, 4 * picture.height * picture.width, frame).picture()
    load(picture)
    return picture


def _read_jpeg(data: bytes, frame: int | None) -> Read:
    choose_frame("JPEG", "images", 1, frame)
    header = jpeg_header(data)
    if header is None:
        raise ImageError("The JPEG file is damaged or cut short: no picture begins in it. Copy or export it again.")
    check_size(header.rows, header.columns)
    if len(data) - header.scan < header.least_bytes:
        raise ImageError(
            f"The JPEG file is damaged or cut short: {len(data) - header.scan} bytes cannot be {header.rows} x "
            f"{header.columns} pixels. Copy or export it again."
        )
    kept, orientations, xmp = [b"\xff\xd8"], list[int](), 1
    for marker, start, end in header.segments:
        if marker == _APP1 and data[start + 4 : start + 8] == b"Exif" and len(orientations) < MAX_EXIF_BLOCKS:
            orientations.append(exif_orientation(data[start + 4 : end]))
        if marker == _APP1 and data.startswith(_XMP, start + 4):
            xmp = xmp_orientation(data[start + 4 : end])
        if marker in (_APP0, _APP14) or (marker not in _APPLICATION and marker != _COMMENT):
            kept.append(data[start:end])
    content = b"".join([*kept, memoryview(data)[header.scan :]])
    picture = _loaded("JPEG", _open("JPEG", content), content, 0, apart=not header.is_ordinary)
    orientation = next((found for found in orientations if found != 1), 1) if orientations else xmp
    return upright(shallow_samples(picture), orientation), 8


def _read_webp(data: bytes, frame: int | None) -> Read:
    check_webp_size(data)
    picture = _open("WebP", data)
    chosen = choose_frame("WebP", "images", getattr(picture, "n_frames", 1), frame)
    exif, xmp = picture.info.get("exif"), picture.info.get("xmp")
    orientation = xmp_orientation(xmp) if isinstance(xmp, bytes) else 1
    orientation = exif_orientation(exif) if isinstance(exif, bytes) else orientation
    several = getattr(picture, "is_animated", False)
    return upright(shallow_samples(_loaded("WebP", picture, data, chosen, apart=several)), orientation), 8


def _read_bmp(data: bytes, frame: int | None) -> Read:
    choose_frame("BMP", "images", 1, frame)
    if has_bit_fields(data):
        return bit_fields(data), 8
    picture = _open("BMP", data)
    packed = has_run_lengths(data)
    if packed and len(data) > _RUN_LENGTH_GROWTH * picture.height * picture.width + _BMP_HEAD_BYTES:
        raise ImageError("The BMP file holds far more than its pixels: it is damaged. Export the image again.")
    bits = 1 if picture.mode == "1" else 8
    return shallow_samples(_loaded("BMP", picture, data, 0, apart=packed)), bits


def _read_png(data: bytes, frame: int | None) -> Read:
    header = png_header(data)
    picture = _open("PNG", Joined(header.parts))
    chosen = choose_frame("PNG", "images", max(getattr(picture, "n_frames", 1), 1), frame)
    if header.bits == 16:
        if chosen:
            raise ImageError("The PNG file is an animation of 16 bits; one of 8 is read. Export the image alone.")
        pixels, bits = _deep_png(picture, header)
    else:
        loaded = _loaded("PNG", picture, b"".join(header.parts) if chosen else b"", chosen, apart=False)
        pixels, bits = _shallow_png(loaded, header), 8 if picture.mode in ("P", "PA") else header.bits
    return upright(pixels, header.orientation), bits


def _shallow_png(picture: Pillow.Image, header: PngHeader) -> NDArray[Any]:
    key, most = header.transparent, (1 << header.bits) - 1
    if not key or picture.mode not in ("1", "L", "RGB"):
        return shallow_samples(picture)
    samples = samples_of(picture)
    samples = samples.astype(np.uint8) * np.uint8(255) if picture.mode == "1" else samples
    levels = np.array([round((level & most) * 255 / most) for level in key], np.uint8)
    return one_channel(_without_level(samples, levels))


def _without_level(samples: NDArray[Any], key: NDArray[Any]) -> NDArray[Any]:
    """Samples in which one level or colour, which is transparent, is black."""
    if samples.ndim == 2:
        samples[samples == key[0]] = 0
    elif len(key) == 3:
        samples[(samples == key).all(axis=2)] = 0
    return samples


def _deep_png(picture: ImageFile, header: PngHeader) -> Read:
    """Grey, colour and alpha of 16 bits.

    Pillow keeps 8 bits of all but grey. Its unpackers take one byte of each sample, the first or the second by the
    order they are told; so the file is unpacked once in each order, and the bytes are put together again.
    """
    key = np.array(header.transparent or (), np.uint16)
    if header.colour_type == 0:
        load(picture)
        samples = samples_of(picture)
        return full_range(_without_level(samples, key) if len(key) else samples)
    if header.colour_type == 4:  # read as four channels: grey high, grey low, alpha high, alpha low
        pair = samples_of(_unpacked(header, "RGBA")).view(">u2")
        grey, alpha = pair[..., 0].astype(np.uint16), pair[..., 1].astype(np.uint16)
        pixels, bits = full_range(grey)
        return opaque(pixels, alpha), bits
    mode = "RGBA" if header.colour_type == 6 else "RGB"
    samples = np.zeros((picture.height, picture.width, 3), np.uint16)
    opacity = np.zeros(samples.shape[:2], np.uint16) if mode == "RGBA" else None
    for order, shift in (("B", 8), ("L", 0)):
        top = 0
        for half in bands_of(_unpacked(header, f"{mode};16{order}")):
            band = half.astype(np.uint16) << shift
            samples[top : top + len(band)] |= band[..., :3]
            if opacity is not None:
                opacity[top : top + len(band)] |= band[..., 3]
            top += len(band)
    pixels, bits = full_range(_without_level(samples, key) if len(key) else samples)
    return opaque(one_channel(pixels), opacity), bits


def _unpacked(header: PngHeader, rawmode: str) -> Pillow.Image:
    picture = _open("PNG", Joined(header.parts))
    picture.tile = [tile._replace(args=(rawmode, *tile.args[1:]) if isinstance(tile.args, tuple) else rawmode)
                    for tile in picture.tile]  # fmt: skip
    load(picture)
    return picture
