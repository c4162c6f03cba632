"""Random crops of canvases: geometry, exposure, sharpness, noise and compression, a batch at a time.

The geometry covers that some sources were stretched to squares, and that a sensor shows teeth larger or smaller on
the canvas than a film does. Exposure, blur, noise and JPEG make re-encoded copies of a film agree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

from lennox.card import InputContract
from lennox.evaluation.distort import compress
from lennox.training.network import STRIDE
from lennox.training.recipe import Ranges
from lennox.training.sources import Canvas


@dataclass(frozen=True, slots=True)
class Batch:
    """Crops with their targets.

    image : (n, 1, side, side) float32, normalised as the contract says
    target : (n, planes, side / 4, side / 4) float32 in [0, 1]
    known : (n, planes, 1, 1) float32, 0 where nobody annotated the plane
    small : (n, 1, side / 4, side / 4) float32 in [0, 1], how much smaller than usual the lesion here is
    """

    image: Tensor
    target: Tensor
    known: Tensor
    small: Tensor


def crop_batch(
    canvases: Sequence[Canvas], side: int, contract: InputContract, random: np.random.Generator, ranges: Ranges
) -> Batch:
    """One random crop of `side` pixels from each canvas."""
    grids, stacks = [], []
    for canvas in canvases:
        grids.append(_grid(canvas, side, random, ranges))
        covered = np.zeros_like(canvas.levels)
        place = canvas.placement
        covered[place.top : place.top + place.height, place.left : place.left + place.width] = 255
        stacks.append(np.concatenate([canvas.levels[None], covered[None], canvas.small[None], canvas.masks]))
    stack = torch.from_numpy(np.stack(stacks)).float().div_(255.0)
    sampled = functional.grid_sample(
        stack, torch.stack(grids), mode="bilinear", padding_mode="zeros", align_corners=False
    )
    levels, covered_part, small, masks = (
        sampled[:, :1],
        (sampled[:, 1:2] > 0.5).float(),
        sampled[:, 2:3],
        sampled[:, 3:],
    )
    levels = torch.cat(
        [_expose(level[None], mask[None], random, ranges) for level, mask in zip(levels, masks[:, :1], strict=True)]
    )
    levels = (levels.clamp(0.0, 1.0) * covered_part * 255.0 - contract.mean) / contract.std
    known = torch.tensor([canvas.known for canvas in canvases], dtype=torch.float32)[:, :, None, None]
    return Batch(levels, functional.avg_pool2d(masks, STRIDE), known, functional.avg_pool2d(small, STRIDE))


def _grid(canvas: Canvas, side: int, random: np.random.Generator, ranges: Ranges) -> Tensor:
    """(side, side, 2) sampling positions for `grid_sample`, in its units (x, y from -1 to 1)."""
    rows, columns = canvas.levels.shape
    scale = math.exp(random.uniform(*np.log(ranges.scale)))
    stretch = math.exp(random.uniform(-ranges.aspect, ranges.aspect) / 2)
    turn = math.radians(random.uniform(-ranges.turn_degrees, ranges.turn_degrees))
    if random.random() < ranges.quarter_turns:
        turn += math.pi / 2 * (1 if random.random() < 0.5 else -1)
    shear = random.uniform(-ranges.shear, ranges.shear)
    matrix = (
        np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        @ np.array([[1.0, shear], [0.0, 1.0]])
        @ np.diag([(-1.0) ** random.integers(2) / (scale * stretch), (-1.0) ** random.integers(2) * stretch / scale])
    )  # from the crop's (row, column) about its centre to the canvas
    reach = side / scale
    place = canvas.placement
    if canvas.lesions and random.random() < ranges.near_lesion:
        row, column = canvas.lesions[int(random.integers(len(canvas.lesions)))]
        row, column = row + random.uniform(-0.4, 0.4) * reach, column + random.uniform(-0.4, 0.4) * reach
    else:
        row = place.top + random.random() * place.height
        column = place.left + random.random() * place.width
    # keep the crop on the film where it fits, with a margin that lets some of the letterbox in
    row = _keep(row, reach, place.top, place.height)
    column = _keep(column, reach, place.left, place.width)
    steps = torch.arange(side, dtype=torch.float32) + 0.5 - side / 2
    down, across = torch.meshgrid(steps, steps, indexing="ij")
    at_row = matrix[0, 0] * down + matrix[0, 1] * across + row
    at_column = matrix[1, 0] * down + matrix[1, 1] * across + column
    return torch.stack([at_column * (2.0 / columns) - 1.0, at_row * (2.0 / rows) - 1.0], -1)


def _keep(centre: float, reach: float, start: int, length: int) -> float:
    half = min(reach / 2, length / 2) * 0.8
    return float(np.clip(centre, start + half, start + length - half))


def _expose(level: Tensor, lesion: Tensor, random: np.random.Generator, ranges: Ranges) -> Tensor:
    """Change exposure, sharpness, noise and compression of one (1, 1, side, side) crop of levels in [0, 1]."""
    side = level.shape[-1]
    draw = random.random
    sharpness = draw()
    if sharpness < 0.3:
        level = _blur(level, random.uniform(0.3, ranges.blur_px))
    elif sharpness < 0.5:
        level = level + random.uniform(0.3, 1.5) * (level - _blur(level, random.uniform(0.6, 1.5)))
    level = level.clamp(0.0, 1.0) ** math.exp(random.uniform(-ranges.gamma, ranges.gamma))
    level = (level - 0.5) * random.uniform(*ranges.contrast) + 0.5 + random.uniform(-1, 1) * ranges.brightness
    if draw() < 0.3:
        slope = torch.linspace(-1, 1, side)
        angle = random.uniform(0, 2 * math.pi)
        level = level + random.uniform(0, ranges.ramp) * (math.cos(angle) * slope[:, None] + math.sin(angle) * slope)
    if draw() < 0.5:
        noise = torch.from_numpy(random.standard_normal((1, 1, side, side), np.float32))
        if draw() < 0.4:
            noise = _blur(noise, 0.7) * 2.0
        level = level + noise * random.uniform(0, ranges.noise)
    if draw() < ranges.jpeg:
        packed = compress(level[0, 0].clamp(0.0, 1.0).numpy(), int(random.integers(25, 95)))
        level = torch.from_numpy(packed)[None, None]
    for _ in range(int(random.integers(ranges.cut_outs + 1))):
        height, width = random.integers(8, side // 5, 2)
        top, left = random.integers(0, side - height), random.integers(0, side - width)
        if not bool((lesion[..., top : top + height, left : left + width] > 0.05).any()):
            level = level.clone()
            level[..., top : top + height, left : left + width] = random.random()
    return level


def _blur(image: Tensor, sigma: float) -> Tensor:
    reach = max(1, math.ceil(2.5 * sigma))
    at = torch.arange(-reach, reach + 1, dtype=torch.float32)
    weights = torch.exp(-0.5 * (at / sigma) ** 2)
    weights = weights / weights.sum()
    padded = functional.pad(image, (reach, reach, reach, reach), mode="reflect")
    return functional.conv2d(functional.conv2d(padded, weights.view(1, 1, 1, -1)), weights.view(1, 1, -1, 1))
