"""The free-response rule and its areas, by hand and against slow twins."""

import numpy as np
import pytest

from lennox.annotations.shapes import Shape
from lennox.geometry import Box
from lennox.statistics.froc import UNMARKED, Candidate, FreeResponse, Scored, area_under_roc, score_film


def box(top, left, side=10.0):
    return Shape(Box(top, left, top + side, left + side))


def candidate(probability, row, column, side=10.0):
    return Candidate(probability, (row, column), box(row - side / 2, column - side / 2, side))


def test_the_rule_by_hand():
    lesions = [box(0, 0), box(50, 50)]
    candidates = [
        candidate(0.9, 5, 5),  # hits the first
        candidate(0.8, 6, 6),  # again the first: neither a hit nor false
        candidate(0.7, 100, 100),  # false
        candidate(0.2, 55, 55),  # hits the second
    ]
    scored = score_film(candidates, lesions)
    assert scored == Scored(false=(0.7,), found=(0.9, 0.2), candidates=(0, -2, -1, 1))


def test_a_centre_outside_still_hits_by_overlap():
    beside = Candidate(0.5, (5.0, 10.5), Shape(Box(0, 3, 10, 14)))  # IoU 7/14
    assert score_film([beside], [box(0, 0)]).found == (0.5,)
    away = Candidate(0.5, (5.0, 11.5), Shape(Box(0, 8, 10, 15)))  # IoU 2/15
    assert score_film([away], [box(0, 0)]).found == (UNMARKED,)


def test_one_candidate_over_two_lesions_finds_one():
    scored = score_film([Candidate(0.6, (5.0, 10.0), Shape(Box(0, 0, 10, 20)))], [box(0, 0), box(0, 10)])
    assert sorted(scored.found) == [UNMARKED, 0.6]
    assert scored.false == ()


def test_where_lesions_overlap_the_one_not_yet_found_is_found():
    lesions = [box(0, 0), box(0, 6)]
    scored = score_film([candidate(0.9, 5, 3), candidate(0.6, 5, 8)], lesions)
    assert scored.found == (0.9, 0.6)
    nearer = score_film([candidate(0.9, 5, 9)], lesions)  # its centre lies in both: the one it covers more
    assert nearer.found == (UNMARKED, 0.9)


@pytest.fixture
def response():
    """Two carious films with three lesions, two caries-free films."""
    films = [
        Scored(false=(0.6,), found=(0.9, 0.4)),
        Scored(false=(), found=(UNMARKED,)),
        Scored(false=(0.5, 0.3), found=()),
        Scored(false=(), found=()),
    ]
    return FreeResponse(films, [True, True, False, False])


def test_froc_by_hand(response):
    false, found, thresholds = response.curve()
    assert thresholds.tolist() == [0.9, 0.6, 0.5, 0.4, 0.3]
    assert false.tolist() == [0, 0.25, 0.5, 0.5, 0.75]
    assert found == pytest.approx([1 / 3, 1 / 3, 1 / 3, 2 / 3, 2 / 3])
    assert response.sensitivity_at([0.1, 0.5, 4.0]) == pytest.approx([1 / 3, 2 / 3, 2 / 3])
    assert response.threshold_at(0.5) == 0.4
    assert response.at_threshold(0.5) == pytest.approx((1 / 3, 0.5))


def test_afroc_by_hand(response):
    # caries-free films: highest false 0.5 and none. Lesions 0.9: beats both, 2; 0.4: beats the unmarked film, 1;
    # the missed one: loses to 0.5, ties with the unmarked film, 1/2. AFROC = 3.5 / (3 lesions * 2 films).
    assert response.afroc_area(weighted=False) == (pytest.approx(3.5 / 6), "AFROC")
    # weighted: the first film's lesions count 1/2 each, the second's 1: (2/2 + 1/2 + 1/2) / (2 films * 2)
    assert response.afroc_area(weighted=True) == (pytest.approx(2.0 / 4), "AFROC")


def test_without_caries_free_films_all_films_are_counted():
    response = FreeResponse([Scored((0.2,), (0.8,)), Scored((0.9,), (0.5,))], [True, True])
    # 0.8 beats 0.2 only; 0.5 beats 0.2 only
    assert response.afroc_area(weighted=True) == (pytest.approx(2 / 4), "AFROC1")


def test_a_weight_of_two_is_the_film_twice(response):
    films = [Scored((0.6,), (0.9, 0.4)), Scored((), (UNMARKED,)), Scored((0.5, 0.3), ()), Scored((), ())]
    twice = FreeResponse([*films, films[0], films[2]], [True, True, False, False, True, False])
    weights = np.array([2.0, 1.0, 2.0, 1.0])
    at = [0.125, 0.5, 1.0]
    assert response.sensitivity_at(at, weights) == pytest.approx(twice.sensitivity_at(at))
    for weighted in (True, False):
        expected = twice.afroc_area(weighted=weighted)[0]
        assert response.afroc_area(weighted=weighted, weights=weights)[0] == pytest.approx(expected)


def test_equal_probabilities_fall_together():
    response = FreeResponse([Scored((0.5,), (0.5,))], [True])
    assert response.sensitivity_at([0.5, 1.0]).tolist() == [0.0, 1.0]


def test_a_set_without_marks_has_no_sensitivity():
    response = FreeResponse([Scored((), (UNMARKED,)), Scored((), ())], [True, False])
    assert response.sensitivity_at([1.0]).tolist() == [0.0]
    assert response.threshold_at(1.0) == 1.0
    assert response.afroc_area(weighted=True)[0] == 0.5


@pytest.mark.parametrize("seed", range(5))
def test_area_under_roc_equals_scikit_learn(seed):
    metrics = pytest.importorskip("sklearn.metrics", reason="needs lennox[evaluate]")
    random = np.random.default_rng(seed)
    probability, diseased = np.round(random.random(60), 1), random.random(60) < 0.4
    weights = random.integers(0, 3, 60).astype(float)
    assert area_under_roc(probability, diseased) == pytest.approx(metrics.roc_auc_score(diseased, probability))
    expected = metrics.roc_auc_score(diseased, probability, sample_weight=weights)
    assert area_under_roc(probability, diseased, weights) == pytest.approx(expected)
