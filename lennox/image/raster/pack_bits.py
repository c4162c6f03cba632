"""Run lengths of TIFF's PackBits, which DICOM uses as well (PS3.5 annex G), through Pillow's decoder.

Not pydicom's: it does not bound what it unpacks (a frame of 200 megabytes becomes 12 gigabytes).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow


def unpack_bits(packed: bytes | memoryview, size: int) -> NDArray[np.uint8]:
    """The first `size` bytes, 1 or more, of what is packed. Raises ValueError where there are fewer."""
    try:
        row = Pillow.frombytes("L", (size, 1), bytes(packed), "packbits", "L")  # one: the decoder cuts runs at its end
    except ValueError:
        raise ValueError(f"run lengths of fewer than {size} bytes") from None
    unpacked: NDArray[np.uint8] = np.asarray(row)[0]
    return unpacked
