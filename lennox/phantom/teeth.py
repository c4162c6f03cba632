"""What a tooth looks like: mean sizes, and profiles along its axis that the drawing looks up.

Sizes are means of S. J. Nelson, Wheeler's Dental Anatomy, Physiology and Occlusion (table of average measurements).
In a tooth's own frame u runs across (right on the film), v along the axis: 0 at the neck, positive to the crown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Profile = NDArray[np.float32]
Axial = NDArray[np.float64]  # a profile while it is made

STEP_MM = 0.02  # of the profiles
MARGIN_MM = 1.0  # profiles go this far beyond apex and cusp


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Sizes of one tooth in mm; width is mesio-distal, breadth bucco-lingual."""

    crown_height: float
    root_length: float
    width: float
    neck_width: float
    breadth: float
    neck_breadth: float

    def scaled(self, factors: Axial) -> Dimensions:
        """Each size times its own factor."""
        sizes = (
            self.crown_height,
            self.root_length,
            self.width,
            self.neck_width,
            self.breadth,
            self.neck_breadth,
        )
        return Dimensions(*(float(size * factor) for size, factor in zip(sizes, factors, strict=True)))


UPPER = (
    Dimensions(10.5, 13.0, 8.5, 7.0, 7.0, 6.0),
    Dimensions(9.0, 13.0, 6.5, 5.0, 6.0, 5.0),
    Dimensions(10.0, 17.0, 7.5, 5.5, 8.0, 7.0),
    Dimensions(8.5, 14.0, 7.0, 5.0, 9.0, 8.0),
    Dimensions(8.5, 14.0, 7.0, 5.0, 9.0, 8.0),
    Dimensions(7.5, 12.5, 10.0, 8.0, 11.0, 10.0),
    Dimensions(7.0, 11.5, 9.0, 7.0, 11.0, 10.0),
    Dimensions(6.5, 11.0, 8.5, 6.5, 10.0, 9.5),
)
LOWER = (
    Dimensions(9.0, 12.5, 5.0, 3.5, 6.0, 5.3),
    Dimensions(9.5, 14.0, 5.5, 4.0, 6.5, 5.8),
    Dimensions(11.0, 16.0, 7.0, 5.5, 7.5, 7.0),
    Dimensions(8.5, 14.0, 7.0, 5.0, 7.5, 6.5),
    Dimensions(8.0, 14.5, 7.0, 5.0, 8.0, 7.0),
    Dimensions(7.5, 14.0, 11.0, 9.0, 10.5, 9.0),
    Dimensions(7.0, 13.0, 10.5, 8.0, 10.0, 9.0),
    Dimensions(7.0, 11.0, 10.0, 7.5, 9.5, 9.0),
)

TOOTH_KINDS = ("incisor", "incisor", "canine", "premolar", "premolar", "molar", "molar", "molar")

# share of the crown's height -> share of the way from the neck's width to the full width
_SIDES = {
    "incisor": ((0, 0.25, 0.5, 0.8, 0.93, 1.0, 1.2), (0, 0.35, 0.7, 1.0, 0.98, 0.85, 0.7)),
    "canine": ((0, 0.3, 0.6, 0.7, 0.82, 1.0, 1.2), (0, 0.55, 0.96, 1.0, 0.85, 0.2, -0.2)),
    "premolar": ((0, 0.2, 0.42, 0.62, 0.78, 1.0, 1.2), (0, 0.45, 0.88, 1.0, 0.9, 0.45, 0.2)),
    "molar": ((0, 0.18, 0.4, 0.6, 0.76, 1.0, 1.2), (0, 0.45, 0.85, 1.0, 0.93, 0.62, 0.4)),
}
_CONTACT = {"incisor": 0.82, "canine": 0.7, "premolar": 0.62, "molar": 0.6}  # height of the contact, share of the crown
# share of the crown's height -> breadth as a share of the full breadth
_BREADTHS = {
    "incisor": ((0.25, 0.5, 0.8, 1.0, 1.2), (1.0, 0.68, 0.38, 0.22, 0.2)),
    "canine": ((0.3, 0.55, 0.85, 1.0, 1.2), (1.0, 0.72, 0.42, 0.28, 0.2)),
    "premolar": ((0.35, 0.7, 1.0, 1.2), (1.0, 0.93, 0.65, 0.5)),
    "molar": ((0.35, 0.7, 1.0, 1.2), (1.0, 0.95, 0.75, 0.6)),
}
_ENAMEL = {
    "incisor": (0.75, 0.8, 1.3),
    "canine": (0.85, 0.9, 1.5),
    "premolar": (1.15, 1.2, 1.6),
    "molar": (1.35, 1.4, 1.9),
}
_TAPER = ((0, 0.3, 0.55, 0.75, 0.9, 0.97, 1.0), (1.0, 0.9, 0.75, 0.57, 0.37, 0.2, 0.0))


@dataclass(frozen=True, slots=True)
class ToothVariation:
    """What makes one tooth differ from the mean of its kind.

    pulp : width of the pulp, 1 in a young adult, less with age
    waist : 0..1, how hollow the neck is below the enamel (the cause of burn-out)
    spread : how far roots stand apart, 1 is usual
    bend : curvature of the roots, mm at the apex, to the right on the film
    wear : mm of cusp lost
    """

    pulp: float = 1.0
    waist: float = 0.3
    spread: float = 1.0
    bend: float = 0.0
    wear: float = 0.0


@dataclass(frozen=True, slots=True)
class Root:
    """One root as profiles over v: centre, half width and breadth in mm (half width 0 where there is none)."""

    centre: Profile
    half: Profile
    breadth: Profile
    canal: Profile
    plane: int  # roots of one plane lie side by side, planes lie behind one another


@dataclass(frozen=True, slots=True)
class ToothShape:
    """Profiles of one tooth over v, from apex to cusp in steps of STEP_MM, starting at v = `start`."""

    kind: str
    start: float
    v: Profile
    left: Profile  # mm from the axis to each side
    right: Profile
    breadth: Profile
    enamel: Profile  # proximal thickness
    enamel_breadth: Profile  # thickness on each of the two other sides
    pulp: Profile  # half width of the chamber
    pulp_breadth: Profile
    roots: tuple[Root, ...]
    furcation: float  # v where roots part, positive number below the neck; 0 for a single root
    contact: float  # v of the contact area
    occlusal_enamel: float
    cusps: tuple[tuple[tuple[float, float], ...], tuple[tuple[float, float], ...]]  # two rows of (u, height)


def _smooth(profile: Axial, length_mm: float) -> Axial:
    window = np.hanning(int(length_mm / STEP_MM) | 1)
    padded = np.pad(profile, len(window) // 2, mode="edge")
    return np.convolve(padded, window / window.sum(), mode="valid")


def taper(distance: Axial, length: float) -> Axial:
    """Width of a root at a distance from its beginning, as a share of the width there; 0 beyond its end."""
    return np.interp(distance / length, *_TAPER, right=0.0)


def _cusps(
    kind: str, upper: bool, size: Dimensions, wear: float, mesial: int
) -> tuple[tuple[tuple[float, float], ...], ...]:
    height, width = size.crown_height - wear, size.width
    if kind == "incisor":
        return ((0.0, height),), ((0.0, height),)
    if kind == "canine":
        return ((0.06 * width * mesial, height),), ((0.06 * width * mesial, height - 0.6),)
    if kind == "premolar":
        lingual = height - (0.6 if upper else 1.3)
        return ((0.0, height),), ((0.05 * width * mesial, lingual),)
    if upper:
        return (
            ((0.24 * width * mesial, height), (-0.24 * width * mesial, height - 0.3)),
            ((0.2 * width * mesial, height - 0.3), (-0.28 * width * mesial, height - 1.2)),
        )
    return (
        (
            (0.3 * width * mesial, height - 0.3),
            (-0.05 * width * mesial, height - 0.3),
            (-0.34 * width * mesial, height - 0.8),
        ),
        ((0.24 * width * mesial, height + 0.2), (-0.26 * width * mesial, height)),
    )


def _root(
    centre: Axial,
    half: Axial,
    breadth: Axial,
    canal: Axial,
    plane: int,
) -> Root:
    return Root(
        centre.astype(np.float32), half.astype(np.float32), breadth.astype(np.float32), canal.astype(np.float32), plane
    )


def _roots(
    position: int,
    upper: bool,
    size: Dimensions,
    variation: ToothVariation,
    trunk: Axial,
    below: Axial,
    mesial: int,
) -> tuple[tuple[Root, ...], float]:
    """Roots of the tooth, and how far below the neck they part.

    below : distance below the neck; trunk : half width of the tooth there, while it is one
    """
    length, half, breadth = size.root_length, size.neck_width / 2, size.neck_breadth
    bend = variation.bend * np.clip(below / length, 0, 1.2) ** 2

    def single(shift: float, share: float, wide: float, plane: int, reach: float = 1.0) -> Root:
        shape = taper(below, length * reach) * (below >= 0)
        canal = variation.pulp * (0.1 + 0.2 * shape) * (shape > 0)
        centre = bend + shift * np.clip(below / length, 0, 1)
        return _root(centre, half * wide * shape, breadth * share * shape, canal, plane)

    if position <= 3 or position == 5 or (position == 4 and not upper):
        return (single(0.0, 1.0, 1.0, 0),), 0.0
    if position == 4:
        lean = 0.7 * variation.spread * mesial
        return (single(lean, 0.55, 0.82, 0), single(-lean, 0.55, 0.78, 1, 0.95)), 0.0
    furcation = 3.2 if upper else 3.0
    if position == 8:
        furcation += 2.0
    down = below - furcation
    reach = length - furcation
    share = down / reach
    start = float(np.interp(furcation, below[::-1], trunk[::-1]))  # half width where the roots part
    tail = (1.0, 1.02, 0.95, 0.76) if upper else (1.0, 1.0, 0.9, 0.7)
    outer = np.where(down < 0, trunk, np.interp(share, (0, 0.4, 0.75, 1.0), tail) * start)
    outer *= 1 + 0.22 * (variation.spread - 1) * np.clip(share, 0, 1)
    gap = (0.3 if upper else 0.42) * half * variation.spread * np.sqrt(np.clip(share, 0, 1))
    gap *= np.interp(share, (0.6, 1), (1, 0.9))
    parting = 4.5 if upper else 2.0  # mm over which the trunk gives way to the roots
    roots = []
    for side in (1, -1):
        long = 1.0 if side == mesial else 0.95
        edge = np.interp(share / long, (0.6, 1.0), (1.0, 0.72)) * outer
        centre = side * (edge + gap) / 2 + bend
        ends = np.sqrt(np.clip(1 - np.clip(share / long, 0, 2) ** 6, 0, 1)) * np.clip(down / parting + 0.55, 0, 1)
        depth = breadth * (0.55 if upper else 0.95) * np.interp(share, (0, 0.5, 1), (1, 0.85, 0.5)) * ends
        canal = variation.pulp * np.interp(share, (-0.2, 0, 0.5, 1), (0.0, 0.34, 0.22, 0.12)) * ends
        width = np.maximum((edge - gap) / 2, 0.0) * ends
        roots.append(_root(centre, width, depth, canal, 0))
    if upper:
        reach = length * 1.04
        shape = taper(np.clip(below - 0.15 * length, 0, None), reach - 0.15 * length) * (below >= 0)
        canal = variation.pulp * (0.12 + 0.22 * shape) * (below > furcation - 1) * (shape > 0)
        roots.append(_root(bend - 0.08 * half * mesial, half * 0.62 * shape, breadth * 0.5 * shape, canal, 1))
    return tuple(roots), furcation


def build_shape(position: int, upper: bool, size: Dimensions, variation: ToothVariation, mesial: int) -> ToothShape:
    """Profiles of the tooth at `position` (1 central incisor .. 8 third molar); mesial is +1 where it lies right."""
    kind = TOOTH_KINDS[position - 1]
    start = -(size.root_length * 1.05 + MARGIN_MM)
    v = np.arange(start, size.crown_height + MARGIN_MM, STEP_MM)
    share = v / size.crown_height
    below = -v
    neck, full = size.neck_width / 2, size.width / 2
    sides = np.interp(np.clip(share, 0, 1.2), *_SIDES[kind])
    half = neck + (full - neck) * sides
    waist = 0.35 * variation.waist * min(size.neck_width / 7, 1.0) * np.exp(-(((below - 1.2) / 1.3) ** 2))
    half = np.where(v < 0, neck, half)
    if TOOTH_KINDS[position - 1] == "molar":  # the trunk narrows to where the roots begin
        half *= np.interp(below, (0, 3.2), (1.0, 0.95))
    half = _smooth(half - waist, 1.6)
    lean = 0.04 * full * np.clip(share, 0, 1) * (1 if kind in ("incisor", "canine") else 0.5)
    full_breadth = np.interp(share, *_BREADTHS[kind]) * size.breadth
    neck_share = np.clip(share / _BREADTHS[kind][0][0], 0, 1)
    breadth = size.neck_breadth * (1 - neck_share) + full_breadth * neck_share
    breadth = _smooth(breadth, 1.6) - 2 * waist
    roots, furcation = _roots(position, upper, size, variation, half, below, mesial)
    bend = np.zeros_like(v)
    if not furcation:  # the crown's profile runs on into the one root
        ends = taper(below, size.root_length)
        half, breadth = half * np.where(v < 0, ends, 1), breadth * np.where(v < 0, ends, 1)
        bend = variation.bend * np.clip(below / size.root_length, 0, 1.2) ** 2
    proximal, other, occlusal = _ENAMEL[kind]
    enamel = proximal * np.interp(share, (0.02, 0.14, 0.3, 0.55, 1.2), (0, 0.3, 0.68, 1, 1))
    enamel_other = other * np.interp(share, (-0.04, 0.08, 0.3, 0.6, 1.2), (0, 0.35, 0.75, 1, 1))
    if kind == "molar":
        chamber = np.interp(v, (-furcation - 0.2, -furcation + 1.0, 0, 1.0, 3.0), (0.0, 0.4, 0.46, 0.46, 0.4)) * neck
    else:
        chamber = np.interp(share, (0.0, 0.1, 0.3, 0.55, 1), (0.24, 0.26, 0.22, 0.05, 0)) * neck
        canal = np.interp(below / size.root_length, (0, 0.2, 0.6, 0.95, 0.97), (0.24, 0.16, 0.1, 0.06, 0.0)) * neck
        chamber = np.where(v < 0, canal, chamber)
    chamber = chamber * variation.pulp
    arrays = {
        "v": v,
        "left": half - lean * mesial - bend,
        "right": half + lean * mesial + bend,
        "breadth": breadth,
        "enamel": _smooth(enamel, 0.6),
        "enamel_breadth": _smooth(enamel_other, 0.6),
        "pulp": _smooth(chamber, 0.5),
        "pulp_breadth": 0.27 * breadth * np.sqrt(variation.pulp),
    }
    return ToothShape(
        kind=kind,
        start=float(start),
        roots=roots,
        furcation=furcation,
        contact=_CONTACT[kind] * size.crown_height,
        occlusal_enamel=occlusal,
        cusps=_cusps(kind, upper, size, variation.wear, mesial),  # type: ignore[arg-type]
        **{name: array.astype(np.float32) for name, array in arrays.items()},
    )
