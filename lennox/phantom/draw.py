"""Draw one film: scene, path lengths, lesions, signal, display."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lennox.phantom.anatomy import DrawnTooth, draw_anatomy
from lennox.phantom.body import Grid
from lennox.phantom.lesions import POSSIBLE, mineral_lost, plan_lesions
from lennox.phantom.mouth import ARTEFACTS, set_scene
from lennox.phantom.phantom import DEPTHS, FILM_KINDS, Lesion, Phantom, tight_box
from lennox.phantom.physics import Map, displayed, noisy, optical_depth, resize, transmitted
from lennox.phantom.sensor import Sensor, choose_sensor, exposed, frame_film

OPAQUE = 6.0  # optical depth beyond which the display tells nothing
FINEST_MM = 0.05  # anatomy is drawn no finer: a dental sensor shows no more


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
    rows, columns : size in pixels, 64 to 4096 each; the longer side is 29 to 41 mm of sensor, 36 to 41 of a bitewing
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
    long_mm = float(exposing.uniform(29.0 if kind == "periapical" else 36.0, 41.0))
    spacing_mm = long_mm / max(rows, columns)
    scene = set_scene(mouth, kind, rows * spacing_mm, columns * spacing_mm, artefacts)
    sensor = choose_sensor(exposing, artefacts)
    factor = max(1.0, FINEST_MM / spacing_mm)
    grid = Grid(math.ceil(rows / factor), math.ceil(columns / factor), spacing_mm * factor)

    depth, drawn = draw_anatomy(scene, grid, sensor.exposure.energy_kev, texture)
    seen = exposed(sensor, rows, columns, spacing_mm)
    found = _lesions(carious, drawn, _wanted(carious, lesions, artefacts), _Film(grid, depth, seen))
    carious_depth = depth
    if found:
        carious_depth = depth.copy()
        for _, area, fall in found:
            carious_depth[area] -= fall
    signal = transmitted(carious_depth, sensor.exposure, grid.spacing_mm, scatter_of=depth)
    window = _window(depth, sensor)
    signal = resize(signal, rows, columns)
    signal = noisy(signal, sensor.exposure, spacing_mm, grain)
    shown = displayed(optical_depth(signal), window, sensor.exposure, spacing_mm)
    shown = frame_film(shown, sensor, spacing_mm)
    return Phantom(
        pixels=_quantised(shown, bits),
        bits=bits,
        kind=kind,
        lesions=tuple(lesion for lesion, _, _ in found),
        artefacts=artefacts,
        teeth=tuple(item.tooth.fdi for item in drawn if _shows(item, grid)),
        spacing_mm=(spacing_mm, spacing_mm),
        seed=seed,
    )


@dataclass(frozen=True, slots=True)
class _Film:
    """What a lesion is drawn into: the grid, its healthy optical depth, and which of the film's pixels are exposed."""

    grid: Grid
    depth: Map
    exposed: NDArray[np.bool_]


def _check(
    kind: str, rows: int, columns: int, bits: int, lesions: int | Sequence[str] | None, artefacts: Sequence[str]
) -> None:
    if kind not in FILM_KINDS:
        raise ValueError(f"kind must be one of {FILM_KINDS}, got {kind!r}")
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


def _lesions(
    rng: np.random.Generator, drawn: list[DrawnTooth], wanted: int | Sequence[str], film: _Film
) -> list[tuple[Lesion, tuple[slice, slice], Map]]:
    """Draw lesions until there are enough that can be seen: truth, area of the grid, fall in optical depth there."""
    by_tooth = {item.tooth.fdi: item for item in drawn}
    remaining = {fdi: item.depth for fdi, item in by_tooth.items()}
    count = wanted if isinstance(wanted, int) else len(wanted)
    found: list[tuple[Lesion, tuple[slice, slice], Map]] = []
    reach = 0.5 * film.grid.columns * film.grid.spacing_mm - 1.0
    plans = plan_lesions(rng, [item.tooth for item in drawn], reach)
    while len(found) < count and (plan := next(plans, None)) is not None:
        if not isinstance(wanted, int):
            plan = replace(plan, depth=wanted[len(found)])
            if plan.depth not in POSSIBLE[plan.site.kind]:
                continue
        item = by_tooth[plan.site.tooth.fdi]
        area = (item.region.rows, item.region.columns)
        tried, hidden = replace(plan, depth="D3"), film.depth[area] > OPAQUE
        if not _can_be_seen(mineral_lost(tried, item.region, item.path, item.depth), hidden, area, film):
            continue
        fall = mineral_lost(plan, item.region, item.path, remaining[item.tooth.fdi])
        fall[hidden] = 0.0  # behind metal nothing is seen
        mask = _on_film(fall, area, film) > 1e-4
        mask &= film.exposed
        if not mask.any():
            continue
        remaining[item.tooth.fdi] = remaining[item.tooth.fdi] - fall
        truth = Lesion(
            mask=mask,
            box=tight_box(mask),
            tooth=item.tooth.fdi,
            surface=plan.site.surface,
            depth=plan.depth,
            kind=plan.site.kind,
            contrast=float(fall.max()),
        )
        found.append((truth, area, fall))
    return found


def _on_film(fall: Map, area: tuple[slice, slice], film: _Film) -> Map:
    full = np.zeros((film.grid.rows, film.grid.columns), np.float32)
    full[area] = fall
    return resize(full, *film.exposed.shape)


def _can_be_seen(fall: Map, hidden: NDArray[np.bool_], area: tuple[slice, slice], film: _Film) -> bool:
    """Whether most of a deep lesion here would lie on the exposed film and not behind metal."""
    full_px = int((fall > 0).sum())
    open_to_view = _on_film(np.where(hidden, 0, fall), area, film)[film.exposed] > 1e-4
    scale = film.exposed.size / (film.grid.rows * film.grid.columns)
    return full_px > 0 and int(open_to_view.sum()) > 0.6 * full_px * scale


def _shows(item: DrawnTooth, grid: Grid) -> bool:
    """Whether enough of a tooth lies on the film to be named: 8 square millimetres."""
    return item.tooth.state == "natural" and int((item.path > 0.5).sum()) * grid.spacing_mm**2 > 8.0


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
