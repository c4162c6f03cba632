"""A model that reads panoramics in windows, with the networks of a model that reads films: its limits, points, figures.

No weight is learnt here. The films that were held out from those networks are parted in two by groups: on one half the
operating points and limits are chosen, on the other they are reported. Each is chosen on the other half, too, so that
both ways together every held-out film is read at a threshold that was chosen without it.
"""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.annotations.coco import read_coco
from lennox.annotations.film import Film
from lennox.annotations.matching import Candidate, score_film
from lennox.card import KindCard, ModelCard
from lennox.errors import InputError
from lennox.evaluation.card_statements import PANORAMIC_LIMITS, PANORAMIC_USE
from lennox.evaluation.evaluation import RESAMPLES, summarise
from lennox.evaluation.figure_text import document_text, rounded
from lennox.evaluation.figures import EVALUATIONS, update_card
from lennox.evaluation.film_results import FLOOR, film_results
from lennox.evaluation.summary import group_weights, percentile_interval
from lennox.files import atomic_write
from lennox.image import read_image
from lennox.inference.findings import find_lesions
from lennox.inference.load import load_candidate
from lennox.inference.model import Model
from lennox.inference.prepare import prepare_pixels
from lennox.inference.quality import assess
from lennox.inference.windows import predict_image
from lennox.statistics.froc import FreeResponse, ScoredFilm
from lennox.training.ledger import DataSet, check_files, is_held_out, read_ledger
from lennox.training.recipe import Recipe, read_recipe
from lennox.training.split import split_films
from lennox.training.written_card import take_networks, write_card

KIND = "panoramic"
FALSE_MARKS = {"sensitive": 2.0, "balanced": 1.0, "specific": 0.5}  # a panoramic; it shows some four films' teeth
HALVES_SEED = 10  # of the first ten, the one that parts films and films with caries most evenly
REFUSED = 0.01  # of the panoramics that choose, at most, by the kind network
ACCEPT = (0.02, 0.5)
FAMILIAR_MARGIN = 1.0  # as for films, in logits
REPORTED = "panoramic-imax, the half that reports"


@dataclass(frozen=True, slots=True)
class _Read:
    """A panoramic of the half that chooses. kind : probability of it; seconds : of processor, for all windows"""

    film: Film
    scored: ScoredFilm
    kind: float
    distance: float
    seconds: float
    window_seconds: float


def export_windowed(networks: Path, recipe: Path, out: Path) -> Path:
    """Make a model of the networks in a model's folder, read in the windows of a recipe's `[windows]`; its card's path.

    The networks are copied into `out`, unless both are models of one folder: then the card names whose they are.
    Raises InputError if the set may not be used to calibrate, or its files are not those of the ledger.
    """
    plan, networks, out = read_recipe(recipe), networks.resolve(), out.resolve()
    if plan.windows is None:
        raise InputError(f"{recipe.name} has no [windows]; `lennox export` makes a model of a checkpoint with it.")
    entry = read_ledger(plan.path(plan.data.ledger)).require(plan.data.windows, "calibrate")
    folder = plan.path(plan.data.root) / entry.name
    check_files(folder, entry)
    coco = read_coco(folder, plan.data.categories)
    held = split_films(coco.films, entry, plan.data)[1]
    choose, report = halves(held, entry)
    document = _draft(plan, networks, out)
    document["training"] = {"recipe": recipe.name, "recipe_sha256": plan.sha256, "seed": plan.seed, "steps": 0}
    write_card(out, document)
    read, refused = _read_all(load_candidate(out, "training"), choose)
    if not read:
        raise InputError("none of the panoramics that were held out could be read, so nothing can be chosen.")
    document |= _chosen(plan, document, read, refused)
    write_card(out, document)
    model = load_candidate(out, "evaluation")
    part = replace(coco, name=REPORTED, films=tuple(report))
    results = tuple(film_results(part, model))
    place = out / EVALUATIONS / "panoramic-imax-reporting-half"
    place.mkdir(parents=True, exist_ok=True)
    atomic_write(place / "evaluation.json", document_text(summarise(part, model, results, RESAMPLES)))
    document["held_out"]["both_ways"] = both_ways(
        model.card, [(one.film, one.scored) for one in read], [(one.film, one.scored) for one in results]
    )
    write_card(out, document)
    return update_card(out)


def halves(films: Sequence[Film], entry: DataSet) -> tuple[list[Film], list[Film]]:
    """(to choose on, to report on): by the names of their groups."""
    parts: tuple[list[Film], list[Film]] = [], []
    for film in films:
        parts[not is_held_out(entry.group_of(film.name), HALVES_SEED, 0.5)].append(film)
    return parts


def _draft(plan: Recipe, networks: Path, out: Path) -> dict[str, Any]:
    """The card before anything is chosen: it refuses nothing that shows a panoramic."""
    base: dict[str, Any] = json.loads((networks / "card.json").read_bytes())
    card = ModelCard.from_json(json.dumps(base))
    assert plan.windows is not None
    document = {
        **{name: base[name] for name in ("format", "labels", "input", "lesions")},
        "name": plan.name, "version": plan.version,
        "operating_points": [{"name": name, "threshold": 0.5} for name in FALSE_MARKS],
        "default_operating_point": plan.operating_point,
        "intended_use": {**PANORAMIC_USE, "kinds": [KIND], "familiarity_limit": None},
        "limits": list(PANORAMIC_LIMITS),
        "windows": dataclasses.asdict(plan.windows),
        "networks": {"name": base["name"], "version": base["version"], "note": "no weight was learnt for panoramics"},
        "data": base["data"], **take_networks(networks, card, out),
    }  # fmt: skip
    if plan.orientation != "as given":
        document["orientation"] = plan.orientation
    if "kind_network" in base:
        document["kind_network"] = base["kind_network"] | {"accept": ACCEPT[0]}
    return document


def _read_all(model: Model, films: Sequence[Film]) -> tuple[list[_Read], int]:
    """What is measured on each panoramic that the rules take for one, and how many they refuse."""
    found = []
    for film in films:
        image = read_image(film.path)
        quality = assess(image)
        if quality.reasons or quality.unfit or quality.kind != KIND:
            continue
        kind = 1.0 if model.kind_network is None else model.kind_network.probabilities(image)[KIND]
        start = time.process_time()
        prediction = predict_image(model, image)
        seconds = time.process_time() - start
        findings = find_lesions(
            prediction.probability_map, FLOOR, model.card.region_share, saddle_share=model.card.saddle_share
        )
        on_file = film.on_image(image.rows, image.columns)
        scored = score_film([Candidate.of(one) for one in findings], on_file.truth)
        found.append(_Read(on_file, scored, kind, prediction.distance, seconds, _seconds_of_one(model, image.grey())))
    return found, len(films) - len(found)


def _seconds_of_one(model: Model, pixels: NDArray[Any]) -> float:
    """Processor seconds of the network on an image entire, as a film is read."""
    start = time.process_time()
    model.predict(prepare_pixels(pixels, model.card.contract, model.card.orientation))
    return time.process_time() - start


def _chosen(plan: Recipe, draft: Mapping[str, Any], read: Sequence[_Read], refused: int) -> dict[str, Any]:
    """What the half that chooses decides of a card, and its figures."""
    points = [
        {"name": name, "threshold": threshold, **_rates([(one.film, one.scored) for one in read], threshold)}
        for name, threshold in thresholds([(one.film, one.scored) for one in read]).items()
    ]
    distances = [one.distance for one in read]
    limit = round(max(distances) + FAMILIAR_MARGIN, 3)
    chosen: dict[str, Any] = {
        "operating_points": points,
        "intended_use": {**draft["intended_use"], "familiarity_limit": limit},
        "held_out": {
            "note": "panoramics that no weight was learnt from, the half of them on which the operating points were "
            "chosen, so its figures flatter; all of them helped to choose between weights and to calibrate",
            "films": len(read), "refused_by_the_rules": refused,
            "with_caries": sum(one.film.truth.carious for one in read),
            "lesions": sum(len(one.film.truth.lesions) for one in read),
            "distance_of_films": {"median": round(median(distances), 3), "highest": round(max(distances), 3)},
        },
        "cost": {
            "note": "processor seconds, medians, one thread, on the computer that exported; windows against the same "
            "network on one film in the same run",
            "seconds": round(median(one.seconds for one in read), 2),
            "seconds_of_one_film": round(median(one.window_seconds for one in read), 3),
            "processors": os.cpu_count(),
        },
    }  # fmt: skip
    if "kind_network" in draft:
        lowest = float(np.quantile([one.kind for one in read], REFUSED))
        kind = KindCard(**{**draft["kind_network"], "accept": round(float(np.clip(lowest, *ACCEPT)), 4)})
        chosen["kind_network"] = dataclasses.asdict(kind) | {"kinds": list(kind.kinds)}
    return chosen


def _response(films: Sequence[tuple[Film, ScoredFilm]]) -> FreeResponse:
    truths = [film.truth for film, _ in films]
    return FreeResponse(
        [scored for _, scored in films], [one.carious for one in truths], [one.is_located for one in truths]
    )


def thresholds(films: Sequence[tuple[Film, ScoredFilm]]) -> dict[str, float]:
    """The operating points: the lowest thresholds with at most so many false marks a panoramic."""
    response = _response(films)
    return {name: round(max(response.threshold_at(most), 0.0101), 4) for name, most in FALSE_MARKS.items()}


def _rates(films: Sequence[tuple[Film, ScoredFilm]], threshold: float) -> dict[str, Any]:
    """Lesion sensitivity and false marks a panoramic at a threshold, with intervals over films."""
    response = _response(films)
    weights = group_weights([film.name for film, _ in films], RESAMPLES)
    spread = np.array([response.at_threshold(threshold, weight) for weight in weights])
    values = zip(("lesion_sensitivity", "false_positives_a_film"), response.at_threshold(threshold), strict=True)
    return {
        name: rounded({"value": value, "interval": percentile_interval(spread[:, which])})
        for which, (name, value) in enumerate(values)
    }


def both_ways(
    card: ModelCard, one: Sequence[tuple[Film, ScoredFilm]], other: Sequence[tuple[Film, ScoredFilm]]
) -> list[dict[str, Any]]:
    """At each operating point: every film read at the threshold that was chosen on the half it is not of."""
    limits = thresholds(other), thresholds(one)
    pooled = []
    for name in (point.name for point in card.operating_points):
        films = [
            (film, _at(scored, limit[name]))
            for half, limit in zip((one, other), limits, strict=True)
            for film, scored in half
        ]
        pooled.append(
            {"name": name, "films": len(films), "thresholds": [limit[name] for limit in limits], **_rates(films, 0.5)}
        )
    return pooled


def _at(scored: ScoredFilm, threshold: float) -> ScoredFilm:
    """The marks at a threshold alone, as if each were certain: films of two thresholds can then be counted together."""
    return ScoredFilm(
        tuple(1.0 for probability in scored.false if probability >= threshold),
        tuple(1.0 if probability >= threshold else -np.inf for probability in scored.found),
    )
