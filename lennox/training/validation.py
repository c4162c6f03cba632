"""How a network in training does on films that were held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from lennox import _core
from lennox.annotations.film import Film
from lennox.annotations.matching import Candidate, Truth, score_film
from lennox.annotations.shapes import Shape
from lennox.card import InputContract, Orientation
from lennox.geometry import Box
from lennox.statistics.froc import FreeResponse, ScoredFilm
from lennox.statistics.roc import roc_area
from lennox.training.network import STRIDE, Network, Smoothing
from lennox.training.recipe import Recipe
from lennox.training.sources import Canvas, WindowSource, canvas_of, cut_window, drawn_source, grid_of_windows
from lennox.training.split import require_outlines

FLOOR = 0.01
DRAWN_EXAMS = 24
REGION_SHARE = 0.7  # of the peak of an uncalibrated map


@dataclass(frozen=True, slots=True)
class Exam:
    """One held-out canvas and the truth about it, in canvas pixels. group : name of its film"""

    canvas: Canvas
    truth: Truth
    group: str

    @classmethod
    def of(cls, canvas: Canvas, truth: Truth, group: str) -> Exam:
        """From the truth in pixels of what the canvas shows."""
        lesions, regions = (
            tuple(shape.moved(canvas.from_film) for shape in shapes) for shapes in (truth.lesions, truth.regions)
        )
        return cls(canvas, Truth(truth.carious, lesions, regions), group)


def exams_of_films(films: Sequence[Film], contract: InputContract, orientation: Orientation = "as given") -> list[Exam]:
    """Held-out films, entire; laid as the model lays them."""
    exams = []
    for film in films:
        canvas, on_file = canvas_of(film, contract, orientation)
        exams.append(Exam.of(canvas, on_file.truth, film.name))
    return exams


def exams_of_windows(
    films: Sequence[Film],
    contract: InputContract,
    most: int | None = None,
    orientation: Orientation = "as given",
) -> list[Exam]:
    """Fixed windows along the teeth of held-out panoramic films; at most `most`, evenly spread.

    Raises InputError if caries on one of the films is not outlined lesion by lesion.
    """
    source = WindowSource(require_outlines(films), contract) if films else None
    if source is None:
        return []
    windows = [(number, window) for number, film in enumerate(source.films) for window in grid_of_windows(film)]
    if most is not None and len(windows) > most:
        windows = [windows[int(index)] for index in np.linspace(0, len(windows) - 1, most)]
    exams = []
    for number, (centre, size) in windows:
        film = source.films[number]
        canvas, lesions = cut_window(film, source.pixels[number], centre, size, contract, orientation)
        exams.append(Exam.of(canvas, Truth(bool(lesions), tuple(lesions)), film.name))
    return exams


def exams_of_drawn(recipe: Recipe) -> list[Exam]:
    """Drawn images that are not among those trained on: what is held out where a recipe names no set."""
    source = drawn_source(recipe, DRAWN_EXAMS, recipe.seed * 100_000 + 1)
    return [
        Exam.of(canvas, Truth(bool(lesions), tuple(lesions)), f"drawn-{number}")
        for number, (canvas, lesions) in enumerate(zip(source.canvases, source.lesions, strict=True))
    ]


def predict(network: Network, canvases: Sequence[Canvas], contract: InputContract) -> list[NDArray[np.float32]]:
    """The smoothed caries probability of each canvas, (rows / 4, columns / 4), uncalibrated, in float32."""
    smoothing = Smoothing()
    maps = []
    network.eval()
    device = next(network.parameters()).device
    with torch.inference_mode():
        for start in range(0, len(canvases), 4):
            levels = np.stack([canvas.levels for canvas in canvases[start : start + 4]])
            image = (torch.from_numpy(levels).float()[:, None] - contract.mean) / contract.std
            image = image.to(device).to(memory_format=torch.channels_last)
            probability = smoothing(torch.sigmoid(network(image)[:, :1]).cpu())
            maps += [np.ascontiguousarray(plane[0]) for plane in probability.numpy()]
    return maps


def candidates_of(
    probability: NDArray[np.float32],
    floor: float = FLOOR,
    region_share: float = REGION_SHARE,
    saddle_share: float | None = None,
) -> list[Candidate]:
    """The candidates of a map, in canvas pixels, as the shipped route finds them."""
    lesions = _core.extract_lesions(probability, floor, region_share, saddle_share)
    return [
        Candidate(
            float(peak), (float(centroid[0]) * STRIDE, float(centroid[1]) * STRIDE),
            Shape(Box(*(float(edge) * STRIDE for edge in box))),
        )
        for peak, centroid, box in zip(lesions.peaks, lesions.centroids, lesions.boxes, strict=True)
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """Held-out figures: lesion sensitivity at 0.25, 0.5, 1 and 2 false positives a film, areas, and a summary."""

    sensitivity: tuple[float, ...]
    afroc: float
    roc: float
    films: int
    lesions: int


AT = (0.25, 0.5, 1.0, 2.0)


def score_exams(maps: Sequence[NDArray[np.float32]], exams: Sequence[Exam]) -> tuple[Result, list[ScoredFilm]]:
    """Score the maps of held-out canvases."""
    scored = [score_film(candidates_of(map_), exam.truth) for map_, exam in zip(maps, exams, strict=True)]
    truths = [exam.truth for exam in exams]
    diseased = [truth.carious for truth in truths]
    response = FreeResponse(scored, diseased, [truth.is_located for truth in truths])
    highest = np.array([float(map_.max()) for map_ in maps])
    result = Result(
        tuple(map(float, response.sensitivity_at(AT))), response.afroc_area(weighted=True)[0],
        float(roc_area(diseased, highest)[0]), len(exams), sum(len(truth.lesions) for truth in truths),
    )  # fmt: skip
    return result, scored
