"""The network: ours beside PyTorch and OpenVINO, same weights, same film, one thread; and its 8-bit variant.

Each engine is a process of its own; they take turns, and CPU seconds count.
"""

import json

import numpy as np
import pytest
from measuring import Work, by_itself, conditions, installed

NAME, SIZE = "network", "512 x 512, one film"
VNNI = {"avx512_vnni", "avx_vnni", "amx_int8", "asimddp"} & set(conditions()["instructions"])
pytestmark = pytest.mark.skipif(not installed("torch"), reason="PyTorch is not installed: pip install 'lennox[train]'")


def same(peer, ours):
    np.testing.assert_allclose(np.load(peer.answer), np.load(ours.answer), atol=1e-4)


@pytest.mark.parametrize(
    ("name", "title", "target"),
    [
        ("pytorch", "PyTorch eager", 2.0),
        ("pytorch-folded", "PyTorch eager, normalisation folded, channels last", None),
        ("openvino", "OpenVINO, float32", None),
    ],
)
def test_network_beside(beside, engine, model, tensor, name, title, target):
    if name == "openvino" and not installed("openvino"):
        pytest.skip("OpenVINO is not installed: pip install openvino")
    peer, ours = engine(name, model, tensor), engine("lennox", model, tensor)
    same(peer, ours)
    beside(Work(NAME, SIZE, title, at_least=target), peer, ours, spent=by_itself)


@pytest.fixture(scope="module")
def eight_bit(model, tensor, tmp_path_factory):
    """The model in 8 bits. Calibrated on one drawn film: enough for its speed, not for its answers."""
    from lennox.training.eight_bit import quantise_weights
    from lennox.training.onnx_model import write_model

    folder = tmp_path_factory.mktemp("eight-bit") / "model"
    weights = quantise_weights(model / "model.onnx", iter([np.load(tensor)]))
    write_model(folder, weights, json.loads((model / "card.json").read_text()))
    return folder


def test_eight_bits_beside_32(beside, engine, model, eight_bit, tensor):
    """Here "ours" is the 8-bit variant; it must be of use where the processor has VNNI, and no loss elsewhere."""
    peer, ours = engine("lennox", model, tensor), engine("lennox", eight_bit, tensor)
    work = Work("network in 8 bits", SIZE, "ours in 32 bits", at_least=1.3 if VNNI else 0.95)
    beside(work, peer, ours, spent=by_itself)
