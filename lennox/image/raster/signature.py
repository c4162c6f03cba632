"""What a raster file is by its first bytes."""

from __future__ import annotations

from typing import Literal

from lennox.errors import ImageError

Kind = Literal["PNG", "JPEG", "TIFF", "WebP", "BMP"]
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


def raster_format(data: bytes) -> Kind:
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
