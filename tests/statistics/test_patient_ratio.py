"""The bound with a worst patient added: exact where the truth is known, and never fooled by one patient or by names."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from lennox.statistics.patient_ratio import ratio_lower_bound, ratio_p_value, weighted_sum_chance


@pytest.mark.parametrize(
    ("found", "patients"), [(14, 14), (59, 59), (55, 60), (19, 20), (88, 100), (450, 500), (1, 30)]
)
def test_one_unit_a_patient_is_clopper_and_pearson(found, patients):
    top = np.r_[np.ones(found), np.zeros(patients - found)]
    exact = special.betaincinv(found, patients - found + 1, 0.05)
    bound = ratio_lower_bound(top, np.ones(patients), 0.05, 0.0)
    assert bound == pytest.approx(exact, abs=0.001)
    assert bound <= exact + 1e-6  # the formula errs on the safe side
    assert ratio_p_value(top, np.ones(patients), exact, 0.0) == pytest.approx(0.05, rel=0.06)


@pytest.mark.parametrize(("patients", "floor"), [(14, 0.8), (29, 0.9), (59, 0.95)])
def test_a_perfect_record_passes_from_the_number_that_the_policy_rules_ask_for(patients, floor):
    ones = np.ones(patients)
    assert ratio_p_value(ones, ones, floor, 0.0) <= 0.05
    assert ratio_p_value(ones[1:], ones[1:], floor, 0.0) > 0.05


def test_the_chance_is_that_of_drawn_weights():
    rng = np.random.default_rng(1)
    values = rng.normal(0.3, 1.0, 25)
    drawn = (rng.standard_exponential((200_000, 25)) @ values <= 0).mean()
    assert weighted_sum_chance(values, 1.0) == pytest.approx(drawn, abs=0.004)


def test_equal_patients_may_be_counted_together():
    values = np.array([0.2, 0.2, 0.2, -0.8, -0.8, 0.1])
    together = weighted_sum_chance([0.2, -0.8, 0.1], [3.0, 2.0, 1.0])
    assert weighted_sum_chance(values, 1.0) == pytest.approx(float(together), rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 30), st.floats(0, 1)), min_size=3, max_size=40), st.randoms())
def test_order_changes_nothing_and_a_missed_unit_never_helps(patients, random):
    bottom = np.array([m for m, _ in patients], float)
    top = np.floor(bottom * [share for _, share in patients])
    bound = float(ratio_lower_bound(top, bottom, 0.05, 0.0))
    order = list(range(len(patients)))
    random.shuffle(order)
    assert ratio_lower_bound(top[order], bottom[order], 0.05, 0.0) == pytest.approx(bound, abs=1e-3)
    worse = top.copy()
    worse[top.argmax()] = max(worse[top.argmax()] - 1, 0)
    assert ratio_lower_bound(worse, bottom, 0.05, 0.0) <= bound + 1e-3
    assert 0.0 <= bound <= top.sum() / bottom.sum()


def test_a_kind_of_patient_that_nobody_is_changes_nothing():
    top, bottom = np.array([1.0, 0.0, 2.0]), np.array([1.0, 1.0, 2.0])
    nobody = ratio_p_value(np.append(top, 9.0), np.append(bottom, 9.0), 0.4, 0.0, [30.0, 5.0, 9.0, 0.0])
    assert nobody == ratio_p_value(top, bottom, 0.4, 0.0, [30.0, 5.0, 9.0])


def test_one_patient_with_600_found_teeth_carries_nobody_elses():
    """30 people whose every tooth was missed, and one of 600 found: 0.95 of all teeth, and nothing is shown."""
    top, bottom = np.r_[np.zeros(30), 600.0], np.r_[np.ones(30), 600.0]
    assert top.sum() / bottom.sum() > 0.95
    assert ratio_lower_bound(top, bottom, 0.05, 0.0) < 0.3


def test_all_alike_is_no_certainty():
    """25 films of Dice 0.90 are not a bound of 0.90: a film with Dice 0 may be one in nine."""
    bound = ratio_lower_bound(np.full(25, 0.9), np.ones(25), 0.05, 0.0)
    assert bound == pytest.approx(0.9 * 0.05 ** (1 / 25), abs=0.01)


def test_nothing_found_and_nobody_there():
    assert ratio_lower_bound(np.zeros(20), np.ones(20), 0.05, 0.0) == 0.0
    assert np.isnan(ratio_lower_bound(np.zeros(3), np.zeros(3), 0.05, 0.0))
    assert ratio_p_value(np.zeros(20), np.ones(20), 0.5, 0.0) == 1.0


def test_many_groups_at_once_are_each_alone():
    rng = np.random.default_rng(2)
    bottom = rng.integers(1, 7, (5, 40)).astype(float)
    top = rng.binomial(bottom.astype(int), 0.8).astype(float)
    alone = [float(ratio_lower_bound(k, m, 0.05, 0.0)) for k, m in zip(top, bottom, strict=True)]
    np.testing.assert_allclose(ratio_lower_bound(top, bottom, 0.05, 0.0), alone, atol=1e-6)
