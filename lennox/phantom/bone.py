"""What lies around the teeth: alveolar bone and its trabeculae, gum and cheek, sinus, canal and border of the jaw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lennox.phantom.body import Grid, jaw_axes
from lennox.phantom.mouth import Jaw
from lennox.phantom.physics import Map, resize


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Paths in mm, (rows, columns) float32, without regard to the teeth.

    bone : bucco-lingual thickness of the jaw
    cortical : of compact bone in it
    texture : relative density of the spongy bone, mean about 1
    soft : gum, cheek and lip
    """

    bone: Map
    cortical: Map
    texture: Map
    soft: Map


def _field(rng: np.random.Generator, amplitude: Map, columns: int) -> Map:
    """Gaussian random field, mean 0 and variance 1, with the given amplitude over (rows, columns // 2 + 1) waves."""
    waves = np.empty(amplitude.shape, np.complex64)
    waves.real = rng.standard_normal(amplitude.shape, dtype=np.float32)
    waves.imag = rng.standard_normal(amplitude.shape, dtype=np.float32)
    waves *= amplitude
    image: Map = np.fft.irfft2(waves, (amplitude.shape[0], columns)).astype(np.float32, copy=False)
    image *= np.float32(1 / max(float(image.std()), 1e-9))
    return image


def trabeculae(rng: np.random.Generator, rows: int, columns: int, step_mm: float) -> Map:
    """Texture of spongy bone, (rows, columns) float32, mean about 1: plates seen through one another, a net, pores.

    On real films the power of this texture falls about as the 2.4th power of frequency, with a slightly longer tail to
    the dark; its grain lies along the roots here, along the jaw there.
    """
    rows_padded, columns_padded = rows + -rows % 16, columns + -columns % 16  # lengths that the transform likes
    lie = float(np.exp(rng.normal(0, 0.2)))
    turn = rng.normal(0, 0.5)
    down = np.fft.fftfreq(rows_padded, step_mm).astype(np.float32)[:, None]
    across = np.fft.rfftfreq(columns_padded, step_mm).astype(np.float32)[None, :]
    along = (np.float32(np.cos(turn)) * down + np.float32(np.sin(turn)) * across) * np.float32(lie)
    beside = (np.float32(np.cos(turn)) * across - np.float32(np.sin(turn)) * down) * np.float32(1 / lie)
    power = along * along + beside * beside  # squared frequency, per square mm
    coarse = float(rng.uniform(0.7, 1.5))
    plates = _field(rng, (power + np.float32(0.06)) ** np.float32(-0.7) * np.exp(-0.02 * power), columns_padded)
    net = _field(rng, power * np.exp(-1.6 * coarse * coarse * power), columns_padded)
    np.abs(net, out=net)  # struts are where the field changes sign
    np.exp(np.float32(-1.3) * net, out=net)
    net -= net.mean()
    total = np.float32(0.85) * plates
    total -= np.float32(0.12) * (plates * plates - np.float32(1))  # pores: a longer tail to the dark
    total += np.float32(rng.uniform(0.8, 2.0)) * net
    total *= np.float32(rng.uniform(0.2, 0.36))
    total += np.float32(1)
    texture: Map = np.clip(total[:rows, :columns], 0.1, 2.4)
    return texture


def _ramp(depth: Map, length: float) -> Map:
    """0 above, rising like a rounded edge to 1 over `length` mm."""
    share = np.clip(depth * np.float32(1 / length), 0.0, 1.0)
    ramp: Map = np.sqrt(share * (2 - share))
    return ramp


def draw_surroundings(jaw: Jaw, grid: Grid, rng: np.random.Generator) -> Surroundings:
    """Draw one jaw's bone and soft tissue, at half the grid's resolution, brought to its size."""
    coarse = Grid((grid.rows + 1) // 2, (grid.columns + 1) // 2, grid.spacing_mm * 2)
    x_rows, x_columns, y_rows, y_columns = jaw_axes(jaw, coarse)
    x, y = x_rows + x_columns, y_rows + y_columns
    knots, levels = (np.array(part) for part in zip(*jaw.crest, strict=True))
    fine = np.arange(knots[0], knots[-1], 0.1)
    crest = np.interp(fine, knots, levels)
    window = np.hanning(35)
    crest = np.convolve(np.pad(crest, 17, mode="edge"), window / window.sum(), mode="valid")
    wobble = np.cumsum(rng.standard_normal(fine.size))
    wobble = np.convolve(np.pad(wobble, 17, mode="edge"), window / window.sum(), mode="valid")
    wobble = 0.25 * (wobble - wobble.mean()) / max(wobble.std(), 1e-6)
    index = np.clip((x - np.float32(fine[0])) * 10, 0, fine.size - 1).astype(np.intp)
    lingual = crest - rng.uniform(0.3, 1.4) + wobble
    depth_buccal = (crest + 0.3 * wobble).astype(np.float32)[index] - y
    depth_lingual = lingual.astype(np.float32)[index] - y
    bone = np.float32(jaw.bone_mm / 2) * (_ramp(depth_buccal, 3.5) + _ramp(depth_lingual, 4.5))
    plate = rng.uniform(0.5, 1.2)
    cortical = np.float32(plate) * (_ramp(depth_buccal, 1.2) + _ramp(depth_lingual, 1.2))
    cortical += 0.8 * np.exp(-(((depth_buccal - 0.25) / 0.3) ** 2))  # the crest itself, seen along its length
    texture = trabeculae(rng, coarse.rows, coarse.columns, coarse.spacing_mm)
    gum = np.clip((depth_buccal + np.float32(rng.uniform(2.0, 3.5))) / 1.5, 0, 1) * np.float32(rng.uniform(3.0, 6.0))
    soft = gum + np.float32(rng.uniform(6.0, 13.0)) + 0.08 * (rng.uniform(-1, 1) * x + rng.uniform(-1, 1) * y)
    if rng.random() < 0.3:  # edge of the lip or the tongue
        edge = np.clip((rng.uniform(0.2, 0.6) * x + y - rng.uniform(4, 10)) / 1.0, 0, 1)
        soft += np.float32(rng.uniform(-4, 4)) * edge
    (_upper if jaw.upper else _lower)(jaw, rng, x, y, bone, cortical, texture)
    return Surroundings(
        *(resize(part, grid.rows, grid.columns) for part in (bone, cortical, texture, np.maximum(soft, 1)))
    )


def _upper(jaw: Jaw, rng: np.random.Generator, x: Map, y: Map, bone: Map, cortical: Map, texture: Map) -> None:
    """Sinus over the back teeth, with its floor; nasal floor over the front; the cheek bone's root."""
    molars = [tooth.x for tooth in jaw.teeth if tooth.position >= 5]
    front = [tooth.x for tooth in jaw.teeth if tooth.position <= 2]
    if molars and rng.random() < 0.8:
        middle = float(np.mean(molars)) + rng.normal(0, 3)
        wide = rng.uniform(8, 16)
        floor = -jaw.landmark + 0.06 * ((x - middle) / wide * 8) ** 2 * -1 + 0.5 * np.sin(x / 2.7 + rng.uniform(0, 6))
        floor -= 4.0 * np.clip(np.abs(x - middle) / wide - 0.8, 0, 3) ** 2
        inside = _ramp(floor - y, 5.0)
        bone *= 1 - 0.75 * inside
        texture += (1.0 - texture) * 0.7 * inside
        cortical += np.float32(rng.uniform(0.8, 1.6)) * np.exp(-(((y - floor) / 0.3) ** 2))
        if rng.random() < 0.35:  # zygomatic process
            off = np.hypot((x - middle) / 6.0, (y + jaw.landmark + 3) / 7.0)
            cortical += np.float32(rng.uniform(1.5, 4.0)) * np.exp(-(((off - 1) / 0.25) ** 2)) * (y < -jaw.landmark + 4)
    if front:
        middle = float(np.mean(front))
        suture = 0.6 * np.exp(-(((x - middle) / 0.25) ** 2)) * (y < -2)
        bone -= np.minimum(bone, 3.0 * suture)
        canal = np.exp(-((((x - middle) / 2.0) ** 2 + ((y + jaw.landmark - 3) / 3.0) ** 2) ** 2))
        bone *= 1 - 0.35 * canal


def _lower(jaw: Jaw, rng: np.random.Generator, x: Map, y: Map, bone: Map, cortical: Map, texture: Map) -> None:
    """Nerve canal between its two lines, mental foramen, oblique ridge, border of the jaw."""
    molars = [tooth.x for tooth in jaw.teeth if tooth.position >= 6]
    premolars = [tooth.x for tooth in jaw.teeth if tooth.position in (4, 5)]
    slope = rng.uniform(-0.15, 0.15)
    if molars and rng.random() < 0.6:
        off = y + jaw.landmark + 2.0 - slope * x
        wall = rng.uniform(1.1, 1.7)
        cortical += 0.5 * (np.exp(-(((off - wall) / 0.3) ** 2)) + np.exp(-(((off + wall) / 0.3) ** 2)))
        bone *= 1 - 0.22 * np.clip(1 - (off / wall) ** 4, 0, 1)
    if premolars and rng.random() < 0.4:
        off = np.hypot((x - float(np.mean(premolars)) - rng.normal(0, 2)) / 1.6, (y + jaw.landmark) / 1.2)
        bone *= 1 - 0.45 * np.clip(1.3 - off, 0, 1)
    if molars and rng.random() < 0.4:
        off = y + rng.uniform(2, 5) + 0.35 * (x - float(np.mean(molars))) * (1 if np.mean(molars) < 0 else -1)
        cortical += np.float32(rng.uniform(0.8, 2.0)) * np.exp(-((off / 0.9) ** 2))
    below = -(y + jaw.landmark + rng.uniform(9.0, 14.0) - slope * x)  # beyond the lower border
    cortical += 4.0 * np.exp(-(((below + 1.2) / 1.0) ** 2))
    bone *= 1 - np.clip(below / 0.8, 0, 1)
    cortical *= 1 - np.clip(below / 0.8, 0, 1)
