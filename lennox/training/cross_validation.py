"""Cross-validation: each group of films is held out once, so that choices and figures rest on all of them.

The groups are parted in 1 / `holdout_share` folds. One network a fold learns from the others, and is asked about its
own. The answers are pooled under one threshold, each network calibrated by a line on its own fold, which changes no
order within it. What may be chosen without training again, how lesions that touch are told apart, is compared, too.
(Stone, J. R. Statist. Soc. B 36, 1974.)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.errors import InputError
from lennox.evaluation.figure_text import document_text
from lennox.evaluation.summary import FALSE_A_FILM, group_weights, percentile_interval
from lennox.files import atomic_write
from lennox.statistics.froc import FreeResponse, ScoredFilm
from lennox.statistics.roc import roc_area
from lennox.training.ledger import read_ledger
from lennox.training.loop import HeldOutFilms, Progress, load_weights, train
from lennox.training.network import Network
from lennox.training.onnx_model import calibrate, candidate_outcomes, on_line
from lennox.training.recipe import Recipe
from lennox.training.validation import Exam, predict

FORMAT = "lennox-cross-validation/2"
ANSWERS = "held_out.json"
RESAMPLES = 500
SADDLE_SHARES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)  # compared; 0: lesions that touch are not told apart
COMPARED_AT = (0.5, 1.0, 2.0)  # false positives an image


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
    asked = [(source, exam) for source, exams in held.exams().items() for exam in exams]
    exams = [exam for _, exam in asked]
    raw = predict(network, [exam.canvas for exam in exams], plan.contract)
    line = _line(raw, exams, plan)
    maps = [on_line(map_, *line) for map_ in raw]
    marks = {
        share: candidate_outcomes(maps, exams, saddle_share=share or None)[1]
        for share in {*SADDLE_SHARES, plan.lesions.saddle_share}
    }
    answers = [
        {"source": source, "group": held.groups[exam.group], "carious": exam.truth.carious,
         "located": exam.truth.is_located, "probability": float(maps[number].max()),
         "marks": {f"{share:g}": [films[number].false, films[number].found] for share, films in marks.items()}}
        for number, (source, exam) in enumerate(asked)
    ]  # fmt: skip
    document = {"format": FORMAT, "recipe": plan.sha256, "line": line, "answers": answers}
    atomic_write(path, json.dumps(document) + "\n")
    return path


def _line(raw: Sequence[NDArray[np.float32]], exams: Sequence[Exam], plan: Recipe) -> tuple[float, float]:
    """(slope, intercept) that calibrate a fold's network; (1, 0) for one that learnt nothing to calibrate."""
    try:
        return calibrate(raw, exams, plan.lesions.saddle_share or None)
    except InputError:
        return 1.0, 0.0


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
    share = recipe.lesions.saddle_share
    document = {
        "format": FORMAT, "recipe": recipe.sha256, "folds": recipe.folds,
        "intervals": f"95 %, percentile bootstrap of {RESAMPLES} resamples over groups of films",
        "saddle_share": share,
        "figures": {name: _figures(some, share) for name, some in {**sources, "together": answers}.items()},
        "by_fold": [_figures(fold, share, resamples=0) for fold in folds],
        "saddle_shares": _compared(answers),
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
    if document["format"] != FORMAT:
        return None  # of an earlier version: asked again, which takes minutes
    if document["recipe"] != plan.sha256:
        raise InputError(f"'{path.parent}' is of another recipe; name a new folder.")
    answers: list[dict[str, Any]] = document["answers"]
    return answers


def _response(answers: Sequence[dict[str, Any]], share: float) -> FreeResponse:
    marks = [answer["marks"][f"{share:g}"] for answer in answers]
    return FreeResponse(
        [ScoredFilm(tuple(false), tuple(found)) for false, found in marks],
        [answer["carious"] for answer in answers], [answer["located"] for answer in answers],
    )  # fmt: skip


def _compared(answers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lesions found under each way to tell them apart, and how many more than under none, by the same resamples."""
    weights = group_weights([answer["group"] for answer in answers], RESAMPLES)
    without, rows = None, []
    for share in SADDLE_SHARES:
        response = _response(answers, share)
        found = np.array(response.sensitivity_at(COMPARED_AT))
        drawn = np.array([response.sensitivity_at(COMPARED_AT, weight) for weight in weights])
        without = (found, drawn) if without is None else without
        rows.append({
            "saddle_share": share,
            "lesion_sensitivity": [
                {"false_positives_a_film": at, "value": float(found[column]),
                 "more": float((found - without[0])[column]),
                 "more_interval": percentile_interval((drawn - without[1])[:, column])}
                for column, at in enumerate(COMPARED_AT)
            ],
        })  # fmt: skip
    return rows


def _figures(answers: Sequence[dict[str, Any]], share: float, resamples: int = RESAMPLES) -> dict[str, Any]:
    carious = np.array([answer["carious"] for answer in answers])
    highest = np.array([answer["probability"] for answer in answers])
    response = _response(answers, share)
    weights = group_weights([answer["group"] for answer in answers], resamples)
    drawn = np.array([response.sensitivity_at(FALSE_A_FILM, weight) for weight in weights])
    found = response.sensitivity_at(FALSE_A_FILM)
    return {
        "images": len(answers), "carious": int(carious.sum()),
        "lesions": sum(len(answer["marks"][f"{share:g}"][1]) for answer in answers),
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
