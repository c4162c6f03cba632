"""Carious lesions: where on a tooth they can be, and how much mineral they take from its path lengths."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lennox.phantom.body import Map, ToothRegion, cusp_line
from lennox.phantom.mouth import Tooth
from lennox.phantom.phantom import DEPTHS
from lennox.phantom.restorations import crown_margin, sides
from lennox.phantom.teeth import STEP_MM, Profile

# how far a lesion goes: 1 is the dentine's border, 2 the pulp
REACH = {"E1": 0.5, "E2": 1.0, "D1": 1.33, "D2": 1.66, "D3": 2.0}
# share of the mineral that is gone at its centre
LOSS = {"E1": 0.25, "E2": 0.4, "D1": 0.5, "D2": 0.7, "D3": 0.88}
# how its edge fades: shallow ones without a border, cavities with one
SOFTNESS = {"E1": 1.0, "E2": 1.0, "D1": 0.9, "D2": 0.7, "D3": 0.5}
DEPTH_SHARES = (0.06, 0.1, 0.2, 0.31, 0.33)  # as in films that are taken because something hurts: mostly large


# roots and margins have no enamel to begin in, and a crown breaks in late
POSSIBLE = {
    "proximal": DEPTHS,
    "occlusal": DEPTHS,
    "secondary": DEPTHS[2:],
    "root": DEPTHS[2:],
    "gross": DEPTHS[4:],
}


@dataclass(frozen=True, slots=True)
class LesionSite:
    """Where a lesion can be: kind, tooth, surface and the side of it (+1 right, -1 left, 0 neither)."""

    kind: str
    tooth: Tooth
    surface: str
    side: int


@dataclass(frozen=True, slots=True)
class LesionPlan:
    """One lesion before it is drawn: its site, depth and the numbers that shape it."""

    site: LesionSite
    depth: str
    height: float  # factor on its extent along the tooth
    breadth: float  # factor on its extent through the tooth
    shift: float  # mm along the tooth
    phase: float  # of its uneven edge


def lesion_sites(tooth: Tooth) -> list[LesionSite]:
    """Every site of a tooth where a lesion can be drawn."""
    if tooth.state != "natural":
        return []
    found: list[LesionSite] = []
    both = (("M", tooth.mesial), ("D", -tooth.mesial))
    if tooth.stump is not None:
        return [LesionSite("gross", tooth, "O", 0), *(LesionSite("root", tooth, "root", side) for _, side in both)]
    if tooth.crown is not None:
        return [LesionSite("secondary", tooth, surface, side) for surface, side in both]
    filled = "".join(filling.surface for filling in tooth.fillings)
    for surface, side in both:
        if surface in filled:
            found.append(LesionSite("secondary", tooth, surface, side))
        else:
            found += [LesionSite("proximal", tooth, surface, side), LesionSite("gross", tooth, surface, side)]
        found.append(LesionSite("root", tooth, "root", side))
    if tooth.form.kind in ("molar", "premolar"):
        found.append(LesionSite("secondary" if "O" in filled else "occlusal", tooth, "O", 0))
        if not filled:
            found.append(LesionSite("gross", tooth, "O", 0))
    if "B" not in filled:
        found.append(LesionSite("root", tooth, "B", 0))
    return found


KIND_WEIGHTS = {"proximal": 3.0, "secondary": 5.0, "occlusal": 3.0, "root": 1.0, "gross": 1.8}


def plan_lesions(rng: np.random.Generator, teeth: Sequence[Tooth], reach_mm: float) -> Iterator[LesionPlan]:
    """Propose lesions, one after another, each at a site of its own; ends where the teeth have no room for more.

    reach_mm : teeth farther than this from the middle of the film are left alone
    """
    sites = [site for tooth in teeth if abs(tooth.x) < reach_mm for site in lesion_sites(tooth)]
    last: LesionSite | None = None
    while sites:
        weights = np.array([KIND_WEIGHTS[site.kind] for site in sites])
        site = sites[int(rng.choice(len(sites), p=weights / weights.sum()))]
        facing = [other for other in sites if last is not None and _adjacent(other, last)]
        if rng.random() < 0.4 and facing:  # decay passes to the neighbour that it touches
            site = facing[0]
        depth = str(rng.choice(DEPTHS, p=DEPTH_SHARES))
        depth = depth if depth in POSSIBLE[site.kind] else POSSIBLE[site.kind][0]
        shape = (float(rng.uniform(0.75, 1.4)), float(rng.uniform(0.75, 1.3)), float(rng.normal(0, 0.35)))
        yield LesionPlan(site, depth, *shape, float(rng.uniform(0, 2 * math.pi)))
        last = site
        # one lesion to a side of a tooth
        sites = [other for other in sites if other.tooth.fdi != site.tooth.fdi or {other.side, site.side} == {1, -1}]


def _adjacent(one: LesionSite, other: LesionSite) -> bool:
    """Whether two proximal sites face one another across a contact."""
    gap = (other.tooth.x - one.tooth.x) * one.side
    touching = 0 < gap < 1.2 * (one.tooth.size.width + other.tooth.size.width) / 2
    proximal = one.kind == other.kind == "proximal"
    return proximal and touching and one.side == -other.side and (one.tooth.fdi < 30) == (other.tooth.fdi < 30)


def _at(profile: Profile, tooth: Tooth, v: float) -> float:
    return float(profile[int(np.clip((v - tooth.form.start) / STEP_MM, 0, len(profile) - 1))])


def _uneven(region: ToothRegion, row: float, column: float, phase: float) -> Map:
    """A factor about 1 that makes an outline irregular: a sum of waves around the centre (v, u)."""
    turn = np.arctan2(region.v - np.float32(row), region.u - np.float32(column))
    factor: Map = np.float32(1.0) + np.float32(0.09) * np.sin(3 * turn + np.float32(phase))
    factor += np.float32(0.04) * np.sin(5 * turn + np.float32(2.3 * phase))
    factor += np.float32(0.03) * np.sin(9 * turn + np.float32(4.1 * phase))
    return factor


def _inward(site: LesionSite, region: ToothRegion) -> Map:
    """mm from the tooth's side inward."""
    form = site.tooth.form
    edge = region.look_up(form.right if site.side > 0 else form.left)
    edge -= np.float32(site.side) * region.u
    return edge


def _from_the_side(plan: LesionPlan, region: ToothRegion, v: float, height: float) -> Map:
    """The form of a lesion that enters at the side at height v: narrow in the enamel, wide behind it, then a tip."""
    form, tooth = plan.site.tooth.form, plan.site.tooth
    enamel = _at(form.enamel, tooth, v)
    half = _at(form.right if plan.site.side > 0 else form.left, tooth, v)
    dentine = max(half - enamel - max(_at(form.pulp, tooth, v), 0.15 * half), 0.6)
    reach = REACH[plan.depth]
    inward = _inward(plan.site, region)
    if reach <= 1.0:
        tip = enamel * reach
        knots, widths = [-0.3, 0.0, 0.6 * tip, tip], [0.9, 1.0, 0.6, 0.05]
    else:
        tip = enamel + dentine * (reach - 1.0)
        deep = tip - enamel
        mouth = 0.6 if reach < 1.5 else 0.85  # of a deep lesion the enamel has broken in
        if enamel < 0.15:  # on a root there is none
            mouth = 1.0
        knots = [-0.3, 0.0, max(enamel, 0.05), *(enamel + share * deep for share in (0.25, 0.6, 0.88)), tip]
        widths = [mouth, mouth, 0.8 * mouth + 0.1, 1.0, 0.9, 0.55, 0.05]
    wide = np.interp(inward, knots, widths, left=0.0, right=0.0).astype(np.float32)
    along = (region.v - np.float32(v)) / (np.float32(height) * _uneven(region, v, plan.site.side * half, plan.phase))
    body = np.float32(1) - (along / np.maximum(wide, np.float32(1e-3))) ** 2
    body *= np.clip((np.float32(tip) - inward) / np.float32(0.6 * tip), 0, 1)  # fades to its front
    return np.where((wide > 0) & (body > 0), body, np.float32(-1.0))


def _occlusal(plan: LesionPlan, region: ToothRegion) -> Map:
    """The form of a lesion under a fissure: hardly to be seen in the enamel, a dome under the dentine's border."""
    form, tooth = plan.site.tooth.form, plan.site.tooth
    middle = float(np.mean([position for row in form.cusps for position, _ in row]))
    reach, enamel = REACH[plan.depth], form.occlusal_enamel
    if plan.site.kind == "secondary":
        middle += 0.5 * math.cos(plan.phase)
        filling = next(filling for filling in tooth.fillings if "O" in filling.surface)
        below = np.float32(filling.floor) - region.v
        border, reach = filling.floor, max(reach, 1.2)
    else:
        sharp = 1.2  # the dentine's border is blunter than the cusps
        lines = [cusp_line(row, region.u, 1.4 * enamel, tooth.size.width, sharp) for row in form.cusps]
        below = np.minimum.reduce(lines) - region.v
        border = min(float(line.max()) for line in lines)
    across = region.u - np.float32(middle)
    if reach <= 1.0:
        channel: Map = 1 - (across / np.float32(0.3)) ** 2
        channel = np.minimum(channel, (below + np.float32(enamel)) * 2)
        np.minimum(channel, (np.float32(enamel * (reach - 1)) - below) * 2, out=channel)
        return channel
    roof = (0.3 if form.kind == "molar" else 0.4) * tooth.size.crown_height
    depth = max((border - roof) * (reach - 1.0), 0.6)
    wide = np.float32(plan.height * tooth.size.width * (0.09 + 0.12 * (reach - 1.0)))
    uneven = _uneven(region, border - 0.4 * depth, middle, plan.phase)
    behind = np.where(below > 0, below / np.float32(depth), below / np.float32(-0.3))
    body: Map = 1 - ((across / wide) ** 2 + behind**2) / (uneven * uneven)
    return body


def _gross(plan: LesionPlan, region: ToothRegion) -> Map:
    """A broken-in crown: a crater from the side or from above, down to the pulp."""
    form, tooth = plan.site.tooth.form, plan.site.tooth
    size = tooth.size
    side = plan.site.side
    v = form.contact + plan.shift
    u = side * size.width * 0.34
    if side == 0:
        v = size.crown_height * 0.8 if tooth.stump is None else tooth.stump
    wide = size.width * 0.31 * plan.breadth * (1.25 if side == 0 else 1.0)
    high = size.crown_height * 0.42 * plan.height
    uneven = _uneven(region, v, u, plan.phase)
    across = (region.u - np.float32(u)) / (wide * uneven)
    along = (region.v - np.float32(v)) / (high * uneven)
    body: Map = np.float32(1.0) - (across**2 + along**2) ** 1.5
    return body


def _secondary_at_crown(plan: LesionPlan, region: ToothRegion) -> Map:
    """A crescent below the margin of a crown or of a filling's box, from the side inward."""
    tooth, side = plan.site.tooth, plan.site.side
    form, reach = tooth.form, REACH[plan.depth]
    if tooth.crown is not None:
        line = crown_margin(tooth, region)
        v = tooth.crown.right_margin if side > 0 else tooth.crown.left_margin
    else:
        filling = next(f for f in tooth.fillings if side in sides(tooth, f.surface))
        v = filling.box_floor if form.kind in ("molar", "premolar") else form.contact - 0.28 * tooth.size.crown_height
        line = np.full_like(region.v, np.float32(v))
    half = _at(form.right if side > 0 else form.left, tooth, v)
    depth = max((half - max(_at(form.pulp, tooth, v), 0.2 * half)) * (0.35 + 0.65 * (reach - 0.5) / 1.5), 0.4)
    high = np.float32(plan.height * (0.5 + 1.4 * (reach - 0.5)))
    inward = _inward(plan.site, region) / np.float32(depth)
    below = (line - region.v) / (high * _uneven(region, v, side * half, plan.phase))
    body = 1 - np.maximum(inward, 0) ** 2 - below**2
    return np.where((below > -0.12) & (inward > -0.3), body, -1.0)


def _shape(plan: LesionPlan, region: ToothRegion) -> tuple[Map, float]:
    """The lesion's relative form (above 0 inside, 1 at most) and how far it goes through the tooth, mm."""
    site, tooth = plan.site, plan.site.tooth
    reach, form = REACH[plan.depth], plan.site.tooth.form
    through = plan.breadth * (1.0 + 2.6 * reach * (0.5 + 0.05 * tooth.size.breadth))
    if site.kind == "gross":
        return _gross(plan, region), 0.8 * tooth.size.breadth
    if site.kind == "secondary" and site.side:
        return _secondary_at_crown(plan, region), through * 1.15
    if site.surface == "O":
        return _occlusal(plan, region), through if reach > 1.0 else 1.5
    if site.kind == "root" and site.side:
        v = -1.2 - abs(plan.shift) * 2
        return _from_the_side(plan, region, v, plan.height * (0.5 + 0.6 * reach)), through
    if site.surface == "B":
        v, wide = -0.3 + plan.shift, np.float32(plan.breadth * (0.5 + 0.8 * reach))
        uneven = _uneven(region, v, 0.0, plan.phase)
        high = np.float32(plan.height * (0.35 + 0.55 * reach))
        return 1 - (region.u / (wide * uneven)) ** 2 - (
            (region.v - np.float32(v)) / (high * uneven)
        ) ** 2, 0.3 + 1.1 * reach
    v = form.contact - 0.5 + plan.shift
    return _from_the_side(plan, region, v, plan.height * (0.5 + 0.5 * reach)), through


def mineral_lost(plan: LesionPlan, region: ToothRegion, path: Map, depth: Map) -> Map:
    """Fall in optical depth through one lesion, exactly 0 outside it.

    path : thickness of the tooth, mm; depth : its optical depth, restorations included
    """
    body, through = _shape(plan, region)
    loss = LOSS[plan.depth] if plan.site.kind != "gross" else 0.95
    softness = SOFTNESS[plan.depth] + {"secondary": 0.2, "occlusal": 0.3}.get(plan.site.kind, 0.0)
    share = np.clip(body, 0, 1) ** np.float32(softness)
    length = np.minimum(share * np.float32(through), path)
    fall: Map = np.float32(loss) * length * (depth / np.maximum(path, 0.3))
    fall *= depth < 5.0  # metal stays
    peak = float(fall.max())
    # a soft threshold: what is below a tenth of the peak belongs neither to the mask nor to the film
    fall -= np.float32(0.1 * peak)
    np.maximum(fall, 0.0, out=fall)
    fall *= np.float32(1 / 0.9)
    return fall
