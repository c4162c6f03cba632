"""Calibration: the fitted line, and what is said of it."""

import numpy as np
import pytest

from lennox.statistics.calibration import assess_calibration, calibration_line, logit


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.5, -1.0), (2.0, 0.7)])
def test_the_line_that_made_the_outcomes_is_found(slope, intercept):
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, 20_000)
    outcomes = (random.random(20_000) < 1 / (1 + np.exp(-(slope * logits + intercept)))).astype(float)
    fitted = calibration_line(outcomes, 1 / (1 + np.exp(-logits)))
    assert np.ravel(fitted) == pytest.approx((intercept, slope), abs=0.08)


def test_one_kind_of_outcome_determines_nothing():
    assert np.isnan(calibration_line([1, 1], [0.2, 0.7])).all()


def test_reliability_by_hand():
    pairs = [(0.05, False, 0), (0.05, True, 0), (0.95, True, 1)]
    told = assess_calibration(pairs, [np.ones(2)])
    assert told["count"] == 3
    assert told["reliability"] == [
        {"mean_probability": 0.05, "share_true": 0.5, "count": 2},
        {"mean_probability": 0.95, "share_true": 1.0, "count": 1},
    ]
    assert told["brier"] == pytest.approx((0.05**2 + 0.95**2 + 0.05**2) / 3)
    assert told["expected_error"] == pytest.approx((2 * 0.45 + 0.05) / 3)


def test_nothing_to_assess():
    assert assess_calibration([], []) is None


def test_logit_is_finite_at_the_ends():
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()
