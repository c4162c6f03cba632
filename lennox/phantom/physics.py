"""From path lengths to a signal: attenuation coefficients, the beam, the sensor, the display.

Coefficients are linear, per mm, from the Elam tables as computed with xraydb for the compositions named beside
them; tissues by ICRU Report 44 or as mineral (hydroxyapatite) + collagen + water by weight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float32]

# per mm at 30 keV and at 35 keV: the effective energies of a 60-70 kV dental beam lie about there
ATTENUATION: dict[str, tuple[float, float]] = {
    "soft tissue": (0.0402, 0.0328),  # ICRU-44, 1.06 g/cm3; pulp and gingiva too
    "cortical bone": (0.2556, 0.1740),  # ICRU-44, 1.92
    "trabecular bone": (0.0783, 0.0576),  # ICRU-44 spongiosa, 1.18
    "enamel": (0.5987, 0.3969),  # 96 % mineral, 2.95
    "dentine": (0.3354, 0.2257),  # 70 % mineral, 20 % collagen, 2.14
    "amalgam": (36.0, 24.2),  # Hg 50 Ag 30 Sn 13 Cu 7, 11.5
    "metal": (7.68, 4.97),  # NiCr 72/28, 8.3: crowns, posts
    "titanium": (2.24, 1.45),  # implants, 4.5
    "zirconia": (11.2, 7.39),  # ZrO2, 6.05
    "porcelain": (0.2506, 0.1732),  # SiO2 80 Al2O3 12 K2O 8, 2.45
    "gutta-percha": (1.91, 1.25),  # rubber 20 ZnO 65 BaSO4 15, 2.6
    "cement": (1.435, 0.939),  # zinc oxide eugenol, 2.4
    "composite": (0.6596, 0.4440),  # resin 25 SiO2 45 BaO 30, 2.1: radiopaque
    "lucent composite": (0.1095, 0.0799),  # resin 40 SiO2 60, 1.7: unfilled with barium
}


def attenuation(material: str, energy_kev: float) -> float:
    """Linear attenuation per mm, log-log between the tabulated energies."""
    low, high = ATTENUATION[material]
    slope = math.log(high / low) / math.log(35.0 / 30.0)
    return float(low * (energy_kev / 30.0) ** slope)


@dataclass(frozen=True, slots=True)
class Exposure:
    """How one film was exposed and shown.

    energy_kev : effective energy of the beam
    photons : mean quanta to a square millimetre behind nothing
    scatter : scattered part of the signal, as a share of the mean primary signal
    blur_mm : standard deviation of focal spot and sensor together
    grain : share of the noise that the sensor has blurred
    electronic : readout noise as a share of the unattenuated signal
    gamma : of the display curve, 1 is linear in optical depth
    black, white : optical depths shown as black and as white, relative to the film's own
    sharpening : strength of the display's edge enhancement
    floor, ceiling : grey levels, as shares of full scale, that the display uses
    """

    energy_kev: float = 33.0
    photons: float = 6e6
    scatter: float = 0.08
    blur_mm: float = 0.07
    grain: float = 0.5
    electronic: float = 0.001
    gamma: float = 1.0
    black: float = 0.0
    white: float = 1.0
    sharpening: float = 0.3
    floor: float = 0.02
    ceiling: float = 0.95


def gaussian_blur(image: Map, sigma_px: float) -> Map:
    """Separable Gaussian blur of (rows, columns) float32, edges repeated; below 0.2 px it does nothing."""
    if sigma_px < 0.2:
        return image
    radius = max(1, math.ceil(2.5 * sigma_px))
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma_px) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)
    for axis in (0, 1):
        length = image.shape[axis]
        widths = [(radius, radius) if other == axis else (0, 0) for other in (0, 1)]
        padded = np.pad(image, widths, mode="edge")
        parts = [padded[i : i + length] if axis == 0 else padded[:, i : i + length] for i in range(2 * radius + 1)]
        total = parts[radius] * weights[radius]
        for i in range(radius):  # symmetric taps: one multiplication for two
            total += (parts[i] + parts[2 * radius - i]) * weights[i]
        image = total
    return image


def resize(image: Map, rows: int, columns: int) -> Map:
    """Linear interpolation of (rows, columns) float32 to a new size, half-pixel centres."""
    for axis, size in ((0, rows), (1, columns)):
        length = image.shape[axis]
        if length == size:
            continue
        position = np.clip((np.arange(size) + 0.5) * (length / size) - 0.5, 0, length - 1)
        first = np.minimum(position.astype(np.intp), max(length - 2, 0))
        part = (position - first).astype(np.float32)
        part = part[:, None] if axis == 0 else part[None, :]
        lower = image.take(first, axis=axis)
        upper = image.take(np.minimum(first + 1, length - 1), axis=axis)
        upper -= lower
        upper *= part
        lower += upper
        image = lower
    return image


def wide_blur(image: Map, sigma_px: float) -> Map:
    """Gaussian blur of (rows, columns) float32 by way of a coarser image: cheap where sigma is several pixels."""
    step = max(1, int(sigma_px / 1.2))
    if step == 1:
        return gaussian_blur(image, sigma_px)
    rows, columns = image.shape[0] // step, image.shape[1] // step
    blocks = image[: rows * step, : columns * step].reshape(rows, step, columns, step)
    coarse: Map = blocks.mean(axis=(1, 3), dtype=np.float32)
    return resize(gaussian_blur(coarse, sigma_px / step), *image.shape)


def transmitted(depth: Map, exposure: Exposure, spacing_mm: float, scatter_of: Map | None = None) -> Map:
    """Noise-free signal behind optical depth (rows, columns), 1 behind nothing: Beer-Lambert, scatter, blur.

    scatter_of : optical depth that the scatter is taken from, if not `depth` itself
    """
    primary = np.exp(-depth)
    source = primary if scatter_of is None else np.exp(-scatter_of)
    step = max(1, round(1.0 / spacing_mm))  # scatter is smooth: one cell a millimetre is plenty
    trimmed = source[: source.shape[0] // step * step, : source.shape[1] // step * step]
    coarse = trimmed.reshape(trimmed.shape[0] // step, step, -1, step).mean(axis=(1, 3), dtype=np.float32)
    coarse = gaussian_blur(coarse, 4.0)
    primary = gaussian_blur(primary, exposure.blur_mm / spacing_mm)
    primary += exposure.scatter * resize(coarse, *depth.shape)
    return primary


def noisy(signal: Map, exposure: Exposure, spacing_mm: float, rng: np.random.Generator) -> Map:
    """Add quantum noise, partly blurred as by a scintillator, and readout noise."""
    white = rng.standard_normal(signal.shape, dtype=np.float32)
    if exposure.grain > 0:
        soft = gaussian_blur(white, 0.6)
        soft *= np.float32(1.9 * exposure.grain)  # 1.9 restores the variance that the blur took
        white *= np.float32(1.0 - exposure.grain)
        white += soft
    spread = np.maximum(signal, 0) * np.float32(1.0 / (exposure.photons * spacing_mm**2))
    spread += np.float32(exposure.electronic**2)
    np.sqrt(spread, out=spread)
    white *= spread
    white += signal
    return white


def optical_depth(signal: Map) -> Map:
    """What the display shows: the logarithm of the signal, larger behind denser matter."""
    shown = np.maximum(signal, np.float32(2e-3))
    np.log(shown, out=shown)
    np.negative(shown, out=shown)
    return shown


def displayed(depth: Map, window: tuple[float, float], exposure: Exposure, spacing_mm: float) -> Map:
    """Grey levels in [0, 1]: window, gamma, edge enhancement.

    window : optical depths that the film's own histogram would show as black and white
    """
    low, high = window
    black = low + exposure.black * (high - low)
    white = low + exposure.white * (high - low)
    shown = depth - np.float32(black)
    shown *= np.float32(1.0 / max(white - black, 1e-3))
    if exposure.sharpening > 0:
        np.clip(shown, -0.2, 1.3, out=shown)
        fine = shown - wide_blur(shown, 0.2 / spacing_mm)
        fine *= np.float32(exposure.sharpening)
        shown += fine
    np.clip(shown, 0.0, 1.0, out=shown)
    if abs(exposure.gamma - 1.0) > 0.01:
        np.power(shown, np.float32(exposure.gamma), out=shown)
    shown *= np.float32(exposure.ceiling - exposure.floor)
    shown += np.float32(exposure.floor)
    return shown
