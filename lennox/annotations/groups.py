"""Groups that a film and its marks allow: jaw, tooth type, root filling, restoration, size of a lesion.

Their names are those that policies use. What cannot be told is absent. No set carries age, sex or ethnicity: these
groups say nothing about people.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from lennox import _core
from lennox.annotations.film import Film
from lennox.annotations.roots import FILLING, has_roots, jaw, root_filling, tooth_type
from lennox.annotations.shapes import Shape

RESTORATIONS = frozenset({FILLING, "restoration", "restorations", "filling", "fillings", "crown", "crowns"})
SIZES = (0.0051, 0.0111)  # of the squared long side of the film: terciles of the external films, as first published
RESTORED_SHARE = 0.01  # of the film
BRIGHT_STRETCHED, BRIGHT_RAW = 228, 185  # of 255


def restorations_of(film: Film) -> list[Shape]:
    """The restorations marked on a film, root canal fillings apart."""
    return [shape for name, shape in film.others if name in RESTORATIONS and name != FILLING]


def derive_groups(film: Film, pixels: NDArray[np.uint8] | NDArray[np.uint16] | None = None) -> Mapping[str, str]:
    """The groups of a film by feature: `jaw`, `tooth_type`, `molar`, `root_filled`, `restored`.

    pixels : the film itself, where `restored` is wanted even if no mark tells; it tells who is unrestored, too
    """
    groups = {}
    outlines = [(name, shape.polygons) for name, shape in film.others]
    if has_roots(outlines):
        groups["tooth_type"] = tooth_type(outlines)
        groups["molar"] = "molar" if groups["tooth_type"] == "molar" else "not molar"
        groups["root_filled"] = root_filling(outlines)
        if side := jaw(outlines):
            groups["jaw"] = side
    if {name for name, _ in film.others} & RESTORATIONS:
        groups["restored"] = "restored"
    elif pixels is not None:
        groups["restored"] = "restored" if shows_restoration(pixels) else "unrestored"
    return groups


def lesion_size(area: float, rows: int, columns: int) -> str:
    """The size class of a lesion from its area, in pixels of a film of (rows, columns)."""
    share = area / max(rows, columns) ** 2
    return "small" if share < SIZES[0] else "medium" if share < SIZES[1] else "large"


def shows_restoration(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> bool:
    """Whether a bright blob larger than 1 % of the film lies on it, clear of the corners.

    Bright: 228 of 255 after a stretch of the 0.5..99.5 percentiles of pixels that are neither black nor white, and
    185 before; opened 5 x 5 at 512 pixels. About 9 films in 10 were judged rightly on 32 that were looked at.
    """
    step = max(1, round(max(pixels.shape) / 512))
    levels = pixels[::step, ::step].astype(np.float32) * (255.0 / np.iinfo(pixels.dtype).max)
    middle = levels[(levels > 3) & (levels < 252)]
    low, high = np.percentile(middle if len(middle) > levels.size / 100 else levels, [0.5, 99.5])
    stretched = (levels - low) * (255.0 / max(float(high - low), 1.0))
    bright = (stretched >= BRIGHT_STRETCHED) & (levels >= BRIGHT_RAW)
    opened: NDArray[np.bool_] = _spread(np.logical_not(_spread(np.logical_not(bright))))
    lesions = _core.label_lesions(np.ascontiguousarray(opened.astype(np.float32)), 0.5)
    rows, columns = opened.shape
    for area, (top, left, bottom, right) in zip(lesions.areas, lesions.boxes, strict=True):
        in_corner = (top == 0 or bottom == rows) and (left == 0 or right == columns)
        if area > RESTORED_SHARE * opened.size and not in_corner:
            return True
    return False


def _spread(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Each cell is set if any of the 5 x 5 around it is."""
    padded = np.pad(mask, 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5))
    spread: NDArray[np.bool_] = np.asarray(windows.any((2, 3)))
    return spread
