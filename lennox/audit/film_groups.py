"""Groups that a film's own marks allow: jaw, tooth, root filling, size of a lesion. They say nothing about people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lennox.audit.marks import Outline, Ring

ROOTS = ("main root", "mesial root", "distal root", "palatal root")
TAPER = 0.12  # log ratio of a root's widths, upper third over lower, that decides the jaw
SIZES = (0.0051, 0.0111)  # of the squared long side of the film: terciles of the external films, as first published


def film_groups(marks: Sequence[tuple[str, Outline]]) -> dict[str, str]:
    """Groups of a film by feature; what cannot be told is absent."""
    names = {name for name, _ in marks}
    groups = {}
    if names & set(ROOTS):
        molar = {"mesial root", "distal root"} <= names
        single = "main root" in names and not names & {"mesial root", "distal root", "palatal root"}
        groups["tooth_type"] = "molar" if molar else "single-rooted" if single else "other"
        groups["root_filled"] = "root-filled" if "root canal filling" in names else "not root-filled"
        jaw = _jaw(marks)
        if jaw:
            groups["jaw"] = jaw
    if names & {"root canal filling", "restoration", "filling", "crown"}:
        groups["restored"] = "restored"
    return groups


def lesion_size(share: float) -> str:
    """The size class of a lesion from its area over the squared long side of its film."""
    return "small" if share < SIZES[0] else "medium" if share < SIZES[1] else "large"


def _jaw(marks: Sequence[tuple[str, Outline]]) -> str:
    """Upper if a palatal root is marked, else by the taper of the roots, which point away from the mouth."""
    if any(name == "palatal root" for name, _ in marks):
        return "upper"
    tapers = [
        taper for name, shape in marks if name in ROOTS for ring in shape.rings if (taper := _taper(ring)) is not None
    ]
    mean = float(np.mean(tapers)) if tapers else 0.0
    return "" if abs(mean) < TAPER else "lower" if mean > 0 else "upper"


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
