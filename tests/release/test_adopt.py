import json
import shutil

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from releasing import make_workshop, today
from tiny_model import write_tiny_model

import lennox
from lennox.errors import InputError, ModelError
from lennox.gate.override import Override
from lennox.geometry import Placement
from lennox.inference.load import load_candidate, load_model
from lennox.inference.prepare import Prepared
from lennox.release.adopt import adopt
from lennox.release.sign import AuditEvidence, release


@pytest.fixture
def card(tmp_path):
    """A card as somebody writes it for a network that is not ours: `files` is left to `lennox adopt`."""
    document = json.loads((write_tiny_model(tmp_path / "pattern") / "card.json").read_text())
    del document["files"]
    document["name"], document["intended_use"]["familiarity_limit"] = "theirs", None

    def write(**network):
        place = tmp_path / "theirs.json"
        place.write_text(json.dumps(document | {"network": network}))
        return place

    return write


def theirs(path, *, channels=3, answer="map", activation=False):
    """A network of somebody else's: colour in, two planes out (background, decay) as logits, of any size of image."""
    image = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", channels, "h", "w"])
    rng = np.random.default_rng(0)
    weights = rng.normal(0, 1, (2, channels, 4, 4)).astype(np.float32)
    nodes = [helper.make_node("Conv", ["pixels", "w", "b"], ["logits"], kernel_shape=[4, 4], strides=[4, 4])]
    if answer == "film":
        nodes += [helper.make_node("GlobalMaxPool", ["logits"], ["most"]), helper.make_node("Flatten", ["most"], ["y"])]
    if answer == "boxes":
        nodes.append(helper.make_node("Reshape", ["logits", "three"], ["y"]))
    name = "logits" if answer == "map" else "y"
    shape = {"map": ["n", 2, "r", "c"], "film": ["n", 2], "boxes": [1, 2, "k"]}[answer]
    constants = [
        onnx.numpy_helper.from_array(weights, "w"),
        onnx.numpy_helper.from_array(np.zeros(2, np.float32), "b"),
        onnx.numpy_helper.from_array(np.array([1, 2, -1], np.int64), "three"),
    ]
    graph = helper.make_graph(
        nodes, "theirs", [image], [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)], constants
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return weights


def grey(seed=1):
    return np.random.default_rng(seed).random((1, 1, 64, 64), np.float32)


def prepared(tensor):
    return Prepared(tensor, Placement.letterbox(64, 64, 64, 64))


def test_a_colour_network_with_logits_answers_in_probabilities(tmp_path, card):
    weights = theirs(tmp_path / "theirs.onnx")
    mean, std = [0.5, 0.4, 0.3], [0.2, 0.25, 0.3]
    place = card(channels=3, mean=mean, std=std, activation="softmax", planes=[1])
    model = adopt(tmp_path / "theirs.onnx", place, tmp_path / "out")
    image = grey()
    channels = (image - np.reshape(mean, (1, 3, 1, 1))) / np.reshape(std, (1, 3, 1, 1))
    blocks = channels.reshape(3, 16, 4, 16, 4)
    logits = np.einsum("pcij,cribj->prb", weights, blocks)
    wanted = np.exp(logits[1]) / np.exp(logits).sum(axis=0)
    assert model.predict(prepared(image)).probability_map.values[0] == pytest.approx(wanted, abs=1e-5)
    assert model.release == "unreleased"
    assert model.card.document["adopted_from"]["file"] == "theirs.onnx"


def test_one_answer_a_film_is_a_map_of_one_cell(tmp_path, card):
    theirs(tmp_path / "theirs.onnx", channels=1, answer="film")
    model = adopt(tmp_path / "theirs.onnx", card(activation="sigmoid", planes=[1]), tmp_path / "out")
    probability = model.predict(prepared(grey())).probability_map.values
    assert probability.shape == (1, 1, 1)
    from lennox.geometry import ProbabilityMap
    from lennox.inference.findings import find_lesions

    sure = ProbabilityMap(np.full((1, 1, 1), 0.9, np.float32), ("caries",), Placement.letterbox(300, 400, 64, 64))
    (finding,) = find_lesions(sure, 0.5, 0.7)
    assert (finding.box.bottom, finding.box.right) == (300, 400)


def test_logits_without_an_activation_are_found_at_once(tmp_path, card):
    theirs(tmp_path / "theirs.onnx", channels=1)
    network = onnx.load(tmp_path / "theirs.onnx")
    network.graph.initializer[1].CopyFrom(onnx.numpy_helper.from_array(np.full(2, 7, np.float32), "b"))
    onnx.save(network, tmp_path / "theirs.onnx")
    with pytest.raises(ModelError, match="impossible answer"):
        adopt(tmp_path / "theirs.onnx", card(planes=[1]), tmp_path / "out")
    assert not (tmp_path / "out" / "model.onnx").exists()


@pytest.mark.parametrize(
    ("network", "said"),
    [
        ({"channels": 2}, "channels must be 1 or 3"),
        ({"activation": "relu"}, "activation must be one of"),
        ({"planes": [0, 1]}, "1 labels and 2 planes"),
        ({"input": "x"}, r"network.input must name one of: pixels"),
        ({"std": [1.0]}, "one number a channel"),
        ({"colour": 1}, "colour"),
    ],
)
def test_a_wiring_that_cannot_be_is_refused(tmp_path, card, network, said):
    theirs(tmp_path / "theirs.onnx", channels=1)
    with pytest.raises(InputError, match=said):
        adopt(tmp_path / "theirs.onnx", card(**network), tmp_path / "out")


def test_what_is_no_map_or_no_network_is_refused(tmp_path, card):
    theirs(tmp_path / "theirs.onnx", channels=1, answer="boxes")
    with pytest.raises(ModelError, match="has 3 axes"):
        adopt(tmp_path / "theirs.onnx", card(activation="sigmoid"), tmp_path / "out")
    (tmp_path / "theirs.onnx").write_bytes(b"not a network")
    with pytest.raises(ModelError, match="not an ONNX network"):
        adopt(tmp_path / "theirs.onnx", card(), tmp_path / "out")


def test_an_adopted_network_goes_through_the_same_gate(tmp_path, card, monkeypatch):
    shop = make_workshop(tmp_path / "shop")
    monkeypatch.setenv("LENNOX_TRUST", str(shop.trust_file))
    theirs(tmp_path / "theirs.onnx", channels=1)
    shop.folder = tmp_path / "out"
    model = adopt(tmp_path / "theirs.onnx", card(activation="sigmoid", planes=[1]), shop.folder)
    film = lennox.read_image(film_file(tmp_path))
    override = Override("a test", "to look", today(1))
    looked = lennox.diagnose(film, load_model(shop.folder, allow_unreleased=override))
    assert looked.model.release.startswith("unreleased: loaded by a test")
    shop.write_audit()
    release(shop.folder, [AuditEvidence(shop.policy, shop.audit)], "workshop", [shop.auditor])
    assert load_model(shop.folder).release.startswith("released for workshop")
    assert load_model(shop.folder).sha256 == model.sha256


def film_file(folder):
    from lennox.phantom import write_films

    write_films(folder / "films", 1, seed=7)
    return next((folder / "films").glob("*.png"))


@pytest.mark.training
def test_a_network_made_with_plain_pytorch_is_adopted(tmp_path, card):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.AvgPool2d(8), torch.nn.Conv2d(8, 1, 1)
    ).eval()
    image = torch.from_numpy(grey())
    torch.onnx.export(network, (image,), str(tmp_path / "plain.onnx"), dynamo=False)
    model = adopt(tmp_path / "plain.onnx", card(activation="sigmoid"), tmp_path / "out")
    with torch.no_grad():
        wanted = torch.sigmoid(network(image)).numpy()[0]
    assert model.predict(prepared(grey())).probability_map.values == pytest.approx(wanted, abs=1e-5)


def test_external_data_is_taken_in(tmp_path, card):
    theirs(tmp_path / "plain.onnx", channels=1)
    one = adopt(tmp_path / "plain.onnx", card(activation="sigmoid"), tmp_path / "one")
    onnx.save(
        onnx.load(tmp_path / "plain.onnx"), tmp_path / "theirs.onnx", save_as_external_data=True, location="w.bin",
        size_threshold=0,
    )  # fmt: skip
    assert (tmp_path / "w.bin").exists()
    other = adopt(tmp_path / "theirs.onnx", card(activation="sigmoid"), tmp_path / "other")
    shutil.rmtree(tmp_path / "one")
    assert other.predict(prepared(grey())).probability_map.values == pytest.approx(
        one.predict(prepared(grey())).probability_map.values
    )
    assert load_candidate(tmp_path / "other", "test").sha256 == other.sha256


def test_a_network_that_cannot_be_run_is_refused_and_leaves_nothing(tmp_path, card):
    """A plane that its answer does not have: seen only when the network runs."""
    theirs(tmp_path / "theirs.onnx", channels=1)
    place = card(activation="sigmoid", planes=[7])
    with pytest.raises(ModelError, match=r"cannot run model\.onnx"):
        adopt(tmp_path / "theirs.onnx", place, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_network_of_unknown_shape_that_cannot_be_tried_is_refused(tmp_path, card):
    """Whatever its own reference does then: here, an operator nobody knows."""
    theirs(tmp_path / "theirs.onnx", channels=1)
    model = onnx.load(tmp_path / "theirs.onnx")
    model.graph.node[0].domain = "nobodys"
    model.opset_import.append(helper.make_opsetid("nobodys", 1))
    model.graph.output[0].type.tensor_type.ClearField("shape")
    onnx.save(model, tmp_path / "theirs.onnx")
    with pytest.raises(ModelError, match="cannot be run to see its answer"):
        adopt(tmp_path / "theirs.onnx", card(), tmp_path / "out")


def test_a_card_nested_beyond_reading_is_refused(tmp_path, card):
    theirs(tmp_path / "theirs.onnx", channels=1)
    card().write_text("[" * 100_000)
    with pytest.raises(InputError, match="not a card"):
        adopt(tmp_path / "theirs.onnx", tmp_path / "theirs.json", tmp_path / "out")
