"""The image as lennox holds it: upright grey or colour pixels over the full range of their type."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.files import sha256_of
from lennox.image.levels import full_range, luma, one_channel
from lennox.lazy import notebook_html

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


class Modality(Enum):
    """What made the image, by the DICOM codes; UNKNOWN for files that do not say."""

    UNKNOWN = ""
    INTRAORAL = "IO"
    DIGITAL_RADIOGRAPHY = "DX"
    COMPUTED_RADIOGRAPHY = "CR"
    PANORAMIC = "PX"
    PHOTOGRAPH = "XC"
    OTHER = "OT"


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """One image, upright, larger is brighter; MONOCHROME1 and windows are already dealt with.

    pixels : (rows, columns) grey or (rows, columns, 3) colour, uint8 or uint16 over the full range of the type
        (12-bit data lies in 0..65535), C-contiguous, read-only; colour whose channels are equal is held as grey
    bits : bits a sample had in the file, 1 to 16
    modality : what made the image, where the file says so
    name : name of the file without its folder; "" for bytes
    sha256 : hexadecimal digest of the file's bytes (of the pixels' bytes, for an image made from an array)
    spacing_mm : (row, column) distance of pixel centres, where the file gives one that can be true; else None
    note : a sentence on what was done to the file's pixels that changes positions in them; "" for nothing
    teeth : FDI numbers of the teeth that the file, or whoever reads it, says the image shows; () where nobody does
    """

    pixels: Pixels
    bits: int
    modality: Modality = Modality.UNKNOWN
    name: str = ""
    sha256: str = ""
    spacing_mm: tuple[float, float] | None = None
    note: str = ""
    teeth: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape, dtype = self.pixels.shape, self.pixels.dtype
        if not (len(shape) == 2 or (len(shape) == 3 and shape[2] == 3)) or min(shape) < 1:
            raise ValueError(f"pixels must be (rows, columns) or (rows, columns, 3) and not empty, got {shape}")
        if dtype not in (np.uint8, np.uint16):
            raise ValueError(f"pixels must be uint8 or uint16, got {dtype}")
        if not 1 <= self.bits <= 16:
            raise ValueError(f"bits must be 1 to 16, got {self.bits}")
        if self.spacing_mm is not None and not all(math.isfinite(step) and step > 0 for step in self.spacing_mm):
            raise ValueError(f"spacing must be finite and above zero, got {self.spacing_mm}")
        pixels = np.ascontiguousarray(self.pixels).view()  # a view: the caller's own array keeps its flags
        pixels.flags.writeable = False
        object.__setattr__(self, "pixels", pixels)

    def __reduce__(self) -> tuple[Any, ...]:
        return Image, tuple(getattr(self, field.name) for field in fields(self))  # checked and read-only again

    @classmethod
    def from_array(
        cls,
        pixels: NDArray[Any],
        *,
        name: str = "",
        bits: int | None = None,
        spacing_mm: tuple[float, float] | None = None,
    ) -> Image:
        """Make an image of an array, which is copied.

        pixels : (rows, columns) or (rows, columns, 3), uint8 or uint16, larger is brighter
        bits : how deep uint16 samples are, e.g. 12 for 0..4095; None: derived from their largest value, as for files
        Raises ValueError for another shape or type, or samples above `bits`.
        """
        pixels = np.asarray(pixels)
        if pixels.dtype not in (np.uint8, np.uint16):
            raise ValueError(f"pixels must be uint8 or uint16, got {pixels.dtype}")
        digest = sha256_of(np.ascontiguousarray(pixels).data)
        levels, depth = full_range(pixels.copy(), bits)
        return cls(one_channel(levels), depth, name=name, sha256=digest, spacing_mm=spacing_mm)

    def _repr_html_(self) -> str:
        """What a notebook shows: a reduced picture, and what is known of the file."""
        return notebook_html(self)

    @property
    def rows(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def columns(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def is_grey(self) -> bool:
        """Whether there is one channel."""
        return self.pixels.ndim == 2

    def grey(self) -> Pixels:
        """(rows, columns) in the type of the pixels: the pixels themselves if grey, else their Rec. 601 luma."""
        if self.is_grey:
            return self.pixels
        return luma(self.pixels)
