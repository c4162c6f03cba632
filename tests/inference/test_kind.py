"""The kind network: what a model with one refuses, and that turned copies of a film get the same answer."""

import hashlib
import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from tiny_model import write_tiny_model

import lennox
from lennox.card import ModelCard
from lennox.errors import ModelError
from lennox.gate.behaviour import behaviour_sha256
from lennox.image import Image
from lennox.inference.kind import SIDE, kind_view
from lennox.inference.load import load_candidate
from lennox.inference.turn import EIGHT_TURNS
from lennox.phantom import draw_film

KINDS = ["periapical", "bitewing", "other"]


def write_kind_model(folder, logits, *, orientation=None, side=SIDE):
    """A tiny model whose kind network answers `logits` whatever it sees."""
    write_tiny_model(folder)
    nodes = [
        helper.make_node("ReduceMean", ["view"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "nought"], ["nothing"]),
        helper.make_node("Add", ["nothing", "logits"], ["kinds"]),
    ]
    constants = [
        helper.make_tensor("nought", TensorProto.FLOAT, [1], [0.0]),
        helper.make_tensor("logits", TensorProto.FLOAT, [1, len(logits)], logits),
    ]
    graph = helper.make_graph(
        nodes,
        "kind",
        [helper.make_tensor_value_info("view", TensorProto.FLOAT, [1, 1, side, side])],
        [helper.make_tensor_value_info("kinds", TensorProto.FLOAT, [1, len(logits)])],
        constants,
    )
    weights = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    onnx.checker.check_model(onnx.load_model_from_string(weights))
    (folder / "kind.onnx").write_bytes(weights)
    change_card(
        folder,
        kind_network={"file": "kind.onnx", "kinds": KINDS, "accept": 0.2, "tell": 0.5},
        **({"orientation": orientation} if orientation else {}),
        kind_sha256=hashlib.sha256(weights).hexdigest(),
    )
    return folder


def change_card(folder, kind_sha256=None, **values):
    card = json.loads((folder / "card.json").read_text()) | values
    if kind_sha256:
        card["files"]["kind.onnx"] = {"sha256": kind_sha256}
    (folder / "card.json").write_text(json.dumps(card))


@pytest.fixture(scope="module")
def film():
    return Image.from_array(draw_film(3, rows=301, columns=400).pixels)


def test_a_likely_periapical_is_read(tmp_path, film):
    examination = lennox.diagnose(film, load_candidate(write_kind_model(tmp_path / "m", [3.0, 0.0, 0.0]), "test"))
    assert (examination.status, examination.source.kind) == ("assessed", "periapical")


def test_a_likely_bitewing_is_not_read(tmp_path, film):
    examination = lennox.diagnose(film, load_candidate(write_kind_model(tmp_path / "m", [0.0, 3.0, 0.0]), "test"))
    assert (examination.status, examination.source.kind) == ("not assessable", "bitewing")
    assert examination.reasons == (
        "This looks like a bitewing radiograph; tiny was made for periapical radiographs only. "
        "Use an image of that kind.",
    )


def test_what_cannot_be_told_is_not_read(tmp_path, film):
    examination = lennox.diagnose(film, load_candidate(write_kind_model(tmp_path / "m", [0.0, 1.6, 1.6]), "test"))
    assert (examination.status, examination.source.kind) == ("not assessable", None)
    assert "cannot be told" in examination.reasons[0]


def test_between_the_limits_a_film_is_read(tmp_path, film):
    examination = lennox.diagnose(film, load_candidate(write_kind_model(tmp_path / "m", [0.0, 1.0, -3.0]), "test"))
    assert examination.status == "assessed"  # 0.26 periapical, 0.72 bitewing: a wrong refusal is the worse error


def test_an_altered_kind_network_is_refused(tmp_path):
    folder = write_kind_model(tmp_path / "m", [3.0, 0.0, 0.0])
    weights = bytearray((folder / "kind.onnx").read_bytes())
    weights[-1] ^= 1
    (folder / "kind.onnx").write_bytes(weights)
    with pytest.raises(ModelError, match=r"kind\.onnx has SHA-256"):
        load_candidate(folder, "test")


def test_a_kind_network_that_does_not_fit_is_refused(tmp_path):
    with pytest.raises(ModelError, match="asks for 3 kinds"):
        load_candidate(write_kind_model(tmp_path / "m", [3.0, 0.0, 0.0], side=64), "test")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"file": "none.onnx", "kinds": KINDS, "accept": 0.2, "tell": 0.5}, "the kind network"),
        ({"file": "kind.onnx", "kinds": ["bitewing", "other"], "accept": 0.2, "tell": 0.5}, "must know the kinds"),
        ({"file": "kind.onnx", "kinds": ["periapical", "cat"], "accept": 0.2, "tell": 0.5}, "must be distinct"),
        ({"file": "kind.onnx", "kinds": KINDS, "accept": 1.0, "tell": 0.5}, "between 0 and 1"),
        ({"file": "kind.onnx", "kinds": KINDS, "accept": 0.2}, "lacks 'tell'"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(tmp_path, entry, message):
    folder = write_kind_model(tmp_path / "m", [3.0, 0.0, 0.0])
    change_card(folder, kind_network=entry)
    with pytest.raises(ModelError, match=message):
        ModelCard.read(folder / "card.json")


def test_an_unknown_orientation_is_refused(tmp_path):
    folder = write_tiny_model(tmp_path / "m")
    change_card(folder, orientation="sideways")
    with pytest.raises(ModelError, match="orientation must be one of"):
        ModelCard.read(folder / "card.json")


def test_what_changes_an_answer_changes_the_digest_that_audits_record(tmp_path):
    plain = write_tiny_model(tmp_path / "plain")
    before = behaviour_sha256(ModelCard.read(plain / "card.json"))
    change_card(plain, orientation="as given")
    assert behaviour_sha256(ModelCard.read(plain / "card.json")) == before
    change_card(plain, orientation="own")
    assert behaviour_sha256(ModelCard.read(plain / "card.json")) != before
    folder = write_kind_model(tmp_path / "kind", [3.0, 0.0, 0.0])
    found = {behaviour_sha256(ModelCard.read(folder / "card.json"))}
    for change in ({"accept": 0.3}, {"tell": 0.6}, {"kinds": [*KINDS, "panoramic"]}):
        change_card(folder, kind_network={"file": "kind.onnx", "kinds": KINDS, "accept": 0.2, "tell": 0.5} | change)
        found.add(behaviour_sha256(ModelCard.read(folder / "card.json")))
    assert len(found) == 4


def test_turned_and_mirrored_films_get_the_same_findings_laid_back(tmp_path, film):
    model = load_candidate(write_kind_model(tmp_path / "m", [3.0, 0.0, 0.0], orientation="own"), "test")
    rows, columns = film.pixels.shape
    expected = lennox.diagnose(film, model, threshold=0.3)
    assert expected.findings
    for turn in EIGHT_TURNS:
        found = lennox.diagnose(Image.from_array(np.ascontiguousarray(turn.of(film.pixels))), model, threshold=0.3)
        assert found.probability == expected.probability
        laid_back = []
        for finding in found.findings:
            row, column = finding.centre[::-1] if turn.exchange else finding.centre
            laid_back.append(
                (rows - row if turn.reverse_rows else row, columns - column if turn.reverse_columns else column)
            )
        centres = sorted(finding.centre for finding in expected.findings)
        assert np.array(sorted(laid_back)) == pytest.approx(np.array(centres), abs=1e-6)


def test_the_view_leaves_out_a_blank_border_and_ignores_turns(film):
    view = kind_view(film)
    assert view.shape == (1, 1, SIDE, SIDE)
    bordered = kind_view(Image.from_array(np.pad(film.pixels, ((40, 10), (0, 90)), constant_values=255)))
    assert min(np.abs(turn.of(bordered) - view).mean() for turn in EIGHT_TURNS) < 0.1  # the border may turn it
    for turn in EIGHT_TURNS:
        assert np.array_equal(kind_view(Image.from_array(np.ascontiguousarray(turn.of(film.pixels)))), view)
