"""Decodes one picture with Pillow; `confined` runs it in a process of its own.

For what can take long (many scans, frames one on the other), and for libtiff, which writes what it finds wrong to
standard error. Imports nothing of lennox, to start quickly.
"""

import json
import sys
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from PIL.Image import Exif

_ROWS_AT_ONCE = 256


def decode(header: dict[str, Any], data: bytes) -> Iterator[bytes]:
    """A line of JSON (mode, rows, columns), then the samples of a picture.

    header : modules, of which the first holds the plug-in; plugin; frame
    """

    class Plain(getattr(sys.modules[header["modules"][0]], header["plugin"])):  # type: ignore[misc]
        def getexif(self) -> Exif:  # may be damaged, and has been read already
            return Exif()

    picture = Plain(BytesIO(data))
    if header["frame"]:
        picture.seek(header["frame"])
    picture.load()
    if picture.mode in ("P", "PA"):  # a palette would not travel
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    columns, rows = picture.size
    yield json.dumps({"mode": picture.mode, "rows": rows, "columns": columns}).encode() + b"\n"
    for top in range(0, rows, _ROWS_AT_ONCE):
        yield picture.crop((0, top, columns, min(top + _ROWS_AT_ONCE, rows))).tobytes()
