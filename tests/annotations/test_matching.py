"""Which candidates hit which lesions: the one rule of training, evaluation and audit."""

import numpy as np
import pytest

from lennox.annotations.matching import FALSE_POSITIVE, NEITHER, Candidate, Matching, Truth, score_film
from lennox.annotations.shapes import Shape
from lennox.geometry import Box
from lennox.statistics.froc import UNMARKED, ScoredFilm

SQUARE = Shape.outlined(np.array([[20, 10], [20, 20], [30, 20], [30, 10]], float))


def box(top, left, side=10.0):
    return Shape(Box(top, left, top + side, left + side))


def candidate(probability, row, column, side=10.0):
    return Candidate(probability, (row, column), box(row - side / 2, column - side / 2, side))


def test_the_rule_by_hand():
    lesions = (box(0, 0), box(50, 50))
    candidates = [
        candidate(0.9, 5, 5),  # hits the first
        candidate(0.8, 6, 6),  # again the first: neither a hit nor false
        candidate(0.7, 100, 100),  # false
        candidate(0.2, 55, 55),  # hits the second
    ]
    scored = score_film(candidates, Truth(True, lesions))
    assert scored == ScoredFilm(false=(0.7,), found=(0.9, 0.2), outcomes=(0, NEITHER, FALSE_POSITIVE, 1))


def test_one_candidate_over_two_lesions_finds_one():
    between = Candidate(0.6, (5.0, 9.0), Shape(Box(0, 0, 10, 20)))
    scored = score_film([between], Truth(True, (box(0, 0), box(0, 8))))
    assert sorted(scored.found) == [UNMARKED, 0.6]
    assert scored.false == ()


def test_where_lesions_overlap_the_one_not_yet_found_is_found():
    lesions = (box(0, 0), box(0, 6))
    scored = score_film([candidate(0.9, 5, 3), candidate(0.6, 5, 8)], Truth(True, lesions))
    assert scored.found == (0.9, 0.6)
    nearer = score_film(
        [candidate(0.9, 5, 8.5)], Truth(True, lesions)
    )  # its centre lies in both: the one it covers more
    assert nearer.found == (UNMARKED, 0.9)


def test_a_candidate_beside_the_outline_is_false_however_much_it_overlaps():
    beside = Candidate(0.5, (5.0, 10.5), Shape(Box(0, 3, 10, 14)))
    assert score_film([beside], Truth(True, (box(0, 0),))).false == (0.5,)
    by_overlap = score_film([beside], Truth(True, (box(0, 0),)), Matching.parse("iou:0.3"))
    assert by_overlap.found == (0.5,)


@pytest.mark.parametrize(
    ("rule", "found"),
    [("centre-in-outline", True), ("iou:0.3", True), ("iou:0.5", False), ("dice:0.5", True), ("dice:0.6", False)],
)
def test_the_criteria_that_a_policy_may_name(rule, found):
    inside = Candidate(0.8, (25, 15), Shape.outlined(np.array([[22, 12], [22, 18], [28, 18], [28, 12]], float)))
    scored = score_film([inside], Truth(True, (SQUARE,)), Matching.parse(rule))  # 36 of 100 pixels: Dice 0.53
    assert scored.found == ((0.8,) if found else (UNMARKED,))
    assert scored.false == (() if found else (0.8,))


@pytest.mark.parametrize("text", ["", "centre", "centre-in-outline:1", "iou", "iou:x", "iou:1.5", "dice:nan"])
def test_other_criteria_are_refused(text):
    with pytest.raises(ValueError, match=r"iou:0\.3|0\.\.1|convert"):
        Matching.parse(text)


def test_a_region_of_caries_makes_its_candidates_neither_hit_nor_false():
    scored = score_film([candidate(0.9, 25, 15), candidate(0.8, 80, 80)], Truth(True, (), (SQUARE,)))
    assert scored == ScoredFilm(false=(0.8,), found=(), outcomes=(NEITHER, FALSE_POSITIVE))


def test_where_caries_is_not_located_nothing_is_false():
    assert score_film([candidate(0.9, 5, 5)], Truth(True)) == ScoredFilm((), (), (NEITHER,))
    assert score_film([candidate(0.9, 5, 5)], Truth(False)).false == (0.9,)
