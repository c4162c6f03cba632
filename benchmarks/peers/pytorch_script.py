"""What `lennox diagnose film.png` does, as it is usually written with PyTorch and scikit-image; a peer.

    python pytorch_script.py film.png network.pt

network.pt is the shipped network with its weights, as `torch.save` writes it. Same window, size, network, threshold and
outlines as lennox; no check of what kind of image it is, of the model's hash or of its release. One thread.
"""

import json
import sys

import numpy as np
import torch
from PIL import Image
from skimage import measure, transform

SIDE, MEAN, STD = 512, 127.0, 128.0
THRESHOLD, REGION_SHARE = 0.001, 0.3


def prepare(pixels):
    """The film's middle 99 % of grey values as 0 to 255, on a square canvas; and how many pixels a canvas pixel is."""
    inside = pixels[(pixels > 3) & (pixels < 252)]
    low, high = np.percentile(inside, [0.5, 99.5])
    levels = 255 * np.clip((pixels - low) / (high - low), 0, 1)
    scale = max(pixels.shape) / SIDE
    height, width = (round(side / scale) for side in pixels.shape)
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    canvas = np.zeros((SIDE, SIDE), np.float32)
    canvas[top : top + height, left : left + width] = transform.resize(levels, (height, width), anti_aliasing=True)
    return torch.from_numpy((canvas - MEAN) / STD)[None, None], scale, np.array([top, left])


def find_lesions(probability_map, scale, corner):
    """Regions above a share of the highest probability, with their outlines, in pixels of the film."""
    stride = SIDE / len(probability_map)
    lesions = []
    labels = measure.label(probability_map >= max(THRESHOLD, REGION_SHARE * probability_map.max()), connectivity=2)
    for region in measure.regionprops(labels, probability_map):
        outline = measure.find_contours(np.pad(region.image, 1), 0.5)[0] - 0.5 + region.bbox[:2]
        lesions.append({
            "probability": float(region.intensity_max),
            "box": [float(x) for x in (np.reshape(region.bbox, (2, 2)) * stride - corner).ravel() * scale],
            "outline": ((outline * stride - corner) * scale).tolist(),
            "area_px": float(region.area * (stride * scale) ** 2),
        })  # fmt: skip
    return lesions


def diagnose(film, network):
    pixels = np.asarray(Image.open(film).convert("L"))
    image, scale, corner = prepare(pixels)
    with torch.inference_mode():
        probability, distance = network(image)
    probability_map = probability[0, 0].numpy()
    return {
        "film": film, "distance": float(distance), "probability": float(probability_map.max()),
        "findings": find_lesions(probability_map, scale, corner),
    }  # fmt: skip


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps(diagnose(sys.argv[1], torch.load(sys.argv[2], weights_only=False))))  # noqa: T201
