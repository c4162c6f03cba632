"""The loss on peaks: every lesion counts once, and of the rest what is mistaken most."""

import pytest

torch = pytest.importorskip("torch", reason="training needs lennox[train]")
from lennox.training.loss import peak_loss  # noqa: E402

pytestmark = pytest.mark.training


def scene():
    """A large and a small lesion on one crop: logits that see nothing, and the target."""
    target = torch.zeros(1, 1, 64, 64)
    target[..., 8:24, 8:24] = 1.0
    target[..., 44:48, 44:48] = 1.0
    return torch.full((1, 1, 64, 64), -6.0), target


def test_missing_the_small_lesion_costs_as_much_as_missing_the_large_one():
    logits, target = scene()
    both, large, small = (logits.clone() for _ in range(3))
    large[..., 8:24, 8:24] = small[..., 43:49, 43:49] = 6.0
    both[..., 8:24, 8:24] = both[..., 43:49, 43:49] = 6.0
    none = peak_loss(logits, target)
    assert peak_loss(large, target) == pytest.approx(float(none) / 2, rel=0.05)
    assert peak_loss(small, target) == pytest.approx(float(none) / 2, rel=0.05)
    assert float(peak_loss(both, target)) < 0.02


def test_a_false_peak_costs_and_one_beside_a_lesion_does_not():
    logits, target = scene()
    beside, far = logits.clone(), logits.clone()
    beside[..., 24:28, 10:14] = 5.0
    far[..., 24:28, 50:54] = 5.0
    assert float(peak_loss(far, target) - peak_loss(logits, target)) > 0.5
    assert float(peak_loss(beside, target) - peak_loss(logits, target)) < 0.05


def test_the_gradient_reaches_peaks_and_mistakes_alone():
    logits, target = scene()
    logits[..., 24:28, 50:54] = 2.0
    logits.requires_grad_()
    peak_loss(logits, target).backward()
    assert logits.grad[..., 8:24, 8:24].min() < 0
    assert logits.grad[..., 24:28, 50:54].max() > 0
    assert torch.isfinite(logits.grad).all()


def test_a_crop_without_lesions_has_a_loss():
    logits, _ = scene()
    assert torch.isfinite(peak_loss(logits, torch.zeros_like(logits)))
