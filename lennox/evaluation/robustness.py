"""The same evaluation on changed films, and the films drawn to mislead; published as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lennox.annotations.coco import read_coco
from lennox.annotations.film import Film
from lennox.annotations.matching import Candidate, Truth, score_film
from lennox.errors import InputError
from lennox.evaluation.distort import DISTORTIONS, TURNS, Distortion
from lennox.evaluation.figure_text import document_text
from lennox.evaluation.film_results import FLOOR
from lennox.files import atomic_write
from lennox.image import Image, read_image
from lennox.inference.examination import diagnose
from lennox.inference.load import load_candidate
from lennox.inference.model import Model
from lennox.phantom import ARTEFACTS, draw_film
from lennox.statistics.froc import FreeResponse
from lennox.statistics.roc import roc_area

FORMAT = "lennox-robustness/1"
AT = 1.0  # false positives a film
CHALLENGE_FILMS = 20  # drawn films of each artefact


def measure_robustness(
    model: str | Path | Model,
    data: Path,
    out: Path | None = None,
    *,
    films: int | None = None,
    changes: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Evaluate a model on changed copies of a COCO set, and on drawn films with what mimics caries.

    films : at most so many, evenly spread; all by default
    changes : names out of `DISTORTIONS`, such as `TURNS`; all, and the drawn films, by default
    Leaves robustness.json in `out`. Raises InputError for a set without outlined lesions.
    """
    model = model if isinstance(model, Model) else load_candidate(model, "evaluation")
    coco = read_coco(Path(data))
    coco.require_files()
    if not coco.is_outlined:
        raise InputError(f"'{coco.name}' marks no lesions; robustness needs a set whose lesions are outlined.")
    chosen = coco.films
    if films is not None and len(chosen) > films:
        chosen = tuple(chosen[int(which)] for which in np.linspace(0, len(chosen) - 1, films))
    pictures = [read_image(film.path) for film in chosen]
    chosen = tuple(film.on_image(*picture.pixels.shape[:2]) for film, picture in zip(chosen, pictures, strict=True))
    carious = np.array([film.truth.carious for film in chosen])
    rows: list[dict[str, Any]] = []
    base: list[float] = []
    threshold = 1.0
    for name in dict.fromkeys(("as it is", *(DISTORTIONS if changes is None else changes))):
        distortion = DISTORTIONS[name]
        response, probability, refused = _measure(model, chosen, pictures, distortion)
        if not base:
            base, threshold = probability, response.threshold_at(AT)
        found, false = response.at_threshold(threshold)
        rows.append({
            "change": name,
            "lesion_sensitivity_at_1": float(response.sensitivity_at([AT])[0]),
            "lesion_sensitivity_same_threshold": found, "false_positives_a_film_same_threshold": false,
            "film_roc_area": float(roc_area(carious, probability)[0]),
            "mean_change_of_film_probability": float(np.mean(np.abs(np.subtract(probability, base)))),
            "highest_change_of_film_probability": float(np.max(np.abs(np.subtract(probability, base)))),
            "not_assessed": refused,
        })  # fmt: skip
    document = {
        "format": FORMAT,
        "model": {"name": model.card.name, "version": model.card.version, "sha256": model.sha256},
        "set": coco.name, "films": len(chosen), "lesions": sum(len(film.truth.lesions) for film in chosen),
        "changes": rows, "orientation": _orientation(rows), "challenge": _challenge(model) if changes is None else [],
    }  # fmt: skip
    if out is not None:
        Path(out).mkdir(parents=True, exist_ok=True)
        atomic_write(Path(out) / "robustness.json", document_text(document))
    return document


def _orientation(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Over the seven other turns and mirrorings of each film, what the table says of each; None if one was left out."""
    turned = [row for row in rows if row["change"] in TURNS]
    if len(turned) < len(TURNS):
        return None
    sensitivities = [row["lesion_sensitivity_at_1"] for row in (rows[0], *turned)]
    return {
        "turns_and_mirrorings": 1 + len(turned),
        "mean_change_of_film_probability": float(np.mean([row["mean_change_of_film_probability"] for row in turned])),
        "highest_change_of_film_probability": max(row["highest_change_of_film_probability"] for row in turned),
        "lowest_lesion_sensitivity_at_1": min(sensitivities),
        "highest_lesion_sensitivity_at_1": max(sensitivities),
    }


def _measure(
    model: Model, films: Sequence[Film], pictures: Sequence[Image], distortion: Distortion
) -> tuple[FreeResponse, list[float], int]:
    scored, probability, refused = [], [], 0
    for film, picture in zip(films, pictures, strict=True):
        pixels = picture.grey()
        examination = diagnose(Image.from_array(distortion.change(pixels)), model, threshold=FLOOR)
        lesions, regions = (
            tuple(distortion.move(shape, pixels.shape) for shape in shapes)
            for shapes in (film.truth.lesions, film.truth.regions)
        )
        truth = Truth(film.truth.carious, lesions, regions)
        scored.append(score_film(tuple(map(Candidate.of, examination.findings)), truth))
        probability.append(examination.probability or 0.0)
        refused += examination.status != "assessed"
    truths = [film.truth for film in films]
    response = FreeResponse(scored, [truth.carious for truth in truths], [truth.is_located for truth in truths])
    return response, probability, refused


def _challenge(model: Model) -> list[dict[str, Any]]:
    """Caries-free drawn films, plain and with each artefact: how often a mark appears where nothing is."""
    rows = []
    for name in (None, *ARTEFACTS):
        highest, refused = [], 0
        for seed in range(CHALLENGE_FILMS):
            film = draw_film(10_000_000 + seed, lesions=0, artefacts=() if name is None else (name,))
            examination = diagnose(Image.from_array(film.pixels), model, threshold=FLOOR)
            refused += examination.status != "assessed"
            highest.append(examination.probability or 0.0)
        rows.append({
            "artefact": name or "none", "drawn_films": CHALLENGE_FILMS, "not_assessed": refused,
            "mean_film_probability": float(np.mean(highest)),
            **{
                f"films_marked_{point.name}": float(np.mean(np.array(highest) >= point.threshold))
                for point in model.card.operating_points
            },
        })  # fmt: skip
    return rows
