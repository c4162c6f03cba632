"""A card to fill in, from a network's file to a model."""

import json

import pytest
from click.testing import CliRunner
from foreign_network import fill_in, write_network

from lennox.cli import cli
from lennox.release.new_card import FILL_IN


def run(*arguments):
    return CliRunner().invoke(cli, ["adopt", *arguments])


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_network(tmp_path / "theirs.onnx")
    return tmp_path


def test_the_card_holds_what_the_file_says_and_adopt_names_the_rest(here):
    done = run("theirs.onnx", "--new-card", "theirs.json")
    assert done.exit_code == 0, done.output
    card = json.loads((here / "theirs.json").read_text())
    assert (card["input"]["rows"], card["network"]["channels"], card["network"]["output"]) == (64, 3, "logits")
    asked = (here / "theirs.json").read_text().count(FILL_IN)
    assert f"replace its {asked} texts" in done.output
    refused = run("theirs.onnx", "--card", "theirs.json", "--out", "models/theirs")
    assert refused.exit_code == 2
    for place in ("name (", "labels (", "network.activation (", "operating_points[0].threshold (", "network.std ("):
        assert place in refused.stderr
    assert refused.stderr.count("; ") == asked - 1
    assert not (here / "models").exists()


def test_a_card_filled_in_makes_a_model_and_what_is_printed_can_be_pasted(here):
    run("theirs.onnx", "--new-card", "theirs.json")
    fill_in(here / "theirs.json")
    done = run("theirs.onnx", "--card", "theirs.json", "--out", "models/theirs")
    assert done.exit_code == 0, done.output
    assert "lennox audit --model models/theirs --data FILMS" in done.stdout
    assert CliRunner().invoke(cli, ["models", "models/theirs"]).exit_code == 0


def test_a_card_that_is_there_is_kept(here):
    (here / "theirs.json").write_text("mine")
    assert run("theirs.onnx", "--new-card", "theirs.json").exit_code == 2
    assert (here / "theirs.json").read_text() == "mine"


def test_a_file_that_is_no_network_is_one_sentence(here):
    (here / "theirs.onnx").write_bytes(b"no network")
    done = run("theirs.onnx", "--new-card", "theirs.json")
    assert done.exit_code == 4
    assert done.stderr == "lennox: theirs.onnx: not an ONNX network that can be read.\n"


def test_without_a_card_the_way_to_one_is_said(here):
    done = run("theirs.onnx")
    assert done.exit_code == 2
    assert "first --new-card CARD.json" in done.stderr
