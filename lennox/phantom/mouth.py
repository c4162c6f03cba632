"""Which teeth stand where: teeth, gaps, restorations and bone level of one film, chosen from its seed."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

import numpy as np

from lennox.phantom.teeth import LOWER, UPPER, Dimensions, ToothShape, ToothVariation, build_shape

ToothState = Literal["natural", "implant"]
ARTEFACTS = (
    "cervical burn-out",
    "overlapping contacts",
    "radiolucent composite",
    "scratches",
    "low exposure",
)
_ORDER: tuple[int, ...] = (*range(18, 10, -1), *range(21, 29))  # from left to right on the film, upper jaw


@dataclass(frozen=True, slots=True)
class Filling:
    """A filling in a crown: where, how large (mm, in the tooth's frame), of what."""

    surface: str  # O, M, D, B; several characters for a filling over several surfaces
    material: str
    width: float  # half width of the occlusal part, mm
    floor: float  # v of the occlusal floor
    box_floor: float  # v of the gingival floor of a proximal box
    box_depth: float  # from the side inward, mm
    share: float  # of the tooth's breadth that it fills
    phase: float  # of its uneven edge


@dataclass(frozen=True, slots=True)
class Crown:
    """A crown on a tooth: material, v of its margin on the left and on the right, thickness in mm."""

    material: str
    left_margin: float
    right_margin: float
    thickness: float
    veneer: float  # porcelain over it, mm


@dataclass(frozen=True, slots=True)
class Tooth:
    """One tooth and its position in the jaw.

    x, neck : mm in the jaw's frame (x right on the film, y to the occlusal plane)
    tilt : radians; positive leans the crown to the left
    mesial : +1 where mesial is right on the film, -1 where it is left
    state : "natural" (a tooth, or what is left of it) or "implant"
    """

    fdi: int
    x: float
    neck: float
    tilt: float
    mesial: int
    size: Dimensions
    form: ToothShape
    state: ToothState = "natural"
    fillings: tuple[Filling, ...] = ()
    crown: Crown | None = None
    root_filled: bool = False
    post: bool = False
    filled_short: float = 1.0  # mm between apex and root filling
    stump: float | None = None  # v above which the crown has broken off

    @property
    def position(self) -> int:
        """1 central incisor .. 8 third molar."""
        return self.fdi % 10


@dataclass(frozen=True, slots=True)
class Jaw:
    """One jaw as it lies on the film.

    right_row, right_column... of its frame are given by `angle` (radians) and `lift` (mm): y = 0 at the neck line
    stretch : foreshortening or elongation of everything along y
    ligament_mm : width of the gap between root and socket
    density : of the spongy bone, 1 is the mean of a skeleton; jaws are denser
    crest : points (x, y) of the bone's crest, left to right
    """

    upper: bool
    teeth: tuple[Tooth, ...]
    angle: float
    lift: float
    stretch: float
    crest: tuple[tuple[float, float], ...]
    bone_mm: float
    density: float
    ligament_mm: float
    bone_loss: float
    landmark: float  # depth of the sinus, canal or border below the necks, mm


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that is fixed before anything is drawn."""

    jaws: tuple[Jaw, ...]
    artefacts: tuple[str, ...] = field(default=())


def _size(rng: np.random.Generator, upper: bool, position: int) -> Dimensions:
    mean = (UPPER if upper else LOWER)[position - 1]
    factors = rng.normal(1.0, 0.045, 6) * rng.normal(1.0, 0.03)
    return mean.scaled(np.clip(factors, 0.85, 1.15))


def _fdi(upper: bool, index: int) -> int:
    fdi = _ORDER[index]
    lower_instead = 30 if fdi < 20 else 10  # quadrant 1 over 4, 2 over 3
    return fdi if upper else fdi + lower_instead


def _filling(rng: np.random.Generator, form: ToothShape, size: Dimensions, material: str) -> Filling:
    if form.kind in ("incisor", "canine"):
        surface = str(rng.choice(["M", "D", "MD", "B"]))
    else:
        surface = str(rng.choice(["O", "OM", "OD", "OMD", "B"], p=[0.25, 0.25, 0.25, 0.17, 0.08]))
    deep = rng.uniform(0.35, 0.62) if "M" in surface or "D" in surface else rng.uniform(0.5, 0.68)
    return Filling(
        surface=surface,
        material=material,
        width=size.width * rng.uniform(0.13, 0.26),
        floor=size.crown_height * deep,
        box_floor=size.crown_height * rng.uniform(0.08, 0.4),
        box_depth=size.width * rng.uniform(0.16, 0.3),
        share=rng.uniform(0.35, 0.75),
        phase=rng.uniform(0, 2 * math.pi),
    )


def _crown(rng: np.random.Generator, size: Dimensions) -> Crown:
    material = str(rng.choice(["metal", "zirconia", "porcelain"], p=[0.7, 0.2, 0.1]))
    margin = rng.uniform(-1.0, 1.2)
    return Crown(
        material=material,
        left_margin=margin + rng.normal(0, 0.4),
        right_margin=margin + rng.normal(0, 0.4),
        thickness=rng.uniform(0.1, 0.4),
        veneer=rng.uniform(0.6, 1.1) if material == "metal" and rng.random() < 0.45 else 0.0,
    )


def _restore(rng: np.random.Generator, tooth: Tooth, burden: float) -> Tooth:
    """Give a tooth its restorations; `burden` is about the share of teeth that have one."""
    root_filled = rng.random() < 0.35 * burden
    if rng.random() < 0.08 * burden:
        return replace(tooth, root_filled=root_filled, stump=float(rng.uniform(-0.5, 0.4 * tooth.size.crown_height)))
    crowned = rng.random() < (0.65 if root_filled else 0.3 * burden)
    if crowned:
        tooth = replace(tooth, crown=_crown(rng, tooth.size), post=root_filled and rng.random() < 0.5)
    elif rng.random() < burden or root_filled:
        metal = 0.5 if tooth.position >= 4 else 0.05
        material = str(rng.choice(["amalgam", "composite", "lucent composite"], p=[metal, 0.97 - metal, 0.03]))
        tooth = replace(tooth, fillings=(_filling(rng, tooth.form, tooth.size, material),))
    return replace(tooth, root_filled=root_filled, filled_short=float(rng.uniform(0.2, 3.0)))


def _crest(
    rng: np.random.Generator, teeth: list[Tooth], gaps: list[tuple[float, float]], loss: float, reach: float
) -> tuple[tuple[float, float], ...]:
    """Bone's crest: between teeth below the necks, over a gap a worn ridge."""
    points = []
    for left, right in pairwise(teeth):
        x = (left.x + right.x) / 2
        level = (left.neck + right.neck) / 2 - rng.uniform(0.6, 1.6) - loss
        if rng.random() < 0.12:
            level -= rng.exponential(1.5)
        points.append((x, level))
    points += [(tooth.x, tooth.neck - rng.uniform(1.4, 3.2) - loss) for tooth in teeth]
    points += [(x, -rng.uniform(2.0, 5.0) - loss) for x, _ in gaps]
    points.sort()
    if not points:
        points = [(0.0, -1.5 - loss)]
    first, last = points[0], points[-1]
    return ((-reach, first[1] - 0.5), *points, (reach, last[1] - 0.5))


def _arrange(
    rng: np.random.Generator, upper: bool, centre: float, reach: float, artefacts: tuple[str, ...]
) -> tuple[list[Tooth], list[tuple[float, float]]]:
    """Arrange the teeth of one jaw left to right; `centre` is a position in the row of 16, `reach` mm to each side."""
    sizes = [_size(rng, upper, _ORDER[index] % 10) for index in range(16)]
    spacing = rng.normal(-0.02, 0.12)
    if "overlapping contacts" in artefacts:
        spacing = -rng.uniform(0.9, 1.7)
    elif rng.random() < 0.12:
        spacing = -rng.uniform(0.4, 1.3)
    steps = [
        (sizes[i].width + sizes[i + 1].width) / 2 + spacing + (rng.exponential(0.8) if rng.random() < 0.08 else 0.0)
        for i in range(15)
    ]
    offsets = np.concatenate([[0.0], np.cumsum(steps)])
    offsets -= np.interp(centre, np.arange(16), offsets)
    pulp, wear = rng.uniform(0.35, 1.15), rng.exponential(0.35)
    waist = rng.uniform(0.0, 0.8)
    if "cervical burn-out" in artefacts:
        waist = rng.uniform(1.0, 1.5)
    burden = rng.choice([0.05, 0.3, 0.6], p=[0.35, 0.4, 0.25])
    lost = rng.choice([0.0, 0.06, 0.2], p=[0.45, 0.35, 0.2])
    if artefacts:  # they need teeth to be seen on
        lost = 0.0
    slope = rng.normal(0, 0.05)
    teeth: list[Tooth] = []
    gaps: list[tuple[float, float]] = []
    for index in range(16):
        draws = np.random.default_rng(rng.integers(2**63))  # a tooth's own draws: neighbours do not disturb them
        x, position = float(offsets[index]), _ORDER[index] % 10
        if abs(x) > reach + 8:
            continue
        mesial = 1 if index < 8 else -1
        variation = ToothVariation(
            pulp=float(np.clip(pulp * draws.normal(1, 0.15), 0.25, 1.3)),
            waist=float(np.clip(waist + draws.normal(0, 0.1), 0, 1.6)),
            spread=float(np.clip(draws.normal(1.0, 0.3), 0.3, 1.7)),
            bend=float(draws.normal(-0.9 * mesial, 0.9)),
            wear=float(np.clip(wear * draws.uniform(0.5, 1.5), 0, 2.0)),
        )
        lean = 0.1 * mesial if not upper and position >= 6 else -0.02 * mesial
        tooth = Tooth(
            fdi=_fdi(upper, index),
            x=x,
            neck=float(-0.0012 * x * x + slope * x + draws.normal(0, 0.3) - 0.7 * (sizes[index].crown_height - 8.0)),
            tilt=float(-lean + draws.normal(0, 0.045) - 0.004 * x),
            mesial=mesial,
            size=sizes[index],
            form=build_shape(position, upper, sizes[index], variation, mesial),
        )
        tooth = _restore(draws, tooth, float(burden))
        gone = draws.random() < (0.5 if position == 8 else lost)
        if gone and abs(x) > 4:
            if position < 8 and draws.random() < 0.25:
                tooth = replace(tooth, state="implant", crown=_crown(draws, tooth.size), fillings=(), root_filled=False)
            else:
                gaps.append((x, tooth.size.width))
                continue
        teeth.append(tooth)
    if "radiolucent composite" in artefacts and teeth:
        near = min(range(len(teeth)), key=lambda i: abs(teeth[i].x))
        for i in {near, max(0, near - 1)}:
            sound = replace(teeth[i], state="natural", crown=None, root_filled=False, post=False, stump=None)
            teeth[i] = replace(sound, fillings=(_filling(rng, sound.form, sound.size, "lucent composite"),))
    return teeth, gaps


def set_scene(
    rng: np.random.Generator, kind: str, height_mm: float, width_mm: float, artefacts: tuple[str, ...]
) -> Scene:
    """Choose what a film of the given size (mm) shows."""
    reach = math.hypot(height_mm, width_mm) / 2
    anterior = rng.random() < (0.8 if height_mm > width_mm else 0.2)
    middle = rng.uniform(5.0, 10.0) if anterior else rng.choice([rng.uniform(1.2, 4.5), rng.uniform(10.5, 13.8)])
    loss = float(min(rng.exponential(0.8), 5.5))
    angle = float(rng.normal(0, 0.07))
    jaws = []
    tops: tuple[bool, ...] = (bool(rng.random() < 0.5),)
    shift = 0.0
    if kind == "bitewing":
        middle = rng.choice([rng.uniform(2.0, 4.0), rng.uniform(11.0, 13.0)])
        tops, shift = (True, False), float(rng.normal(0, 1.0))
    for upper in tops:
        teeth, gaps = _arrange(rng, upper, middle + (0.0 if upper else 0.2), reach, artefacts)
        near = [tooth.neck + tooth.size.crown_height for tooth in teeth if kind != "bitewing" or tooth.position >= 4]
        crown = max(near, default=8.0) if kind != "bitewing" or not near else sum(near) / len(near) + 0.3
        if kind == "bitewing":
            lift = -(crown + rng.uniform(-0.2, 0.6)) + (shift if upper else -shift)
        else:
            lift = height_mm / 2 - crown - rng.uniform(-1.5, 4.0)
        jaws.append(
            Jaw(
                upper=upper,
                teeth=tuple(teeth),
                angle=angle,
                lift=float(lift),
                stretch=float(np.clip(rng.normal(1.0, 0.07), 0.85, 1.2)) if kind != "bitewing" else 1.0,
                crest=_crest(rng, teeth, gaps, loss, reach + 4),
                bone_mm=float(rng.uniform(6.5, 9.5) if abs(middle - 7.5) < 3.2 else rng.uniform(9.0, 12.5)),
                density=float(rng.uniform(1.2, 2.1)),
                ligament_mm=float(rng.uniform(0.12, 0.25)),
                bone_loss=loss,
                landmark=float(rng.uniform(12.0, 20.0)),
            )
        )
    return Scene(tuple(jaws), artefacts)
