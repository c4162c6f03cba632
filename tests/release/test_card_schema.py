"""The published schema of a model's card: what lennox reads follows it, and what it refuses does not."""

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner
from foreign_network import fill_in, write_network
from tiny_model import GRID, write_tiny_model

from lennox.card import ModelCard
from lennox.cli import cli
from lennox.errors import ModelError

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs/schema/card-1.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
SHIPPED = sorted((ROOT / "models").glob("*/card.json"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return (write_tiny_model(tmp_path_factory.mktemp("tiny")) / "card.json").read_text()


def test_the_schema_is_valid():
    VALIDATOR.check_schema(SCHEMA)


def test_every_shipped_card_follows_it():
    assert SHIPPED
    for card in SHIPPED:
        ModelCard.read(card)
        VALIDATOR.validate(json.loads(card.read_text()))


def test_an_adopted_card_follows_it_and_one_filled_in_lacks_only_its_files(tmp_path):
    network, card, out = (str(tmp_path / name) for name in ("theirs.onnx", "theirs.json", "theirs"))
    write_network(network)
    assert CliRunner().invoke(cli, ["adopt", network, "--new-card", card]).exit_code == 0
    assert len(list(VALIDATOR.iter_errors(json.loads(Path(card).read_text())))) > 1  # what is to be filled in
    fill_in(Path(card))
    errors = [error.message for error in VALIDATOR.iter_errors(json.loads(Path(card).read_text()))]
    assert errors == ["'files' is a required property"]
    assert CliRunner().invoke(cli, ["adopt", network, "--card", card, "--out", out]).exit_code == 0
    VALIDATOR.validate(json.loads((tmp_path / "theirs/card.json").read_text()))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", "lennox-model-card/2"),
        ("name", " "),
        ("version", 1),
        ("labels", []),
        ("labels", ["caries", "caries"]),
        ("input.rows", 16),
        ("input.tiles", 2.5),
        ("input.std", 0),
        ("input.colour", "red"),
        ("input.gamma", 1.0),
        ("lesions.region_share", 1.0),
        ("operating_points", []),
        ("operating_points.0.threshold", 0),
        ("operating_points.0.lesion_sensitivity", "most"),
        ("operating_points.0.film_sensitivity", {"value": 0.5, "interval": [0.4]}),
        ("intended_use.kinds", ["mri"]),
        ("intended_use.familiarity_limit", "none"),
        ("files", {}),
        ("files.model~onnx.sha256", "A" * 64),
        ("figures", []),
        ("figures", {"a set": {"operating_points": [{"film_specificity": None}]}}),
        ("held_out", {"deep": [{"value": "many"}]}),
        ("orientation", "upright"),
        ("kind_network", {"file": "model.onnx", "kinds": ["periapical"], "accept": 1.5, "tell": 0.5}),
        ("windows", GRID | {"down": 0}),
        ("weights_of", "../elsewhere"),
    ],
)  # fmt: skip
def test_a_card_that_lennox_refuses_is_refused_by_the_schema(tiny, path, value):
    card = json.loads(tiny)
    VALIDATOR.validate(card)
    *steps, last = (int(step) if step.isdigit() else step.replace("~", ".") for step in path.split("."))
    part = card
    for step in steps:
        part = part[step]
    part[last] = value
    with pytest.raises(ModelError):
        ModelCard.from_json(json.dumps(card))
    assert not VALIDATOR.is_valid(card)


@pytest.mark.parametrize("key", SCHEMA["required"])
def test_what_the_schema_requires_lennox_requires(tiny, key):
    card = json.loads(tiny)
    del card[key]
    with pytest.raises(ModelError, match=f"lacks '{key}'"):
        ModelCard.from_json(json.dumps(card))
