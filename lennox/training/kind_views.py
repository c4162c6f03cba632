"""Pictures that teach what kind of picture one is: real films, windows of panoramics, drawn films, everyday pictures.

Each is then bordered, collimated, turned, re-exposed, blurred and photographed from a screen at random, and made into
the view that serves reading (`lennox.inference.kind`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lennox.card import ImageKind
from lennox.errors import InputError
from lennox.image import Image
from lennox.inference.kind import kind_view
from lennox.inference.quality import sample_grid
from lennox.inference.turn import EIGHT_TURNS
from lennox.training.occlusal import OcclusalFilm

Levels = NDArray[np.float32]
Picked = TypeVar("Picked")
KINDS: tuple[ImageKind, ...] = ("periapical", "bitewing", "panoramic", "other")
PERIAPICAL, BITEWING, PANORAMIC, OTHER = range(4)
AIR, MIN_MORE_AIR = 0.16, 0.12  # level of air, and how much more of one end of a film it fills beside the crowns
SHARES = (0.35, 0.35, 0.13, 0.17)  # of the kinds among the views: the first two are the hard ones
INVERTED = 0.03
TRIES = 100  # panoramic films that are asked for a window
CROWN = 0.3  # level that a quarter of a row reaches where crowns begin


@dataclass(frozen=True, slots=True)
class KindPictures:
    """What views are made of, levels in [0, 1] each.

    periapicals : real films, entire
    panoramics : with the line between the jaws
    drawn_periapicals, drawn_bitewings, others : of those kinds
    """

    periapicals: Sequence[Levels] = ()
    panoramics: Sequence[OcclusalFilm] = ()
    drawn_periapicals: Sequence[Levels] = ()
    drawn_bitewings: Sequence[Levels] = ()
    others: Sequence[Levels] = ()
    crowns_below: Sequence[Levels] = field(default=(), init=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "crowns_below", [found for film in self.periapicals if (found := _crowns_below(film)) is not None]
        )

    def draw(self, random: np.random.Generator) -> tuple[Levels, int]:
        """A picture and the number of its kind."""
        which = int(random.choice(len(KINDS), p=SHARES))
        if which == PERIAPICAL:
            picture = self._periapical(random)
        elif which == BITEWING:
            picture = self._bitewing(random)
        elif which == PANORAMIC:
            picture = _part_of_panoramic(_one(self.panoramics, random).levels, random)
        else:
            picture = _one(self.others, random) if random.random() < 0.7 else _bones(random)
        return picture, which

    def _periapical(self, random: np.random.Generator) -> Levels:
        source = random.random()
        if source < 0.45 and self.periapicals:
            return _one(self.periapicals, random)
        if source < 0.85 or not self.drawn_periapicals:
            return _one(self.panoramics, random).periapical(random)
        return _one(self.drawn_periapicals, random)

    def _bitewing(self, random: np.random.Generator) -> Levels:
        source = random.random()
        if source < 0.3 and len(self.crowns_below) > 1:
            return _two_jaws(_one(self.crowns_below, random), _one(self.crowns_below, random), random)
        if source < 0.45 and self.drawn_bitewings:
            return _one(self.drawn_bitewings, random)
        for _ in range(TRIES):
            found = _one(self.panoramics, random).bitewing(random)
            if found is not None:
                return found
        raise InputError("no panoramic film shows the crowns of both jaws at the back; no kind network can be taught.")


def views(
    pictures: KindPictures, count: int, seed: int, *, disguised: bool = True
) -> Iterator[tuple[NDArray[np.float32], int]]:
    """(view (1, 96, 96), number of the kind) of `count` pictures, the same for the same seed; as they are, or not."""
    for number in range(count):
        random = np.random.default_rng([seed, number])
        picture, which = pictures.draw(random)
        if disguised:
            if which != OTHER and random.random() < INVERTED:
                picture, which = 1.0 - picture, OTHER  # nothing on it means what it seems to
            picture = disguise(picture, random)
        pixels = np.rint(255.0 * np.clip(picture, 0.0, 1.0)).astype(np.uint8)
        yield kind_view(Image(np.ascontiguousarray(pixels), 8))[0], which


def disguise(picture: Levels, random: np.random.Generator) -> Levels:
    """A picture as another device might deliver it, some nearly as it is, some far from it; levels in [0, 1]."""
    rows, columns = picture.shape
    strength = random.uniform(0.4, 1.7)
    stretch = math.exp(strength * random.uniform(-0.12, 0.12))
    scale = 180.0 / max(rows * stretch, columns)
    shown = sample_grid(picture, max(8, int(rows * stretch * scale)), max(8, int(columns * scale)))
    shown = _exposed(shown, strength, random)
    if random.random() < 0.25:
        shown = ndimage.rotate(
            shown, random.uniform(-8, 8), reshape=random.random() < 0.5, order=1, cval=random.choice([0.0, 1.0])
        )
    if random.random() < 0.15:
        shown = _collimated(shown, random)
    if random.random() < 0.1:
        shown = _on_screen(shown, random)
    if random.random() < 0.4:
        shown = _bordered(shown, random)
    return np.clip(EIGHT_TURNS[int(random.integers(8))].of(shown), 0.0, 1.0).astype(np.float32)


def _one(of: Sequence[Picked], random: np.random.Generator) -> Picked:
    return of[int(random.integers(len(of)))]


def _exposed(shown: Levels, strength: float, random: np.random.Generator) -> Levels:
    low, high = np.percentile(shown, (1, 99))
    shown = np.clip((shown - low) / max(high - low, 1e-3), 0.0, 1.0)
    sharpness = random.random()
    if sharpness < 0.3:
        shown = ndimage.gaussian_filter(shown, strength * random.uniform(0.3, 1.5))
    elif sharpness < 0.6:
        shown = shown + random.uniform(0.3, 2.0) * (shown - ndimage.gaussian_filter(shown, random.uniform(0.7, 2.0)))
    shown = np.clip(shown, 0.0, 1.0) ** math.exp(strength * random.uniform(-0.6, 0.6))
    if random.random() < 0.3:  # as a sensor's tone curve does
        shown = 1.0 / (1.0 + np.exp(-random.uniform(4.0, 8.0) * (shown - random.uniform(0.35, 0.6))))
    slope = np.linspace(-1, 1, shown.shape[1])[None, :] * random.uniform(-0.1, 0.1) * strength
    noise = random.standard_normal(shown.shape) * random.uniform(0.0, 0.05) * strength
    return np.clip(shown + slope + noise, 0.0, 1.0).astype(np.float32)


def _collimated(shown: Levels, random: np.random.Generator) -> Levels:
    """Only a disc or a slanted part was exposed, or the plate's corners are round."""
    rows, columns = shown.shape
    down, across = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    if random.random() < 0.4:
        outside = (down - random.uniform(-0.3, 0.3)) ** 2 + (across - random.uniform(-0.3, 0.3)) ** 2 > random.uniform(
            1.0, 1.7
        )
    elif random.random() < 0.5:
        angle = random.uniform(0, 2 * math.pi)
        outside = math.cos(angle) * down + math.sin(angle) * across > random.uniform(0.7, 1.1)
    else:
        outside = np.abs(down) ** 8 + np.abs(across) ** 8 > random.uniform(1.0, 1.3)
    return np.where(outside, random.choice([0.0, 1.0, 0.05]), shown).astype(np.float32)


def _on_screen(shown: Levels, random: np.random.Generator) -> Levels:
    """Photographed from a screen: black is grey, light falls off, and the lines of the screen beat."""
    rows, columns = shown.shape
    down, across = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    waves = np.sin(random.uniform(10, 60) * down + random.uniform(-60, 60) * across)
    falling = 1.0 - random.uniform(0.0, 0.3) * (down**2 + across**2)
    shown = (random.uniform(0.05, 0.25) + 0.75 * shown) * falling + random.uniform(0.0, 0.04) * waves
    blurred: Levels = ndimage.gaussian_filter(shown, random.uniform(0.0, 1.0)).astype(np.float32)
    return blurred


def _bordered(shown: Levels, random: np.random.Generator) -> Levels:
    """A border, blank or nearly so, wider on one side than on the other."""
    rows, columns = shown.shape
    widths = [(int(rows * a), int(rows * b)) for a, b in [random.uniform(0, 0.2, 2)]]
    widths += [(int(columns * a), int(columns * b)) for a, b in [random.uniform(0, 0.2, 2)]]
    framed = np.pad(shown, widths, constant_values=float(random.choice([0.0, 0.0, 1.0, random.random()])))
    noise = random.standard_normal(framed.shape) * random.choice([0.0, 0.0, 0.004])
    levels: Levels = (framed + noise).astype(np.float32)
    return levels


def _crowns_below(film: Levels) -> Levels | None:
    """A periapical film laid so that its crowns are at the bottom, where the air is; None where it is not clear."""
    shown = sample_grid(film, 200, 200)
    ends = [float((part < AIR).mean()) for part in (shown[:36], shown[-36:])]
    if abs(ends[0] - ends[1]) < MIN_MORE_AIR:
        return None
    laid = shown if ends[1] > ends[0] else shown[::-1]
    crowns = np.flatnonzero(np.percentile(laid, 75, axis=1) > CROWN)
    return np.ascontiguousarray(laid[: crowns[-1] + 4]) if len(crowns) and crowns[-1] > 120 else None


def _two_jaws(upper: Levels, lower: Levels, random: np.random.Generator) -> Levels:
    """The crowns of two films, one above the other: what a bitewing shows, as an intraoral sensor shows it."""
    parts = []
    for film in (upper, lower):
        rows = int(200 * random.uniform(0.4, 0.62))
        end = len(film) - int(200 * random.uniform(0.0, 0.06))
        part = film[max(end - rows, 0) : end] * np.float32(random.uniform(0.9, 1.1))
        parts.append(part[:, ::-1] if random.random() < 0.5 else part)
    seam = parts[0].shape[0]
    both = np.concatenate([parts[0], parts[1][::-1]])
    near = np.exp(-0.5 * ((np.arange(len(both)) - seam + 0.5) / random.uniform(2.0, 5.0)) ** 2)[:, None]
    soft = ndimage.gaussian_filter(both, (3.0, 1.0))
    joined = both * (1 - near) + soft * near
    return sample_grid(joined, int(200 * random.uniform(0.68, 0.85)), 200)


def _part_of_panoramic(levels: Levels, random: np.random.Generator) -> Levels:
    """All of it but its edges; of some only one half, or the jaws alone."""
    rows, columns = levels.shape
    cut = random.uniform(0, 0.08, 4)
    if random.random() < 0.2:
        cut[int(random.integers(2)) + 2] = random.uniform(0.3, 0.5)
    if random.random() < 0.15:
        cut[:2] = random.uniform(0.1, 0.22, 2)
    return levels[
        int(cut[0] * rows) : rows - int(cut[1] * rows), int(cut[2] * columns) : columns - int(cut[3] * columns)
    ]


def _bones(random: np.random.Generator) -> Levels:
    """Something like a radiograph of another part of the body: a skull from the side, or rows of long bones."""
    rows, columns = (int(side) for side in random.uniform(140, 200, 2))
    down, across = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    depth = np.zeros((rows, columns))
    if random.random() < 0.5:  # a skull, its face and its spine
        for _ in range(int(random.integers(1, 3))):
            radius = np.hypot(
                (down + random.uniform(0, 0.5)) / random.uniform(0.5, 0.9),
                (across - random.uniform(-0.3, 0.3)) / random.uniform(0.5, 0.9),
            )
            depth += 0.4 * (radius < 1) + random.uniform(0.5, 1.5) * np.exp(-(((radius - 0.96) / 0.05) ** 2))
        for _ in range(int(random.integers(4, 12))):
            centre, size = random.uniform(-0.7, 0.7, 2), random.uniform(0.05, 0.3, 2)
            depth += random.uniform(0.2, 0.8) * (
                ((down - centre[0]) / size[0]) ** 2 + ((across - centre[1]) / size[1]) ** 2 < 1
            )
    else:  # long bones, side by side or as fingers
        for _ in range(int(random.integers(2, 14))):
            angle, centre = random.uniform(-0.6, 0.6), random.uniform(-0.8, 0.8, 2)
            along = (down - centre[0]) * math.cos(angle) + (across - centre[1]) * math.sin(angle)
            beside = (across - centre[1]) * math.cos(angle) - (down - centre[0]) * math.sin(angle)
            long, thick = random.uniform(0.2, 0.8), random.uniform(0.04, 0.15)
            inside = np.maximum(np.abs(along) / long, np.abs(beside) / (thick * (1 + 0.4 * (along / long) ** 2)))
            depth += (
                0.4 * (inside < 1)
                + random.uniform(0.3, 0.9) * np.exp(-(((inside - 0.9) / 0.12) ** 2))
                + 0.15 * (inside < 1.8)
            )
    depth = ndimage.gaussian_filter(
        depth + 0.3 * ndimage.gaussian_filter(random.standard_normal(depth.shape), 12) * 12, random.uniform(0.5, 1.5)
    )
    levels: Levels = (1.0 - np.exp(-1.5 * np.clip(depth, 0, None))).astype(np.float32)
    return levels
