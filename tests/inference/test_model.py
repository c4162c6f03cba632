import json
import pickle

import numpy as np
import pytest
from tiny_model import write_tiny_model

from lennox.errors import ModelError
from lennox.geometry import Placement
from lennox.inference.load import installed_models, load_candidate, load_model
from lennox.inference.prepare import Prepared


@pytest.fixture
def folder(tmp_path):
    return write_tiny_model(tmp_path / "tiny")


def prepared(level=0.5):
    return Prepared(np.full((1, 1, 64, 64), level, np.float32), Placement.letterbox(64, 64, 64, 64))


def test_a_model_predicts(folder):
    model = load_candidate(folder, "test")
    answer = model.predict(prepared())
    assert answer.probability_map.values.shape == (1, 16, 16)
    assert answer.probability_map.values == pytest.approx(0.5)
    assert answer.distance == 1.0
    assert model.release == "unreleased"


def test_a_model_travels_to_another_process(folder):
    model = pickle.loads(pickle.dumps(load_candidate(folder, "test", threads=2)))
    assert model.threads == 2
    assert model.predict(prepared()).probability_map.values == pytest.approx(0.5)


def test_altered_weights_are_refused(folder):
    weights = bytearray((folder / "model.onnx").read_bytes())
    weights[len(weights) // 2] ^= 1
    (folder / "model.onnx").write_bytes(weights)
    with pytest.raises(ModelError, match="has SHA-256"):
        load_candidate(folder, "test")


@pytest.mark.parametrize("name", ["model.onnx", "card.json"])
def test_a_missing_file_is_said(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelError):
        load_candidate(folder, "test")


def test_a_file_that_is_no_network_is_refused(folder):
    import hashlib

    (folder / "model.onnx").write_bytes(b"not a network")
    card = json.loads((folder / "card.json").read_text())
    card["files"]["model.onnx"]["sha256"] = hashlib.sha256(b"not a network").hexdigest()
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="not a network that ONNX Runtime can open"):
        load_candidate(folder, "test")


def test_a_network_that_does_not_fit_its_card_is_refused(folder):
    card = json.loads((folder / "card.json").read_text())
    card["input"]["rows"] = 128
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="its card asks for"):
        load_candidate(folder, "test")


def test_an_impossible_answer_is_not_passed_on(folder):
    with pytest.raises(ModelError, match="impossible answer"):
        load_candidate(folder, "test").predict(prepared(float("nan")))


@pytest.mark.parametrize(
    ("values", "distance"),
    [
        (np.zeros((1, 1, 16, 16), np.float32), np.float32(1.0)),
        (np.zeros((1, 1, 16, 16), np.float32), np.array([np.nan], np.float32)),
        (np.zeros((1, 1, 16, 16), np.float32), np.array([["1"]])),
        (np.float32(0.5), np.ones(1, np.float32)),
        (np.zeros((2, 1, 16, 16), np.float32), np.ones(1, np.float32)),
        (np.zeros((1, 2, 16, 16), np.float32), np.ones(1, np.float32)),
        (np.zeros((1, 1, 16, 16)), np.ones(1, np.float32)),
    ],
    ids=["scalar distance", "distance not a number", "text", "scalar map", "two images", "two labels", "double"],
)
def test_an_answer_of_another_form_than_the_network_declared_is_refused(folder, values, distance):
    class Other:
        def run(self, *_):
            return [values, distance]

    model = load_candidate(folder, "test")
    model._session = Other()
    with pytest.raises(ModelError, match=r"tiny gave an impossible answer .*; it must not be used"):
        model.predict(prepared())


def test_an_unknown_name_lists_what_is_installed():
    with pytest.raises(ModelError, match="there is no model 'nothing'"):
        load_model("nothing")


def test_every_installed_model_loads_by_its_name():
    for folder in installed_models():
        assert load_candidate(folder.name, "test").card.name == folder.name
