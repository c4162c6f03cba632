"""Areas, lines, counts and gaps: what their bounds are made of, and where there is none."""

import math

import numpy as np
import pytest
from scipy import special

from lennox.statistics.one_sided import Area, Line, Ratio, level_where, square_and_add


def drawn_line(seed, patients=150, slope=1.0):
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(patients), 2)
    odds = 1.5 * rng.standard_normal(len(who)) - 1
    return (rng.random(len(who)) < special.expit(slope * odds)).astype(float), special.expit(odds), who


def test_equal_patients_are_kept_once():
    ratio = Ratio.of(np.array([1.0, 1.0, 0.0, 2.0]), np.array([1.0, 1.0, 1.0, 2.0]), 0.0)
    assert sorted(zip(ratio.bottom, ratio.top, ratio.times, strict=True)) == [(1, 0, 1), (1, 1, 2), (2, 2, 1)]
    assert ratio.estimate == pytest.approx(4 / 5)


def test_a_bound_and_its_p_value_say_the_same():
    rng = np.random.default_rng(1)
    ratio = Ratio.of(rng.binomial(3, 0.8, 60).astype(float), np.full(60, 3.0), 0.0)
    for alpha in (0.05, 0.001):
        assert ratio.p_value(ratio.lower(alpha)) == pytest.approx(alpha, rel=0.01)
        assert ratio.exceeds(ratio.lower(alpha), alpha)
        assert not ratio.exceeds(ratio.lower(alpha) + 0.01, alpha)
    label, score, who = drawn_line(2)
    line = Line(label, score, who, True, 1.0)
    assert line.p_value(line.lower(0.05)) == pytest.approx(0.05, rel=0.01)
    assert level_where(ratio.lower, ratio.lower(0.02)) == pytest.approx(0.02, rel=0.01)


def test_more_patients_narrow_every_bound():
    label, score, who = drawn_line(3)
    ratio = Ratio.of(np.arange(20) % 5 * 0.2, np.ones(20), 0.0)
    for one in (ratio, Line(label, score, who, False, -1.0), Area(ratio, ratio, 0.0)):
        assert one.grown(4.0).lower(0.05) > one.lower(0.05)


def test_counts_have_no_bound_until_one_patient_in_twenty_must_have_been_met():
    """0.95 to the power of 58 is above 0.05, to the power of 59 below."""
    none = [Ratio.of_count_ceiling(np.zeros(n), np.ones(n), np.zeros(n)).lower(0.05) for n in (58, 59)]
    assert none[0] == -math.inf
    assert -0.1 < none[1] < 0.0


def test_films_that_were_not_answered_hold_as_many_marks_as_the_worst():
    marks, films = np.r_[np.zeros(79), 4.0], np.ones(80)
    answered = -Ratio.of_count_ceiling(marks, films, np.zeros(80)).lower(0.05)
    silent = np.zeros(80)
    silent[:8] = 1.0
    assert -Ratio.of_count_ceiling(marks, films - silent, silent).lower(0.05) > answered + 8 * 6 / 80 - 0.05


def test_a_line_is_bounded_about_its_own_fit_and_needs_as_many_patients_as_a_count():
    label, score, who = drawn_line(4)
    low, high = Line(label, score, who, True, 1.0), Line(label, score, who, True, -1.0)
    assert low.lower(0.05) < low.estimate == -high.estimate < -high.lower(0.05)
    few = who < 50
    assert Line(label[few], score[few], who[few], True, 1.0).lower(0.05) == -math.inf


def test_the_efficient_score_is_zero_at_the_fit():
    label, score, who = drawn_line(5)
    for slope in (True, False):
        line = Line(label, score, who, slope, 1.0)
        assert line.patient_scores(line.estimate).sum() == pytest.approx(0.0, abs=1e-4)


def test_square_and_add_by_hand():
    assert square_and_add(3.0, 4.0, 0.0) == 5.0
    assert square_and_add(3.0, 4.0, 1.0) == 1.0
    assert square_and_add(math.inf, 4.0, 0.0) == math.inf


def test_a_perfect_area_of_few_cases_is_no_certainty():
    cases, controls = (Ratio.of(np.ones(n), np.ones(n), 0.0) for n in (20, 200))
    area = Area(cases, controls, 0.0)
    assert area.estimate == 1.0
    assert area.lower(0.05) == pytest.approx(1 - math.hypot(1 - 0.05 ** (1 / 20), 1 - 0.05 ** (1 / 200)), abs=0.003)
