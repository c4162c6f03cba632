"""The network that says what kind of picture one is: small, taught from views, exported beside the detector."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray
from torch import Tensor, nn

from lennox.inference.kind import SIDE
from lennox.training.kind_views import KINDS

CHANNELS = (16, 32, 48, 64, 96)
BATCH, RATE, DROP = 64, 3e-3, 0.3


class KindNet(nn.Module):
    """(n, 1, 96, 96) views -> (n, kinds) logits."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inward = 1
        for number, outward in enumerate(CHANNELS):
            stride = 2 if number < 4 else 1
            layers += [
                nn.Conv2d(inward, outward, 3, stride, 1, bias=False),
                nn.BatchNorm2d(outward),
                nn.ReLU(inplace=True),
            ]
            inward = outward
        self.layers = nn.Sequential(*layers)
        self.last = nn.Linear(2 * inward, len(KINDS))

    def forward(self, view: Tensor) -> Tensor:
        found = self.layers(view)
        pooled = torch.cat([found.mean((2, 3)), found.amax((2, 3))], 1)
        logits: Tensor = self.last(functional.dropout(pooled, DROP, self.training))
        return logits


def fit(
    views: NDArray[np.float32],
    kinds: NDArray[np.int64],
    epochs: int,
    seed: int,
    report: Callable[[int, float], None] | None = None,
) -> KindNet:
    """A network that tells the kinds of (n, 1, 96, 96) views; turned and mirrored at random while it learns."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    network = KindNet().train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.02)
    steps = max(1, len(views) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=epochs * steps)
    for epoch in range(epochs):
        order, total = random.permutation(len(views)), 0.0
        for chosen in np.array_split(order, steps):
            batch = torch.from_numpy(views[chosen])
            if random.random() < 0.5:
                batch = batch.flip(2)
            if random.random() < 0.5:
                batch = batch.flip(3)
            if random.random() < 0.5:
                batch = batch.transpose(2, 3)
            loss = functional.cross_entropy(network(batch), torch.from_numpy(kinds[chosen]), label_smoothing=0.05)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
        if report:
            report(epoch, total / steps)
    return network.eval()


def probabilities(networks: Sequence[KindNet], views: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, kinds) of (n, 1, 96, 96) views, as the shipped network answers."""
    shipped = ShippedKindNet(networks).eval()
    with torch.inference_mode():
        logits = [shipped(torch.from_numpy(views[number : number + 1])) for number in range(len(views))]
    found: NDArray[np.float32] = torch.softmax(torch.cat(logits), 1).numpy()
    return found


class ShippedKindNet(nn.Module):
    """(1, 1, 96, 96) -> (1, kinds): the mean of its members' logits of the eight turns and mirrorings of a view."""

    def __init__(self, networks: Sequence[KindNet]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, view: Tensor) -> Tensor:
        both = torch.cat([view, view.transpose(2, 3)])
        both = torch.cat([both, both.flip(2)])
        turned = torch.cat([both, both.flip(3)])
        return torch.cat([network(turned) for network in self.networks]).mean(0, keepdim=True)


def to_onnx(networks: Sequence[KindNet]) -> bytes:
    """The networks as one, as it is shipped, as ONNX: view -> kinds, the logits."""
    buffer: Any = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as for the detector
        torch.onnx.export(
            ShippedKindNet(networks).eval(), (torch.zeros(1, 1, SIDE, SIDE),), buffer,
            input_names=["view"], output_names=["kinds"], opset_version=17, dynamo=False,
        )  # fmt: skip
    weights: bytes = buffer.getvalue()
    return weights
