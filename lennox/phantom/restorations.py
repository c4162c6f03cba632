"""Fillings, crowns, root fillings and implants: what they take away of a tooth and what they put in its place."""

from __future__ import annotations

import math

import numpy as np

from lennox.phantom.body import Map, ToothRegion, crown_share, lens, trunk
from lennox.phantom.mouth import Filling, Tooth
from lennox.phantom.physics import attenuation

OPAQUE = 9.0  # optical depth beyond which no sensor tells more


def soft_box(region: ToothRegion, box: tuple[float, float, float, float], edge: float, phase: float) -> Map:
    """Coverage 0..1 of the rounded box (left, right, low, high) in mm with an uneven edge of width `edge`."""
    left, right, low, high = box
    corner = min(0.8, 0.45 * (right - left), 0.45 * (high - low))
    across = np.abs(region.u - np.float32((left + right) / 2)) - np.float32((right - left) / 2 - corner)
    along = np.abs(region.v - np.float32((low + high) / 2)) - np.float32((high - low) / 2 - corner)
    outside: Map = np.hypot(np.maximum(across, 0), np.maximum(along, 0)) - np.float32(corner)
    outside += np.minimum(np.maximum(across, along), 0)
    for wave, size in ((1.3, 0.16), (3.1, 0.08)):
        outside += np.float32(size) * np.sin(region.u * wave + phase) * np.sin(region.v * (0.8 * wave) + 2 * phase)
    outside *= np.float32(-1 / edge)
    outside += np.float32(0.5)
    np.clip(outside, 0.0, 1.0, out=outside)
    return outside


def sides(tooth: Tooth, surface: str) -> list[int]:
    """Directions in u (+1 right) of the mesial and distal characters in `surface`."""
    return [tooth.mesial * sign for character, sign in (("M", 1), ("D", -1)) if character in surface]


def filling_coverage(tooth: Tooth, filling: Filling, region: ToothRegion) -> Map:
    """Where a filling lies, 0..1."""
    size, form = tooth.size, tooth.form
    top, edge = size.crown_height + 1.5, 0.12
    if filling.surface == "B":
        low = 0.3 - 0.4 * filling.box_depth
        oval = (-filling.width, filling.width, low, low + 1.2 + filling.width * 0.6)
        return soft_box(region, oval, 0.25, filling.phase)
    coverage: Map | None = None
    if "O" in filling.surface:
        coverage = soft_box(region, (-filling.width, filling.width, filling.floor, top), edge, filling.phase)
    for side in sides(tooth, filling.surface):
        reach = size.width / 2 + 0.6
        inner = reach - 0.6 - filling.box_depth
        if form.kind in ("incisor", "canine"):
            low, high = form.contact - 0.28 * size.crown_height, form.contact + 0.12 * size.crown_height
            top_of_box = high if filling.phase < 4 else top
        else:
            low, top_of_box = filling.box_floor, top
        span = (inner, reach) if side > 0 else (-reach, -inner)
        box = soft_box(region, (*span, low, top_of_box), edge, filling.phase + side)
        if "O" in filling.surface:
            bridge = (0.0, reach) if side > 0 else (-reach, 0.0)
            box = np.maximum(box, soft_box(region, (*bridge, filling.floor, top), edge, filling.phase))
        coverage = box if coverage is None else np.maximum(coverage, box)
    assert coverage is not None
    return coverage


def add_fillings(tooth: Tooth, region: ToothRegion, path: Map, depth: Map, energy_kev: float) -> None:
    """Put the fillings into the tooth: changes its optical depth in place; `path` is its thickness in mm."""
    for filling in tooth.fillings:
        coverage = filling_coverage(tooth, filling, region)
        share = coverage * np.float32(
            1.0 if filling.surface != "B" and filling.material != "amalgam" else filling.share
        )
        length = np.minimum(path * share, np.float32(6.0 if filling.surface != "B" else 2.0))
        local = depth / np.maximum(path, 0.3)
        depth += length * (np.float32(attenuation(filling.material, energy_kev)) - local)
        np.minimum(depth, np.float32(OPAQUE), out=depth)


def crown_margin(tooth: Tooth, region: ToothRegion) -> Map:
    """v of the crown's margin at each pixel: a shallow arch between its ends at both sides."""
    assert tooth.crown is not None
    half = max(tooth.size.neck_width / 2, 1.0)
    across = np.clip(region.u / np.float32(half), -1.2, 1.2)
    middle = (tooth.crown.left_margin + tooth.crown.right_margin) / 2
    lean = (tooth.crown.right_margin - tooth.crown.left_margin) / 2
    line: Map = np.float32(middle - 0.5) + np.float32(lean) * across + np.float32(0.5) * across * across
    return line


def add_crown(tooth: Tooth, region: ToothRegion, depth: Map, energy_kev: float) -> None:
    """Put a crown on the tooth: changes its optical depth in place."""
    restoration = tooth.crown
    assert restoration is not None
    above = np.clip((region.v - crown_margin(tooth, region)) / np.float32(0.1) + 0.5, 0, 1)
    outer = trunk(tooth.form, region, 0.15) * crown_share(tooth.form, region, tooth.size.width, -0.1)
    inner_share = crown_share(tooth.form, region, tooth.size.width, restoration.veneer)
    inner = trunk(tooth.form, region, 0.12 - restoration.veneer * 0.7) * inner_share if restoration.veneer else outer
    metal = np.clip(inner * np.float32(2.0), 0, 1) * np.float32(6.0) if restoration.material != "porcelain" else None
    if metal is None:
        depth += above * (outer * np.float32(attenuation("porcelain", energy_kev) * 1.6) - depth)
        return
    # beyond a tenth of a millimetre of metal nothing is told apart: thickness only rounds the edge off
    shell = np.minimum(metal, np.float32(OPAQUE))
    veneer = (outer - inner) * np.float32(attenuation("porcelain", energy_kev))
    depth += above * (np.maximum(shell, veneer) - depth)


def add_root_filling(tooth: Tooth, region: ToothRegion, depth: Map, energy_kev: float) -> None:
    """Fill the canals, and set a post: changes the tooth's optical depth in place."""
    form, size = tooth.form, tooth.size
    gutta = np.float32(attenuation("gutta-percha", energy_kev) - attenuation("soft tissue", energy_kev))
    reach = np.clip((region.v + np.float32(size.root_length - tooth.filled_short)) * 4, 0, 1)
    wobble = np.float32(1.0) + np.float32(0.06) * np.sin(region.v * 2.1 + tooth.x)
    for number, root in enumerate(form.roots):
        half = region.look_up(root.canal) * np.float32(1.25) * wobble
        half *= half > 0
        half = np.minimum(half, np.float32(0.45))
        path = lens(region.u, region.look_up(root.centre), half, half * 2, 0.0)
        path *= reach
        path *= region.v < np.float32(-0.5 if not form.furcation else -form.furcation + 1.0)
        depth += path * gutta
        if tooth.post and number == 0:
            low = -0.5 * size.root_length
            wide = 0.55 + 0.12 * (region.v - np.float32(low)) / 3
            post = np.clip((wide - np.abs(region.u - region.look_up(root.centre))) * 8, 0, 1)
            post *= (region.v > low) & (region.v < 0.6 * size.crown_height)
            depth += post * np.float32(OPAQUE)
    np.minimum(depth, np.float32(OPAQUE), out=depth)


def implant_depth(tooth: Tooth, region: ToothRegion, energy_kev: float) -> Map:
    """Optical depth of an implant with its screw thread, and a crown on it."""
    length = min(tooth.size.root_length, 11.5)
    half = 1.9 + 0.12 * np.sin(region.v * np.float32(2 * math.pi / 0.9))
    half = half * np.clip((region.v + np.float32(length)) * 1.2, 0, 1) ** 0.35
    half = np.where(region.v > 0, 1.4, half)
    half = half * ((region.v > -length) & (region.v < 4.0))
    screw = lens(region.u, np.zeros_like(region.u), half.astype(np.float32), (2 * half).astype(np.float32), 0.0)
    depth: Map = np.minimum(screw * np.float32(attenuation("titanium", energy_kev)), np.float32(OPAQUE))
    if tooth.crown is not None:
        add_crown(tooth, region, depth, energy_kev)
    return depth
