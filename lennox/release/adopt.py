"""Somebody else's ONNX network under lennox's card, so that it can be read with, audited, gated and reported on.

The network is wrapped, not changed: layers before it turn the card's image into what it expects, layers after it turn
its answer into probabilities. The card's section `network` says how; docs/developer/adopt.md explains each key.
Needs `onnx`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lennox.card import FORMAT, ModelCard
from lennox.errors import InputError, ModelError
from lennox.files import atomic_write, sha256_of
from lennox.geometry import Placement
from lennox.inference.load import load_candidate
from lennox.inference.model import Model
from lennox.inference.prepare import Prepared
from lennox.release.new_card import refuse_unfilled

ACTIVATIONS = {"none": None, "sigmoid": "Sigmoid", "softmax": "Softmax"}
PREFIX = "adopted/"
OPSET = 17


@dataclass(frozen=True, slots=True)
class Wiring:
    """How the network is connected: the card's section `network`.

    input, output : names of the network's own; its only ones if empty
    channels : 1, or 3 for a network made for colour, which gets the grey image three times
    mean, std : each channel becomes (level - mean) / std, after the card's own; none if empty
    activation : "none", "sigmoid" or "softmax", over the planes
    planes : which planes are the card's labels, in their order
    """

    input: str = ""
    output: str = ""
    channels: int = 1
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    activation: str = "none"
    planes: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        if self.channels not in (1, 3):
            raise ValueError(f"channels must be 1 or 3, got {self.channels}")
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}, got '{self.activation}'")
        if len(self.mean) != len(self.std) or len(self.mean) not in (0, self.channels) or not all(self.std):
            raise ValueError("mean and std have one number a channel, none of std is 0")
        if not self.planes or min(self.planes) < 0:
            raise ValueError("planes are numbered from 0")


def adopt(network: Path, card: Path, folder: Path) -> Model:
    """Write model.onnx and card.json of an adopted network into a new folder; returns the model, unreleased.

    card : a model card without `files`, with a section `network`
    Raises InputError for a card or a folder that cannot be used, ModelError for a network that does not fit.
    """
    document = _read_card(card)
    refuse_unfilled(document, card.name)
    wiring = _wiring(document)
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"the folder '{folder.name}' is not empty; name a new one.")
    source = network.read_bytes()
    entry: dict[str, Any] = {"sha256": "0" * 64}
    draft = ModelCard.from_json(json.dumps(document | {"files": {"model.onnx": entry}}), card.name)
    if len(wiring.planes) != len(draft.labels):
        raise InputError(f"{card.name}: {len(draft.labels)} labels and {len(wiring.planes)} planes; name one for each.")
    weights = _wrapped(network, wiring, draft)
    entry = {"sha256": sha256_of(weights), "bytes": len(weights)}
    adopted_from = {"file": network.name, "sha256": sha256_of(source)}
    written = document | {"format": FORMAT, "files": {"model.onnx": entry}, "adopted_from": adopted_from}
    folder.mkdir(parents=True, exist_ok=True)
    atomic_write(folder / "model.onnx", weights)
    atomic_write(folder / "card.json", json.dumps(written, indent=1, ensure_ascii=False) + "\n")
    try:
        return _tried(load_candidate(folder, "adoption"))
    except ModelError:
        for name in ("model.onnx", "card.json"):
            (folder / name).unlink()
        raise


def _tried(model: Model) -> Model:
    """The model, after one look at a grey image: an answer that is no probability is found now and not in a clinic."""
    contract = model.card.contract
    tensor = np.zeros((1, 1, contract.rows, contract.columns), np.float32)
    whole = Placement.letterbox(contract.rows, contract.columns, contract.rows, contract.columns)
    model.predict(Prepared(tensor, whole))
    return model


def _read_card(card: Path) -> dict[str, Any]:
    try:
        document = json.loads(card.read_bytes())
        if not isinstance(document, dict) or document.get("format", FORMAT) != FORMAT:
            raise ValueError(f"a card is an object with the format '{FORMAT}'")
    except OSError as error:
        raise InputError(f"{card.name}: cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{card.name}: not a card ({error}); `lennox adopt MODEL.onnx --new-card` writes one to fill in."
        ) from error
    return document


def _wiring(document: Mapping[str, Any]) -> Wiring:
    section = document.get("network", {})
    try:
        lists = {name: tuple(section[name]) for name in ("mean", "std", "planes") if name in section}
        return Wiring(**{**section, **lists})
    except (TypeError, ValueError) as error:
        raise InputError(
            f"the card's section 'network' cannot be used: {error}; `lennox adopt --help` says how."
        ) from error


def _wrapped(network: Path, wiring: Wiring, card: ModelCard) -> bytes:
    """The network between the layers that connect it, as one file without external data."""
    import onnx
    from onnx import TensorProto, helper

    try:
        inner = onnx.load(str(network))  # external data beside it is taken in
        inner = onnx.version_converter.convert_version(inner, OPSET) if _opset(inner) < OPSET else inner
        inner = onnx.compose.add_prefix(inner, PREFIX)
    except Exception as error:  # onnx's own errors share no public base class
        raise ModelError(f"{network.name}: not an ONNX network that can be read ({_first_line(error)}).") from error
    graph = inner.graph
    constants = {tensor.name for tensor in graph.initializer}
    input_name = _named([item.name for item in graph.input if item.name not in constants], wiring.input, "input")
    output_name = _named([item.name for item in graph.output], wiring.output, "output")

    shape = [1, 1, card.contract.rows, card.contract.columns]
    added: list[Any] = []
    nodes = _before(wiring, input_name, added)
    nodes += graph.node
    nodes += _after(wiring, output_name, _rank(inner, input_name, output_name, shape, wiring), added)
    outer = helper.make_graph(
        nodes,
        "adopted",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info("probability", TensorProto.FLOAT, [1, len(card.labels), None, None]),
            helper.make_tensor_value_info("distance", TensorProto.FLOAT, [1]),
        ],
        [*graph.initializer, *added],
    )
    whole = helper.make_model(
        outer, opset_imports=list(inner.opset_import), functions=list(inner.functions), ir_version=inner.ir_version
    )
    try:
        onnx.checker.check_model(whole)
    except Exception as error:  # as above
        raise ModelError(f"{network.name}: cannot be connected as its card says ({_first_line(error)}).") from error
    found: bytes = whole.SerializeToString()
    return found


def _before(wiring: Wiring, input_name: str, added: list[Any]) -> list[Any]:
    """From the card's image to what the network expects."""
    from onnx import helper, numpy_helper

    nodes, last = [], "image"
    if wiring.channels == 3:
        nodes.append(helper.make_node("Concat", [last] * 3, ["outer/channels"], axis=1))
        last = "outer/channels"
    if wiring.mean:
        for name, values in (("mean", wiring.mean), ("std", wiring.std)):
            array = np.array(values, np.float32).reshape(1, -1, 1, 1)
            added.append(numpy_helper.from_array(array, f"outer/{name}"))
        nodes.append(helper.make_node("Sub", [last, "outer/mean"], ["outer/centred"]))
        nodes.append(helper.make_node("Div", ["outer/centred", "outer/std"], ["outer/scaled"]))
        last = "outer/scaled"
    return [*nodes, helper.make_node("Identity", [last], [input_name])]


def _after(wiring: Wiring, output_name: str, rank: int, added: list[Any]) -> list[Any]:
    """From the network's answer to probabilities by label, and a distance that says nothing."""
    from onnx import helper, numpy_helper

    nodes, last = [], output_name
    kind = ACTIVATIONS[wiring.activation]
    if kind is not None:
        node = helper.make_node(kind, [last], ["outer/probability"])
        if kind == "Softmax":
            node.attribute.append(helper.make_attribute("axis", 1))
        nodes.append(node)
        last = "outer/probability"
    added.append(numpy_helper.from_array(np.array(wiring.planes, np.int64), "outer/planes"))
    nodes.append(helper.make_node("Gather", [last, "outer/planes"], ["outer/labels"], axis=1))
    if rank == 2:  # one answer for the whole film
        added.append(numpy_helper.from_array(np.array([1, len(wiring.planes), 1, 1], np.int64), "outer/shape"))
        nodes.append(helper.make_node("Reshape", ["outer/labels", "outer/shape"], ["probability"]))
    else:
        nodes.append(helper.make_node("Identity", ["outer/labels"], ["probability"]))
    added.append(numpy_helper.from_array(np.zeros(1, np.float32), "outer/unknown"))
    return [*nodes, helper.make_node("Identity", ["outer/unknown"], ["distance"])]


def _rank(inner: Any, input_name: str, output_name: str, shape: Sequence[int], wiring: Wiring) -> int:
    """How many axes the answer has, by running the network once: what a file says of its shapes is often nothing."""
    from onnx.reference import ReferenceEvaluator

    for item in inner.graph.output:
        if item.name == output_name and item.type.tensor_type.HasField("shape"):
            rank = len(item.type.tensor_type.shape.dim)
            break
    else:
        image = np.zeros((1, wiring.channels, *shape[2:]), np.float32)
        try:
            answer: Any = ReferenceEvaluator(inner).run([output_name], {input_name: image})
            rank = answer[0].ndim
        except Exception as error:  # whatever an unknown network does
            raise ModelError(f"the network cannot be run to see its answer ({_first_line(error)}).") from error
    if rank not in (2, 4):
        raise ModelError(
            f"its output '{output_name.removeprefix(PREFIX)}' has {rank} axes; lennox reads a map "
            "(1, planes, rows, columns) or one answer a film (1, planes)."
        )
    return int(rank)


def _named(names: Sequence[str], wanted: str, what: str) -> str:
    if wanted and PREFIX + wanted in names:
        return PREFIX + wanted
    if not wanted and len(names) == 1:
        return names[0]
    known = ", ".join(name.removeprefix(PREFIX) for name in names)
    raise InputError(f"the card's network.{what} must name one of: {known}.")


def _opset(model: Any) -> int:
    return max((int(entry.version) for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0][:200]
