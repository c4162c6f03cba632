"""The shipped network in PyTorch, with the weights of its model.onnx; a peer, not a way to use a model.

    python pytorch_network.py models/NAME network.pt

writes it as `torch.save` does.
"""

import itertools
import json
import sys
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import nn

from lennox.training.network import Depthwise, Network
from lennox.training.shipped_network import FamiliarityLine, ShippedNetwork


def load(model: Path) -> ShippedNetwork:
    """The network as it was trained, with its batch normalisation: what PyTorch would run.

    Export folds each normalisation into the convolution before it, so here the convolution takes the folded weights,
    and the normalisation only adds the bias.
    """
    graph = onnx.load(str(model / "model.onnx")).graph
    values = {item.name: torch.from_numpy(numpy_helper.to_array(item).copy()) for item in graph.initializer}
    constants = {node.output[0]: numpy_helper.to_array(node.attribute[0].t) for node in graph.node if not node.input}
    line = json.loads((model / "card.json").read_text())["calibration"]
    last = next(node for node in graph.node if node.output[0] == "distance")
    offset = next(float(constants[name]) for name in last.input if name in constants)
    familiar = FamiliarityLine(values["weights"].numpy(), offset)
    shipped = ShippedNetwork(Network(pretrained=False), line["slope"], line["intercept"], familiar).eval()
    modules = dict(shipped.network.named_modules())
    for node in graph.node:
        if node.op_type == "Conv" and not node.name.startswith("/smoothing"):
            path = module_path(node.name)
            convolution = modules[path]
            weight, *bias = (values[name] for name in node.input[1:])
            convolution.weight.data.copy_(weight)
            if bias and getattr(convolution, "bias", None) is not None:
                convolution.bias.data.copy_(bias[0])
            elif bias:
                above, _, index = path.rpartition(".")
                normalise = modules[f"{above}.{int(index) + 1}"]
                normalise.running_var.fill_(1.0 - normalise.eps)  # mean 0 and weight 1 as they start
                normalise.bias.data.copy_(bias[0])
    return shipped


def module_path(node: str) -> str:
    """encoder.stem.0 of /encoder/stem/stem.0/Conv: a list of modules is named once, and again with each number."""
    parts = node.strip("/").split("/")
    return ".".join(part for part, after in itertools.pairwise(parts) if not after.startswith(f"{part}."))


def folded(shipped: ShippedNetwork) -> ShippedNetwork:
    """The same without batch normalisation, channels last: the fastest that eager PyTorch gets by hand."""
    for layers in [module for module in shipped.modules() if isinstance(module, nn.Sequential)]:
        for index, (first, second) in enumerate(itertools.pairwise(list(layers))):
            if isinstance(second, nn.BatchNorm2d):
                layers[index], layers[index + 1] = with_bias(first, second.bias), nn.Identity()
    return shipped.to(memory_format=torch.channels_last)


def with_bias(layer: nn.Module, bias: nn.Parameter) -> nn.Conv2d:
    channels = len(layer.weight)
    if isinstance(layer, Depthwise):
        new = nn.Conv2d(channels, channels, layer.side, layer.stride, layer.side // 2, groups=channels)
    else:
        new = nn.Conv2d(layer.in_channels, channels, layer.kernel_size, layer.stride, layer.padding)
    new.weight, new.bias = layer.weight, bias
    return new


if __name__ == "__main__":
    torch.save(load(Path(sys.argv[1])), sys.argv[2])
