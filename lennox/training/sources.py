"""Where samples come from: entire films, windows of panoramic films at a film's scale, and drawn films.

Every source prepares with `lennox.inference.prepare`, the function that serves reading, and answers canvases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lennox.annotations.film import Film
from lennox.annotations.groups import restorations_of
from lennox.annotations.shapes import Shape
from lennox.card import InputContract, Orientation
from lennox.geometry import Box, Placement
from lennox.image import Image, read_image
from lennox.inference.prepare import grey_pixels, prepare
from lennox.inference.turn import AS_GIVEN, Turn
from lennox.training.margin_lesions import draw_margin_lesion
from lennox.training.network import PLANES
from lennox.training.recipe import Recipe

WINDOW_SHARE = 0.2  # of a panoramic film's width: about 41 mm, the long side of a periapical film
MIN_WINDOW, MAX_WINDOW = 0.8, 1.25
MIN_INSIDE = 0.35  # of a mark's box, for the mark to count in a window
USUAL_AREA, MIN_SHARE = 4000.0, 1 / 9  # canvas px^2 of a lesion, and the share of it below which `small` is full
SHAPES = ((1.0, 1.0), (1.0, 0.75), (0.75, 1.0))  # rows, columns of a window, in its longer side


@dataclass(frozen=True, slots=True)
class Canvas:
    """A prepared film with its targets.

    levels : (rows, columns) uint8, 0 outside the film
    masks : (planes, rows, columns) uint8, 0 or 255
    small : (rows, columns) uint8, 0 off the lesions, up to 255 on the smallest: how much a lesion lacks in weight
    known : which planes were annotated; the others teach nothing
    placement, turn : where the film lies, and how it was laid before
    lesions, fillings : centres, (row, column) on the canvas
    """

    levels: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    small: NDArray[np.uint8]
    known: tuple[bool, ...]
    placement: Placement
    lesions: tuple[tuple[float, float], ...]
    fillings: tuple[tuple[float, float], ...] = ()
    turn: Turn = AS_GIVEN

    def from_film(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, 2) points (row, column) of the film as it was given, on the canvas."""
        rows, columns = self.placement.rows, self.placement.columns
        size = (columns, rows) if self.turn.exchange else (rows, columns)
        return self.placement.to_canvas(self.turn.points(points, *size))


class SampleSource(Protocol):
    """Something to draw canvases from."""

    def draw(self, random: np.random.Generator) -> Canvas:
        """One canvas, chosen by `random` alone."""


def make_canvas(
    pixels: NDArray[Any],
    contract: InputContract,
    caries: Sequence[Shape],
    restorations: Sequence[Shape] | None,
    orientation: Orientation = "as given",
) -> Canvas:
    """Prepare a film and paint its targets. `restorations` is None where nobody marked them."""
    prepared = prepare(Image.from_array(pixels), contract, orientation)
    known = restorations is not None
    caries, restorations = (
        [shape.moved(lambda points: prepared.turn.points(points, *pixels.shape)) for shape in shapes]
        for shapes in (caries, restorations or ())
    )
    pixels = prepared.turn.of(pixels)
    levels = np.clip(np.rint(prepared.tensor[0, 0] * contract.std + contract.mean), 0, 255).astype(np.uint8)
    masks = np.zeros((len(PLANES), contract.rows, contract.columns), np.uint8)
    for plane, shapes in zip(masks, (caries, restorations), strict=True):
        for shape in shapes:
            paint(plane, shape, prepared.placement)
    small = np.zeros_like(levels)
    scale = prepared.placement.height / pixels.shape[0] * prepared.placement.width / pixels.shape[1]
    for shape in sorted(caries, key=lambda shape: -shape.area):
        paint(small, shape, prepared.placement, _smallness(shape.area * scale))
    return Canvas(
        levels, masks, small, (True, known), prepared.placement,
        tuple(shape.moved(prepared.placement.to_canvas).centre for shape in caries),
        tuple(shape.moved(prepared.placement.to_canvas).centre for shape in restorations), prepared.turn,
    )  # fmt: skip


def _smallness(area_px: float) -> int:
    """0 for a lesion of the usual area on the canvas, up to 255 for the smallest."""
    lacking = np.sqrt(USUAL_AREA / max(area_px, USUAL_AREA * MIN_SHARE)) - 1.0
    return int(np.clip(lacking / 2.0, 0.0, 1.0) * 255)


def with_margin_lesion(canvas: Canvas, random: np.random.Generator) -> Canvas:
    """The canvas with one more lesion, drawn at the margin of a restoration; as it is where there is no room."""
    found = draw_margin_lesion(canvas.levels, canvas.masks[1] > 0, canvas.masks[0] > 0, random)
    if found is None:
        return canvas
    masks, small = canvas.masks.copy(), canvas.small.copy()
    masks[0][found.mask], small[found.mask] = 255, _smallness(float(found.mask.sum()))
    return replace(canvas, levels=found.levels, masks=masks, small=small, lesions=(*canvas.lesions, found.centre))


def paint(plane: NDArray[np.uint8], shape: Shape, placement: Placement, value: int = 255) -> None:
    """Set what a shape covers to `value`."""
    moved = shape.moved(placement.to_canvas)
    first_row, first_column = max(0, int(moved.box.top)), max(0, int(moved.box.left))
    rows = np.arange(first_row, min(plane.shape[0], int(np.ceil(moved.box.bottom)))) + 0.5
    columns = np.arange(first_column, min(plane.shape[1], int(np.ceil(moved.box.right)))) + 0.5
    if len(rows) and len(columns):
        part = plane[first_row : first_row + len(rows), first_column : first_column + len(columns)]
        part[moved.cover(rows, columns)] = value


def canvas_of(film: Film, contract: InputContract, orientation: Orientation = "as given") -> tuple[Canvas, Film]:
    """The canvas of a film of which only caries is marked, and the film in its file's pixels."""
    pixels = grey_pixels(read_image(film.path), contract)
    film = film.on_image(*pixels.shape)
    return make_canvas(pixels, contract, film.truth.lesions, None, orientation), film


class FilmSource:
    """Whole films, prepared once."""

    def __init__(self, films: Sequence[Film], contract: InputContract) -> None:
        self.canvases = [canvas_of(film, contract)[0] for film in films]

    def draw(self, random: np.random.Generator) -> Canvas:
        return self.canvases[int(random.integers(len(self.canvases)))]


class WindowSource:
    """Windows of panoramic films: on caries, on a restoration, or anywhere along the teeth."""

    ON_CARIES, ON_RESTORATION = 0.6, 0.25

    def __init__(self, films: Sequence[Film], contract: InputContract, margin_lesions: float = 0.0) -> None:
        self.contract, self.margin_lesions = contract, margin_lesions
        marked = [film for film in films if film.truth.lesions or film.others]
        self.pixels = [read_image(film.path).grey() for film in marked]
        self.films = [film.on_image(*pixels.shape) for film, pixels in zip(marked, self.pixels, strict=True)]
        self.carious = [number for number, film in enumerate(self.films) if film.truth.lesions]

    def draw(self, random: np.random.Generator) -> Canvas:
        kind = random.random()
        if kind < self.ON_CARIES:
            number = self.carious[int(random.integers(len(self.carious)))]
            shapes: Sequence[Shape] = self.films[number].truth.lesions
        else:
            number = int(random.integers(len(self.films)))
            film = self.films[number]
            restorations = restorations_of(film)
            shapes = restorations if restorations and kind < self.ON_CARIES + self.ON_RESTORATION else ()
        film = self.films[number]
        side = WINDOW_SHARE * self.pixels[number].shape[1] * random.uniform(MIN_WINDOW, MAX_WINDOW)
        tall, wide = SHAPES[int(random.integers(len(SHAPES)))]
        height, width = side * tall, side * wide
        if shapes:
            row, column = shapes[int(random.integers(len(shapes)))].centre
            row += random.uniform(-0.35, 0.35) * height
            column += random.uniform(-0.35, 0.35) * width
        else:
            band = teeth_of(film)
            row, column = random.uniform(band.top, band.bottom), random.uniform(band.left, band.right)
            row += random.uniform(-0.5, 0.5) * height
        canvas = cut_window(film, self.pixels[number], (row, column), (height, width), self.contract)[0]
        if canvas.fillings and self.margin_lesions and random.random() < self.margin_lesions:
            return with_margin_lesion(canvas, random)
        return canvas


def teeth_of(film: Film) -> Box:
    """The box around everything marked on a panoramic film: where its teeth are."""
    boxes = [shape.box for shape in film.truth.lesions] + [shape.box for _, shape in film.others]
    return Box(
        min(box.top for box in boxes), min(box.left for box in boxes),
        max(box.bottom for box in boxes), max(box.right for box in boxes),
    )  # fmt: skip


def cut_window(
    film: Film,
    pixels: NDArray[np.uint8] | NDArray[np.uint16],
    centre: tuple[float, float],
    size: tuple[float, float],
    contract: InputContract,
    orientation: Orientation = "as given",
) -> tuple[Canvas, list[Shape]]:
    """The window of (height, width) around `centre`, moved so that it lies on the film: its canvas, and its caries.

    The lesions are in pixels of the window.
    """
    height, width = (min(round(wanted), have) for wanted, have in zip(size, pixels.shape, strict=True))
    top = int(np.clip(centre[0] - height / 2, 0, pixels.shape[0] - height))
    left = int(np.clip(centre[1] - width / 2, 0, pixels.shape[1] - width))
    lesions, restorations = (
        _inside(shapes, top, left, height, width) for shapes in (film.truth.lesions, restorations_of(film))
    )
    part = np.ascontiguousarray(pixels[top : top + height, left : left + width])
    return make_canvas(part, contract, lesions, restorations, orientation), lesions


def grid_of_windows(film: Film) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Fixed windows along the teeth of a panoramic film, (centre, size) each, that overlap a little."""
    band = teeth_of(film)
    assert film.columns is not None  # it was brought to its file's pixels
    side = WINDOW_SHARE * film.columns
    count = max(1, round((band.right - band.left) / side))
    columns = band.left + (np.arange(count) + 0.5) * (band.right - band.left) / count
    row = (band.top + band.bottom) / 2
    return [((row, float(column)), (0.75 * side, side)) for column in columns]


class DrawnSource:
    """Drawn films, whose masks are exact: two in five show no caries, `mimics` of them what looks like it.

    Lesions within the enamel are left out: on most real films nobody would have marked them.
    """

    DEPTHS = ("D1", "D2", "D3")
    SIZES = ((600, 850), (850, 600), (640, 640))
    HEALTHY = 0.4

    def __init__(self, count: int, seed: int, contract: InputContract, mimics: float = 0.25) -> None:
        self.mimics = mimics
        drawn = [self._draw(seed, number, contract) for number in range(count)]
        self.canvases = [canvas for canvas, _ in drawn]
        self.lesions = [lesions for _, lesions in drawn]  # of each canvas, in pixels of the image

    def _draw(self, seed: int, number: int, contract: InputContract) -> tuple[Canvas, list[Shape]]:
        from lennox.phantom import ARTEFACTS, draw_film

        random = np.random.default_rng([seed, number])
        rows, columns = self.SIZES[int(random.integers(len(self.SIZES)))]
        many = 0 if random.random() < self.HEALTHY else int(random.integers(1, 5))
        mimics = random.random() < self.mimics
        film = draw_film(
            int(random.integers(2**31)), rows=rows, columns=columns, lesions=random.choice(self.DEPTHS, many).tolist(),
            artefacts=[str(random.choice(ARTEFACTS))] if mimics else (),
        )  # fmt: skip
        shapes = [Shape.of_mask(lesion.mask) for lesion in film.lesions]
        return make_canvas(film.pixels, contract, shapes, None), shapes

    def draw(self, random: np.random.Generator) -> Canvas:
        return self.canvases[int(random.integers(len(self.canvases)))]


class DrawnPhotographs(DrawnSource):
    """Drawn photographs of one person's teeth each, by cameras of many kinds; two in five show no caries."""

    def _draw(self, seed: int, number: int, contract: InputContract) -> tuple[Canvas, list[Shape]]:
        from lennox.phantom import Camera, draw_photograph

        random = np.random.default_rng([seed, number])
        many = 0 if random.random() < self.HEALTHY else int(random.integers(1, 4))
        green, blue = float(random.uniform(0.8, 1.0)), float(random.uniform(0.6, 1.0))
        glare, blur_px, zoom = (float(random.uniform(*ends)) for ends in ((0.0, 0.8), (0.3, 1.5), (0.7, 1.0)))
        camera = Camera((1.0, green, blue), glare, blur_px, 0.02, zoom)
        drawn = draw_photograph(int(random.integers(2**31)), lesions=many, camera=camera)
        shapes = [Shape.of_mask(mask) for mask in drawn.lesions]
        return make_canvas(grey_pixels(Image.from_array(drawn.pixels), contract), contract, shapes, None), shapes


def drawn_source(recipe: Recipe, count: int, seed: int) -> DrawnSource:
    """Drawn images of the kind that a recipe's model is for."""
    kind = DrawnPhotographs if recipe.made_for == "photograph" else DrawnSource
    return kind(count, seed, recipe.contract, recipe.data.drawn_mimics)


def _inside(shapes: Sequence[Shape], top: int, left: int, height: int, width: int) -> list[Shape]:
    """The shapes with at least `MIN_INSIDE` of their box in a window, moved to its pixels, boxes cut at its edge."""
    kept = []
    for shape in shapes:
        box = shape.box
        first_row, first_column = max(box.top - top, 0.0), max(box.left - left, 0.0)
        last_row, last_column = min(box.bottom - top, float(height)), min(box.right - left, float(width))
        if last_row <= first_row or last_column <= first_column:
            continue
        area = (box.bottom - box.top) * (box.right - box.left)
        if (last_row - first_row) * (last_column - first_column) >= MIN_INSIDE * area:
            moved = shape.moved(lambda points: points - [top, left])
            kept.append(Shape(Box(first_row, first_column, last_row, last_column), moved.polygons))
    return kept
