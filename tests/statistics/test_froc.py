"""Free-response curves and their areas, by hand and against slow twins."""

import numpy as np
import pytest

from lennox.statistics.froc import UNMARKED, FreeResponse, ScoredFilm


@pytest.fixture
def response():
    """Two carious films with three lesions, two caries-free films."""
    films = [
        ScoredFilm(false=(0.6,), found=(0.9, 0.4)),
        ScoredFilm(false=(), found=(UNMARKED,)),
        ScoredFilm(false=(0.5, 0.3), found=()),
        ScoredFilm(false=(), found=()),
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
    response = FreeResponse([ScoredFilm((0.2,), (0.8,)), ScoredFilm((0.9,), (0.5,))], [True, True])
    # 0.8 beats 0.2 only; 0.5 beats 0.2 only
    assert response.afroc_area(weighted=True) == (pytest.approx(2 / 4), "AFROC1")


def test_a_weight_of_two_is_the_film_twice(response):
    films = [
        ScoredFilm((0.6,), (0.9, 0.4)),
        ScoredFilm((), (UNMARKED,)),
        ScoredFilm((0.5, 0.3), ()),
        ScoredFilm((), ()),
    ]
    twice = FreeResponse([*films, films[0], films[2]], [True, True, False, False, True, False])
    weights = np.array([2.0, 1.0, 2.0, 1.0])
    at = [0.125, 0.5, 1.0]
    assert response.sensitivity_at(at, weights) == pytest.approx(twice.sensitivity_at(at))
    for weighted in (True, False):
        expected = twice.afroc_area(weighted=weighted)[0]
        assert response.afroc_area(weighted=weighted, weights=weights)[0] == pytest.approx(expected)


def test_equal_probabilities_fall_together():
    response = FreeResponse([ScoredFilm((0.5,), (0.5,))], [True])
    assert response.sensitivity_at([0.5, 1.0]).tolist() == [0.0, 1.0]


def test_a_set_without_marks_has_no_sensitivity():
    response = FreeResponse([ScoredFilm((), (UNMARKED,)), ScoredFilm((), ())], [True, False])
    assert response.sensitivity_at([1.0]).tolist() == [0.0]
    assert response.threshold_at(1.0) == 1.0
    assert response.afroc_area(weighted=True)[0] == 0.5


def test_a_film_whose_lesions_are_not_located_has_no_weight(response):
    films = [
        ScoredFilm((0.6,), (0.9, 0.4)),
        ScoredFilm((), (UNMARKED,)),
        ScoredFilm((0.5, 0.3), ()),
        ScoredFilm((), ()),
    ]
    more = FreeResponse([*films, ScoredFilm((), ())], [True, True, False, False, True], [True] * 4 + [False])
    assert more.sensitivity_at([0.25, 0.5]) == pytest.approx(response.sensitivity_at([0.25, 0.5]))
    assert more.at_threshold(0.3) == pytest.approx(response.at_threshold(0.3))
    assert more.afroc_area(weighted=True) == response.afroc_area(weighted=True)
