"""Everyday pictures in grey: what a film is told apart from, so that a photograph gets no answer.

They are the samples that come with scikit-image and scikit-learn (public domain, CC0 or CC BY; each package names their
sources). They teach only the line between films and other pictures, nothing about caries.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lennox.card import InputContract
from lennox.errors import InputError
from lennox.image import read_image
from lennox.training.sources import make_canvas

PICTURES = {
    "skimage.data": (
        "astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "chessboard_GRAY.png",
        "clock_motion.png", "coffee.png", "coins.png", "color.png", "grass.png", "gravel.png", "horse.png",
        "hubble_deep_field.jpg", "ihc.png", "logo.png", "moon.png", "motorcycle_left.png", "page.png", "phantom.png",
        "retina.jpg", "rocket.jpg", "text.png",
    ),
    "sklearn.datasets.images": ("china.jpg", "flower.jpg"),
}  # fmt: skip
PICTURES_SET = "everyday-pictures"  # their name in the data ledger
PARTS = 10  # of each picture, besides itself


def everyday_pictures(contract: InputContract) -> list[NDArray[np.uint8]]:
    """Prepared levels, (rows, columns) each, of every picture and of random parts of it, turned and re-exposed.

    Always the same ones, in the same order. Raises InputError if a package does not carry its samples.
    """
    random = np.random.default_rng(0)
    levels = []
    for package, names in PICTURES.items():
        for name in names:
            picture = _grey(package, name)
            levels += [make_canvas(part, contract, (), None).levels for part in [picture, *_parts(picture, random)]]
    return levels


def grey_pictures() -> list[NDArray[np.float32]]:
    """Every picture entire, levels in [0, 1], always in the same order."""
    return [(_grey(package, name) / 255.0).astype(np.float32) for package, names in PICTURES.items() for name in names]


def _grey(package: str, name: str) -> NDArray[np.uint8]:
    from importlib.resources import files

    try:
        pixels = read_image((Path(str(files(package))) / name).read_bytes()).grey()
    except (ModuleNotFoundError, OSError) as error:
        raise InputError(
            f"the sample picture {name} of {package} cannot be read; install lennox[train] anew."
        ) from error
    return pixels.astype(np.uint8)


def _parts(picture: NDArray[np.uint8], random: np.random.Generator) -> list[NDArray[np.uint8]]:
    parts = []
    for _ in range(PARTS):
        rows = int(picture.shape[0] * random.uniform(0.5, 1.0))
        columns = int(min(picture.shape[1], rows * random.choice([0.75, 1.0, 1.33])))
        top = random.integers(0, picture.shape[0] - rows + 1)
        left = random.integers(0, picture.shape[1] - columns + 1)
        part = np.rot90(picture[top : top + rows, left : left + columns], int(random.integers(0, 4)))
        if random.random() < 0.5:
            part = part[:, ::-1]
        if random.random() < 0.2:
            part = 255 - part
        parts.append(np.ascontiguousarray(255.0 * (part / 255.0) ** random.uniform(0.6, 1.6)).astype(np.uint8))
    return parts
