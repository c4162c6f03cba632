"""Films and a model become rows of an audit: labels, hits, groups, and films that could not be read."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from lennox.annotations.film import Film
from lennox.annotations.matching import Candidate, Truth, score_film
from lennox.annotations.shapes import Shape
from lennox.audit.film_table import film_rows
from lennox.card import OperatingPoint
from lennox.evaluation.film_results import FilmResult
from lennox.inference.examination import Examination, ModelIdentity, SourceFile
from lennox.policy.policy import Feature

LESION = Shape.outlined(np.array([[40, 20], [40, 40], [60, 40], [60, 20]], float))


def candidate(row, column, probability):
    corners = np.add([[-3, -3], [-3, 3], [3, 3], [3, -3]], (row, column), dtype=float)
    return Candidate(probability, (row, column), Shape.outlined(corners))


def result(truth, *candidates, status="assessed", **fields):
    assessed = status == "assessed"
    examination = Examination(
        SourceFile("film.png", "0" * 64, 100, 100, 8, "periapical"), ModelIdentity("test", "1", "0" * 64, "unreleased"),
        OperatingPoint("low", 0.01), status, () if assessed else ("Too dark.",), 0.9 if assessed else None,
    )  # fmt: skip
    film = Film(Path("film.png"), "block-1", 100, 100, truth, (), fields)
    return FilmResult(film, examination, candidates, score_film(candidates, truth))


def rows(one, policy):
    keys = {name: name for name in ("cluster", *(feature.name for feature in policy.features))}
    return film_rows(one, keys, threshold=0.3, patient="set/block-1", sensor="")


def test_rows_of_a_film(small_policy):
    found = candidate(50, 30, 0.8), candidate(90, 90, 0.4), candidate(90, 10, 0.2)
    image, lesion = rows(result(Truth(True, (LESION,)), *found, group="b"), small_policy)
    assert (image["label"], image["score"], image["false_positives"]) == (1, 0.9, 1)
    assert (lesion["unit"], lesion["score"]) == ("lesion", 0.8)
    assert image["cluster"] == lesion["cluster"] == "set/block-1"
    assert image["group"] == "b"
    (healthy,) = rows(result(Truth(False), *found), small_policy)
    assert (healthy["label"], healthy["false_positives"]) == (0, 2)


def test_a_missed_lesion_scores_nothing_and_one_on_a_refused_film_is_unanswered(small_policy):
    assert [row["score"] for row in rows(result(Truth(True, (LESION,))), small_policy)] == [0.9, 0.0]
    refused = rows(result(Truth(True, (LESION,)), status="not assessable"), small_policy)
    assert all(np.isnan(row["score"]) and np.isnan(row["false_positives"]) for row in refused)


def test_where_nobody_marked_the_caries_false_marks_cannot_be_counted(small_policy):
    (image,) = rows(result(Truth(True), candidate(50, 30, 0.8)), small_policy)
    assert (image["label"], image["score"]) == (1, 0.9)
    assert np.isnan(image["false_positives"])


def test_lesions_have_a_size_class_and_films_have_not(small_policy):
    sized = replace(small_policy, features=(*small_policy.features, Feature("lesion_size", "derived", ("small",))))
    image, lesion = rows(result(Truth(True, (LESION,))), sized)
    assert "lesion_size" not in image
    assert lesion["lesion_size"] == "large"  # 400 of 10,000 pixels
