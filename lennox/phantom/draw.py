"""Draw one film: scene, path lengths, lesions, signal, display."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lennox.phantom.body import Grid, Map, Window, crown_share, open_window, outline, pulp_space, roots, trunk
from lennox.phantom.bone import surround
from lennox.phantom.film import DEPTHS, Lesion, Phantom, tight_box
from lennox.phantom.lesions import Plan, mineral_lost, plan_lesions
from lennox.phantom.mouth import ARTEFACTS, Jaw, Scene, Tooth, set_scene
from lennox.phantom.physics import attenuation, displayed, noisy, optical_depth, resize, transmitted
from lennox.phantom.restorations import crown, fill, implant, root_filling
from lennox.phantom.sensor import Sensor, choose_sensor, frame_film

KINDS = ("periapical", "bitewing")
FINEST_MM = 0.045  # anatomy is drawn no finer: a dental sensor shows no more


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A tooth on the film: its window, thickness and optical depth, (rows, columns) of the window."""

    tooth: Tooth
    jaw: Jaw
    window: Window
    path: Map
    depth: Map


def draw_film(
    seed: int,
    *,
    kind: str = "periapical",
    rows: int = 850,
    columns: int = 1200,
    bits: int = 8,
    lesions: int | Sequence[str] | None = None,
    artefacts: Sequence[str] = (),
) -> Phantom:
    """Draw the film that belongs to a seed: another mouth, sensor, exposure and geometry with each.

    kind : "periapical" or "bitewing"
    rows, columns : size in pixels, 64 to 4096 each; the longer side is 34 to 41 mm of sensor
    bits : 8, 12 or 16
    lesions : how many, or the depth (E1, E2, D1, D2, D3) of each; None leaves it to the seed (none on nearly half of
        the films, and on every film with `artefacts`). Fewer are drawn where the teeth have no room for more.
    artefacts : names out of ARTEFACTS that the film must show
    The same seed with other `lesions` is the same film but for the lesions, noise included.
    Raises ValueError for an unknown kind, depth or artefact, or a size out of range.
    """
    _check(kind, rows, columns, bits, lesions, artefacts)
    mouth, texture, carious, exposing, grain = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(5)
    )
    artefacts = tuple(name for name in ARTEFACTS if name in artefacts)
    long_mm = float(exposing.uniform(34.0, 41.0))
    spacing_mm = long_mm / max(rows, columns)
    scene = set_scene(mouth, kind, rows * spacing_mm, columns * spacing_mm, artefacts)
    sensor = choose_sensor(exposing, artefacts)
    factor = max(1.0, FINEST_MM / spacing_mm)
    grid = Grid(math.ceil(rows / factor), math.ceil(columns / factor), spacing_mm * factor)

    depth, drawn = _anatomy(scene, grid, sensor, texture)
    wanted = _wanted(carious, lesions, artefacts)
    falls = _lesions(carious, drawn, wanted, grid)
    carious_depth = depth
    if falls:
        carious_depth = depth.copy()
        for _, item, fall in falls:
            carious_depth[item.window.rows, item.window.columns] -= fall
    signal = transmitted(carious_depth, sensor.exposure, grid.spacing_mm, scatter_of=depth)
    window = _window(depth, sensor)
    signal = resize(signal, rows, columns)
    signal = noisy(signal, sensor.exposure, spacing_mm, grain)
    shown = displayed(optical_depth(signal), window, sensor.exposure, spacing_mm)
    shown = frame_film(shown, sensor, spacing_mm)
    truth = tuple(
        lesion for plan, item, fall in falls if (lesion := _truth(plan, item, fall, grid, (rows, columns))) is not None
    )
    return Phantom(
        pixels=_quantised(shown, bits),
        bits=bits,
        kind=kind,
        lesions=truth,
        artefacts=artefacts,
        teeth=tuple(item.tooth.fdi for item in drawn),
        spacing_mm=(spacing_mm, spacing_mm),
        seed=seed,
    )


def _check(
    kind: str, rows: int, columns: int, bits: int, lesions: int | Sequence[str] | None, artefacts: Sequence[str]
) -> None:
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {KINDS}, got {kind!r}")
    if not (64 <= rows <= 4096 and 64 <= columns <= 4096):
        raise ValueError(f"a film must have 64 to 4096 rows and columns, got {rows} x {columns}")
    if bits not in (8, 12, 16):
        raise ValueError(f"bits must be 8, 12 or 16, got {bits}")
    if isinstance(lesions, str) or (not isinstance(lesions, int | None) and not set(lesions) <= set(DEPTHS)):
        raise ValueError(f"lesions must be a count or a sequence of depths out of {DEPTHS}, got {lesions!r}")
    if isinstance(lesions, int) and lesions < 0:
        raise ValueError(f"the count of lesions must not be negative, got {lesions}")
    if isinstance(artefacts, str) or not set(artefacts) <= set(ARTEFACTS):
        raise ValueError(f"artefacts must be a sequence out of {ARTEFACTS}, got {artefacts!r}")


def _wanted(
    rng: np.random.Generator, lesions: int | Sequence[str] | None, artefacts: Sequence[str]
) -> int | Sequence[str]:
    drawn = int(rng.choice([0, 1, 2, 3, 4], p=[0.45, 0.25, 0.15, 0.1, 0.05]))
    if lesions is not None:
        return lesions
    return 0 if artefacts else drawn


def _tooth(tooth: Tooth, jaw: Jaw, window: Window, energy_kev: float) -> tuple[Map, Map]:
    """Thickness in mm and optical depth of one tooth with its restorations."""
    if tooth.state == "implant":
        depth = implant(tooth, window, energy_kev)
        return np.minimum(depth, 4.0), depth
    form = tooth.form
    body = trunk(form, window) * crown_share(form, window, tooth.size.width, 0.0)
    dentine = trunk(form, window, enamel=1.0) * crown_share(form, window, tooth.size.width, form.occlusal_enamel)
    enamel = np.maximum(body - dentine, 0)
    path = body
    parts = roots(form, window)
    if parts is not None:
        path = np.maximum(body, parts)
    chamber, canals = pulp_space(tooth, window)
    pulp = np.minimum(chamber + canals, 0.8 * np.maximum(path - enamel, 0))
    depth = path * np.float32(attenuation("dentine", energy_kev))
    depth += enamel * np.float32(attenuation("enamel", energy_kev) - attenuation("dentine", energy_kev))
    depth -= pulp * np.float32(attenuation("dentine", energy_kev) - attenuation("soft tissue", energy_kev))
    if tooth.root_filled:
        root_filling(tooth, window, depth, energy_kev)
    fill(tooth, window, path, depth, energy_kev)
    if tooth.cover is not None:
        crown(tooth, window, depth, energy_kev)
    return path, depth


def _anatomy(scene: Scene, grid: Grid, sensor: Sensor, texture: np.random.Generator) -> tuple[Map, list[_Drawn]]:
    """Optical depth of the whole film without lesions, and its teeth."""
    energy = sensor.exposure.energy_kev
    total = np.zeros((grid.rows, grid.columns), np.float32)
    drawn: list[_Drawn] = []
    for jaw in scene.jaws:
        socket, lamina, ligament = (np.zeros_like(total) for _ in range(3))
        for tooth in jaw.teeth:
            window = open_window(tooth, jaw, grid)
            if window is None:
                continue
            path, depth = _tooth(tooth, jaw, window, energy)
            place = (window.rows, window.columns)
            total[place] += depth
            drawn.append(_Drawn(tooth, jaw, window, path, depth))
            if tooth.state == "whole":
                inner, outer = outline(tooth, window, jaw.ligament_mm), outline(tooth, window, jaw.ligament_mm + 0.25)
                lamina[place] += np.maximum(outer - inner, 0)
                ligament[place] += np.maximum(inner - path, 0) * (window.v < 1)
                socket[place] += np.maximum(outer, path)
            else:
                socket[place] += path
        around = surround(jaw, grid, texture)
        below = np.clip(around.bone / np.float32(0.5 * jaw.bone_mm), 0, 1)
        room = np.maximum(around.bone - around.cortical - socket, 0)
        room *= around.texture
        total += room * np.float32(attenuation("trabecular bone", energy) * jaw.density)
        cortical = np.minimum(around.cortical, around.bone + 1.5)
        cortical += lamina * below
        total += cortical * np.float32(attenuation("cortical bone", energy))
        total += (around.soft / len(scene.jaws) + ligament) * np.float32(attenuation("soft tissue", energy))
    return total, drawn


def _lesions(
    rng: np.random.Generator, drawn: list[_Drawn], wanted: int | Sequence[str], grid: Grid
) -> list[tuple[Plan, _Drawn, Map]]:
    """Plan the lesions and draw how much optical depth each takes away."""
    by_tooth = {item.tooth.fdi: item for item in drawn}
    reach = 0.5 * grid.columns * grid.spacing_mm - 1.0
    found = []
    left = {fdi: item.depth for fdi, item in by_tooth.items()}
    for plan in plan_lesions(rng, [item.tooth for item in drawn], wanted, reach):
        item = by_tooth[plan.site.tooth.fdi]
        fall = mineral_lost(plan, item.window, item.path, left[item.tooth.fdi])
        left[item.tooth.fdi] = left[item.tooth.fdi] - fall
        found.append((plan, item, fall))
    return found


def _truth(plan: Plan, item: _Drawn, fall: Map, grid: Grid, shape: tuple[int, int]) -> Lesion | None:
    """The lesion as it lies on the film, None where it lies off it."""
    full = np.zeros((grid.rows, grid.columns), np.float32)
    full[item.window.rows, item.window.columns] = fall
    mask = resize(full, *shape) > 1e-4
    if mask.sum() < 6:
        return None
    return Lesion(
        mask=mask,
        box=tight_box(mask),
        tooth=item.tooth.fdi,
        surface=plan.site.surface,
        depth=plan.depth,
        kind=plan.site.kind,
        contrast=float(fall.max()),
    )


def _window(depth: Map, sensor: Sensor) -> tuple[float, float]:
    """Optical depths that the display takes for black and white: of the film without lesions, metal left out."""
    sample = depth[::5, ::5]
    tissue = sample < np.percentile(sample, 0.5) + 6.0
    primary = np.exp(-sample)
    seen = optical_depth(primary + np.float32(sensor.exposure.scatter) * primary.mean())[tissue]
    low, high = (float(level) for level in np.percentile(seen, (0.5, 99.5)))
    return low, max(high, low + 1.0)


def _quantised(shown: Map, bits: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
    top = 2**bits - 1
    shown *= np.float32(top)
    np.rint(shown, out=shown)
    np.clip(shown, 0, top, out=shown)
    if bits == 8:
        return shown.astype(np.uint8)
    levels: NDArray[np.uint16] = shown.astype(np.uint16)
    if bits == 12:  # the highest bits once more below the lowest: 0 stays 0, 4095 becomes 65535
        levels = (levels << np.uint16(4)) | (levels >> np.uint16(8))
    return levels
