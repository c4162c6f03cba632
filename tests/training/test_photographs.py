"""Photographs the whole way: drawn, as COCO, learnt from, exported, refused, measured, refused by the audit."""

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from lennox.cli import cli
from lennox.errors import ReleaseRefusedError
from lennox.gate.override import Override
from lennox.inference.load import load_candidate, load_model
from lennox.phantom import write_photographs
from lennox.training.ledger import digest_folder, read_ledger
from lennox.training.recipe import read_recipe

PROJECT = Path(__file__).parents[2]
NAMES = r"(?P<film>p[0-9]+)-(?P<sex>[fm])-(?P<age>[0-9]+)"


def run(*arguments, status=0):
    done = CliRunner().invoke(cli, [*map(str, arguments)])
    assert done.exit_code == status, done.output
    return done


def coco_of(folder, count, seed):
    write_photographs(folder, count, seed)
    run("coco", folder, "--layout", "yolo", "--name-pattern", NAMES)
    return json.loads((folder / "annotations.json").read_text())


def test_drawn_photographs_become_a_coco_set_with_people_and_ages(tmp_path):
    document = coco_of(tmp_path / "drawn", 6, 1)
    assert {image["film"] for image in document["images"]} == {"p001", "p002", "p003"}
    assert all(image["sex"] in "fm" for image in document["images"])
    for image in document["images"]:
        low, _, high = image["age_band"].partition("-")
        assert int(low.rstrip("+")) <= int(image["age"]) <= int(high or 200)
    assert len(document["annotations"]) > 3
    assert all(len(mark["segmentation"][0]) >= 6 for mark in document["annotations"])


def test_the_recipe_that_ships_is_valid_and_its_sets_may_not_be_used_yet():
    recipe = read_recipe(PROJECT / "models/recipes/caries-photograph-1.toml")
    assert (recipe.made_for, recipe.contract.colour) == ("photograph", "balanced")
    ledger = read_ledger(PROJECT / "models/ledger.toml")
    for name in (recipe.data.films, "photographs-peru"):
        (entry,) = (one for one in ledger if one.name == name)
        assert not entry.uses
        assert entry.document["licence"] == "not read at its source"


@pytest.mark.training
def test_the_whole_way_of_a_photograph(tmp_path, recipe_text, ledger_text, monkeypatch):
    torch = pytest.importorskip("torch", reason="training needs lennox[train]")
    monkeypatch.setattr("lennox.training.onnx_model.calibrate", lambda maps, exams, *_: (1.0, 0.0))  # nothing is learnt
    monkeypatch.setattr("lennox.training.onnx_model.FAMILIAR_DRAWN", 2)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    coco_of(tmp_path / "drawn", 10, 1)
    coco_of(tmp_path / "test", 4, 2)
    uses = json.dumps(["train", "select", "calibrate"])
    (tmp_path / "ledger.toml").write_text(ledger_text.format(uses=uses, sha256=digest_folder(tmp_path / "drawn")))
    text = recipe_text.replace("seed = 3", 'seed = 3\nmade_for = "photograph"').replace("steps = 4", "steps = 2")
    (tmp_path / "recipe.toml").write_text(text.replace("std = 128.0", 'std = 128.0\ncolour = "balanced"'))
    run("train", tmp_path / "recipe.toml", "--out", tmp_path / "run")
    model = tmp_path / "model"
    run("export", tmp_path / "run/checkpoint.pt", tmp_path / "recipe.toml", "--out", model)
    torch.set_num_threads(threads)
    card = load_candidate(model, "test").card
    assert (card.kinds, card.contract.colour) == (("photograph",), "balanced")
    assert card.document["intended_use"]["use"].startswith("Nothing yet")

    somebody = Override("a test", "to test", date.today())
    with pytest.raises(ReleaseRefusedError, match="has no figures: measure it first"):
        load_model(model, allow_unreleased=somebody)
    run("evaluate", model, "--data", tmp_path / "test", "--out", model / "evaluations/test", "--no-sheet")
    from lennox.evaluation import update_card

    figures = json.loads(update_card(model).read_text())["figures"]["test"]
    assert (figures["films"], figures["not_assessed"]) == (4, 0)
    assert load_model(model, allow_unreleased=somebody).release.startswith("unreleased")
    with pytest.raises(ReleaseRefusedError, match="nobody has signed a release"):
        load_model(model)
    policy = PROJECT / "audits/policies/workshop.toml"
    asked = ("--model", model, "--data", tmp_path / "test", "--policy", policy, "--out", tmp_path / "audit")
    told = run("audit", *asked, status=2)
    assert "photograph" in told.output
    assert not (tmp_path / "audit").exists()
