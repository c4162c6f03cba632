"""One door for every file: bytes in, `Image` out, or one clear error."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from lennox.errors import ImageError
from lennox.files import sha256_of
from lennox.image.dicom.signature import is_dicom
from lennox.image.image import Image
from lennox.image.limits import MAX_FILE_BYTES, NO_MEMORY

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO


def read_image(source: Source, *, frame: int | None = None) -> Image:
    """Read a film or photograph; the content decides what the file is, not its name.

    source : path, the file's bytes, or a binary file object, which is read to its end and left open
    frame : which image of a file that holds several, from 0; None: the file must hold one
    Raises ImageError with one sentence when the file cannot be read as one image, ValueError for a frame below 0.
    """
    if frame is not None and frame < 0:
        raise ValueError(f"frame counts from 0, got {frame}")
    data, name = content_of(source)
    if not data:
        raise ImageError("The file is empty; wanted an image. Export or copy it again.")
    digest = sha256_of(data)
    try:
        if is_dicom(data):  # pydicom and Pillow are loaded only when there is a file for them
            from lennox.image.dicom.read import read_dicom

            return read_dicom(data, frame, name, digest)
        from lennox.image.raster.read import read_raster

        return read_raster(data, frame, name, digest)
    except MemoryError:
        raise ImageError(NO_MEMORY) from None


def content_of(source: Source) -> tuple[bytes, str]:
    """The bytes and the bare name of a source. Raises ImageError, also where they are more than are read."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source), ""
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        try:
            status = path.stat()
            if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):  # a pipe might never end
                raise ImageError("This is not an ordinary file; wanted an image file. Copy its content to one.")
            if status.st_size > MAX_FILE_BYTES:
                raise _too_large()
            with path.open("rb") as stream:
                data = _read_all(stream, status.st_size)
            if len(data) != status.st_size:  # more or less than there was a moment ago: half of a film might look whole
                raise ImageError("The file changed while it was read; it may still be copied. Assess it again.")
            return data, path.name
        except IsADirectoryError:
            raise ImageError("This is a folder; wanted an image file. Name a file inside it.") from None
        except FileNotFoundError:
            raise ImageError("There is no such file. Check the path.") from None
        except PermissionError:
            raise ImageError("The file may not be read by this user. Change its permissions or copy it.") from None
        except OSError as error:
            raise ImageError(f"The file cannot be read ({error.strerror or error}). Copy it again.") from None
        except ValueError:
            raise ImageError("The path is not one that a file can have. Check it.") from None
    if not hasattr(source, "read"):
        raise TypeError(f"wanted a path, bytes or a binary file object, got {type(source).__name__}")
    try:
        data = _read_all(source)
    except OSError as error:
        raise ImageError(f"The stream cannot be read ({error.strerror or error}). Open it again.") from None
    name = getattr(source, "name", "")
    return data, Path(name).name if isinstance(name, str) else ""


def _read_all(stream: BinaryIO, size: int = MAX_FILE_BYTES) -> bytes:
    data = stream.read(size + 1)  # as much is set aside before the first byte is read, so no more than the file has
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"wanted a stream of bytes, this one gives {type(data).__name__}: open it in binary mode")
    if len(data) > MAX_FILE_BYTES:
        raise _too_large()
    return bytes(data)


def _too_large() -> ImageError:
    return ImageError(
        f"The file is larger than {MAX_FILE_BYTES >> 20} MiB, the most that is read. Export one image alone."
    )
