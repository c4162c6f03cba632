"""Compiled loops behind a checked face; each has a slow NumPy twin of the same name in `reference.py`.

The rules, step by step, and the measured speed are in `docs/contributor/kernels.md`. Every kernel works without the
interpreter's lock, keeps no state, and reads inputs that may be read-only.
"""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from lennox._core import lesions as _lesions
from lennox._core import window as _window
from lennox._core.measures import LabelledLesions
from lennox._core.settings import IntensitySettings
from lennox.errors import InputError
from lennox.geometry import Placement

__all__ = [
    "IntensitySettings",
    "LabelledLesions",
    "extract_lesions",
    "label_lesions",
    "prepare_into",
    "trace_outlines",
    "variant",
    "variants",
]

MAX_CELLS = 2**31 - 1  # the kernels number the cells of a map with 32 bits
NOT_PROBABILITIES = "probabilities must be numbers, and at most 1"

# Boxes, areas, sums (of probability, and times row and column), peaks: one row a lesion.
Measures = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float32]]


def variants() -> tuple[str, ...]:
    """Names of the variants of the pixel loops that this processor can run, the fastest first."""
    return tuple(_window.variants())


def _chosen() -> int:
    """The number of the variant named by LENNOX_KERNELS, or the fastest."""
    wanted = os.environ.get("LENNOX_KERNELS")
    if not wanted:
        return 0
    if wanted not in variants():
        raise InputError(f"LENNOX_KERNELS is '{wanted}'; this processor runs {', '.join(variants())}.")
    return variants().index(wanted)


_variant = _chosen()


def variant() -> str:
    """The variant in use: "x86-64-v3" (AVX2), "x86-64" (the baseline), or "portable" on other processors.

    All give the same bits. The environment variable LENNOX_KERNELS, read at import, forces one by name.
    """
    return variants()[_variant]


def prepare_into(
    pixels: NDArray[np.uint8] | NDArray[np.uint16],
    out: NDArray[np.float32],
    placement: Placement,
    settings: IntensitySettings,
) -> None:
    """Write an image, windowed, equalised, resized and normalised, into its place on a canvas; level 0 around it.

    Equalisation is CLAHE (K. Zuiderveld, Graphics Gems IV, 1994) by OpenCV's rules; resizing is by area where the image
    shrinks, linear where it grows.

    pixels : (rows, columns) uint8 or uint16 using the full range of their type, contiguous
    out : (canvas_rows, canvas_columns) float32, contiguous, writable; every element is written
    placement : where the image lies on the canvas; its sizes are those of `pixels` and `out`
    Raises TypeError for another dtype or number of axes, ValueError for an array that is empty, too large, not
    contiguous or not aligned, or of another size than the placement says.
    """
    _check_array("pixels", pixels, (np.uint8, np.uint16))
    _check_array("out", out, (np.float32,))
    if not out.flags.writeable:
        raise ValueError("out must be writable")
    wanted = (placement.rows, placement.columns), (placement.canvas_rows, placement.canvas_columns)
    if (pixels.shape, out.shape) != wanted:
        raise ValueError(f"pixels {pixels.shape} on a canvas {out.shape} are not what the placement says: {placement}")
    _window.prepare(
        pixels, out, placement.top, placement.left, placement.height, placement.width,
        settings.low_percentile, settings.high_percentile, settings.clip_limit, settings.tiles,
        settings.mean, settings.std, _variant,
    )  # fmt: skip


def label_lesions(probability: NDArray[np.float32], threshold: float) -> LabelledLesions:
    """The parts of a probability map at or above `threshold`, 8-connected, in the order of their first cell.

    probability : (rows, columns) float32, contiguous, at most 1
    threshold : above 0, at most 1; compared as float32
    Raises TypeError and ValueError, also for a probability above 1 or not a number.
    """
    _check_array("probability", probability, (np.float32,))
    _check_share("threshold", threshold)
    rows, columns = probability.shape
    most = rows * ((columns + 1) // 2)  # as many runs as there can be; memory is only used as it is written
    firsts, edges = np.empty(rows + 1, np.int32), np.empty(columns + 1, np.int32)
    starts, ends, parents = np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most, np.int32)
    lesions = _lesions.find_runs(probability, threshold, edges, firsts, starts, ends, parents)
    if lesions < 0:
        raise ValueError(NOT_PROBABILITIES)
    labels = np.zeros(probability.shape, np.int32)
    measures = _empty_measures(lesions, probability.shape)
    if not _lesions.fold_runs(probability, firsts, starts, ends, parents, labels, *measures):
        raise RuntimeError("the map changed while it was read")
    return _measured(labels, measures, lesions)


def extract_lesions(
    probability: NDArray[np.float32], floor: float, region_share: float, saddle_share: float | None = None
) -> LabelledLesions:
    """The lesions that rise around the peaks of a probability map, the highest first.

    Without `saddle_share`, a peak is a cell at or above `floor` that no cell of the 7 x 7 around it exceeds. Its lesion
    is the 8-connected part at or above `region_share` of it, among the cells that no higher peak has taken; a peak that
    was taken starts none, so a plateau is one lesion.

    With it, two peaks are two lesions where every way between them falls below `saddle_share` of the lower one, as at
    a contact of two carious teeth; otherwise the lower one is none. Each lesion keeps to its own basin: the cells from
    which it is uphill to its peak. A lower floor adds lesions at the end and changes none, either way.

    probability : (rows, columns) float32, contiguous, at most 1
    floor, region_share : above 0, at most 1
    saddle_share : at least `region_share`, at most 1
    Raises TypeError and ValueError, also for a probability above 1 or not a number.
    """
    _check_array("probability", probability, (np.float32,))
    _check_share("floor", floor)
    _check_share("region_share", region_share)
    cells, basins = np.empty(probability.size, np.int32), np.zeros(probability.shape, np.int32)
    if saddle_share is None:
        peaks = _peaks(probability, floor, cells)
    else:
        _check_share("saddle_share", saddle_share)
        if saddle_share < region_share:
            raise ValueError(f"saddle_share must be at least region_share, {region_share}, got {saddle_share}")
        least = float(np.float32(region_share) * np.float32(floor))
        peaks = _basin_peaks(probability, floor, least, saddle_share, basins)
    labels = np.zeros(probability.shape, np.int32)
    measures = _empty_measures(len(peaks), probability.shape)
    lesions = _lesions.grow(probability, peaks, region_share, basins, cells, labels, *measures)
    return _measured(labels, measures, lesions)


def _peaks(probability: NDArray[np.float32], floor: float, cells: NDArray[np.int32]) -> NDArray[np.int32]:
    """Where no cell of the 7 x 7 around exceeds a cell, the highest first, equal ones in raster order."""
    columns = probability.shape[1]
    edges, highest = np.empty(columns + 1, np.int32), np.empty(columns, np.float32)
    found = _lesions.find_peaks(probability, floor, edges, highest, cells)
    if found < 0:
        raise ValueError(NOT_PROBABILITIES)
    peaks = cells[:found]
    return peaks[np.argsort(-probability.ravel()[peaks], kind="stable")]


def _basin_peaks(
    probability: NDArray[np.float32], floor: float, least: float, saddle_share: float, basins: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Fill `basins` down to `least`; the peaks of those that reach `floor`, the highest first."""
    values = probability.ravel()
    if not (values <= 1.0).all():  # refuses what is not a number, too
        raise ValueError(NOT_PROBABILITIES)
    flooded = np.flatnonzero(values >= np.float32(least)).astype(np.int32)
    order = flooded[np.argsort(-values[flooded], kind="stable")]
    peaks = np.empty_like(order)
    found = _lesions.find_basins(probability, order, saddle_share, np.empty_like(order), basins, peaks)
    peaks = peaks[:found]
    return peaks[values[peaks] >= np.float32(floor)]


def trace_outlines(labels: NDArray[np.int32], count: int) -> list[NDArray[np.float64]]:
    """The outer outline of each lesion of a label image, at the edges of its cells.

    labels : (rows, columns) int32, contiguous; 0 is background, 1..count are lesions, each 8-connected
    Returns one (corners, 2) float64 of (row, column) a lesion: only where the outline turns, clockwise from the upper
    left corner of its first cell; the last corner joins the first. Holes are not outlined. Where cells touch by a
    corner the outline passes it twice. Of a label in several parts only the first part is outlined.
    Raises TypeError, and ValueError if a label is negative, above `count` or absent.
    """
    _check_array("labels", labels, (np.int32,))
    if count < 0:
        raise ValueError(f"count must not be negative, got {count}")
    firsts, ends = np.full(count, -1, np.int64), np.zeros(count, np.int64)
    if not _lesions.find_firsts(labels, firsts) or (firsts < 0).any():
        raise ValueError(f"labels must be exactly 0..{count}")
    traced = _lesions.trace(labels, firsts, ends, np.empty((0, 2)))  # once to count, once to write
    corners = np.empty((ends[-1] if count else 0, 2))
    if not (traced and _lesions.trace(labels, firsts, ends, corners)):
        raise RuntimeError("the labels changed while they were read")
    return [corner.copy() for corner in np.split(corners, ends[:-1])] if count else []


def _check_array(name: str, array: NDArray[np.generic], dtypes: tuple[type[np.generic], ...]) -> None:
    wanted = " or ".join(dtype.__name__ for dtype in dtypes)
    if not isinstance(array, np.ndarray) or array.ndim != 2 or array.dtype not in dtypes:
        found = f"{array.ndim} axes of {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
        raise TypeError(f"{name} must be an array of 2 axes of {wanted}, got {found}")
    if not 0 < array.size <= MAX_CELLS:
        raise ValueError(f"{name} must have 1 to {MAX_CELLS} elements, got shape {array.shape}")
    if not (array.flags.c_contiguous and array.flags.aligned):
        raise ValueError(f"{name} must be contiguous and aligned, got strides {array.strides}, flags {array.flags.num}")


def _check_share(name: str, value: float) -> None:
    if not 0.0 < value <= 1.0:
        raise ValueError(f"{name} must be above 0 and at most 1, got {value}")


def _empty_measures(count: int, shape: tuple[int, ...]) -> Measures:
    boxes = np.empty((count, 4), np.int64)
    boxes[:] = *shape, 0, 0  # which contain nothing yet
    return boxes, np.zeros(count, np.int64), np.zeros((count, 3)), np.zeros(count, np.float32)


def _measured(labels: NDArray[np.int32], measures: Measures, count: int) -> LabelledLesions:
    boxes, areas, sums, peaks = measures
    areas, sums = areas[:count], sums[:count]
    means = (sums[:, 0] / areas).astype(np.float32)
    return LabelledLesions(labels, boxes[:count], areas, sums[:, 1:] / sums[:, :1], means, peaks[:count])
