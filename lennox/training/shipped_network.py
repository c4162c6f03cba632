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

STRENGTH = 0.01  # of the logistic line's regularisation, the inverse: few pictures, many features


@dataclass(frozen=True, slots=True)
class FamiliarityLine:
    """The line between films and other pictures in the space of pooled features.

    weights : (features,); offset : of the line; below 0 is the side of the films
    """

    weights: NDArray[np.float32]
    offset: float


class ShippedNetwork(nn.Module):
    """What is exported: (1, 1, rows, columns) -> probability (1, 1, rows / 4, columns / 4), distance (1,), restoration.

    probability : sigmoid, smoothed over one cell, then sigmoid(slope * logit + intercept)
    restoration : of the same shape; sigmoid, smoothed over one cell, not calibrated
    distance : logit of "another picture" against "a film", by logistic regression on the pooled features
    """

    def __init__(self, network: Network, slope: float, intercept: float, familiar: FamiliarityLine) -> None:
        super().__init__()
        self.network, self.smoothing = network, Smoothing()
        self.slope, self.intercept, self.offset = slope, intercept, familiar.offset
        self.register_buffer("weights", torch.from_numpy(familiar.weights))

    weights: Tensor

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.network.encoder(image)
        raw = torch.sigmoid(self.network.decode(features))
        smooth = self.smoothing(raw[:, :1]).clamp(1e-6, 1.0 - 1e-6)
        probability = torch.sigmoid(self.slope * torch.log(smooth / (1.0 - smooth)) + self.intercept)
        distance = pool(features) @ self.weights + self.offset
        return probability, distance, self.smoothing(raw[:, 1:])


def pool(features: Sequence[Tensor]) -> Tensor:
    """(n, features): mean and standard deviation of every feature over the canvas."""
    means = [feature.mean((2, 3)) for feature in features]
    spreads = [
        ((feature - mean[:, :, None, None]) ** 2).mean((2, 3)).sqrt()
        for feature, mean in zip(features, means, strict=True)
    ]
    return torch.cat([*means, *spreads], 1)


def fit_familiarity(
    network: Network, films: Sequence[NDArray[np.uint8]], others: Sequence[NDArray[np.uint8]], contract: InputContract
) -> FamiliarityLine:
    """Fit the line between prepared films and prepared other pictures, each side weighing the same."""
    from sklearn.linear_model import LogisticRegression

    pooled = []
    network.eval()
    with torch.inference_mode():
        for levels in [*films, *others]:
            image = (torch.from_numpy(levels.copy()).float()[None, None] - contract.mean) / contract.std
            pooled.append(pool(network.encoder(image.contiguous(memory_format=torch.channels_last)))[0].numpy())
    values = np.stack(pooled).astype(np.float64)
    middle, spread = values.mean(0), np.maximum(values.std(0), 1e-6)
    line = LogisticRegression(C=STRENGTH, max_iter=1000, class_weight="balanced")
    line.fit((values - middle) / spread, [0] * len(films) + [1] * len(others))
    weights = line.coef_[0] / spread
    return FamiliarityLine(weights.astype(np.float32), float(line.intercept_[0] - weights @ middle))
