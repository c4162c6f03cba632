"""Decodes one compressed page of a TIFF with Pillow and its libtiff, as a child: `decoder_process` runs it.

libtiff writes what it finds wrong to standard error, where it would land among the output of whatever program reads
the file. Imports nothing of lennox, to start quickly.

Standard input: one line of JSON (page, and rawmode: how Pillow is to unpack the samples, null for its own choice), then
the file. Standard output: one line of JSON (mode, rows, columns, turned: whether Pillow turned it upright), then the
samples.
"""

import io
import json
import sys
from typing import Any


def decode(data: bytes, header: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """What to tell about the decoded page, and its samples."""
    from PIL.TiffImagePlugin import TiffImageFile

    page = TiffImageFile(io.BytesIO(data))
    page.seek(header["page"])
    if header["rawmode"] is not None:
        page.tile = [tile._replace(args=(header["rawmode"], *tuple(tile.args or ())[1:])) for tile in page.tile]
    page.load()
    answer: dict[str, Any] = {"turned": 274 not in page.tag_v2}
    # A palette would not travel.
    picture = page.convert("RGBA" if page.has_transparency_data else "RGB") if page.mode in ("P", "PA") else page
    answer |= {"mode": picture.mode, "rows": picture.height, "columns": picture.width}
    return answer, picture.tobytes()


if __name__ == "__main__":
    line = sys.stdin.buffer.readline()
    answer, samples = decode(sys.stdin.buffer.read(), json.loads(line))
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + samples)
