"""What the network is asked to lower: focal and soft dice losses on soft masks.

Focal loss: Lin et al. (2017), with |p - m| in place of 1 - p_t so that soft masks are allowed. Dice: Milletari et al.
(2016), over the whole batch, squared denominators.
"""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor

FOCUS = 2.0
SMOOTHING = 16.0
AUXILIARY_WEIGHT = 0.3  # of the restoration plane, against 1 for caries


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
