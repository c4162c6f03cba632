"""Every figure of an evaluation with its interval, from the results of its films."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.annotations.film import CocoSet
from lennox.annotations.matching import NEITHER
from lennox.annotations.shapes import overlap
from lennox.card import ModelCard, OperatingPoint
from lennox.evaluation.film_results import FilmResult
from lennox.statistics.average_precision import average_precision
from lennox.statistics.bootstrap import draw_counts
from lennox.statistics.calibration import assess_calibration
from lennox.statistics.froc import FreeResponse
from lennox.statistics.roc import roc_area, roc_curve

Floats = NDArray[np.float64]
FALSE_A_FILM = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
CURVE_POINTS, CURVE_END = 200, 8.0  # false positives a film


@dataclass(frozen=True)
class ScoredFilms:
    """The results of a set as arrays, one entry a film. weights : (resamples, films), how often each is drawn"""

    films: Sequence[FilmResult]
    weights: Floats

    @classmethod
    def of(cls, films: Sequence[FilmResult], resamples: int) -> ScoredFilms:
        """Results whose resamples draw whole groups of films."""
        return cls(films, group_weights([one.film.name for one in films], resamples))

    @cached_property
    def carious(self) -> NDArray[np.bool_]:
        return np.array([one.film.truth.carious for one in self.films], bool)

    @cached_property
    def probability(self) -> Floats:
        return np.array([one.probability for one in self.films], np.float64)

    @cached_property
    def response(self) -> FreeResponse:
        located = [one.film.truth.is_located for one in self.films]
        return FreeResponse([one.scored for one in self.films], list(self.carious), located)

    @cached_property
    def is_outlined(self) -> bool:
        return any(one.film.truth.lesions for one in self.films)

    @cached_property
    def outlined_hits(self) -> list[tuple[int, float, float]]:
        """(film, probability, Dice of the two outlines) of each candidate that found a lesion with a drawn outline."""
        hits = []
        for number, one in enumerate(self.films):
            for candidate, outcome in zip(one.candidates, one.scored.outcomes, strict=True):
                if outcome >= 0 and (lesion := one.film.truth.lesions[outcome]).polygons:
                    shared = overlap(candidate.shape, lesion)  # intersection over union
                    hits.append((number, candidate.probability, 2 * shared / (1 + shared)))
        return hits

    def outline_dice(self, threshold: float, weights: Floats | None = None) -> float:
        """Mean Dice of outlines over the lesions that are found at a threshold; NaN if there is none."""
        hits = [(film, dice) for film, probability, dice in self.outlined_hits if probability >= threshold]
        share = np.array([1.0 if weights is None else weights[film] for film, _ in hits])
        return float(share @ [dice for _, dice in hits] / share.sum()) if share.sum() > 0 else math.nan

    def with_interval(self, figure: Callable[[Floats | None], float]) -> dict[str, Any]:
        """A figure of weighted films, and its percentile interval over the resamples."""
        return {"value": figure(None), "interval": percentile_interval([figure(weight) for weight in self.weights])}

    def film_roc_area(self, members: NDArray[np.bool_] | None = None) -> dict[str, Any]:
        """ROC area of the films' probabilities, or of some films'."""
        inside = np.ones(len(self.films), bool) if members is None else members
        label, score = self.carious[inside], self.probability[inside]
        return {
            "value": float(roc_area(label, score)[0]),
            "interval": percentile_interval(roc_area(label, score, self.weights[:, inside])),
        }


def group_weights(groups: Sequence[str], resamples: int, seed: int = 0) -> Floats:
    """(resamples, films): how often each film is drawn, whole groups with replacement."""
    names, number = np.unique(np.asarray(groups), return_inverse=True)
    counts = np.concatenate([np.empty((len(names), 0)), *draw_counts(len(names), resamples, seed)], axis=1)
    return np.ascontiguousarray(counts[number].T, np.float64)


def percentile_interval(values: Sequence[float] | Floats) -> list[float]:
    """The middle 95 % of the values that are defined."""
    finite = np.asarray(values, np.float64)
    finite = finite[np.isfinite(finite)]
    low, high = np.percentile(finite, [2.5, 97.5]) if len(finite) else (math.nan, math.nan)
    return [float(low), float(high)]


def counts_of(coco: CocoSet, films: Sequence[FilmResult]) -> dict[str, Any]:
    """What the set holds, and what became of its films."""
    return {
        "data": {
            "set": coco.name, "films": len(films), "groups_of_films": len({one.film.name for one in films}),
            "carious_films": sum(one.film.truth.carious for one in films),
            "lesions": sum(len(one.film.truth.lesions) for one in films), "outlines": coco.outlines,
            "carious_films_without_marks": sum(not one.film.truth.is_located for one in films),
        },
        "films": {
            status: sum(one.examination.status == status for one in films)
            for status in ("assessed", "not assessable", "unreadable")
        },
        "reasons": dict(Counter(reason for one in films for reason in one.examination.reasons)),
    }  # fmt: skip


def figures_of(results: ScoredFilms, card: ModelCard) -> dict[str, Any]:
    """The figures of all films: of films, of lesions where they are marked, at the card's operating points."""
    curve = roc_curve(results.carious, results.probability)
    answered = [
        (one.probability, one.film.truth.carious, number)
        for number, one in enumerate(results.films)
        if one.is_assessed
    ]  # fmt: skip
    return {
        "films": len(results.films),
        "carious_films": int(results.carious.sum()),
        "film_roc_area": results.film_roc_area(),
        "film_roc_curve": [list(map(float, curve[index])) for index in _thinned(len(curve))],
        **(_lesion_figures(results) if results.is_outlined else {}),
        "film_calibration": assess_calibration(answered, list(results.weights)),
        "operating_points": {point.name: _at_point(results, point) for point in card.operating_points},
    }


def _lesion_figures(results: ScoredFilms) -> dict[str, Any]:
    response, films = results.response, results.films
    sensitivity = response.sensitivity_at(FALSE_A_FILM)
    drawn = np.array([response.sensitivity_at(FALSE_A_FILM, weight) for weight in results.weights])
    false, found, thresholds = response.curve()
    pairs = [
        (candidate.probability, outcome >= 0, number)
        for number, one in enumerate(films)
        for candidate, outcome in zip(one.candidates, one.scored.outcomes, strict=True)
        if outcome != NEITHER
    ]
    answer: dict[str, Any] = {
        "lesions": sum(len(one.film.truth.lesions) for one in films),
        "froc": [
            {"false_positives_a_film": at, "sensitivity": float(sensitivity[column]),
             "interval": percentile_interval(drawn[:, column] if len(drawn) else [])}
            for column, at in enumerate(FALSE_A_FILM)
        ],
        "froc_curve": [
            [float(false[index]), float(found[index]), float(thresholds[index])]
            for index in _thinned(len(false))
            if false[index] <= CURVE_END
        ],
        "threshold_at": {f"{at:g}": response.threshold_at(at) for at in FALSE_A_FILM},
        "ap50": average_precision(
            [[(c.probability, c.shape.box) for c in one.candidates] for one in films if one.film.truth.is_located],
            [[shape.box for shape in one.film.truth.lesions] for one in films if one.film.truth.is_located],
            [[shape.box for shape in one.film.truth.regions] for one in films if one.film.truth.is_located],
            results.weights[:, [one.film.truth.is_located for one in films]],
        ),
        "calibration": assess_calibration(pairs, list(results.weights)),
    }  # fmt: skip
    for name, weighted in (("afroc_area", False), ("wafroc_area", True)):
        answer[name] = results.with_interval(
            lambda weights, weighted=weighted: response.afroc_area(weighted=weighted, weights=weights)[0]  # type: ignore[misc]
        )
        answer[name]["films_counted"] = response.afroc_area(weighted=weighted)[1]
    return answer


def _at_point(results: ScoredFilms, point: OperatingPoint) -> dict[str, Any]:
    marked, carious = results.probability >= point.threshold, results.carious
    answer = {
        "threshold": point.threshold,
        "film_sensitivity": share_of(results.weights, marked, carious),
        "film_specificity": share_of(results.weights, ~marked, ~carious),
    }
    if results.is_outlined:
        for column, name in enumerate(("lesion_sensitivity", "false_positives_a_film")):
            answer[name] = results.with_interval(
                lambda weights, column=column: results.response.at_threshold(point.threshold, weights)[column]  # type: ignore[misc]
            )
    if any(probability >= point.threshold for _, probability, _ in results.outlined_hits):
        answer["outline_dice"] = results.with_interval(lambda weights: results.outline_dice(point.threshold, weights))
    return answer


def share_of(weights: Floats, of: NDArray[np.bool_], among: NDArray[np.bool_]) -> dict[str, Any]:
    """The share of `among` that is in `of`, with its interval. weights : (resamples, entries)"""

    def shares(weight: Floats) -> Floats:
        below = weight @ among.astype(np.float64)
        quotient: Floats = np.divide(weight @ (of & among), below, out=np.full(len(weight), np.nan), where=below > 0)
        return quotient

    return {"value": float(shares(np.ones((1, len(among))))[0]), "interval": percentile_interval(shares(weights))}


def _thinned(length: int) -> list[int]:
    """Places of at most so many points of a curve, the first and the last among them."""
    return np.unique(np.linspace(0, length - 1, CURVE_POINTS).astype(int)).tolist() if length else []
