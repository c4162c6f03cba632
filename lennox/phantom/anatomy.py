"""Teeth and jaws put together: the optical depth of a film without lesions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lennox.phantom.body import Grid, Map, Window, crown_share, open_window, outline, pulp_space, roots, trunk
from lennox.phantom.bone import surround
from lennox.phantom.mouth import Jaw, Scene, Tooth
from lennox.phantom.physics import attenuation
from lennox.phantom.restorations import crown, fill, implant, root_filling

_SOCKET_WALL_MM = 0.25  # of compact bone: the lamina dura


@dataclass(frozen=True, slots=True)
class DrawnTooth:
    """A tooth on the film: thickness in mm and optical depth, restorations included, (rows, columns) of its window."""

    tooth: Tooth
    window: Window
    path: Map
    depth: Map


def _draw_tooth(tooth: Tooth, window: Window, energy_kev: float) -> tuple[Map, Map]:
    """Thickness in mm and optical depth of one tooth with its restorations."""
    if tooth.state == "implant":
        depth = implant(tooth, window, energy_kev)
        return np.minimum(depth, 4.0), depth
    form, width = tooth.form, tooth.size.width
    dentine, enamel, pulp = (attenuation(name, energy_kev) for name in ("dentine", "enamel", "soft tissue"))
    path = trunk(form, window)
    top = window.rows_with(window.v > -2.0)  # enamel and cusps: nothing of them lies lower
    part = slice(top.rows.start - window.rows.start, top.rows.stop - window.rows.start)
    path[part] *= crown_share(form, top, width, 0.0)
    core = trunk(form, top, enamel=1.0)
    core *= crown_share(form, top, width, form.occlusal_enamel)
    cap = np.maximum(path[part] - core, 0)
    if tooth.stump is not None:  # broken off unevenly
        edge = np.float32(tooth.stump) + np.float32(0.5) * np.sin(window.u * 0.9 + np.float32(tooth.x))
        edge += np.float32(0.15) * np.sin(window.u * 2.6 + np.float32(3 * tooth.x))
        left = np.clip((edge - window.v) * 4, 0, 1)
        path *= left
        cap *= left[part]
    low = window.rows_with(window.v < 0.5)
    parts = roots(form, low)
    if parts is not None:
        deep = path[low.rows.start - window.rows.start : low.rows.stop - window.rows.start]
        np.maximum(deep, parts, out=deep)
    chamber, canals = pulp_space(tooth, window)
    hollow = chamber + canals
    rest = path * np.float32(0.8)
    rest[part] -= np.float32(0.8) * cap
    np.minimum(hollow, rest, out=hollow)
    depth = path * np.float32(dentine)
    depth[part] += cap * np.float32(enamel - dentine)
    depth -= hollow * np.float32(dentine - pulp)
    if tooth.root_filled:
        root_filling(tooth, window, depth, energy_kev)
    fill(tooth, window, path, depth, energy_kev)
    if tooth.cover is not None:
        crown(tooth, window, depth, energy_kev)
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
            window = open_window(tooth, jaw, grid)
            if window is None:
                continue
            path, depth = _draw_tooth(tooth, window, energy_kev)
            place = (window.rows, window.columns)
            total[place] += depth
            socket[place] += path
            drawn.append(DrawnTooth(tooth, window, path, depth))
            if tooth.state == "whole":
                _line_socket(jaw, drawn[-1], socket, lamina, ligament)
        around = surround(jaw, grid, texture)
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
    window = drawn.window
    top = np.float32(1.0 if drawn.tooth.stump is None else min(1.0, drawn.tooth.stump - 0.8))
    root = window.rows_with(window.v < top)
    place = (root.rows, root.columns)
    covered = drawn.path[root.rows.start - window.rows.start : root.rows.stop - window.rows.start]
    inner = outline(drawn.tooth, root, jaw.ligament_mm)
    outer = outline(drawn.tooth, root, jaw.ligament_mm + _SOCKET_WALL_MM)
    within = root.v < top
    lamina[place] += np.maximum(outer - inner, 0) * within
    ligament[place] += np.maximum(inner - covered, 0) * within
    socket[place] += np.maximum(outer - covered, 0) * within
