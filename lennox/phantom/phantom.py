"""A drawn film, and the lesions that were drawn into it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.geometry import Box

DEPTHS = ("E1", "E2", "D1", "D2", "D3")
SURFACES = ("M", "D", "O", "B", "L", "root")
FILM_KINDS = ("periapical", "bitewing")
LESION_KINDS = ("proximal", "occlusal", "secondary", "root", "gross")


@dataclass(frozen=True, slots=True, eq=False)
class Lesion:
    """One carious lesion as it was drawn.

    mask : (rows, columns) bool, read-only: every pixel whose path runs through demineralised tissue, before blur
    box : tight about the mask, in whole pixels, half-open
    tooth : FDI number
    surface : M, D, O, B, L or root
    depth : E1, E2 outer and inner half of the enamel; D1, D2, D3 outer, middle and inner third of the dentine
    kind : proximal, occlusal, secondary (at a restoration's margin), root or gross
    contrast : largest fall in optical depth (natural logarithm of the signal) in the mask
    """

    mask: NDArray[np.bool_]
    box: Box
    tooth: int
    surface: str
    depth: str
    kind: str
    contrast: float

    def __post_init__(self) -> None:
        if self.depth not in DEPTHS or self.surface not in SURFACES or self.kind not in LESION_KINDS:
            raise ValueError(f"unknown depth, surface or kind: {self.depth}, {self.surface}, {self.kind}")
        if self.mask.dtype != np.bool_ or self.mask.ndim != 2 or not self.mask.any():
            raise ValueError("a lesion's mask must be (rows, columns) bool and hold at least one pixel")
        if self.box != tight_box(self.mask):
            raise ValueError(f"box {self.box} is not the tight box of the mask, {tight_box(self.mask)}")
        self.mask.flags.writeable = False

    def __reduce__(self) -> tuple[Any, ...]:
        return Lesion, tuple(getattr(self, field.name) for field in fields(self))  # checked and read-only again


@dataclass(frozen=True, slots=True, eq=False)
class Phantom:
    """A drawn film: never a real one, however it looks.

    pixels : (rows, columns) uint8 (bits 8) or uint16 using the full range (bits 12, 16), read-only, larger is denser
    bits : grey levels that the film holds, 8, 12 or 16; 12 bits fill a uint16 in steps of 16
    kind : "periapical" or "bitewing"
    lesions : what was drawn as caries; empty for a caries-free film
    artefacts : what was drawn to look like caries and is not
    teeth : FDI numbers of the teeth on the film, left to right, the upper jaw first
    spacing_mm : (row, column) size of a pixel
    seed : draws the same film again
    """

    pixels: NDArray[np.uint8] | NDArray[np.uint16]
    bits: int
    kind: str
    lesions: tuple[Lesion, ...]
    artefacts: tuple[str, ...]
    teeth: tuple[int, ...]
    spacing_mm: tuple[float, float]
    seed: int

    def __post_init__(self) -> None:
        if self.kind not in FILM_KINDS:
            raise ValueError(f"kind must be one of {FILM_KINDS}, got {self.kind!r}")
        wanted = np.uint8 if self.bits == 8 else np.uint16
        if self.bits not in (8, 12, 16) or self.pixels.dtype != wanted or self.pixels.ndim != 2:
            raise ValueError(
                f"a film of {self.bits} bits must be (rows, columns) {wanted.__name__}, "
                f"got {self.pixels.shape} {self.pixels.dtype}"
            )
        if any(lesion.mask.shape != self.pixels.shape for lesion in self.lesions):
            raise ValueError("every lesion's mask must have the film's size")
        self.pixels.flags.writeable = False

    def __reduce__(self) -> tuple[Any, ...]:
        return Phantom, tuple(getattr(self, field.name) for field in fields(self))  # checked and read-only again

    @property
    def stored(self) -> NDArray[np.uint8] | NDArray[np.uint16]:
        """The pixels as a file holds them: (rows, columns), 0 .. 2**bits - 1."""
        if self.bits != 12:
            return self.pixels
        shallow: NDArray[np.uint16] = self.pixels.astype(np.uint16) >> np.uint16(4)
        return shallow

    def coco_annotations(self, image_id: int, first_id: int) -> list[dict[str, Any]]:
        """One COCO annotation a lesion: bbox [x, y, width, height], outlines along pixel edges, and the truth."""
        found = []
        for number, lesion in enumerate(self.lesions):
            top, left, bottom, right = (int(edge) for edge in lesion.box.as_tuple())
            found.append(
                {
                    "id": first_id + number,
                    "image_id": image_id,
                    "category_id": 1,
                    "iscrowd": 0,
                    "bbox": [left, top, right - left, bottom - top],
                    "area": int(lesion.mask.sum()),
                    "segmentation": polygons(lesion.mask),
                    "tooth": lesion.tooth,
                    "surface": lesion.surface,
                    "depth": lesion.depth,
                    "kind": lesion.kind,
                    "contrast": round(lesion.contrast, 4),
                }
            )
        return found


def tight_box(mask: NDArray[np.bool_]) -> Box:
    """The half-open box of the pixels set in a (rows, columns) bool mask that is not empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def polygons(mask: NDArray[np.bool_]) -> list[list[float]]:
    """Outer outlines of a mask's parts along the edges of its pixels, each as COCO's x, y, x, y..."""
    from lennox import _core  # late: drawing needs no kernels

    box = tight_box(mask)
    top, left = int(box.top), int(box.left)
    part = np.ascontiguousarray(mask[top : int(box.bottom), left : int(box.right)], np.float32)
    found = _core.label_lesions(part, 0.5)
    outlines = _core.trace_outlines(found.labels, len(found.areas))
    return [(outline[:, ::-1] + [left, top]).ravel().tolist() for outline in outlines]
