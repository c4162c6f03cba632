"""The cluster bootstrap gives the numbers of a plain loop, and says where it has none."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from lennox.audit.crosscheck import rates_by_group
from lennox.statistics.bootstrap import PerCell, Ratio, bootstrap_rates, draw_counts, resample
from lennox.statistics.calibration import calibration_line, logit
from lennox.statistics.roc import roc_area


def table(seed, patients=60, groups=4):
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(patients), 4)
    group = rng.integers(0, groups, patients)[who]
    return who, group, rng.integers(0, 2, len(who)), rng.integers(0, 2, len(who))


def test_the_same_draws_give_the_numbers_of_a_metricframe_loop():
    who, group, label, flagged = table(1)
    tpr, fpr = bootstrap_rates(who, group, label, flagged, resamples=8, seed=5)
    counts = np.concatenate(list(draw_counts(60, 8, 5)), axis=1)
    for number in range(8):
        rows = np.repeat(np.arange(len(who)), counts[who, number].astype(int))
        for values, wanted in ((tpr, 1), (fpr, 0)):
            here = rows[label[rows] == wanted]
            theirs = rates_by_group("tpr" if wanted else "fpr", flagged[here] == 1, group[here])
            for cell, value in theirs.items():
                assert values[number, cell] == value  # to the last bit


def test_draws_do_not_depend_on_the_chunks(monkeypatch):
    whole = np.concatenate(list(draw_counts(50, 40, 3)), axis=1)
    monkeypatch.setattr("lennox.statistics.bootstrap._CHUNK_CELLS", 50 * 7)
    parts = np.concatenate(list(draw_counts(50, 40, 3)), axis=1)
    np.testing.assert_array_equal(whole, parts)
    assert (whole.sum(0) == 50).all()


def test_one_patient_and_a_group_of_one_patient():
    tpr, _ = bootstrap_rates(
        np.zeros(4, int), np.zeros(4, int), np.ones(4, int), np.array([1, 1, 0, 1]), resamples=1000, seed=1
    )
    assert (tpr == 0.75).all()
    who, group = np.arange(20), np.r_[1, np.zeros(19, int)]
    tpr, _ = bootstrap_rates(who, group, np.ones(20, int), np.ones(20, int), resamples=1000, seed=1)
    assert 0.3 < np.isnan(tpr[:, 1]).mean() < 0.42  # drawn not at all in (19/20)^20 of resamples


def test_sums_of_fractions_are_not_rounded():
    ratio = Ratio.of(np.zeros(3, int), np.arange(3), np.array([0.1, 0.2, 0.3]), np.ones(3), (1, 3))
    assert ratio(np.ones((3, 1), np.float32))[0, 0] == pytest.approx(0.2, abs=1e-15)


@pytest.mark.parametrize("seed", range(5))
def test_roc_area_is_that_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    label, score = rng.integers(0, 2, 80), rng.integers(0, 12, 80) / 12  # ties
    weights = rng.integers(0, 3, (4, 80))
    for row, value in zip(weights, roc_area(label, score, weights), strict=True):
        assert value == pytest.approx(roc_auc_score(label, score, sample_weight=row), abs=1e-12)


def test_resampled_auc_is_that_of_the_resampled_rows():
    rng = np.random.default_rng(3)
    who, label, score = np.repeat(np.arange(30), 3), rng.integers(0, 2, 90), rng.random(90)
    (values,) = resample([PerCell(((who, label, score),), roc_area)], 30, 20, 9)
    counts = np.concatenate(list(draw_counts(30, 20, 9)), axis=1).astype(int)
    for number in range(20):
        rows = np.repeat(np.arange(90), counts[who, number])
        assert values[number, 0] == pytest.approx(roc_auc_score(label[rows], score[rows]), abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_calibration_is_that_of_unpenalised_logistic_regression(seed):
    rng = np.random.default_rng(seed)
    score = rng.uniform(0.02, 0.98, 400)
    label = (rng.random(400) < score**1.3).astype(int)
    weights = rng.integers(0, 3, (3, 400)).astype(float)
    intercept, slope = calibration_line(label, score, weights)
    for number in range(3):
        model = LogisticRegression(C=np.inf, tol=1e-10).fit(logit(score)[:, None], label, sample_weight=weights[number])
        assert slope[number] == pytest.approx(model.coef_[0, 0], abs=1e-4)
        assert intercept[number] == pytest.approx(model.intercept_[0], abs=1e-4)


def test_calibration_is_undefined_where_nothing_can_be_fitted():
    score = np.array([0.1, 0.2, 0.8, 0.9])
    for label in ([0, 0, 1, 1], [1, 1, 1, 1]):  # separated; one class
        assert np.isnan(calibration_line(np.array(label), score, np.ones((1, 4)))[1][0])
    rows = ((np.arange(4), np.ones(4, int), score),)
    assert np.isnan(resample([PerCell(rows, roc_area)], 4, 10, 1)[0]).all()
