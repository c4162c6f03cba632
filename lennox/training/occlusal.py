"""Where the jaws meet on a panoramic film, and windows of it that look like bitewings and like periapical films.

No bitewing with a licence to train on could be had. A window of a panoramic along the line between the jaws holds what
a bitewing holds, the crowns of both jaws and little root; one beside the line, what a periapical film holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lennox.annotations.film import Film
from lennox.image import read_image
from lennox.inference.quality import darkest_path, sample_grid

Levels = NDArray[np.float32]
COLUMNS = (0.2, 0.8)  # of the film's width, between which teeth are looked for
GRID = (60, 80)
REACH = 8  # grid rows between the gap and the crowns
GAP = -0.07  # of the levels: the gap is that much darker than the crowns above and below
WIDTH = 0.2  # of the film's width: the 41 mm of an intraoral film
FRONT = 0.11  # of the width beside the middle: front teeth, of which no bitewing is taken


@dataclass(frozen=True, slots=True)
class OcclusalFilm:
    """A panoramic film at half size with the line between its jaws.

    levels : (rows, columns) in [0, 1]
    line : (columns,) the row of the line
    clear : (columns,) whether crowns lie above and below it there
    """

    levels: Levels
    line: NDArray[np.float64]
    clear: NDArray[np.bool_]

    @classmethod
    def of(cls, film: Film) -> OcclusalFilm | None:
        """From a panoramic film with marks; None without any, as they say at which height its teeth are."""
        pixels = read_image(film.path).grey()
        film = film.on_image(*pixels.shape)
        boxes = [shape.box for shape in film.truth.lesions] + [shape.box for _, shape in film.others]
        if not boxes:
            return None
        levels = sample_grid(pixels, pixels.shape[0] // 2, pixels.shape[1] // 2) / np.float32(
            np.iinfo(pixels.dtype).max
        )
        middle = float(np.median([(box.top + box.bottom) / 2 for box in boxes])) / 2
        return cls(levels, *find_line(levels, middle))

    def bitewing(self, random: np.random.Generator) -> Levels | None:
        """A window along the line, at back teeth, its gap closed by as much as chance wants; None if there is none."""
        columns = self.levels.shape[1]
        width = WIDTH * columns * random.uniform(0.75, 1.1)
        at = np.arange(columns)
        allowed = (np.abs(at / columns - 0.5) > FRONT) & (np.abs(at / columns - 0.5) < 0.5 - COLUMNS[0] - 0.02)
        clear = ndimage.uniform_filter1d(self.clear.astype(np.float32), int(width)) > 0.85
        choices = np.flatnonzero(allowed & clear)
        if not len(choices):
            return None
        column = float(random.choice(choices))
        height = width * random.uniform(0.62, 0.85)
        across = np.linspace(-width / 2, width / 2, 200) + column
        down = np.linspace(-height / 2, height / 2, int(200 * height / width)) + random.uniform(-0.1, 0.1) * height
        line = np.interp(across, at, self.line)
        line = line.mean() + (line - line.mean()) * random.uniform(0.2, 1.0)
        closed = down + np.sign(down) * random.uniform(0.0, 0.04) * height
        rows = line[None, :] + closed[:, None]
        return self._sample(rows, np.broadcast_to(across, rows.shape))

    def periapical(self, random: np.random.Generator) -> Levels:
        """A window above or below the line that shows roots, and of the other jaw next to nothing."""
        columns = self.levels.shape[1]
        long, short = (WIDTH * columns * share * random.uniform(0.8, 1.15) for share in (1.0, 0.75))
        height, width = (long, short) if random.random() < 0.5 else (short, long)
        column = random.uniform(COLUMNS[0] + 0.03, COLUMNS[1] - 0.03) * columns
        row = float(np.interp(column, np.arange(columns), self.line))
        away = (0.5 - random.uniform(-0.12, 0.15)) * height
        row += away if random.random() < 0.5 else -away
        scale = 200 / max(height, width)
        rows = np.linspace(-height / 2, height / 2, int(height * scale)) + row
        across = np.linspace(-width / 2, width / 2, int(width * scale)) + column
        return self._sample(*np.meshgrid(rows, across, indexing="ij"))

    def _sample(self, rows: NDArray[np.float64], columns: NDArray[np.float64]) -> Levels:
        found: Levels = ndimage.map_coordinates(self.levels, [rows, columns], order=1, mode="nearest")
        return found


def occlusal_films(films: Sequence[Film]) -> list[OcclusalFilm]:
    """Those of the films on which the line can be looked for."""
    return [found for film in films if (found := OcclusalFilm.of(film)) is not None]


def find_line(levels: Levels, middle: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(row, whether crowns lie on both sides) in each column: the path that is darkest against its two sides.

    levels : (rows, columns) of a panoramic film; middle : row about which its marks lie
    """
    rows, columns = levels.shape
    top, bottom = (int(np.clip(middle + share * rows, 0, rows)) for share in (-0.25, 0.22))
    left, right = (int(share * columns) for share in COLUMNS)
    small = sample_grid(levels[top:bottom, left:right], *GRID)
    wide = ndimage.uniform_filter1d(small, 9, axis=0)
    darker = small - np.minimum(np.roll(wide, REACH, 0), np.roll(wide, -REACH, 0))
    darker = ndimage.gaussian_filter(darker, (1, 2))
    outside = np.abs(np.linspace(-1, 1, GRID[0]))[:, None]
    inner = slice(REACH + 1, GRID[0] - REACH - 1)
    path = darkest_path((darker + 0.06 * outside + 1.0)[inner].astype(np.float32)) + inner.start
    at = left + (np.arange(GRID[1]) + 0.5) * (right - left) / GRID[1]
    found = ndimage.uniform_filter1d(top + (path + 0.5) * (bottom - top) / GRID[0], 9)
    clear = darker[path, np.arange(GRID[1])] < GAP
    every = np.arange(columns)
    inside = (every >= left) & (every < right)
    return np.interp(every, at, found), inside & (np.interp(every, at, clear.astype(np.float64)) > 0.5)
