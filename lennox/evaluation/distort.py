"""Ways in which a film may reach the program changed: exposure, noise, blur, compression, turns, size, depth.

Levels are float64 in [0, 1] unless said otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.annotations.shapes import Shape

Levels = NDArray[Any]  # floating
Pixels = NDArray[Any]  # uint8 or uint16, over the full range

# Annex K of ITU-T T.81, luminance
_LUMINANCE = np.array([
    [16, 11, 10, 16, 24, 40, 51, 61], [12, 12, 14, 19, 26, 58, 60, 55], [14, 13, 16, 24, 40, 57, 69, 56],
    [14, 17, 22, 29, 51, 87, 80, 62], [18, 22, 37, 56, 68, 109, 103, 77], [24, 35, 55, 64, 81, 104, 113, 92],
    [49, 64, 78, 87, 103, 121, 120, 101], [72, 92, 95, 98, 112, 100, 103, 99],
], np.float32)  # fmt: skip
_AT = np.arange(8)
_COSINES = np.cos((2 * _AT[None] + 1) * _AT[:, None] * np.pi / 16) * np.sqrt(2 / 8)
_COSINES[0] /= np.sqrt(2)
_COSINES = _COSINES.astype(np.float32)


def compress(levels: Levels, quality: int) -> NDArray[np.float32]:
    """What JPEG of a quality (1..100) leaves of (rows, columns) levels."""
    scale = 5000 / quality if quality < 50 else 200 - 2 * quality
    table = np.clip(np.floor((_LUMINANCE * scale + 50) / 100), 1, 255).astype(np.float32)
    rows, columns = levels.shape
    padded = np.pad(levels.astype(np.float32) * 255 - 128, ((0, -rows % 8), (0, -columns % 8)), mode="edge")
    blocks = padded.reshape(padded.shape[0] // 8, 8, -1, 8).transpose(0, 2, 1, 3)
    coefficients = np.rint(_COSINES @ blocks @ _COSINES.T / table) * table
    restored = (_COSINES.T @ coefficients @ _COSINES).transpose(0, 2, 1, 3).reshape(padded.shape)
    result: NDArray[np.float32] = np.clip((restored[:rows, :columns] + 128) / 255, 0.0, 1.0)
    return result


def blur(levels: Levels, sigma: float) -> Levels:
    """Gaussian blur of `sigma` pixels, edges mirrored."""
    reach = max(1, math.ceil(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    for axis in (0, 1):
        margins = [(0, 0), (0, 0)]
        margins[axis] = (reach, reach)
        padded, length = np.pad(levels, margins, mode="symmetric"), levels.shape[axis]
        levels = sum(
            weight * np.take(padded, range(start, start + length), axis) for start, weight in enumerate(weights)
        )
    return levels


@dataclass(frozen=True, slots=True)
class Distortion:
    """One change: of the pixels, and of the shapes that were drawn on them."""

    change: Callable[[Pixels], Pixels]
    move: Callable[[Shape, tuple[int, int]], Shape] = lambda shape, _: shape


def _on_levels(change: Callable[[Levels], Levels]) -> Callable[[Pixels], Pixels]:
    def changed(pixels: Pixels) -> Pixels:
        highest = np.iinfo(pixels.dtype).max
        levels = np.clip(change(pixels.astype(np.float64) / highest), 0.0, 1.0)
        result: Pixels = np.rint(levels * highest).astype(pixels.dtype)
        return result

    return changed


def _noise(spread: float) -> Callable[[Levels], Levels]:
    return lambda levels: levels + np.random.default_rng(0).normal(0.0, spread, levels.shape)


def _shrink(pixels: Pixels) -> Pixels:
    rows, columns = pixels.shape[0] // 2 * 2, pixels.shape[1] // 2 * 2
    blocks = pixels[:rows, :columns].reshape(rows // 2, 2, columns // 2, 2)
    result: Pixels = np.rint(blocks.mean((1, 3))).astype(pixels.dtype)
    return result


def _sixteen(pixels: Pixels) -> Pixels:
    return pixels.astype(np.uint16) * 257 if pixels.dtype == np.uint8 else pixels


def _turn(quarters: int, *, mirrored: bool = False) -> Distortion:
    """Mirrored left to right if so, then turned to the left by quarters."""

    def change(pixels: Pixels) -> Pixels:
        result: Pixels = np.ascontiguousarray(np.rot90(pixels[:, :: -1 if mirrored else 1], quarters))
        return result

    def move(shape: Shape, size: tuple[int, int]) -> Shape:
        if mirrored:
            shape = shape.moved(lambda points: np.stack([points[:, 0], size[1] - points[:, 1]], 1))
        for quarter in range(quarters):
            width = size[(quarter + 1) % 2]
            shape = shape.moved(lambda points, width=width: np.stack([width - points[:, 1], points[:, 0]], 1))  # type: ignore[misc]
        return shape

    return Distortion(change, move)


TURNS: Mapping[str, Distortion] = {
    "turned by 90 degrees": _turn(1),
    "turned by 180 degrees": _turn(2),
    "turned by 270 degrees": _turn(3),
    "mirrored": _turn(0, mirrored=True),
    "mirrored, turned by 90 degrees": _turn(1, mirrored=True),
    "mirrored, turned by 180 degrees": _turn(2, mirrored=True),
    "mirrored, turned by 270 degrees": _turn(3, mirrored=True),
}


DISTORTIONS: Mapping[str, Distortion] = {
    "as it is": Distortion(lambda pixels: pixels),
    "exposure x 0.6": Distortion(_on_levels(lambda levels: levels * 0.6)),
    "exposure x 1.4, clipped": Distortion(_on_levels(lambda levels: levels * 1.4)),
    "gamma 0.6": Distortion(_on_levels(lambda levels: levels**0.6)),
    "gamma 1.6": Distortion(_on_levels(lambda levels: levels**1.6)),
    "noise, 2 % of full scale": Distortion(_on_levels(_noise(0.02))),
    "noise, 6 % of full scale": Distortion(_on_levels(_noise(0.06))),
    "blur, 1 px": Distortion(_on_levels(lambda levels: blur(levels, 1.0))),
    "blur, 2.5 px": Distortion(_on_levels(lambda levels: blur(levels, 2.5))),
    "JPEG quality 75": Distortion(_on_levels(lambda levels: compress(levels, 75))),
    "JPEG quality 30": Distortion(_on_levels(lambda levels: compress(levels, 30))),
    **TURNS,
    "half the size": Distortion(_shrink, lambda shape, _: shape.moved(lambda points: points / 2)),
    "16 bit": Distortion(_sixteen),
}
