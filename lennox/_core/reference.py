"""The kernels once more in plain NumPy and float64: slow, obvious, trusted by the tests, and never a fallback.

The rules are written out in `docs/contributor/kernels.md`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lennox._core.measures import LabelledLesions
from lennox._core.settings import IntensitySettings
from lennox.geometry import Placement

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Floats = NDArray[np.float64]
BLACK, WHITE = 3, 252  # grey values at or beyond these are background or burnt out, and do not shape the window
MIN_SHARE = 0.01  # of the pixels, that must be left between them
STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))  # right, down, left, up: clockwise, from corner to corner
AHEAD_LEFT = ((0, 1), (1, 1), (1, 0), (0, 0))  # from a corner to the cell ahead on the left, in a mask padded by one


def prepare_into(pixels: Pixels, out: NDArray[np.float32], placement: Placement, settings: IntensitySettings) -> None:
    """Write the normalised image and its letterbox into `out`; see `lennox._core`."""
    low, high = window(pixels, settings.low_percentile, settings.high_percentile)
    if settings.clip_limit > 0.0:
        levels = equalise(pixels, window_levels(np.arange(256), low, high), settings.clip_limit, settings.tiles)
    else:
        levels = window_levels(grey(pixels), low, high)
    by_row = resize_weights(placement.rows, placement.height)
    by_column = resize_weights(placement.columns, placement.width)
    canvas = np.zeros(out.shape)
    rows = slice(placement.top, placement.top + placement.height)
    columns = slice(placement.left, placement.left + placement.width)
    canvas[rows, columns] = by_row @ levels @ by_column.T
    out[:] = (canvas - settings.mean) / settings.std


def grey(pixels: Pixels) -> Floats:
    """Grey values 0..255, with fractions where pixels have 16 bits."""
    return pixels / (1.0 if pixels.dtype == np.uint8 else 257.0)


def nearest_grey(pixels: Pixels) -> NDArray[np.intp]:
    """The nearest whole-number grey value 0..255."""
    return np.floor(grey(pixels) + 0.5).astype(np.intp)


def window(pixels: Pixels, low_percentile: float, high_percentile: float) -> tuple[float, float]:
    """The grey values at two percentiles: half of a grey value's pixels lie below it, straight lines join them."""
    counts = np.bincount(nearest_grey(pixels).ravel(), minlength=256)
    values = np.arange(256)
    inside = (values > BLACK) & (values < WHITE)
    if counts[inside].sum() >= MIN_SHARE * pixels.size:
        counts = np.where(inside, counts, 0)
    values, counts = values[counts > 0], counts[counts > 0]
    below = np.cumsum(counts) - counts / 2.0
    low, high = np.interp(np.array([low_percentile, high_percentile]) / 100.0 * counts.sum(), below, values)
    return float(low), float(high)


def window_levels(grey_values: NDArray[np.floating] | NDArray[np.integer], low: float, high: float) -> Floats:
    """The window's straight line to 0..255; an image of one grey value is left as it is."""
    if not low < high:
        return np.asarray(grey_values, np.float64)
    levels: Floats = np.clip((grey_values - low) * (255.0 / (high - low)), 0.0, 255.0)
    return levels


def equalise(pixels: Pixels, levels: Floats, clip_limit: float, tiles: int) -> Floats:
    """Contrast-limited equalisation over tiles x tiles by OpenCV's rule, but without rounding its tables.

    levels : (256,) the window: a level for each grey value
    """
    rows, columns = pixels.shape
    whole_levels = np.floor(levels + 0.5).astype(np.intp)
    padded = pad_to_grid(whole_levels[nearest_grey(pixels)], tiles)
    tile_rows, tile_columns = padded.shape[0] // tiles, padded.shape[1] // tiles
    tones = np.empty((tiles, tiles, 256))  # of grey values
    for row in range(tiles):
        for column in range(tiles):
            tile = padded[row * tile_rows : (row + 1) * tile_rows, column * tile_columns : (column + 1) * tile_columns]
            tones[row, column] = tone_curve(np.bincount(tile.ravel(), minlength=256), clip_limit)[whole_levels]

    upper, lower, row_share = _between_tiles(rows, tile_rows, tiles)
    left, right, column_share = _between_tiles(columns, tile_columns, tiles)
    below = np.floor(grey(pixels)).astype(np.intp)
    above, grey_share = np.minimum(below + 1, 255), grey(pixels) - below

    def at(tile_row: NDArray[np.intp], tile_column: NDArray[np.intp]) -> Floats:
        row_index, column_index = tile_row[:, None], tile_column[None, :]
        under, over = tones[row_index, column_index, below], tones[row_index, column_index, above]
        return under + (over - under) * grey_share

    share = column_share[None, :]
    upper_tone = at(upper, left) * (1.0 - share) + at(upper, right) * share
    lower_tone = at(lower, left) * (1.0 - share) + at(lower, right) * share
    return upper_tone + (lower_tone - upper_tone) * row_share[:, None]


def pad_to_grid(image: NDArray[np.intp], tiles: int) -> NDArray[np.intp]:
    """Reflect an image at its lower and right edge (without repeating the edge) to a multiple of `tiles`.

    As in OpenCV, a side that fits already grows by one whole `tiles` when the other side does not fit.
    """
    rows, columns = image.shape
    if rows % tiles == 0 and columns % tiles == 0:
        return image
    padding = ((0, tiles - rows % tiles), (0, tiles - columns % tiles))
    return np.pad(image, padding, mode="reflect")


def tone_curve(counts: NDArray[np.intp], clip_limit: float) -> Floats:
    """The cumulated, clipped histogram of a tile as a curve from level to level; integers as in OpenCV."""
    area = int(counts.sum())
    limit = max(int(clip_limit * area / 256), 1)
    excess = int(np.maximum(counts - limit, 0).sum())
    share, rest = divmod(excess, 256)
    clipped = np.minimum(counts, limit) + share
    if rest:
        clipped[:: max(256 // rest, 1)][:rest] += 1
    curve: Floats = np.cumsum(clipped) * (255.0 / area)
    return curve


def _between_tiles(size: int, tile_size: int, tiles: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """For each position: the tiles before and after it, and how far it has come from one centre to the other."""
    position = np.arange(size) / tile_size - 0.5
    before = np.floor(position).astype(np.intp)
    return np.clip(before, 0, tiles - 1), np.clip(before + 1, 0, tiles - 1), position - before


def resize_weights(size: int, wanted: int) -> Floats:
    """(wanted, size) weights of one axis: area when shrinking, linear between centres when enlarging."""
    scale = size / wanted
    weights = np.zeros((wanted, size))
    if wanted <= size:
        edges = np.arange(wanted + 1) * scale
        cells = np.arange(size)
        overlap = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
        shares: Floats = np.maximum(overlap, 0.0) / scale
        return shares
    centres = np.clip((np.arange(wanted) + 0.5) * scale - 0.5, 0.0, size - 1.0)
    before = np.floor(centres).astype(np.intp)
    after = np.minimum(before + 1, size - 1)
    np.add.at(weights, (np.arange(wanted), before), 1.0 - (centres - before))
    np.add.at(weights, (np.arange(wanted), after), centres - before)
    return weights


def label_lesions(probability: NDArray[np.float32], threshold: float) -> LabelledLesions:
    """Lesions are 8-connected parts at or above `threshold`, in the order of their first cell; see `lennox._core`."""
    _check(probability)
    untaken = probability >= np.float32(threshold)
    regions = []
    for row, column in np.argwhere(untaken):
        if untaken[row, column]:
            regions.append(_flood(untaken, int(row), int(column)))
    return _measure(probability, regions)


def extract_lesions(
    probability: NDArray[np.float32], floor: float, region_share: float, saddle_share: float | None = None
) -> LabelledLesions:
    """Lesions are what rises around a peak, the highest peak first; see `lennox._core`."""
    _check(probability)
    rows, columns = probability.shape
    if saddle_share is None:
        within = np.zeros(probability.shape, int)
        peaks = [
            (int(row), int(column))
            for row, column in np.argwhere(probability >= np.float32(floor))
            if probability[row, column]
            == probability[max(row - 3, 0) : min(row + 4, rows), max(column - 3, 0) : min(column + 4, columns)].max()
        ]
    else:
        peaks, within = _basins(probability, np.float32(np.float32(region_share) * np.float32(floor)), saddle_share)
        peaks = [peak for peak in peaks if probability[peak] >= np.float32(floor)]
    untaken = np.ones(probability.shape, bool)
    regions = []
    for row, column in sorted(peaks, key=lambda peak: -probability[peak]):  # stable: equal peaks in raster order
        if untaken[row, column]:
            rises = untaken & (probability >= np.float32(region_share * float(probability[row, column])))
            regions.append(_flood(rises & (within == within[row, column]), row, column))
            untaken[tuple(np.transpose(regions[-1]))] = False
    return _measure(probability, regions)


def _basins(
    probability: NDArray[np.float32], least: np.float32, saddle_share: float
) -> tuple[list[tuple[int, int]], NDArray[np.int_]]:
    """The peaks, and for each cell at or above `least` the number of the peak that it is uphill to; -1 below."""
    flooded = [(int(row), int(column)) for row, column in np.argwhere(probability >= least)]
    members: dict[tuple[int, int], list[tuple[int, int]]] = {}  # of each peak, the first one first
    owner: dict[tuple[int, int], tuple[int, int]] = {}
    for cell in sorted(flooded, key=lambda at: -probability[at]):  # stable: equal ones in raster order
        row, column = cell
        near = [(row + down - 1, column + across - 1) for down, across in np.ndindex(3, 3)]
        near = [at for at in near if at in owner]
        if not near:
            owner[cell], members[cell] = cell, [cell]
            continue
        met = [peak for peak in members if peak in {owner[at] for at in near}]  # the highest first
        home = owner[max(near, key=lambda at: float(probability[at]))]  # the first of equal ones
        owner[cell] = home
        members[home].append(cell)
        for peak in met[1:]:
            if probability[cell] >= np.float32(saddle_share * float(probability[peak])):
                for at in members[peak]:
                    owner[at] = met[0]
                members[met[0]] += members.pop(peak)
    numbers = {peak: number for number, peak in enumerate(members)}
    within = np.full(probability.shape, -1)
    for at, peak in owner.items():
        within[at] = numbers[peak]
    return list(members), within


def _check(probability: NDArray[np.float32]) -> None:
    if not (probability <= 1.0).all():
        raise ValueError("probabilities must be numbers, and at most 1")


def _flood(free: NDArray[np.bool_], row: int, column: int) -> list[tuple[int, int]]:
    """The cells 8-connected to one cell through `free` ones, which they stop being."""
    free[row, column] = False
    cells = [(row, column)]
    for row, column in cells:  # grows while it is walked
        for near in np.ndindex(3, 3):
            cell = row + near[0] - 1, column + near[1] - 1
            if 0 <= cell[0] < free.shape[0] and 0 <= cell[1] < free.shape[1] and free[cell]:
                free[cell] = False
                cells.append(cell)
    return cells


def _measure(probability: NDArray[np.float32], regions: list[list[tuple[int, int]]]) -> LabelledLesions:
    labels = np.zeros(probability.shape, np.int32)
    boxes, areas = np.zeros((len(regions), 4), np.int64), np.zeros(len(regions), np.int64)
    centroids = np.zeros((len(regions), 2))
    means, peaks = np.zeros(len(regions), np.float32), np.zeros(len(regions), np.float32)
    for which, region in enumerate(regions):
        cells = np.array(region)
        values = probability[tuple(cells.T)].astype(np.float64)
        labels[tuple(cells.T)] = which + 1
        boxes[which] = *cells.min(0), *(cells.max(0) + 1)
        areas[which] = len(cells)
        centroids[which] = ((cells + 0.5) * values[:, None]).sum(0) / values.sum()
        means[which], peaks[which] = values.mean(), values.max()
    return LabelledLesions(labels, boxes, areas, centroids, means, peaks)


def trace_outlines(labels: NDArray[np.int32], count: int) -> list[Floats]:
    """The corners of each lesion's outer outline, clockwise from its first cell; see `lennox._core`."""
    if not set(range(1, count + 1)) <= set(np.unique(labels).tolist()) <= set(range(count + 1)):
        raise ValueError(f"labels must be exactly 0..{count}")
    return [_trace(np.pad(labels == which, 1)) for which in range(1, count + 1)]


def _trace(inside: NDArray[np.bool_]) -> Floats:
    """Walk along the edges of a padded mask, the lesion on the right hand, turning left where one can."""
    row, column = start = tuple(int(value) for value in np.argwhere(inside)[0] - 1)
    corners, heading = [start], 0
    while True:
        row, column = row + STEPS[heading][0], column + STEPS[heading][1]
        if (row, column) == start:
            return np.array(corners, np.float64)
        (left_row, left_column), (right_row, right_column) = AHEAD_LEFT[heading], AHEAD_LEFT[(heading + 1) % 4]
        if inside[row + left_row, column + left_column]:
            turn = -1
        elif inside[row + right_row, column + right_column]:
            turn = 0
        else:
            turn = 1
        if turn:
            corners.append((row, column))
            heading = (heading + turn) % 4
