"""Each group is held out once; the figures come from all of them."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs lennox[train]")
from click.testing import CliRunner  # noqa: E402

from lennox.cli import cli  # noqa: E402
from lennox.errors import InputError  # noqa: E402
from lennox.training import pool_folds, read_recipe, train_fold  # noqa: E402
from lennox.training.ledger import is_held_out, read_ledger  # noqa: E402
from lennox.training.split import split_set  # noqa: E402

pytestmark = pytest.mark.training


def test_every_group_is_held_out_in_one_fold_and_no_group_in_two():
    for share, folds in ((0.2, 5), (0.5, 2), (1 / 3, 3)):
        held = np.array([[is_held_out(f"group {n}", 1, share, fold) for fold in range(folds)] for n in range(500)])
        assert (held.sum(axis=1) == 1).all()
        assert (held.sum(axis=0) > 50).all()


@pytest.fixture
def halves(make_recipe, recipe_text):
    """A recipe of two folds and a single step."""
    text = recipe_text.replace("holdout_share = 0.4", "holdout_share = 0.5").replace("steps = 4", "steps = 1")
    return make_recipe(["train", "select"], text)


def test_folds_are_trained_one_by_one_and_pooled_once_all_are_there(halves, tmp_path):
    out = tmp_path / "folds"
    first = CliRunner().invoke(cli, ["cross-validate", str(halves), "--out", str(out), "--fold", "0"])
    assert first.exit_code == 0, first.output
    assert "Not every fold is trained" in first.stdout
    answers = (out / "fold-0" / "held_out.json").read_bytes()
    rest = CliRunner().invoke(cli, ["cross-validate", str(halves), "--out", str(out)])
    assert rest.stdout.strip() == str(out / "cross-validation.json")
    assert (out / "fold-0" / "held_out.json").read_bytes() == answers
    document = json.loads((out / "cross-validation.json").read_text())
    films = document["figures"]["films"]
    assert (films["images"], films["groups"]) == (10, 10), "every film of the set, once"
    plan = read_recipe(halves)
    entry = read_ledger(plan.path(plan.data.ledger)).require("drawn", "select")
    sizes = [len(split_set(plan.in_fold(fold), entry)[1]) for fold in range(2)]
    assert [fold["images"] for fold in document["by_fold"]] == sizes
    assert len(films["lesion_sensitivity"]) == 6
    truth = [len(film.truth.lesions) for fold in range(2) for film in split_set(plan.in_fold(fold), entry)[1]]
    assert films["lesions"] == sum(truth) > 0
    ways = document["saddle_shares"]
    assert [way["saddle_share"] for way in ways][:2] == [0.0, 0.5]
    at_2 = [way["lesion_sensitivity"][-1] for way in ways]
    assert all(one["more"] == pytest.approx(one["value"] - at_2[0]["value"]) for one in at_2)
    assert at_2[0]["more_interval"] == [0.0, 0.0]


def test_answers_of_an_earlier_version_are_asked_for_again(halves, tmp_path):
    plan = read_recipe(halves)
    path = train_fold(plan, tmp_path, 0)
    answers = path.read_bytes()
    path.write_text(
        json.dumps({"format": "lennox-cross-validation/1", "recipe": plan.in_fold(0).sha256, "answers": []})
    )
    assert train_fold(plan, tmp_path, 0).read_bytes() == answers


def test_another_recipe_in_the_same_folder_is_refused(halves, tmp_path):
    plan = read_recipe(halves)
    train_fold(plan, tmp_path, 0)
    assert pool_folds(plan, tmp_path) is None
    halves.write_text(halves.read_text().replace("seed = 3", "seed = 4"))
    with pytest.raises(InputError, match="is of another recipe"):
        train_fold(read_recipe(halves), tmp_path, 0)
    with pytest.raises(InputError, match=r"no part 2 of a share of 0\.5"):
        train_fold(plan, tmp_path, 2)


@pytest.mark.parametrize(
    ("text", "fold", "message"),
    [
        ("steps = 4\nstart = ['other.pt']", 0, "may have seen the films of a fold"),
        ("steps = 4", 0, "a holdout_share of 1/2, 1/3, 1/4"),  # 0.4: a fifth of the groups would be in no fold
    ],
)
def test_what_cannot_be_cross_validated_is_refused(make_recipe, recipe_text, tmp_path, text, fold, message):
    recipe = read_recipe(make_recipe(["train", "select"], recipe_text.replace("steps = 4", text)))
    with pytest.raises(InputError, match=message):
        train_fold(recipe, tmp_path, fold)
