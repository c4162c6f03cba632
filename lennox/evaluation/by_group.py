"""The figures of each derived group of films, and of lesions by their size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.annotations.groups import SIZES, derive_groups, lesion_size
from lennox.errors import ImageError
from lennox.evaluation.film_results import FilmResult
from lennox.evaluation.summary import ScoredFilms, share_of
from lennox.image import read_image
from lennox.statistics.froc import UNMARKED


@dataclass(frozen=True)
class _Lesions:
    """Every lesion of the set: its film, its size class, and whether it is found at each threshold."""

    film: NDArray[np.int64]
    size: NDArray[np.str_]
    found: Mapping[str, NDArray[np.bool_]]
    weights: NDArray[np.float64]

    def figures(self, inside: NDArray[np.bool_]) -> dict[str, Any]:
        shares = {f"sensitivity_at_{name}": share_of(self.weights, found, inside) for name, found in self.found.items()}
        return {"lesions": int(inside.sum()), **shares}


def figures_by_group(results: ScoredFilms, thresholds: Mapping[str, float]) -> dict[str, Any]:
    """Figures by group. thresholds : of the whole set, by the false positives a film that they allow it"""
    films = results.films
    groups = [_groups_of(one) for one in films]
    lesions = _lesions_of(results, thresholds)
    answer: dict[str, Any] = {}
    for name in sorted({name for own in groups for name in own}):
        answer[name] = {
            value: _figures(results, np.array([own.get(name) == value for own in groups]), lesions, thresholds)
            for value in sorted({own[name] for own in groups if name in own})
        }
    if len(lesions.film):
        answer["lesion_size"] = {
            "cuts": {"area_share_of_longest_side_squared": list(SIZES)},
            **{size: lesions.figures(lesions.size == size) for size in ("small", "medium", "large")},
        }
    return answer


def _groups_of(one: FilmResult) -> Mapping[str, str]:
    try:
        return derive_groups(one.film, read_image(one.film.path).grey())
    except ImageError:
        return derive_groups(one.film)


def _lesions_of(results: ScoredFilms, thresholds: Mapping[str, float]) -> _Lesions:
    entries = [
        (number, lesion_size(shape.area, one.film.rows, one.film.columns) if one.film.rows and one.film.columns else "",
         found)
        for number, one in enumerate(results.films)
        for shape, found in zip(one.film.truth.lesions, one.scored.found, strict=True)
    ]  # fmt: skip
    film = np.array([number for number, _, _ in entries], np.int64)
    probability = np.array([found for _, _, found in entries], np.float64)
    return _Lesions(
        film, np.array([size for _, size, _ in entries], np.str_),
        {name: (probability >= at) & (probability != UNMARKED) for name, at in thresholds.items()},
        results.weights[:, film],
    )  # fmt: skip


def _figures(
    results: ScoredFilms, members: NDArray[np.bool_], lesions: _Lesions, thresholds: Mapping[str, float]
) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "films": int(members.sum()),
        "carious_films": int((results.carious & members).sum()),
        "film_roc_area": results.film_roc_area(members),
        **lesions.figures(members[lesions.film]),
    }
    located: Sequence[FilmResult] = [
        one for one, inside in zip(results.films, members, strict=True) if inside and one.film.truth.is_located
    ]
    for name, at in thresholds.items() if located else ():
        false = [sum(probability >= at for probability in one.scored.false) for one in located]
        answer[f"false_positives_a_film_at_{name}"] = float(np.mean(false))
    return answer
