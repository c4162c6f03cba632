"""Somebody else's network, and its card filled in."""

import json

import numpy as np
import onnx
from onnx import TensorProto, helper

FILLED = {
    "name": "theirs", "version": "1.0.0", "maker": "Somebody", "labels": ["caries"],
    "limits": ["made up for a test"],
}  # fmt: skip


def write_network(path, channels=3, planes=2, side=64):
    """Somebody's network: logits of a background and of decay at a quarter of the image."""
    shape = [1, channels, side, side]
    weights = np.random.default_rng(0).normal(0, 1, (planes, channels, 4, 4)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["pixels", "w"], ["logits"], kernel_shape=[4, 4], strides=[4, 4])], "theirs",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, planes, side // 4, side // 4])],
        [onnx.numpy_helper.from_array(weights, "w")],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def fill_in(path):
    """What a person writes into a card that `lennox adopt --new-card` made for that network."""
    card = json.loads(path.read_text()) | FILLED
    card["network"] |= {"activation": "softmax", "planes": [1], "mean": [0.5] * 3, "std": [0.25] * 3}
    card["operating_points"][0]["threshold"] = 0.3
    card["intended_use"] |= {"use": "research", "kinds": ["periapical"]}
    path.write_text(json.dumps(card))
