"""ROC areas and curves against scikit-learn, and the share of positive answers that are right."""

import numpy as np
import pytest

from lennox.statistics.roc import positive_predictive_value, roc_area, roc_curve


@pytest.mark.parametrize("seed", range(5))
def test_the_area_and_the_curve_equal_those_of_scikit_learn(seed):
    metrics = pytest.importorskip("sklearn.metrics", reason="needs scikit-learn")
    random = np.random.default_rng(seed)
    score, label = np.round(random.random(60), 1), random.random(60) < 0.4
    weights = random.integers(0, 3, (4, 60)).astype(float)
    assert roc_area(label, score)[0] == pytest.approx(metrics.roc_auc_score(label, score))
    expected = [metrics.roc_auc_score(label, score, sample_weight=row) for row in weights]
    assert roc_area(label, score, weights) == pytest.approx(expected)
    false, true, _ = metrics.roc_curve(label, score, drop_intermediate=False)
    np.testing.assert_allclose(roc_curve(label, score), np.stack([false, true], 1))


def test_one_class_alone_has_neither_area_nor_curve():
    assert np.isnan(roc_area([1, 1], [0.1, 0.2])[0])
    assert roc_curve([0, 0], [0.1, 0.2]).shape == (0, 2)
    assert np.isnan(roc_area([], [], np.ones((2, 0)))).all()


def test_predictive_value_by_hand():
    assert positive_predictive_value(0.8, 0.9, 0.5) == pytest.approx(0.4 / 0.45)
    assert positive_predictive_value(0.0, 1.0, 0.5) is None
