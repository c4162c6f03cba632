"""Lesions drawn on real films, at the margin of a real restoration: the small crescents that are missed most.

Only training sees them. A crescent loses part of its brightness, as tissue without mineral does, most at the margin
and less towards sound dentine; where it would lie on metal, on nothing or on a marked lesion, none is drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Levels = NDArray[np.uint8]
TRIES = 16
REACH_PX = 56  # of the part of the canvas that is looked at, either way
LENGTH_PX = (7.0, 26.0)  # half of the long axis, on the canvas
SLENDER = (0.25, 0.6)  # the short axis, as a share of the long one
THICKNESS_PX = 4.0  # of half the short axis, at least
LOSS = (0.22, 0.6)  # of the brightness, where it is highest
TISSUE = (80.0, 200.0)  # mean level of what may become carious
UNEVEN = 0.2  # at most, of the level: spread of the tissue beyond, and its distance from the tissue here
BRIGHT = 0.75  # of the brightest tenth of what is marked: the restoration itself


@dataclass(frozen=True, slots=True)
class MarginLesion:
    """Levels (rows, columns) with one lesion more, its mask (bool), and its centre (row, column)."""

    levels: Levels
    mask: NDArray[np.bool_]
    centre: tuple[float, float]


def draw_margin_lesion(
    levels: Levels, fillings: NDArray[np.bool_], taken: NDArray[np.bool_], random: np.random.Generator
) -> MarginLesion | None:
    """A crescent beside one of the `fillings` of a canvas, clear of `taken`; None where no place was found.

    levels, fillings, taken : (rows, columns); fillings are the marked areas, which hold tissue, too
    """
    inside = levels[fillings]
    if not inside.size:
        return None
    metal = fillings & (levels >= BRIGHT * np.percentile(inside, 90))
    edge = np.argwhere(metal & ~ndimage.binary_erosion(metal))
    for _ in range(TRIES if len(edge) else 0):
        row, column = (
            int(np.clip(at, REACH_PX, side - REACH_PX))
            for at, side in zip(edge[int(random.integers(len(edge)))], levels.shape, strict=True)
        )
        part = np.s_[row - REACH_PX : row + REACH_PX, column - REACH_PX : column + REACH_PX]
        found = _crescent(levels[part].astype(np.float32), metal[part], random)
        if found is not None and not (found[1] & taken[part]).any():
            changed, mask = levels.copy(), np.zeros(levels.shape, np.bool_)
            changed[part], mask[part] = np.rint(levels[part] * found[0]), found[1]
            rows, columns = np.nonzero(mask)
            return MarginLesion(changed, mask, (float(rows.mean()), float(columns.mean())))
    return None


def _crescent(
    levels: NDArray[np.float32], metal: NDArray[np.bool_], random: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.bool_]] | None:
    """(share of the brightness that is left, mask) of a crescent at the middle of a part, where its tissue is even."""
    soft = metal.astype(np.float32)
    normal = np.array(
        [-ndimage.gaussian_filter(soft, 4.0, order=order)[REACH_PX, REACH_PX] for order in ((1, 0), (0, 1))]
    )
    if (steepness := math.hypot(*normal)) < 1e-4:
        return None
    normal /= steepness
    long_px = math.exp(random.uniform(*np.log(LENGTH_PX)))
    short_px = max(THICKNESS_PX, long_px * random.uniform(*SLENDER))
    down, across = np.mgrid[-REACH_PX:REACH_PX, -REACH_PX:REACH_PX]
    out = down * normal[0] + across * normal[1] - short_px * random.uniform(0.5, 0.9)
    along = across * normal[0] - down * normal[1]
    rough = ndimage.gaussian_filter(random.standard_normal(levels.shape), 5.0) * 8.0
    bent = out + (along / long_px) ** 2 * short_px * random.uniform(0.0, 0.8)  # hugs the margin
    distance = (along / long_px) ** 2 + (bent / short_px) ** 2 + 0.25 * rough
    clear = ~ndimage.binary_dilation(metal, iterations=2)
    mask = (distance < 1.0) & ~metal & (out > -short_px)
    here = levels[mask & clear]
    beyond = levels[(np.abs(along) < long_px) & (out > short_px) & (out < 2.5 * short_px) & clear]
    if mask.sum() < 40 or min(here.size, beyond.size) < 20 or not TISSUE[0] < float(beyond.mean()) < TISSUE[1]:
        return None
    if beyond.std() > UNEVEN * beyond.mean() or abs(here.mean() - beyond.mean()) > UNEVEN * beyond.mean():
        return None  # an edge of the tooth, a pulp chamber or another filling
    depth = np.sqrt(np.clip(1.0 - distance, 0.0, 1.0)) * ~metal
    fall = ndimage.gaussian_filter(depth, random.uniform(1.0, 2.5)) * random.uniform(*LOSS)
    return (1.0 - np.clip(fall, 0.0, 0.9)).astype(np.float32), mask
