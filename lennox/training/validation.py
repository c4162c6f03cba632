"""How a network in training does on films that were held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from lennox import _core
from lennox.annotations.coco import Film
from lennox.annotations.shapes import Shape
from lennox.card import InputContract
from lennox.geometry import Box
from lennox.image import read_image
from lennox.statistics.froc import Candidate, FreeResponse, Scored, area_under_roc, score_film
from lennox.training.network import STRIDE, Network, Smoothing
from lennox.training.sources import Canvas, cut_window, grid_of_windows, make_canvas, window_truth

FLOOR = 0.01
REGION_SHARE = 0.7  # of the peak of an uncalibrated map


@dataclass(frozen=True, slots=True)
class Exam:
    """One held-out canvas and the truth about it, in canvas pixels."""

    canvas: Canvas
    lesions: tuple[Shape, ...]
    group: str


def exams_of_films(films: Sequence[Film], contract: InputContract) -> list[Exam]:
    """Held-out films, whole."""
    exams = []
    for film in films:
        canvas = make_canvas(read_image(film.path).grey(), contract, film.caries, None)
        exams.append(Exam(canvas, tuple(_on_canvas(shape, canvas) for shape in film.caries), film.name))
    return exams


def exams_of_windows(films: Sequence[Film], contract: InputContract, most: int | None = None) -> list[Exam]:
    """Fixed windows along the teeth of held-out panoramic films; the first `most`, evenly spread."""
    places = [(film, place) for film in films if film.caries or film.others for place in grid_of_windows(film)]
    if most is not None and len(places) > most:
        places = [places[int(which)] for which in np.linspace(0, len(places) - 1, most)]
    exams, last, pixels = [], None, np.zeros((1, 1), np.uint8)
    for film, (centre, size) in places:
        if film is not last:
            last, pixels = film, np.asarray(read_image(film.path).grey())
        canvas = cut_window(film, pixels, centre, size, contract)
        truth = window_truth(film, centre, size)
        exams.append(Exam(canvas, tuple(_on_canvas(shape, canvas) for shape in truth), film.name))
    return exams


def _on_canvas(shape: Shape, canvas: Canvas) -> Shape:
    corners = canvas.placement.to_canvas(
        np.array([[shape.box.top, shape.box.left], [shape.box.bottom, shape.box.right]])
    )
    return Shape(Box(*map(float, corners.ravel())))


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
            with torch.autocast(device.type, torch.bfloat16):
                logits = network(image)
            probability = smoothing(torch.sigmoid(logits[:, :1].float()).cpu())
            maps += [np.ascontiguousarray(plane[0]) for plane in probability.numpy()]
    return maps


def candidates_of(
    probability: NDArray[np.float32], floor: float = FLOOR, region_share: float = REGION_SHARE
) -> list[Candidate]:
    """The candidates of a map, in canvas pixels, as the shipped route finds them."""
    lesions = _core.extract_lesions(probability, floor, region_share)
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


def score_exams(maps: Sequence[NDArray[np.float32]], exams: Sequence[Exam]) -> tuple[Result, list[Scored]]:
    """Score the maps of held-out canvases."""
    scored = [score_film(candidates_of(map_), exam.lesions) for map_, exam in zip(maps, exams, strict=True)]
    diseased = np.array([bool(exam.lesions) for exam in exams])
    response = FreeResponse(scored, list(diseased))
    highest = np.array([float(map_.max()) for map_ in maps])
    result = Result(
        tuple(map(float, response.sensitivity_at(AT))), response.afroc_area(weighted=True)[0],
        area_under_roc(highest, diseased), len(exams), sum(len(exam.lesions) for exam in exams),
    )  # fmt: skip
    return result, scored
