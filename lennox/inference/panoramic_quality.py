"""What of a panoramic cannot be read: too coarse, blanked parts, front teeth behind the spine.

Limits were set with 117 panoramics of one machine (every third of the training films of `panoramic-imax`): none has
more than 1 % of its teeth's part blank, and the front is brighter than the sides by at most 0.16 on 99 of 100.
Overlapping contacts are not looked for: nothing here can tell them from sound ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lennox.geometry import Box
from lennox.image import Image

MIN_COLUMNS = 900  # across the jaws; an intraoral film's 41 mm are then 180 pixels
TEETH_ROWS, TEETH_COLUMNS = (0.24, 0.80), (0.12, 0.86)  # shares of the film; on the 436 films, all marks lie within
FRONT, SIDES = (0.44, 0.56), ((0.25, 0.38), (0.62, 0.75))  # shares of the film's width
MAX_BLANK, MAX_BLANK_READ = 0.02, 0.3  # share of the teeth's part that is blank: said, and not read at all
MAX_FRONT_BRIGHTER = 0.17  # of the levels
BLOCK = 8


def panoramic_problems(image: Image, film: Box) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(why it is not read at all, what of it cannot be read), a sentence each. film : the image without its border"""
    width = film.right - film.left
    if width < MIN_COLUMNS:
        return (
            f"The panoramic has only {width:.0f} pixels across the jaws, too few to show a lesion; at least "
            f"{MIN_COLUMNS} are needed. Export it at its full size.",
        ), ()
    levels = _teeth(image.grey(), film)
    blank = _blank_share(levels)
    if blank > MAX_BLANK_READ:
        return (
            f"{blank:.0%} of the part of the panoramic where teeth are is blank: export the film without blacked-out "
            "parts.",
        ), ()
    illegible = []
    if blank > MAX_BLANK:
        illegible.append(
            f"{blank:.0%} of the part where teeth are is blank, perhaps blacked out: nothing was read there."
        )
    if _front_excess(levels) > MAX_FRONT_BRIGHTER:
        illegible.append("The front teeth lie behind the shadow of the spine: caries there may well go unseen.")
    return (), tuple(illegible)


def _teeth(pixels: NDArray[np.uint8] | NDArray[np.uint16], film: Box) -> NDArray[np.float32]:
    """Levels in [0, 1] of the part where teeth are, about 750 pixels wide."""
    height, width = film.bottom - film.top, film.right - film.left
    rows = slice(*(int(film.top + share * height) for share in TEETH_ROWS))
    columns = slice(*(int(film.left + share * width) for share in TEETH_COLUMNS))
    step = max(1, round(width / 1024))
    return pixels[rows, columns][::step, ::step].astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)


def _blank_share(levels: NDArray[np.float32]) -> float:
    """Share of the blocks whose pixels all equal their neighbours exactly, which air on a film never does for long."""
    same = (np.diff(levels, axis=0)[:, 1:] == 0) & (np.diff(levels, axis=1)[1:] == 0)
    down, across = (side // BLOCK for side in same.shape)
    blocks = same[: down * BLOCK, : across * BLOCK].reshape(down, BLOCK, across, BLOCK)
    return float((blocks.mean((1, 3)) > 0.98).mean()) if blocks.size else 1.0


def _front_excess(levels: NDArray[np.float32]) -> float:
    """By how much the middle of the jaws is brighter than their sides, over the middle half of the rows."""
    first, last = TEETH_COLUMNS
    at = first + (np.arange(levels.shape[1]) + 0.5) / levels.shape[1] * (last - first)
    by_column = levels[levels.shape[0] // 4 : 3 * levels.shape[0] // 4].mean(axis=0)
    beside = [by_column[(at > low) & (at < high)] for low, high in SIDES]
    front = by_column[(at > FRONT[0]) & (at < FRONT[1])]
    return float(front.mean() - np.concatenate(beside).mean())
