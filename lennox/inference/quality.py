"""What kind of image this is, and whether it can be read.

Judged by the pixels alone, on an overview of at most 192 pixels a side. A wrong refusal of a real film is the worse
error: each limit stands well beyond what the films it was set with show (`docs/clinic/reading.md` has the figures), and
what looks like nothing in particular counts as periapical. The network's own distance from its training films is the
second check, and catches what gets past this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.card import IMAGE_KINDS, ImageKind
from lennox.geometry import Box
from lennox.image import Image, Modality
from lennox.inference.panoramic_quality import panoramic_problems
from lennox.inference.photograph import photograph_problems

OVERVIEW_PX = 192
MIN_SIDE_PX = 128
MAX_ASPECT = 3.5  # the widest panoramic seen has 2.84
MIN_FILM_SHARE = 0.15  # of the image that the film must fill
MAX_CLIPPED = 0.9  # share of pixels that may be black, or white
MIN_GREY_STEPS = 8  # of the file, between the dark and the bright parts of the film
MIN_CONTRAST, MAX_NEEDED_CONTRAST = 0.004, 0.05
MIN_SHARPNESS = 0.075
MAX_SHARPNESS = 1.5
MAX_FLAT = 0.75  # share of the overview without any gradient, as in drawings and pages
MIN_LEVELS = 16
MAX_COLOURED = 0.13

Levels = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Quality:
    """What an image looks like, and what keeps it from being read.

    kind : what it looks like
    reasons : one plain sentence for each thing that keeps it from being read, with what to do; empty when fit
    exposure : median level, 0 black to 1 white
    contrast : distance of the 2nd and the 98th percentile of the levels, 0 to 1
    sharpness : gradient at 1/192 of the longer side over that at 1/12 of it; a smooth slope has 0.06, grass 3
    unfit : why it is not read as an image of its kind, as `reasons`
    illegible : one sentence for each part of the image that cannot be read, while the rest can
    """

    kind: ImageKind
    reasons: tuple[str, ...]
    exposure: float
    contrast: float
    sharpness: float
    unfit: tuple[str, ...] = ()
    illegible: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in IMAGE_KINDS:
            raise ValueError(f"kind must be one of {IMAGE_KINDS}, got {self.kind!r}")


def assess(image: Image) -> Quality:
    """Judge an image by its pixels, and by its modality where the file says what it is."""
    channels = [image.pixels] if image.is_grey else [image.pixels[..., channel] for channel in range(3)]
    shown = [_overview(channel) for channel in channels]
    levels = shown[0] if image.is_grey else (0.299 * shown[0] + 0.587 * shown[1] + 0.114 * shown[2]).astype(np.float32)
    low, middle, high = _percentiles(levels, 2, 50, 98)
    stretched = np.clip((levels - low) / max(high - low, 1e-6), 0.0, 1.0).astype(np.float32)
    fine, coarse = _gradient(stretched), _gradient(_cells(stretched, 12))
    sharpness = min(fine / max(coarse, 1e-6), 10.0)
    reasons = _unfit(image, levels, high - low, sharpness)
    kind: ImageKind
    if image.modality is Modality.PHOTOGRAPH or (not image.is_grey and _coloured(shown, levels) > MAX_COLOURED):
        kind = "photograph"
    elif sharpness > MAX_SHARPNESS or _flat(levels) > MAX_FLAT or _distinct(image) < MIN_LEVELS:
        kind = "other"
    else:
        kind = _film_kind(image.modality, _without_border(levels))
    unfit, illegible = _of_its_kind(image, kind, sharpness) if not reasons else ((), ())
    return Quality(kind, reasons, middle, high - low, sharpness, unfit, illegible)


def _of_its_kind(image: Image, kind: ImageKind, sharpness: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(why it is not read as an image of its kind, what of it cannot be read)."""
    if kind == "panoramic":
        return panoramic_problems(image, film_box(image))
    return photograph_problems(image, sharpness) if kind == "photograph" else ((), ())


def _film_kind(modality: Modality, levels: Levels) -> ImageKind:
    """Which kind of film this is, by its levels without the blank border."""
    low, high = _percentiles(levels, 2, 98)
    stretched = np.clip((levels - low) / max(high - low, 1e-6), 0.0, 1.0).astype(np.float32)
    if modality is not Modality.INTRAORAL and _is_panoramic(stretched):
        return "panoramic"
    return "bitewing" if _is_bitewing(levels, stretched) else "periapical"


def _percentiles(levels: Levels, *percents: float) -> tuple[float, ...]:
    """As `np.percentile`, which loads a part of NumPy for masked arrays that is slow to import."""
    ordered = np.sort(levels, axis=None)
    places = np.asarray(percents) / 100 * (ordered.size - 1)
    before = places.astype(np.intp)
    after = np.minimum(before + 1, ordered.size - 1)
    found = ordered[before] + (ordered[after] - ordered[before]) * (places - before)
    return tuple(map(float, found))


def _overview(channel: NDArray[Any]) -> Levels:
    """Levels in [0, 1], the longer side cut into `OVERVIEW_PX` cells; of a large channel only every so many pixels."""
    white = np.float32(np.iinfo(channel.dtype).max)
    step = max(1, max(channel.shape) // 768)
    thinned = channel[::step, ::step]
    if (
        max(thinned.shape) >= 4 * OVERVIEW_PX and min(thinned.shape) > 1
    ):  # sums of two by two first, which numpy adds up much faster than cells
        rows, columns = (side // 2 * 2 for side in thinned.shape)
        wide = thinned[:rows, :columns].astype(np.uint32)
        halves = wide[::2] + wide[1::2]
        return _cells(halves[:, ::2] + halves[:, 1::2], OVERVIEW_PX) / (4 * white)
    return _cells(thinned, OVERVIEW_PX) / white


def _cells(levels: NDArray[Any], longer: int) -> Levels:
    """Means over cells, `longer` of them along the longer side; never more than there are pixels."""
    rows, columns = levels.shape
    scale = min(1.0, longer / max(rows, columns))
    down, across = max(1, round(rows * scale)), max(1, round(columns * scale))
    return sample_grid(levels, down, across)


def sample_grid(levels: NDArray[Any], down: int, across: int) -> Levels:
    """Means over `down` x `across` cells, which may differ by a pixel."""
    tops = np.arange(down) * levels.shape[0] // down
    lefts = np.arange(across) * levels.shape[1] // across
    sums = np.add.reduceat(levels, tops, axis=0, dtype=np.float32)
    sums = np.add.reduceat(sums, lefts, axis=1)
    # With more cells than pixels some cells begin where the next one does: `reduceat` gives them that one pixel.
    heights = np.maximum(np.diff(tops, append=levels.shape[0]), 1)
    widths = np.maximum(np.diff(lefts, append=levels.shape[1]), 1)
    return (sums / np.outer(heights, widths)).astype(np.float32)


def _gradient(levels: Levels) -> float:
    """Root mean square difference of neighbours, of both axes."""
    if min(levels.shape) < 2:
        return 0.0
    down, across = np.diff(levels, axis=0), np.diff(levels, axis=1)
    return float(np.sqrt((np.mean(down * down) + np.mean(across * across)) / 2))


def _unfit(image: Image, levels: Levels, contrast: float, sharpness: float) -> tuple[str, ...]:
    """One sentence for each thing that keeps the image from being read."""
    if min(image.rows, image.columns) < MIN_SIDE_PX:
        return (
            f"The image has only {image.rows} x {image.columns} pixels, too few to show a lesion: "
            "export the film at its full size.",
        )
    black, white = float((levels < 3 / 255).mean()), float((levels > 252 / 255).mean())
    if contrast < max(MIN_CONTRAST, min(MIN_GREY_STEPS / (1 << image.bits), MAX_NEEDED_CONTRAST)):
        if black > MAX_CLIPPED or white > MAX_CLIPPED:
            shade = "black" if black > white else "white"
            return (f"The image is all {shade}: check that the film was exposed and exported, and retake it if not.",)
        return ("The image is blank, without any contrast: check that it is the exposed film, and retake it if so.",)
    reasons = []
    if black > MAX_CLIPPED:
        reasons.append(
            "The film is too dark, nearly all of it black: export it with its own window, "
            "or retake it with less exposure."
        )
    if white > MAX_CLIPPED:
        reasons.append(
            "The film is too pale, nearly all of it white: export it with its own window, "
            "or retake it with more exposure."
        )
    if max(image.rows, image.columns) > MAX_ASPECT * min(image.rows, image.columns):
        reasons.append(
            f"The image is a strip of {image.rows} x {image.columns} pixels: export the whole film, not a part."
        )
    share = _film_share(levels)
    if share < MIN_FILM_SHARE:
        reasons.append(
            f"The film fills only {share:.0%} of the image: crop the empty border, or export the film alone."
        )
    if sharpness < MIN_SHARPNESS:
        reasons.append(
            "The film is too blurred to show a lesion: export it at full size, or retake it without movement."
        )
    return tuple(reasons)


def _film_share(levels: Levels) -> float:
    """Share of the image inside the smallest rectangle outside which every row and column is uniform."""
    return _without_border(levels).size / levels.size


def _without_border(levels: Levels) -> Levels:
    """The smallest rectangle outside which every row and column is uniform; all of what is uniform itself."""
    rows, columns = _inside_border(levels)
    return levels[rows, columns]


def _inside_border(levels: Levels) -> tuple[slice, slice]:
    rows = np.flatnonzero(np.ptp(levels, axis=1) > 0.02)
    columns = np.flatnonzero(np.ptp(levels, axis=0) > 0.02)
    if not rows.size or not columns.size:
        return slice(0, levels.shape[0]), slice(0, levels.shape[1])
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def film_box(image: Image) -> Box:
    """What is left of an image without its blank border, in its pixels."""
    levels = _overview(np.ascontiguousarray(image.grey()))
    rows, columns = _inside_border(levels)
    down, across = image.rows / levels.shape[0], image.columns / levels.shape[1]
    return Box(*map(float, (rows.start * down, columns.start * across, rows.stop * down, columns.stop * across)))


def film_overview(pixels: NDArray[Any]) -> Levels:
    """Levels in [0, 1] of a grey image, at most 192 a side, without its blank border."""
    return _without_border(_overview(pixels))


def _flat(levels: Levels) -> float:
    """Share of the cells that equal the next one down and across, to a thousandth."""
    if min(levels.shape) < 2:
        return 0.0
    down, across = np.abs(np.diff(levels, axis=0))[:, 1:], np.abs(np.diff(levels, axis=1))[1:]
    return float(((down < 1e-3) & (across < 1e-3)).mean())


def _distinct(image: Image) -> int:
    """How many different values the pixels have, in a sample of them."""
    channel = image.pixels if image.is_grey else image.pixels[..., 1]
    step = max(1, max(channel.shape) // 256)
    return int(np.count_nonzero(np.bincount(channel[::step, ::step].ravel())))


def _coloured(shown: list[Levels], levels: Levels) -> float:
    """Share of the pixels whose colour is not the usual one of their brightness.

    A tinted film has one colour for each level; a photograph has many. Notes drawn on a film are few pixels.
    """
    tint = np.stack([shown[0] - shown[1], shown[2] - shown[1]], axis=-1).reshape(-1, 2)
    band = np.minimum((levels.ravel() * 32).astype(np.intp), 31)
    usual = np.zeros((32, 2), np.float32)
    for which in range(32):
        inside = tint[band == which]
        if len(inside):
            usual[which] = np.median(inside, axis=0)
    return float((np.abs(tint - usual[band]).max(axis=1) > 0.05).mean())


def _is_panoramic(stretched: Levels) -> bool:
    """Wide, and one half of the head like the other, with dark corners below the jaw.

    Width alone does not tell: a bitewing may be twice as wide as high, but it shows one side of the mouth.
    """
    aspect = stretched.shape[1] / stretched.shape[0]
    if aspect < 1.4:
        return False
    small = sample_grid(stretched, 16, 32)
    from_mean = small - small.mean()
    in_row = small - small.mean(axis=1, keepdims=True)
    alike, alike_in_row = _mirrored(from_mean), _mirrored(in_row)
    corners = float(from_mean[12:, [0, 1, 2, 29, 30, 31]].mean())
    if aspect < 1.7:
        return alike > 0.7 and alike_in_row > 0.5 and corners < -0.25
    very_alike = alike > 0.7 and alike_in_row > 0.5
    return alike > 0.4 and alike_in_row > 0.2 and corners < (-0.03 if very_alike else -0.1)


def _mirrored(levels: Levels) -> float:
    """Correlation, -1 to 1, of deviations with their mirror image."""
    return float((levels * levels[:, ::-1]).sum() / max(float((levels * levels).sum()), 1e-9))


def _is_bitewing(levels: Levels, stretched: Levels) -> bool:
    """A gap from side to side in the middle, among the darkest parts of the film, bright crowns above and below.

    The gap is the darkest path from the left to the right edge that climbs or falls by at most two cells a step. Its
    rank among all cells does not depend on the tone of the film; the bone between teeth that lie on their side is
    never that dark.
    """
    small, raw = sample_grid(stretched, 48, 64), sample_grid(levels, 48, 64)
    path = darkest_path(small[8:40]) + 8
    along = np.arange(64)
    gap = small[path, along]
    above = np.array([small[max(row - 16, 0) : max(row - 2, 1), column].max() for column, row in enumerate(path)])
    below = np.array([small[row + 3 : row + 17, column].max() for column, row in enumerate(path)])
    crowns = float((np.minimum(above, below) - gap > 0.25).mean())
    (brightest,), (brightest_raw,) = _percentiles(gap, 90), _percentiles(raw[path, along], 90)
    darker = float((small < brightest).mean())
    return bool(
        darker < 0.16 and brightest < 0.15 and brightest_raw < 0.15 and crowns > 0.75 and 0.3 < path.mean() / 48 < 0.7
    )


def darkest_path(levels: Levels) -> NDArray[np.intp]:
    """The row in each column of the path from left to right with the lowest sum of levels."""
    rows, columns = levels.shape
    steps = np.arange(-2, 3)
    effort = 0.02 * np.abs(steps)[:, np.newaxis]
    all_rows = np.arange(rows)
    total = np.full(rows + 4, np.inf)  # two rows more on either side, which no path takes
    total[2:-2] = levels[:, 0]
    within_reach = np.lib.stride_tricks.sliding_window_view(total, rows)  # follows `total` as it changes
    came_from = np.zeros((rows, columns), np.intp)
    for column in range(1, columns):
        choices = within_reach + effort
        best = choices.argmin(axis=0)
        came_from[:, column] = all_rows + steps[best]
        total[2:-2] = choices[best, all_rows] + levels[:, column]
    path = np.empty(columns, np.intp)
    path[-1] = total[2:-2].argmin()
    for column in range(columns - 1, 0, -1):
        path[column - 1] = came_from[path[column], column]
    return path
