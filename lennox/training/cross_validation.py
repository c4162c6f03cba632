"""Cross-validation: each group of films is held out once, so that choices and figures rest on all of them.

The groups are parted in 1 / `holdout_share` folds. One network a fold learns from the others, and is asked about its
own. The answers are pooled as they are, uncalibrated and under one threshold: a network that is surer than the others
costs sensitivity here, which flatters nothing. (Stone, J. R. Statist. Soc. B 36, 1974.)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lennox.errors import InputError
from lennox.evaluation.figure_text import document_text
from lennox.evaluation.summary import FALSE_A_FILM, group_weights, percentile_interval
from lennox.files import atomic_write
from lennox.statistics.froc import FreeResponse, ScoredFilm
from lennox.statistics.roc import roc_area
from lennox.training.ledger import read_ledger
from lennox.training.loop import HeldOutFilms, Progress, load_weights, train
from lennox.training.network import Network
from lennox.training.recipe import Recipe
from lennox.training.validation import predict, score_exams

FORMAT = "lennox-cross-validation/1"
ANSWERS = "held_out.json"
RESAMPLES = 500


def train_fold(recipe: Recipe, out: Path, fold: int, report: Callable[[Progress], None] | None = None) -> Path:
    """Train a fold in a folder of its own within `out`, or go on with it; leaves what its network says of its films.

    fold : from 0
    Returns the file of answers. Raises InputError for a recipe that cannot be cross-validated, or has no such fold.
    """
    if recipe.schedule.start or recipe.schedule.teacher:
        raise InputError(
            "the recipe begins from weights, or learns from a teacher, that may have seen the films of a fold; "
            "cross-validate one without start and teacher."
        )
    if recipe.folds < 2 or abs(recipe.folds * recipe.data.holdout_share - 1) > 1e-6:
        raise InputError(f"folds need a holdout_share of 1/2, 1/3, 1/4 ..., got {recipe.data.holdout_share:g}.")
    plan, folder = recipe.in_fold(fold), _folder(out, fold)
    path = folder / ANSWERS
    if _answers(path, plan) is not None:
        return path
    run = train(plan, folder, resume=True, report=report)
    network = Network(pretrained=False)
    network.load_state_dict(load_weights(run.checkpoint))
    held = HeldOutFilms(plan, read_ledger(plan.path(plan.data.ledger)), "select")
    answers = []
    for source, exams in held.exams().items():
        maps = predict(network, [exam.canvas for exam in exams], plan.contract)
        for exam, map_, film in zip(exams, maps, score_exams(maps, exams)[1] if exams else (), strict=True):
            answers.append({
                "source": source, "group": held.groups[exam.group], "carious": exam.truth.carious,
                "located": exam.truth.is_located, "probability": float(map_.max()),
                "false": film.false, "found": film.found,
            })  # fmt: skip
    atomic_write(path, json.dumps({"format": FORMAT, "recipe": plan.sha256, "answers": answers}) + "\n")
    return path


def pool_folds(recipe: Recipe, out: Path) -> Path | None:
    """Write the figures of all folds, pooled, to `cross-validation.json` in `out`; None while a fold is not trained.

    Intervals are 95 %, from resamples of groups of films. Raises InputError for answers of another recipe.
    """
    found = [_answers(_folder(out, fold) / ANSWERS, recipe.in_fold(fold)) for fold in range(recipe.folds)]
    folds = [fold for fold in found if fold is not None]
    if len(folds) < len(found):
        return None
    answers = [answer for fold in folds for answer in fold]
    sources = {name: [a for a in answers if a["source"] == name] for name in sorted({a["source"] for a in answers})}
    document = {
        "format": FORMAT, "recipe": recipe.sha256, "folds": recipe.folds,
        "intervals": f"95 %, percentile bootstrap of {RESAMPLES} resamples over groups of films",
        "figures": {name: _figures(some) for name, some in {**sources, "together": answers}.items()},
        "by_fold": [_figures(fold, resamples=0) for fold in folds],
    }  # fmt: skip
    path = out / "cross-validation.json"
    atomic_write(path, document_text(document))
    return path


def _folder(out: Path, fold: int) -> Path:
    return Path(out) / f"fold-{fold}"


def _answers(path: Path, plan: Recipe) -> list[dict[str, Any]] | None:
    """What a fold's network said; None if it was not asked yet."""
    if not path.is_file():
        return None
    document = json.loads(path.read_bytes())
    if document["recipe"] != plan.sha256:
        raise InputError(f"'{path.parent}' is of another recipe; name a new folder.")
    answers: list[dict[str, Any]] = document["answers"]
    return answers


def _figures(answers: Sequence[dict[str, Any]], resamples: int = RESAMPLES) -> dict[str, Any]:
    scored = [ScoredFilm(tuple(answer["false"]), tuple(answer["found"])) for answer in answers]
    carious = np.array([answer["carious"] for answer in answers])
    highest = np.array([answer["probability"] for answer in answers])
    response = FreeResponse(scored, list(carious), [answer["located"] for answer in answers])
    weights = group_weights([answer["group"] for answer in answers], resamples)
    drawn = np.array([response.sensitivity_at(FALSE_A_FILM, weight) for weight in weights])
    found = response.sensitivity_at(FALSE_A_FILM)
    return {
        "images": len(answers), "carious": int(carious.sum()), "lesions": sum(len(film.found) for film in scored),
        "groups": len({answer["group"] for answer in answers}),
        "lesion_sensitivity": [
            {"false_positives_a_film": at, "value": float(found[column]),
             "interval": percentile_interval(drawn[:, column]) if resamples else None}
            for column, at in enumerate(FALSE_A_FILM)
        ],
        "film_roc_area": {
            "value": float(roc_area(list(carious), highest)[0]),
            "interval": percentile_interval(roc_area(list(carious), highest, weights)) if resamples else None,
        },
    }  # fmt: skip
