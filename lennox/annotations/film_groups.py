"""Groups that a film's own marks allow: jaw, tooth, root filling, size of a lesion. They say nothing about people."""

from __future__ import annotations

from collections.abc import Sequence

from lennox.annotations.matching import Outline
from lennox.annotations.roots import FILLING, has_roots, jaw, kind_of_tooth, root_filling

SIZES = (0.0051, 0.0111)  # of the squared long side of the film: terciles of the external films, as first published


def film_groups(marks: Sequence[tuple[str, Outline]]) -> dict[str, str]:
    """Groups of a film by feature; what cannot be told is absent."""
    outlines = [(name, outline.rings) for name, outline in marks]
    groups = {}
    if has_roots(outlines):
        groups["tooth_type"] = kind_of_tooth(outlines)
        groups["root_filled"] = root_filling(outlines)
        if side := jaw(outlines):
            groups["jaw"] = side
    if {name for name, _ in marks} & {FILLING, "restoration", "filling", "crown"}:
        groups["restored"] = "restored"
    return groups


def lesion_size(share: float) -> str:
    """The size class of a lesion from its area over the squared long side of its film."""
    return "small" if share < SIZES[0] else "medium" if share < SIZES[1] else "large"
