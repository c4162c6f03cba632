"""Pillow decodes a picture wholly or not at all.

A program may tell Pillow to take cut files, with the rest of the picture black (`ImageFile.LOAD_TRUNCATED_IMAGES`);
WeasyPrint does, as soon as it is imported. A film of which a part is missing must not be read as a whole one.
"""

from __future__ import annotations

import threading
from typing import Any

from PIL import ImageFile

_LOCK = threading.Lock()
_loading = 0
_setting = False  # what the program wants, while films are being loaded


def load(picture: Any) -> None:
    """Decode an opened picture. Raises what Pillow raises for a damaged or cut one, whatever the program told it."""
    global _loading, _setting
    with _LOCK:
        if not _loading:
            _setting, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
        _loading += 1
    try:
        picture.load()
    finally:
        with _LOCK:
            _loading -= 1
            if not _loading:
                ImageFile.LOAD_TRUNCATED_IMAGES = _setting
