"""What the network is asked to lower: focal and soft dice losses on soft masks, and the peaks that are counted.

Focal loss: Lin et al. (2017), with |p - m| in place of 1 - p_t so that soft masks are allowed. Dice: Milletari et al.
(2016), over the whole batch, squared denominators.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

from lennox import _core
from lennox.training.network import Smoothing

FOCUS = 2.0
SMOOTHING = 16.0
AUXILIARY_WEIGHT = 0.3  # of the restoration plane, against 1 for caries
MARKED, CLEAR = 0.4, 0.02  # of the target: what counts as a lesion, and what as no part of one
MARGIN = 5  # cells around a lesion in which a peak is neither right nor wrong
FALSE_PEAKS, TILE = 3, 8  # how many false peaks of a crop count, each in a tile of its own, in cells


def segmentation_loss(logits: Tensor, target: Tensor, known: Tensor, weight: Tensor | float = 1.0) -> Tensor:
    """Focal plus dice, per plane, where the plane is known; all (n, planes, rows, columns).

    weight : (n, 1, rows, columns), how much each cell counts; small lesions count more a cell
    """
    probability = torch.sigmoid(logits)
    cross = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    focal = cross * (probability - target).abs() ** FOCUS * (0.25 + 0.5 * target) * known * weight
    inside = target * known * weight
    focal_plane = 2.0 * focal.sum((0, 2, 3)) / (inside.sum((0, 2, 3)) + 64.0)
    shared = (probability * inside).sum((0, 2, 3))
    squares = ((probability**2 + target**2) * known * weight).sum((0, 2, 3))
    dice_plane = 1.0 - (2.0 * shared + SMOOTHING) / (squares + SMOOTHING)
    plane = focal_plane + dice_plane
    weights = torch.ones_like(plane)
    weights[1:] = AUXILIARY_WEIGHT
    taught = known.amax((0, 2, 3)) > 0
    return (plane * weights * taught).sum()


def peak_loss(logits: Tensor, target: Tensor) -> Tensor:
    """How far the peak of each lesion is from 1, and the highest peaks off the lesions are from 0.

    What is read is a list of peaks: every lesion counts once here, however small, and of the rest only what is
    mistaken most. Focal, as |p - m| = 1 - p of a lesion and p of a false peak, to the first power.

    logits, target : (n, 1, rows, columns) of caries
    """
    probability = Smoothing().to(logits.device)(torch.sigmoid(logits)).clamp(1e-6, 1.0 - 1e-6)
    near = functional.max_pool2d(target, 2 * MARGIN + 1, 1, MARGIN) > CLEAR
    tiles = functional.max_pool2d(probability.masked_fill(near, 1e-6), TILE).flatten(1)
    false = tiles.topk(min(FALSE_PEAKS, tiles.shape[1])).values
    loss = -(false * torch.log(1.0 - false)).sum(1).mean()
    peaks = []
    for plane, marks in zip(probability[:, 0], target[:, 0].detach().cpu().numpy(), strict=True):
        found = _core.label_lesions(np.ascontiguousarray(marks, np.float32), MARKED)
        labels = torch.from_numpy(found.labels).to(plane.device)
        peaks += [plane[labels == number].max() for number in range(1, len(found.areas) + 1)]
    if peaks:
        right = torch.stack(peaks)
        loss = loss - ((1.0 - right) * torch.log(right)).mean()
    return loss
