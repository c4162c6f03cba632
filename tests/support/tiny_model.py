"""A real, tiny network for tests of everything around a network: a cell is as probable as it is bright."""

import hashlib
import json

import onnx
from onnx import TensorProto, helper

SIDE = 64
STRIDE = 4
# How caries-panoramic-1 is read.
GRID = {"side": 0.2, "rows": [0.24, 0.8], "columns": [0.12, 0.86], "down": 2, "across": 6}


def write_tiny_model(folder, *, distance=1.0, familiarity_limit=10.0, kinds=("periapical",), side=SIDE, slanted=False):
    """Write model.onnx and card.json into `folder`; the network's probability is the mean level of each cell / 255.

    slanted : it falls to half from the top of the canvas to its bottom, and what it falls by is that of a restoration
    """
    folder.mkdir(parents=True, exist_ok=True)
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, side, side])
    outputs = [
        helper.make_tensor_value_info("probability", TensorProto.FLOAT, [1, 1, side // STRIDE, side // STRIDE]),
        helper.make_tensor_value_info("distance", TensorProto.FLOAT, [1]),
    ]
    nodes = [
        helper.make_node("AveragePool", ["image"], ["mean"], kernel_shape=[STRIDE, STRIDE], strides=[STRIDE, STRIDE]),
        helper.make_node("Clip", ["mean", "zero", "one"], ["probability"]),
        helper.make_node("Identity", ["how_far"], ["distance"]),
    ]
    constants = [
        helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0]),
        helper.make_tensor("one", TensorProto.FLOAT, [], [1.0]),
        helper.make_tensor("how_far", TensorProto.FLOAT, [1], [distance]),
    ]
    if slanted:
        cells = side // STRIDE
        ramp = [1.0 - 0.5 * row / (cells - 1) for row in range(cells) for _ in range(cells)]
        constants.append(helper.make_tensor("ramp", TensorProto.FLOAT, [1, 1, cells, cells], ramp))
        nodes[1].output[0] = "level"
        nodes.append(helper.make_node("Mul", ["level", "ramp"], ["probability"]))
        nodes.append(helper.make_node("Sub", ["level", "probability"], ["restoration"]))
        outputs.append(helper.make_tensor_value_info("restoration", TensorProto.FLOAT, [1, 1, cells, cells]))
    graph = helper.make_graph(nodes, "tiny", [image], outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    weights = model.SerializeToString()
    (folder / "model.onnx").write_bytes(weights)
    card = {
        "format": "lennox-model-card/1",
        "name": "tiny",
        "version": "0.0.1",
        "labels": ["caries"],
        "input": {
            "rows": side,
            "columns": side,
            "low_percentile": 0.5,
            "high_percentile": 99.5,
            "clip_limit": 0.0,
            "tiles": 8,
            "mean": 0.0,
            "std": 255.0,
        },
        "lesions": {"region_share": 0.7},
        "operating_points": [{"name": "balanced", "threshold": 0.5}, {"name": "sensitive", "threshold": 0.2}],
        "default_operating_point": "balanced",
        "intended_use": {"kinds": list(kinds), "familiarity_limit": familiarity_limit},
        "files": {"model.onnx": {"sha256": hashlib.sha256(weights).hexdigest(), "bytes": len(weights)}},
    }
    (folder / "card.json").write_text(json.dumps(card, indent=1))
    return folder


def write_windowed(folder, **changes):
    """The same for panoramics, read in windows. changes : of its card"""
    write_tiny_model(folder, kinds=("panoramic",))
    card = json.loads((folder / "card.json").read_text()) | {"windows": GRID} | changes
    (folder / "card.json").write_text(json.dumps(card))
    return folder
