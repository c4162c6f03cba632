"""The network as it is shipped: calibrated caries probability, and how familiar the film is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lennox.card import InputContract
from lennox.training.network import Network, Smoothing
from lennox.training.sources import Canvas

RANK = 24  # principal directions of the familiar features; what lies outside them is one residual


@dataclass(frozen=True, slots=True)
class Familiar:
    """Where the training films lie in the space of pooled features.

    mean : (features,); whitening : (rank, features), unit variance along each row; residual : scale of the rest
    """

    mean: NDArray[np.float32]
    whitening: NDArray[np.float32]
    directions: NDArray[np.float32]
    residual: float


class Reading(nn.Module):
    """What is exported: (1, 1, rows, columns) -> probability (1, 1, rows / 4, columns / 4), distance (1,).

    probability : sigmoid, smoothed over one cell, then sigmoid(slope * logit + intercept)
    distance : root of the mean square over the principal directions and the residual, each in its own spread:
        a Mahalanobis distance in the manner of Lee et al., "A simple unified framework" (2018), of low rank
    """

    def __init__(self, network: Network, slope: float, intercept: float, familiar: Familiar) -> None:
        super().__init__()
        self.network, self.smoothing = network, Smoothing()
        self.slope, self.intercept, self.residual = slope, intercept, familiar.residual
        self.register_buffer("mean", torch.from_numpy(familiar.mean))
        self.register_buffer("whitening", torch.from_numpy(familiar.whitening))
        self.register_buffer("directions", torch.from_numpy(familiar.directions))

    mean: Tensor
    whitening: Tensor
    directions: Tensor

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        features = self.network.encoder(image)
        raw = torch.sigmoid(self.network.decode(features)[:, :1])
        smooth = self.smoothing(raw).clamp(1e-6, 1.0 - 1e-6)
        probability = torch.sigmoid(self.slope * torch.log(smooth / (1.0 - smooth)) + self.intercept)
        away = pool(features) - self.mean
        along = away @ self.whitening.T
        rest = away - (away @ self.directions.T) @ self.directions
        square = (along**2).mean(1) + (rest**2).sum(1) / self.residual**2
        return probability, torch.sqrt(square / 2.0)


def pool(features: Sequence[Tensor]) -> Tensor:
    """(n, features): the coarser features, averaged over the canvas."""
    return torch.cat([feature.mean((2, 3)) for feature in features[1:]], 1)


def become_familiar(network: Network, canvases: Sequence[Canvas], contract: InputContract) -> Familiar:
    """Measure where the canvases of the training films lie."""
    pooled = []
    network.eval()
    with torch.inference_mode():
        for canvas in canvases:
            image = (torch.from_numpy(canvas.levels).float()[None, None] - contract.mean) / contract.std
            image = image.contiguous(memory_format=torch.channels_last)
            pooled.append(pool(network.encoder(image))[0].numpy())
    values = np.stack(pooled).astype(np.float64)
    mean = values.mean(0)
    _, spread, directions = np.linalg.svd(values - mean, full_matrices=False)
    rank = min(RANK, len(spread) - 1)
    scale = np.maximum(spread[:rank] / np.sqrt(len(values) - 1), 1e-6)
    rest = (values - mean) - (values - mean) @ directions[:rank].T @ directions[:rank]
    return Familiar(
        mean.astype(np.float32), (directions[:rank] / scale[:, None]).astype(np.float32),
        directions[:rank].astype(np.float32), float(np.sqrt((rest**2).sum(1).mean())) or 1.0,
    )  # fmt: skip
