"""Drawn intraoral photographs with known lesions: two rows of teeth, gums, saliva, a camera. Far simpler than a mouth.

They exercise everything around a network for photographs, and say nothing of how a network reads real ones.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.errors import InputError
from lennox.files import atomic_write
from lennox.phantom.film_set import encode_png, seed_of
from lennox.phantom.phantom import polygons
from lennox.phantom.physics import gaussian_blur

Colours = NDArray[np.float32]
ENAMEL, GUM, MOUTH, SKIN, BROWN, CHALK, MIRRORED = np.array(
    [(0.90, 0.86, 0.76), (0.80, 0.44, 0.43), (0.20, 0.09, 0.09), (0.78, 0.54, 0.42), (0.30, 0.18, 0.10),
     (0.97, 0.96, 0.93), (1.30, 1.30, 1.30)], np.float32,
)  # fmt: skip
CLASSES = ("Caries",)
PHOTOGRAPHS_A_PERSON = 2


@dataclass(frozen=True, slots=True)
class Camera:
    """How a photograph is taken.

    cast : what each of red, green and blue is multiplied by; a warm lamp has (1, 0.85, 0.6)
    glare : share of the teeth on which wet enamel mirrors the flash; towards 1, ever larger a part of each
    blur_px : sigma of the blur of movement and focus
    noise : standard deviation of the levels, 0 to 1
    zoom : 1 for teeth from edge to edge; below, the mouth is small within the picture
    """

    cast: tuple[float, float, float] = (1.0, 1.0, 1.0)
    glare: float = 0.4
    blur_px: float = 0.6
    noise: float = 0.012
    zoom: float = 1.0


@dataclass(frozen=True, slots=True)
class Photograph:
    """A drawn photograph. pixels : (rows, columns, 3) uint8; lesions : a (rows, columns) bool mask each"""

    pixels: NDArray[np.uint8]
    lesions: tuple[NDArray[np.bool_], ...]
    seed: int

    def yolo_lines(self) -> list[str]:
        """One line a lesion, class 0 and its outline in shares of the picture, as YOLO keeps polygons."""
        rows, columns = self.pixels.shape[:2]
        lines = []
        for mask in self.lesions:
            outline = np.asarray(max(polygons(mask), key=len)).reshape(-1, 2) / (columns, rows)
            lines.append(" ".join(["0", *(f"{share:.5f}" for share in outline.ravel())]))
        return lines


def draw_photograph(
    seed: int, *, rows: int = 240, columns: int = 360, lesions: int = 1, camera: Camera | None = None
) -> Photograph:
    """Draw two rows of teeth from the front. The same arguments give the same picture.

    lesions : how many teeth have one: brown, with a chalky rim, at the gum or in the middle of the crown
    """
    random, camera = np.random.default_rng(seed), camera or Camera()
    row, column = np.mgrid[:rows, :columns].astype(np.float32)
    down, across = (row / rows - 0.5) / camera.zoom, (column / columns - 0.5) / camera.zoom
    arch = (np.abs(across) < 0.5) & (np.abs(down) < 0.5)
    folds = gaussian_blur(random.normal(0, 1, (rows, columns)).astype(np.float32), rows / 30)
    folds *= 0.18 / folds.std()
    picture = np.where(arch[..., None], GUM, SKIN) * (1 + folds[..., None])
    picture = _mix(picture, MOUTH, (np.abs(down) < 0.03) & arch)
    count = int(random.integers(5, 8))
    teeth = [(jaw, place) for jaw in (-1, 1) for place in range(count)]
    carious = {teeth[int(number)] for number in random.permutation(len(teeth))[:lesions]}
    masks = []
    for jaw, place in teeth:
        inward = 1 - 0.5 * abs((place + 0.5) / count - 0.5)  # back teeth lie in the shade
        width, height = 0.96 / count, float(random.uniform(0.26, 0.34))
        middle = (jaw * (0.02 + height / 2), (place + 0.5) / count * 0.96 - 0.48)
        high, wide = (down - middle[0]) / (height / 2), (across - middle[1]) / (0.94 * width / 2)
        far = high**4 + wide**4
        crown = np.clip((1 - far) * 12, 0, 1)
        shade = 1 - 0.4 * np.clip(far, 0, 1) + random.normal(0, 0.02)
        picture = picture * (1 - crown[..., None]) + ENAMEL * (inward * shade * crown)[..., None]
        if (jaw, place) in carious:
            picture, mask = _lesion(picture, (high, wide), crown, jaw, random)
            masks.append(mask)
        if random.random() < camera.glare:
            at = random.uniform(-0.4, 0.4, 2)
            spot = np.exp(-(((high - at[0]) / 0.10) ** 2 + ((wide - at[1]) / 0.16) ** 2) / (0.5 + 4 * camera.glare**4))
            picture = _mix(picture, MIRRORED, np.clip(2 * spot - 0.3, 0, 1) * crown)
    light = np.clip(1.08 - 1.1 * (down**2 + across**2), 0.2, None)
    seen = picture * light[..., None] * np.array(camera.cast, np.float32)
    seen = np.stack([gaussian_blur(np.ascontiguousarray(seen[..., one]), camera.blur_px) for one in range(3)], -1)
    seen += random.normal(0, camera.noise, seen.shape)
    return Photograph(np.rint(np.clip(seen, 0, 1) * 255).astype(np.uint8), tuple(masks), seed)


def _lesion(
    picture: Colours, at: tuple[Colours, Colours], crown: Colours, jaw: int, random: np.random.Generator
) -> tuple[Colours, NDArray[np.bool_]]:
    """A lesion on a crown, in the crown's own coordinates (-1 to 1), and where it is brown."""
    high, wide = at
    cervical = random.random() < 0.6
    centre = (jaw * random.uniform(0.5, 0.65), random.uniform(-0.4, 0.4)) if cervical else random.uniform(-0.2, 0.2, 2)
    size = random.uniform(0.22, 0.38) * np.array([0.7, 1.2] if cervical else [1.0, 1.0])
    angle = np.arctan2(high - centre[0], wide - centre[1])
    wobble = 1 + 0.2 * np.sin(3 * angle + random.uniform(0, 6)) + 0.1 * np.sin(5 * angle + random.uniform(0, 6))
    far = np.hypot((high - centre[0]) / size[0], (wide - centre[1]) / size[1]) / wobble
    picture = _mix(picture, CHALK, 0.7 * np.clip((1.35 - far) * 5, 0, 1) * crown)
    mask = (far < 1) & (crown > 0.5)
    return _mix(picture, BROWN, random.uniform(0.6, 0.95) * np.clip((1.05 - far) * 4, 0, 1) * crown), mask


def _mix(picture: Colours, colour: Colours, share: NDArray[Any]) -> Colours:
    weight = np.asarray(share, np.float32)[..., None]
    mixed: Colours = picture * (1 - weight) + colour * weight
    return mixed


def write_photographs(out: Path, count: int, seed: int) -> Path:
    """Draw photographs into a folder in YOLO's layout, every third without caries; returns `data.yaml`.

    The names say whose each is, as in `p003-f-34-1.png`: person, sex, age, number. Raises InputError if the folder
    holds anything.
    """
    if out.exists() and any(out.iterdir()):
        raise InputError(f"The folder '{out.name}' is not empty; wanted a new or empty one. Name another.")
    for part in ("images", "labels"):
        (out / part).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        person, which = divmod(number, PHOTOGRAPHS_A_PERSON)
        about = np.random.default_rng([seed, person])
        name = f"p{person + 1:03d}-{'fm'[int(about.integers(2))]}-{int(about.integers(18, 80))}-{which + 1}"
        random = np.random.default_rng([seed, person, which])
        cast = (1.0, float(random.uniform(0.88, 1.0)), float(random.uniform(0.75, 1.0)))
        lesions = 0 if number % 3 == 0 else int(random.integers(1, 4))
        drawn = draw_photograph(seed_of(seed, number), lesions=lesions, camera=Camera(cast=cast))
        atomic_write(out / "images" / f"{name}.png", encode_png(drawn.pixels))
        atomic_write(out / "labels" / f"{name}.txt", "".join(f"{line}\n" for line in drawn.yolo_lines()))
    atomic_write(out / "data.yaml", f"names: {json.dumps(CLASSES)}\n")
    return out / "data.yaml"
