"""Near-duplicate films, across and within sets, whichever way they were turned or mirrored.

Each film becomes a small picture with its slow shading removed; all eight turns and mirrorings of it are correlated
with every other film. The smallest side rules: a re-encoded, resized or windowed copy keeps its correlation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lennox.annotations.film import Film
from lennox.image import read_image

SIDE = 48
SAME = 0.8  # correlation above which two films are taken for one; different films stay below


@dataclass(frozen=True, slots=True)
class Pair:
    """Two films that look like one: (set, film) each, and their highest correlation over the eight turns."""

    first: tuple[str, str]
    second: tuple[str, str]
    correlation: float


def find_near_duplicates(
    sets: Sequence[tuple[str, Sequence[Film]]], same: float = SAME
) -> tuple[tuple[Pair, ...], dict[str, float]]:
    """(pairs at or above `same`, the highest correlation met for each pair of sets)."""
    names = [(name, film.name) for name, films in sets for film in films]
    prints = np.stack([fingerprint(read_image(film.path).grey()) for _, films in sets for film in films])
    owner = np.array([which for which, (_, films) in enumerate(sets) for _ in films])
    best = np.full((len(names), len(names)), -1.0, np.float32)
    flat = prints.reshape(len(names), -1)
    for turned in _turns(prints):
        best = np.maximum(best, flat @ turned.reshape(len(names), -1).T)
    best[np.tril_indices(len(names))] = -1.0
    pairs = tuple(Pair(names[i], names[j], round(float(best[i, j]), 4)) for i, j in np.argwhere(best >= same))
    highest = {
        f"{sets[a][0]} / {sets[b][0]}": round(float(best[np.ix_(owner == a, owner == b)].max(initial=-1.0)), 4)
        for a in range(len(sets))
        for b in range(a, len(sets))
    }
    return pairs, highest


def fingerprint(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.float32]:
    """(SIDE, SIDE) float32 of zero mean and unit length: the film shrunk, ranked and without slow shading."""
    rows = np.linspace(0, pixels.shape[0], SIDE + 1).astype(int)
    columns = np.linspace(0, pixels.shape[1], SIDE + 1).astype(int)
    sums = np.add.reduceat(np.add.reduceat(pixels.astype(np.float64), rows[:-1], 0), columns[:-1], 1)
    small = sums / (np.diff(rows)[:, None] * np.diff(columns)[None])
    ranks = np.empty(small.size)
    ranks[np.argsort(small, axis=None, kind="stable")] = np.arange(small.size)
    ranks = ranks.reshape(small.shape)
    margin = 4
    padded = np.pad(ranks, margin, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (2 * margin + 1,) * 2)
    detail = ranks - windows.mean((2, 3))
    detail -= detail.mean()
    length = float(np.linalg.norm(detail))
    result: NDArray[np.float32] = (detail / length if length else detail).astype(np.float32)
    return result


def _turns(prints: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    mirrored = prints[:, :, ::-1]
    return [np.rot90(which, turns, (1, 2)).copy() for which in (prints, mirrored) for turns in range(4)]
