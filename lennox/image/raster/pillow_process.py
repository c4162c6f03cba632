"""A picture that Pillow decodes in a confined process of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from PIL import Image as Pillow

from lennox.image.decoder_process import DecodingBudget, run_decoder

# The module and class of each plug-in: imported when there is a file of the format, as each takes its time.
PLUGINS = {
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    "JPEG": ("PIL.JpegImagePlugin", "JpegImageFile"),
    "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile"),
    "WebP": ("PIL.WebPImagePlugin", "WebPImageFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
}
_HEADER_BYTES = 256


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """Mode and size of a picture, and its samples as Pillow lays them out."""

    mode: str
    rows: int
    columns: int
    samples: memoryview

    def picture(self) -> Pillow.Image:
        """The same as Pillow holds it, without a copy where its mode allows that."""
        return Pillow.frombuffer(
            self.mode, (self.columns, self.rows), np.frombuffer(self.samples, np.uint8), "raw", self.mode, 0, 1
        )


def decode_apart(kind: str, data: bytes, output_bytes: int, frame: int = 0) -> DecodedPicture:
    """Decode a file of a format, whose samples take so many bytes at most. Raises ImageError."""
    module, plugin = PLUGINS[kind]
    header = {"modules": [module], "plugin": plugin, "frame": frame}
    budget = DecodingBudget(output_bytes + _HEADER_BYTES, output_bytes / 1e6 * 0.008)  # four times what a film takes
    answer = run_decoder("raster/pillow_decoder.py", header, data, budget)
    line, _, _ = bytes(answer[:_HEADER_BYTES]).partition(b"\n")
    return DecodedPicture(**json.loads(line), samples=answer[len(line) + 1 :])
