"""Soft labels: what finished networks answer on training canvases, averaged over their four mirrorings.

A student that learns them beside the drawn marks answers in one pass what its teachers need many for; Hinton et al.,
"Distilling the knowledge in a neural network" (2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from lennox.card import InputContract
from lennox.training.network import STRIDE, Network
from lennox.training.sources import Canvas, SampleSource

MIRRORINGS = ((), (2,), (3,), (2, 3))


class SoftSource:
    """Fixed canvases whose caries plane is a mixture of the marks and the teachers' answer."""

    def __init__(self, canvases: Sequence[Canvas]) -> None:
        self.canvases = list(canvases)

    def draw(self, random: np.random.Generator) -> Canvas:
        return self.canvases[int(random.integers(len(self.canvases)))]


def soften(
    canvases: Sequence[Canvas], teachers: Sequence[Network], share: float, contract: InputContract
) -> SoftSource:
    """A source of `canvases` in which `share` of the caries target comes from the teachers."""
    softened = []
    for canvas in canvases:
        answer = np.repeat(np.repeat(teach(canvas, teachers, contract), STRIDE, 0), STRIDE, 1)
        masks = canvas.masks.copy()
        masks[0] = np.rint((1.0 - share) * masks[0] + share * 255.0 * answer).astype(np.uint8)
        softened.append(replace(canvas, masks=masks))
    return SoftSource(softened)


def teach(canvas: Canvas, teachers: Sequence[Network], contract: InputContract) -> NDArray[np.float32]:
    """(rows / 4, columns / 4): the mean caries probability of all teachers over four mirrorings."""
    image = (torch.from_numpy(canvas.levels).float()[None, None] - contract.mean) / contract.std
    views = torch.cat([image.flip(axes) if axes else image for axes in MIRRORINGS])
    answers = []
    with torch.inference_mode():
        for teacher in teachers:
            device = next(teacher.parameters()).device
            logits = teacher(views.to(device).to(memory_format=torch.channels_last))[:, 0].cpu()
            for axes, plane in zip(MIRRORINGS, torch.sigmoid(logits), strict=True):
                answers.append(plane.flip([axis - 2 for axis in axes]) if axes else plane)
    mean: NDArray[np.float32] = torch.stack(answers).mean(0).numpy()
    return mean


def draw_canvases(source: SampleSource, count: int, seed: int) -> list[Canvas]:
    """`count` canvases of a source, the same for the same seed."""
    random = np.random.default_rng([seed, 1])
    return [source.draw(random) for _ in range(count)]
