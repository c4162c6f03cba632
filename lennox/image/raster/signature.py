"""What a raster file is by its first bytes, and what must be known before Pillow opens it."""

from __future__ import annotations

from lennox.errors import ImageError
from lennox.image.limits import check_size

_OTHERS = (
    (0, b"GIF8", "a GIF"),
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a ZIP archive or office document"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 file"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 codestream"),
    (0, b"\xff\x0a", "a JPEG XL file"),
    (4, b"ftyp", "a HEIC, AVIF or video file"),
    (0, b"<", "a web page, SVG or XML text"),
)


def raster_format(data: bytes) -> str:
    """The raster format that the first bytes announce. Raises ImageError for one that is not read."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "TIFF"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data.startswith(b"BM"):
        return "BMP"
    found = next((what for at, magic, what in _OTHERS if data[at:].startswith(magic)), "no known image format")
    raise ImageError(f"Found {found}; wanted PNG, JPEG, TIFF, WebP, BMP or DICOM. Export the image as one of these.")


def check_webp_size(data: bytes) -> None:
    """Refuse a WebP that is too large: opening it is enough for its decoder to take the memory."""
    kind, head = data[12:16], data[20:30]
    if len(head) < 10:
        return
    if kind == b"VP8X":  # 24 bits each, less one
        columns, rows = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (4, 7))
    elif kind == b"VP8L":  # 14 bits each, less one, after a signature byte
        bits = int.from_bytes(head[1:5], "little")
        columns, rows = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:  # 14 bits each, after a tag and a signature of three bytes each
        columns, rows = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    check_size(rows, columns)


def check_animation(data: bytes) -> None:
    """Refuse the animation headers of a PNG that Pillow would warn about."""
    at = data.find(b"acTL", 0, data.find(b"IDAT") + 1)
    if at >= 0 and not 0 < int.from_bytes(data[at + 4 : at + 8], "big") <= 0x80000000:
        raise ImageError("The PNG file is damaged: it announces an animation of no images. Export it again.")
