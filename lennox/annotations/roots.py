"""What the outlines of roots tell of a film: jaw, kind of tooth, root filling. They say nothing about people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ring = NDArray[np.float64]  # (corners, 2): row, column
Mark = tuple[str, Sequence[Ring]]  # what is outlined, in the words of the annotation, and its rings

ROOTS = {"main root", "mesial root", "distal root", "palatal root"}
FILLING = "root canal filling"
TAPER = 0.12  # log ratio of a root's widths, upper third over lower, that decides the jaw


def has_roots(marks: Sequence[Mark]) -> bool:
    """Whether any root is outlined; without one, nothing below can be told."""
    return any(name in ROOTS for name, _ in marks)


def tooth_type(marks: Sequence[Mark]) -> str:
    """ "molar" with a mesial and a distal root, "single-rooted" with a main root alone, else "other"."""
    roots = {name for name, _ in marks} & ROOTS
    if {"mesial root", "distal root"} <= roots:
        return "molar"
    return "single-rooted" if roots == {"main root"} else "other"


def root_filling(marks: Sequence[Mark]) -> str:
    """ "root-filled" or "not root-filled"."""
    return "root-filled" if any(name == FILLING for name, _ in marks) else "not root-filled"


def jaw(marks: Sequence[Mark]) -> str | None:
    """ "upper" with a palatal root, else by the taper of roots, which point away from the mouth; None: undecided."""
    if any(name == "palatal root" for name, _ in marks):
        return "upper"
    tapers = [taper for name, rings in marks if name in ROOTS for ring in rings if (taper := _taper(ring)) is not None]
    mean = float(np.mean(tapers)) if tapers else 0.0
    if abs(mean) < TAPER:
        return None
    return "lower" if mean > 0 else "upper"


def _taper(ring: Ring) -> float | None:
    """Log of a root's mean width in its upper third over that in its lower third; above 0, it points down."""
    top, bottom = ring[:, 0].min(), ring[:, 0].max()
    if bottom - top < 10:
        return None
    widths = []
    for first, last in ((0.05, 0.33), (0.67, 0.95)):
        spans = []
        for row in np.linspace(top + first * (bottom - top), top + last * (bottom - top), 12):
            end = np.roll(ring, -1, 0)
            crosses = (ring[:, 0] <= row) != (end[:, 0] <= row)
            if crosses.sum() >= 2:
                share = (row - ring[crosses, 0]) / (end[crosses, 0] - ring[crosses, 0])
                columns = ring[crosses, 1] + share * (end[crosses, 1] - ring[crosses, 1])
                spans.append(float(columns.max() - columns.min()))
        if not spans:
            return None
        widths.append(max(float(np.mean(spans)), 1.0))
    return float(np.log(widths[0] / widths[1]))
