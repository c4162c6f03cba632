"""Rates over patients and Holm's correction: by hand, against the design's formulas, and at the edges."""

import numpy as np
import pytest

from lennox.statistics.holm import holm
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
    expected = np.clip(p * (1 - p) / v, n**2 / (m**2).sum(), n)
    assert RateSums.of(k, m).n_eff() == pytest.approx(expected)


def test_by_cell_adds_up_rows_of_one_patient_first():
    cell, patient = np.array([0, 0, 0, 1]), np.array([5, 5, 7, 5])
    sums = RateSums.by_cell(cell, patient, np.array([1.0, 1, 0, 1]), np.ones(4), 3)
    assert sums.patients.tolist() == [2, 1, 0]
    assert sums.found_squared.tolist() == [4, 1, 0]
    assert np.isnan(sums.rate()[2])


def test_holm_by_hand():
    rejected, level = holm([0.01, 0.04, 0.03, np.nan, 0.005], 0.05)
    assert rejected.tolist() == [True, False, False, False, True]
    np.testing.assert_allclose(level, [0.05 / 3, 0.05, 0.025, np.nan, 0.0125])
    assert not holm([0.02, 0.02], 0.02)[0].any()  # 0.02 > 0.02 / 2: the first stops the rest


def test_patients_in_both_groups_correlate_their_errors():
    patients, error = np.arange(10), np.tile([1.0, -1.0], 5)
    assert error_correlation(patients, error, patients, error) == pytest.approx(1.0)
    assert error_correlation(patients, error, patients, -error) == pytest.approx(-1.0)
    assert error_correlation(patients, error, patients + 10, error) == 0.0


def test_patients_with_many_units_count_for_more_than_their_share():
    """Nine bring one tooth and one brings 20, all found: worth Kish's 2 patients, not 10."""
    sums = RateSums.of([1] * 9 + [20], [1] * 9 + [20])
    assert sums.n_eff() == pytest.approx(29**2 / (9 + 400))
