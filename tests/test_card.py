import copy
import json

import pytest

from lennox.card import ModelCard
from lennox.errors import InputError, ModelError

CARD = {
    "format": "lennox-model-card/1",
    "name": "tiny",
    "version": "0.0.1",
    "labels": ["caries"],
    "input": {
        "rows": 64,
        "columns": 64,
        "low_percentile": 0.5,
        "high_percentile": 99.5,
        "clip_limit": 2.0,
        "tiles": 8,
        "mean": 127.0,
        "std": 128.0,
    },
    "lesions": {"region_share": 0.7},
    "operating_points": [{"name": "balanced", "threshold": 0.5}, {"name": "sensitive", "threshold": 0.2}],
    "default_operating_point": "balanced",
    "intended_use": {"kinds": ["periapical"], "familiarity_limit": None},
    "files": {"model.onnx": {"sha256": "0" * 64}},
}


def read(card):
    return ModelCard.from_json(json.dumps(card))


def test_a_card_is_read():
    card = read(CARD)
    assert card.contract.rows == 64
    assert card.operating_point().threshold == 0.5
    assert card.operating_point("sensitive").threshold == 0.2
    assert card.familiarity_limit is None


@pytest.mark.parametrize("field", sorted(CARD))
def test_a_missing_field_is_named(field):
    card = {key: value for key, value in CARD.items() if key != field}
    with pytest.raises(ModelError, match=field):
        read(card)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["format"], "lennox-model-card/10", "this version reads"),
        (["input", "rows"], 8, "32 to 4096"),
        (["input", "low_percentile"], 99.9, "must rise"),
        (["input", "std"], 0, "std must be positive"),
        (["input", "tiles"], 0, "tiles"),
        (["input", "clip_limit"], float("nan"), "must be finite"),
        (["lesions", "region_share"], 1.0, "region_share"),
        (["operating_points", 0, "threshold"], 0.0, "threshold of 'balanced'"),
        (["operating_points", 1, "name"], "balanced", "distinct"),
        (["default_operating_point"], "best", "must be one of"),
        (["labels"], [], "at least one label"),
        (["files"], {}, "SHA-256 of model.onnx"),
        (["intended_use"], "films", "not a valid model card"),
        (["input", "rows"], 64.0, "rows must be a whole number, got 64.0"),
        (["input", "tiles"], True, "tiles must be a whole number"),
        (["input", "std"], float("inf"), "must be finite"),
        (["input", "mean"], "0", "mean must be a number"),
        (["name"], 7, "name must be text"),
        (["labels"], "caries", "labels must be a list of texts"),
        (["labels"], ["caries", "caries"], "none twice"),
        (["operating_points", 0, "threshold"], "0.5", "threshold must be a number"),
        (["operating_points"], {"name": "balanced"}, "operating_points must be a list of objects"),
        (["intended_use", "kinds"], [], "kinds must be among"),
        (["intended_use", "kinds"], ["periapicals"], "kinds must be among periapical, bitewing"),
        (["intended_use", "familiarity_limit"], "far", "familiarity_limit must be a number"),
        (["files", "model.onnx", "sha256"], "0" * 63, "in lower-case hex"),
        (["figures"], {"set": {"films": 1, "operating_points": 5.0}}, "operating_points must be a list of objects"),
        (["figures"], [1], "figures must be an object"),
        (["figures"], {"set": {"operating_points": [{"film_sensitivity": "high"}]}}, "film_sensitivity must be a num"),
        (["figures"], {"set": {"roc": {"value": 0.9, "interval": [0.8]}}}, "value and interval"),
        (["figures"], {"set": {"roc": {"value": 0.9, "interval": [0.8, "1"]}}}, "value must be a number"),
        (["operating_points", 0, "film_sensitivity"], {"value": None, "interval": [0, 1]}, "film_sensitivity must be"),
        (["held_out"], {"note": float("nan")}, "every number must be finite"),
    ],
)
def test_a_wrong_field_is_refused(path, value, message):
    card = copy.deepcopy(CARD)
    target = card
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    with pytest.raises(ModelError, match=message):
        read(card)


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"\xff\xfe", b'"card"', b"null"])
def test_garbage_is_refused(text):
    with pytest.raises(ModelError):
        ModelCard.from_json(text)


@pytest.mark.parametrize("levels", [40, 400, 100_000])
def test_a_card_that_is_nested_too_deep_is_refused(levels):
    card = json.dumps(CARD)[:-1] + ', "data": ' + "[" * levels + "]" * levels + "}"
    with pytest.raises(ModelError, match=r"nested deeper than 32|recursion"):
        ModelCard.from_json(card)


def test_a_card_of_more_bytes_than_a_card_can_have_is_refused_unread():
    with pytest.raises(ModelError, match="at most 8388608 are read"):
        ModelCard.from_json(b" " * 9_000_000)


def test_an_unknown_operating_point_lists_the_known_ones():
    with pytest.raises(InputError, match=r"'best'; choose one of: balanced, sensitive"):
        read(CARD).operating_point("best")


def test_a_missing_card_is_said(tmp_path):
    with pytest.raises(ModelError, match=r"card\.json: cannot be read"):
        ModelCard.read(tmp_path / "card.json")
