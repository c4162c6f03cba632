"""How large a file may be, checked before anything is decoded."""

from __future__ import annotations

from lennox.errors import ImageError

MAX_FILE_BYTES = 256 << 20
MAX_PIXELS = 50_000_000  # a panoramic film scanned at 600 dpi has half of that
MAX_SIDE = 20_000
MAX_SEGMENTS = 100_000  # chunks of a PNG or WebP; a JPEG's markers are a hundredth
MAX_JPEG_SCANS = 100  # a progressive JPEG has about ten, and each goes over all pixels
MAX_EXIF_BLOCKS = 8  # of a file, until one says how to turn the picture
MAX_TIFF_FIELD_BYTES = 8 << 20  # of one that a decoder gets: the places of all strips, and tables
MAX_TIFF_FIELDS = 65_536  # of all pages together
MAX_TIFF_SEGMENTS = 400_000  # strips or tiles of a page: 50 million pixels in tiles of 16 x 16 have half as many
MAX_SAMPLE_BYTES = 8 * MAX_PIXELS  # of a picture, all of its channels together
MAX_DICOM_FRAGMENTS = 100_000  # into which the compressed pixels of all frames are cut
MAX_DICOM_READS = 100_000  # steps of the parser: two an element, and one an item of a sequence

NO_MEMORY = "There is not enough memory to read this image. Close other programs, or export it smaller."


def check_size(rows: int, columns: int) -> None:
    """Raise ImageError unless an image of this size may be decoded."""
    if rows < 1 or columns < 1:
        raise ImageError(
            f"The image has {rows} rows and {columns} columns; wanted at least one of each. Export it again."
        )
    if rows * columns > MAX_PIXELS or max(rows, columns) > MAX_SIDE:
        raise ImageError(
            f"The image has {rows} x {columns} pixels; wanted at most {MAX_PIXELS // 1_000_000} million, and at most "
            f"{MAX_SIDE} a side. Scan or export it at a lower resolution."
        )
