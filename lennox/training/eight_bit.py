"""An 8-bit variant of an exported model: static QDQ, uint8 activations, int8 weights per channel.

Signed activations are many times slower in ONNX Runtime, so they are not used. The decoder's last layer and everything
after it stay in float32: there a step of 1/255 of the range would be a visible step in probability.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.card import ModelCard
from lennox.files import sha256_of
from lennox.image import read_image
from lennox.inference.prepare import prepare
from lennox.training.ledger import read_ledger
from lennox.training.recipe import read_recipe
from lennox.training.split import split_set

CALIBRATION_FILMS = 24


def quantise(model: Path, recipe: Path, out: Path) -> Path:
    """Write the 8-bit variant of the model folder `model` into `out`, with its own card.

    Activations are measured on training films of the recipe. Raises InputError if they may not be used to calibrate.
    """
    from lennox.training.onnx_model import write_model

    card = ModelCard.read(Path(model) / "card.json")
    weights = quantise_weights(Path(model) / "model.onnx", _images(Path(recipe), card))
    document: dict[str, Any] = json.loads(json.dumps(card.document))
    document["version"] = f"{card.version}-int8"
    document["quantised_from"] = card.files["model.onnx"]
    files = {name: (Path(model) / name).read_bytes() for name in card.files}
    write_model(Path(out), files | {"model.onnx": weights}, document)
    assert sha256_of(weights) == document["files"]["model.onnx"]["sha256"]
    return Path(out)


def quantise_weights(model: Path, images: Iterable[NDArray[np.float32]]) -> bytes:
    """The 8-bit variant of an ONNX file. images : network inputs on which activations are measured"""
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            return next(feed, None)

    feed = ({"image": image} for image in images)
    with tempfile.TemporaryDirectory() as folder:
        prepared, small = Path(folder) / "prepared.onnx", Path(folder) / "small.onnx"
        quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
        graph = onnx.load(str(prepared)).graph
        nodes = list(graph.node)
        last = max(k for k, node in enumerate(nodes) if node.op_type == "Conv" and node.name.startswith("/head/"))
        quantize_static(
            str(prepared), str(small), Reader(), quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Clip", "Add", "Resize"],
            per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            nodes_to_exclude=[node.name for node in nodes[last:]],
        )  # fmt: skip
        return small.read_bytes()


def _images(recipe: Path, card: ModelCard) -> Iterator[NDArray[np.float32]]:
    plan = read_recipe(recipe)
    ledger = read_ledger(plan.path(plan.data.ledger))
    entry = ledger.require(plan.data.films, "calibrate")
    films = split_set(plan, entry)[0]
    for which in np.linspace(0, len(films) - 1, min(CALIBRATION_FILMS, len(films))):
        yield prepare(read_image(films[int(which)].path), card.contract, card.orientation).tensor
