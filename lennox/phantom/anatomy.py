"""Teeth and jaws put together: the optical depth of a film without lesions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lennox.phantom.body import Grid, Map, ToothRegion, crown_share, outline, pulp_space, roots, tooth_region, trunk
from lennox.phantom.bone import draw_surroundings
from lennox.phantom.mouth import Jaw, Scene, Tooth
from lennox.phantom.physics import attenuation
from lennox.phantom.restorations import add_crown, add_fillings, add_root_filling, implant_depth

_SOCKET_WALL_MM = 0.25  # of compact bone: the lamina dura


@dataclass(frozen=True, slots=True)
class DrawnTooth:
    """A tooth on the film: thickness in mm and optical depth, restorations included, (rows, columns) of its region."""

    tooth: Tooth
    region: ToothRegion
    path: Map
    depth: Map


def _draw_tooth(tooth: Tooth, region: ToothRegion, energy_kev: float) -> tuple[Map, Map]:
    """Thickness in mm and optical depth of one tooth with its restorations."""
    if tooth.state == "implant":
        depth = implant_depth(tooth, region, energy_kev)
        return np.minimum(depth, 4.0), depth
    form, width = tooth.form, tooth.size.width
    dentine, enamel, pulp = (attenuation(name, energy_kev) for name in ("dentine", "enamel", "soft tissue"))
    path = trunk(form, region)
    top = region.rows_with(region.v > -2.0)  # enamel and cusps: nothing of them lies lower
    part = slice(top.rows.start - region.rows.start, top.rows.stop - region.rows.start)
    path[part] *= crown_share(form, top, width, 0.0)
    core = trunk(form, top, enamel=1.0)
    core *= crown_share(form, top, width, form.occlusal_enamel)
    cap = np.maximum(path[part] - core, 0)
    if tooth.stump is not None:  # broken off unevenly
        edge = np.float32(tooth.stump) + np.float32(0.5) * np.sin(region.u * 0.9 + np.float32(tooth.x))
        edge += np.float32(0.15) * np.sin(region.u * 2.6 + np.float32(3 * tooth.x))
        left = np.clip((edge - region.v) * 4, 0, 1)
        path *= left
        cap *= left[part]
    low = region.rows_with(region.v < 0.5)
    parts = roots(form, low)
    if parts is not None:
        deep = path[low.rows.start - region.rows.start : low.rows.stop - region.rows.start]
        np.maximum(deep, parts, out=deep)
    chamber, canals = pulp_space(tooth, region)
    hollow = chamber + canals
    rest = path * np.float32(0.8)
    rest[part] -= np.float32(0.8) * cap
    np.minimum(hollow, rest, out=hollow)
    depth = path * np.float32(dentine)
    depth[part] += cap * np.float32(enamel - dentine)
    depth -= hollow * np.float32(dentine - pulp)
    if tooth.root_filled:
        add_root_filling(tooth, region, depth, energy_kev)
    add_fillings(tooth, region, path, depth, energy_kev)
    if tooth.crown is not None:
        add_crown(tooth, region, depth, energy_kev)
    return path, depth


def draw_anatomy(
    scene: Scene, grid: Grid, energy_kev: float, texture: np.random.Generator
) -> tuple[Map, list[DrawnTooth]]:
    """Optical depth of the whole film, (rows, columns) of the grid, and the teeth on it.

    energy_kev : effective energy of the beam
    texture : draws bone and soft tissue
    """
    total = np.zeros((grid.rows, grid.columns), np.float32)
    drawn: list[DrawnTooth] = []
    for jaw in scene.jaws:
        socket, lamina, ligament = (np.zeros_like(total) for _ in range(3))
        for tooth in jaw.teeth:
            region = tooth_region(tooth, jaw, grid)
            if region is None:
                continue
            path, depth = _draw_tooth(tooth, region, energy_kev)
            area = (region.rows, region.columns)
            total[area] += depth
            socket[area] += path
            drawn.append(DrawnTooth(tooth, region, path, depth))
            if tooth.state == "natural":
                _line_socket(jaw, drawn[-1], socket, lamina, ligament)
        around = draw_surroundings(jaw, grid, texture)
        below = np.clip(around.bone / np.float32(0.5 * jaw.bone_mm), 0, 1)
        room = np.maximum(around.bone - around.cortical - socket, 0)
        room *= around.texture
        room *= np.float32(attenuation("trabecular bone", energy_kev) * jaw.density)
        total += room
        cortical = np.minimum(around.cortical, around.bone + 1.5)
        cortical += lamina * below
        cortical *= np.float32(attenuation("cortical bone", energy_kev))
        total += cortical
        ligament += around.soft / np.float32(len(scene.jaws))
        ligament *= np.float32(attenuation("soft tissue", energy_kev))
        total += ligament
    return total, drawn


def _line_socket(jaw: Jaw, drawn: DrawnTooth, socket: Map, lamina: Map, ligament: Map) -> None:
    """Add the paths through a root's ligament and through the wall of its socket to the jaw's, in place."""
    region = drawn.region
    top = np.float32(1.0 if drawn.tooth.stump is None else min(1.0, drawn.tooth.stump - 0.8))
    root = region.rows_with(region.v < top)
    area = (root.rows, root.columns)
    covered = drawn.path[root.rows.start - region.rows.start : root.rows.stop - region.rows.start]
    inner = outline(drawn.tooth, root, jaw.ligament_mm)
    outer = outline(drawn.tooth, root, jaw.ligament_mm + _SOCKET_WALL_MM)
    within = root.v < top
    lamina[area] += np.maximum(outer - inner, 0) * within
    ligament[area] += np.maximum(inner - covered, 0) * within
    socket[area] += np.maximum(outer - covered, 0) * within
