"""The weights of a shipped network, taken back for training: a recipe may start from, or learn from, a `model.onnx`.

Export folds each batch normalisation into the convolution before it. Here the folded weights are loaded, what the
normalisations see is measured on canvases, and they are set so that they undo themselves: the network answers what the
shipped one answers, and its normalisations have statistics again. The scale of a filter is no part of the answer then;
it is set to that of the packaged ImageNet weights, for which the learning rates were chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lennox.errors import InputError
from lennox.training.network import Depthwise, Encoder, Network

SIDE = 64  # of the blank image that shows the order of the layers


def unfold(model: Path, images: Sequence[Tensor]) -> dict[str, Tensor]:
    """The state of a `Network` that answers what `model.onnx` answers before calibration.

    images : (n, 1, rows, columns) normalised canvases each, by which the normalisations are measured
    Raises InputError if the file cannot be read, or is not this network.
    """
    network = Network(pretrained=False).eval()
    layers = _layers(network)
    filters = _convolutions(model)[: len(layers)]
    if [tuple(layer.weight.shape) for layer, _ in layers] != [tuple(weight.shape) for weight, _ in filters]:
        raise InputError(f"{model.name}: its layers are not those of this version's network; start from another.")
    norms = [norm for _, norm in layers if norm is not None]
    with torch.no_grad():
        for (layer, norm), (weight, bias) in zip(layers, filters, strict=True):
            layer.weight.copy_(weight)
            if norm is not None:
                norm.reset_running_stats()  # nothing is taken away
                norm.weight.fill_((1.0 + norm.eps) ** 0.5)
            own = norm.bias if norm is not None else layer.bias if isinstance(layer, nn.Conv2d) else None
            if own is not None:
                own.copy_(bias)
        for norm, (mean, variance) in zip(norms, _measure(network, norms, images), strict=True):
            norm.running_mean, norm.running_var = mean, variance
            norm.weight.copy_((variance + norm.eps).sqrt())
            norm.bias.add_(mean)
        _rescale(network)
    return network.state_dict()


def _layers(network: Network) -> list[tuple[Any, nn.BatchNorm2d | None]]:
    """Every convolution with the normalisation behind it, in the order of use."""
    used: list[tuple[Any, nn.BatchNorm2d | None]] = []

    def note(module: nn.Module, *_: object) -> None:
        if isinstance(module, nn.BatchNorm2d):
            used[-1] = (used[-1][0], module)
        else:
            used.append((module, None))

    kinds = (nn.Conv2d, Depthwise, nn.BatchNorm2d)
    handles = [part.register_forward_hook(note) for part in network.modules() if isinstance(part, kinds)]
    with torch.inference_mode():
        network(torch.zeros(1, 1, SIDE, SIDE))
    for handle in handles:
        handle.remove()
    return used


def _convolutions(model: Path) -> list[tuple[Tensor, Tensor]]:
    """(weight, bias) of every convolution of an ONNX file, in order."""
    import onnx
    from onnx import numpy_helper

    try:
        graph = onnx.load_model_from_string(model.read_bytes()).graph
    except OSError as error:
        raise InputError(f"{model.name}: the network cannot be read ({error.strerror}).") from error
    except Exception as error:  # protobuf's own errors share no public base class
        raise InputError(f"{model.name}: not an ONNX file.") from error
    values = {item.name: torch.from_numpy(numpy_helper.to_array(item).copy()) for item in graph.initializer}
    found = []
    for node in graph.node:
        if node.op_type == "Conv" and node.input[1] in values:
            weight = values[node.input[1]]
            found.append((weight, values[node.input[2]] if len(node.input) > 2 else torch.zeros(len(weight))))
    return found


def _measure(
    network: Network, norms: Sequence[nn.BatchNorm2d], images: Sequence[Tensor]
) -> list[tuple[Tensor, Tensor]]:
    """Mean and variance of what each normalisation sees."""
    sums: dict[int, list[Tensor]] = {id(norm): [] for norm in norms}

    def note(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        value = inputs[0].double()
        sums[id(norm)].append(torch.stack([value.mean((0, 2, 3)), (value**2).mean((0, 2, 3))]))

    handles = [norm.register_forward_pre_hook(note) for norm in norms]
    with torch.inference_mode():
        for image in images:
            network(image)
    for handle in handles:
        handle.remove()
    means = [torch.stack(sums[id(norm)]).mean(0) for norm in norms]
    return [(mean.float(), (square - mean**2).clamp(min=1e-6).float()) for mean, square in means]


def _rescale(network: Network) -> None:
    """Give each filter of the encoder the norm of the packaged one; its normalisation takes it back."""
    packaged = Encoder(0.1)
    packaged.load_imagenet()
    layers, wanted = _pairs(network.encoder), _pairs(packaged)
    for (layer, norm), (model, _) in zip(layers, wanted, strict=True):
        scale = (model.weight.flatten(1).norm(dim=1) / layer.weight.flatten(1).norm(dim=1).clamp(min=1e-8)).clamp(
            1e-3, 1e3
        )
        layer.weight.mul_(scale[:, None, None, None])
        norm.running_mean.mul_(scale)
        norm.weight.mul_(((norm.running_var * scale**2 + norm.eps) / (norm.running_var + norm.eps)).sqrt() / scale)
        norm.running_var.mul_(scale**2)


def _pairs(encoder: Encoder) -> list[tuple[Any, Any]]:
    """Convolutions and their normalisations, as they lie in the encoder."""
    parts = [part for part in encoder.modules() if isinstance(part, nn.Conv2d | Depthwise | nn.BatchNorm2d)]
    return list(zip(parts[::2], parts[1::2], strict=True))
