"""Rates over patients and their bounds: by hand, against the design's formulas, and at the edges."""

import numpy as np
import pytest
from scipy import stats

from lennox.statistics import intervals
from lennox.statistics.rates import RateSums, error_correlation


def test_one_tooth_a_patient_is_plain_counting():
    sums = RateSums.of([1, 1, 1, 0], [1, 1, 1, 1])
    assert sums.rate() == 0.75
    assert sums.n_eff() == 4
    assert sums.design_effect() == 1
    assert np.isnan(sums.icc())


def test_teeth_that_all_agree_count_as_one():
    sums = RateSums.of([4, 0, 4, 4], [4, 4, 4, 4])
    assert sums.rate() == 0.75
    assert sums.n_eff() == 4
    assert sums.design_effect() == 4
    assert sums.icc() == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(10))
def test_the_variance_is_that_of_the_design(seed):
    rng = np.random.default_rng(seed)
    m = rng.poisson(3, 40) + 1
    k = rng.binomial(m, rng.beta(3, 1, 40))
    p, n, patients = k.sum() / m.sum(), m.sum(), 40
    e = k - p * m
    v = patients / (patients - 1) * (e**2).sum() / n**2
    expected = np.clip(p * (1 - p) / v, patients, n)
    assert RateSums.of(k, m).n_eff() == pytest.approx(expected)


def test_by_cell_adds_up_rows_of_one_patient_first():
    cell, patient = np.array([0, 0, 0, 1]), np.array([5, 5, 7, 5])
    sums = RateSums.by_cell(cell, patient, np.array([1.0, 1, 0, 1]), np.ones(4), 3)
    assert sums.patients.tolist() == [2, 1, 0]
    assert sums.found_squared.tolist() == [4, 1, 0]
    assert np.isnan(sums.rate()[2])


def test_clopper_pearson_takes_whole_and_broken_n():
    low, high = intervals.clopper_pearson(0.8, 20, 0.05)
    assert low == pytest.approx(stats.beta.ppf(0.05, 16, 5))
    assert high == pytest.approx(stats.beta.ppf(0.95, 17, 4))
    assert intervals.clopper_pearson(1.0, 14, 0.05)[0] >= 0.80 > intervals.clopper_pearson(1.0, 13, 0.05)[0]
    assert intervals.clopper_pearson(0.0, 10, 0.05)[0] == 0.0
    assert intervals.clopper_pearson(1.0, 10, 0.05)[1] == 1.0
    assert intervals.clopper_pearson(0.5, 10.5, 0.05)[0] > intervals.clopper_pearson(0.5, 10, 0.05)[0]


def test_p_values_and_bounds_say_the_same():
    for k in range(31):
        sums = RateSums.of([1] * k + [0] * (30 - k), [1] * 30)
        low, high = intervals.rate_bounds(sums, 0.05)
        below, above = intervals.rate_p_values(sums, 0.8, 0.05)
        assert (high < 0.8) == (below < 0.05)
        assert (low > 0.8) == (above < 0.05)


def test_newcombe_by_its_formula():
    a, b = RateSums.of([1] * 56 + [0] * 14, [1] * 70), RateSums.of([1] * 48 + [0] * 32, [1] * 80)
    low, high = intervals.gap_bounds(a, b, 0.025)
    za, zb = stats.t.isf(0.025, 69), stats.t.isf(0.025, 79)
    la, ua = intervals.wilson(0.8, 70, za)
    lb, ub = intervals.wilson(0.6, 80, zb)
    assert low == pytest.approx(0.2 - np.hypot(0.8 - la, ub - 0.6))
    assert high == pytest.approx(0.2 + np.hypot(ua - 0.8, 0.6 - lb))
    assert low == pytest.approx(0.0524, abs=0.003)  # Newcombe 1998, table II, row 10 of 56/70 v 48/80, with z for t


def test_the_gap_p_value_is_where_the_bound_meets_the_limit():
    a, b = RateSums.of([1] * 90 + [0] * 10, [1] * 100), RateSums.of([1] * 60 + [0] * 40, [1] * 100)
    p = intervals.gap_p_values(a, b, 0.1)
    assert intervals.gap_bounds(a, b, p)[0] == pytest.approx(0.1, abs=1e-6)
    assert intervals.gap_p_values(b, a, 0.1) == 1.0


def test_holm_by_hand():
    rejected, level = intervals.holm([0.01, 0.04, 0.03, np.nan, 0.005], 0.05)
    assert rejected.tolist() == [True, False, False, False, True]
    np.testing.assert_allclose(level, [0.05 / 3, 0.05, 0.025, np.nan, 0.0125])
    assert not intervals.holm([0.02, 0.02], 0.02)[0].any()  # 0.02 > 0.02 / 2: the first stops the rest


def test_patients_in_both_groups_correlate_their_errors():
    patients, error = np.arange(10), np.tile([1.0, -1.0], 5)
    assert error_correlation(patients, error, patients, error) == pytest.approx(1.0)
    assert error_correlation(patients, error, patients, -error) == pytest.approx(-1.0)
    assert error_correlation(patients, error, patients + 10, error) == 0.0


def test_more_likeness_never_narrows_a_bound():
    apart = RateSums.of(np.tile([3, 3, 2, 4], 10), np.full(40, 4))
    alike = RateSums.of(np.tile([4, 4, 4, 0], 10), np.full(40, 4))
    assert apart.rate() == alike.rate()
    assert intervals.rate_bounds(alike, 0.05)[0] < intervals.rate_bounds(apart, 0.05)[0]
