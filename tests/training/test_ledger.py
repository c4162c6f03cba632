"""The ledger: what a licence does not permit cannot happen."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from lennox.annotations.coco import read_coco
from lennox.cli import cli
from lennox.errors import InputError
from lennox.training.ledger import check_files, is_held_out, read_ledger

PROJECT = Path(__file__).parents[2]
LEDGER = PROJECT / "models" / "ledger.toml"
SHARED = PROJECT.parent / "shared" / "data"


@pytest.mark.parametrize("name", ["periapical-external", "periapical-nanopix", "bitewing-unlabelled"])
@pytest.mark.parametrize("use", ["train", "select", "calibrate"])
def test_evaluation_only_sets_are_refused_for_every_other_use(name, use):
    with pytest.raises(InputError, match=f"must not be used to {use}"):
        read_ledger(LEDGER).require(name, use)


@pytest.mark.parametrize("use", ["train", "select", "calibrate", "evaluate"])
def test_the_sealed_set_is_for_the_audit_alone(use):
    ledger = read_ledger(LEDGER)
    with pytest.raises(InputError, match=f"must not be used to {use}"):
        ledger.require("periapical-external-b", use)
    assert ledger.require("periapical-external-b", "audit").document["licence"] == "none stated"


def test_the_command_refuses_to_evaluate_on_the_sealed_set(tmp_path):
    sealed = tmp_path / "periapical-external-b"
    sealed.mkdir()
    out = tmp_path / "out"
    told = CliRunner().invoke(cli, ["evaluate", "caries-radiograph-2", "--data", str(sealed), "--out", str(out)])
    assert told.exit_code == 2
    assert "must not be used to evaluate" in told.output
    assert not out.exists()


def test_evaluation_only_sets_may_be_evaluated_on():
    assert read_ledger(LEDGER).require("periapical-external", "evaluate").document["licence"] == "none stated"


def test_a_set_that_is_not_in_the_ledger_is_refused():
    with pytest.raises(InputError, match="not in the data ledger"):
        read_ledger(LEDGER).require("found-somewhere", "evaluate")


@pytest.mark.training
@pytest.mark.parametrize(("allowed", "refused"), [(["evaluate"], "train"), (["train"], "select")])
def test_training_refuses_a_set_that_may_not_be_used_so(make_recipe, recipe_text, tmp_path, allowed, refused):
    pytest.importorskip("torch", reason="training needs lennox[train]")
    from lennox.training import train

    text = recipe_text.replace("validate_every = 0", "validate_every = 1").replace("steps = 4", "steps = 1")
    with pytest.raises(InputError, match=f"must not be used to {refused}"):
        train(make_recipe(allowed, text), tmp_path / "run")


@pytest.mark.training
@pytest.mark.parametrize("allowed", [["evaluate"], ["train", "select"]])
def test_calibration_and_threshold_search_refuse_a_set_that_may_not_be_used_so(make_recipe, tmp_path, allowed):
    torch = pytest.importorskip("torch", reason="training needs lennox[train]")
    from lennox.training import export
    from lennox.training.loop import FORMAT
    from lennox.training.network import Network

    checkpoint = tmp_path / "checkpoint.pt"
    torch.save({"format": FORMAT, "average": Network(pretrained=False).state_dict()}, checkpoint)
    with pytest.raises(InputError, match="must not be used to calibrate"):
        export(checkpoint, make_recipe(allowed), tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_changed_files_are_refused(make_recipe, tmp_path):
    recipe = make_recipe(["train"])
    entry = read_ledger(recipe.parent / "ledger.toml").require("drawn", "train")
    check_files(tmp_path / "drawn", entry)
    (tmp_path / "drawn" / "annotations.json").write_text("{}")
    with pytest.raises(InputError, match="not those of the ledger"):
        check_files(tmp_path / "drawn", entry)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("lennox-data-ledger/1", "other/1"), "this version reads"),
        (('uses = ["train"]', 'uses = ["sell"]'), "unknown uses"),
        (('licence = "Apache-2.0"\n', ""), "licence must be stated"),
        (("[sets.drawn]", "[sets.drawn"), "not a valid data ledger"),
    ],
)
def test_a_broken_ledger_says_what_is_wrong(make_recipe, change, message):
    path = make_recipe(["train"]).parent / "ledger.toml"
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(InputError, match=message):
        read_ledger(path)


def test_groups_hold_neighbours_and_near_duplicates_together():
    ledger = read_ledger(LEDGER)
    films = ledger.require("periapical-rvg", "train")
    assert films.group_of("carie--10-_jpg.rf.e628") == films.group_of("carie--11-_jpg.rf.e9cd")
    assert films.group_of("carie--10-_jpg.rf.e628") != films.group_of("COM-CARIE--10-_jpg.rf.7c53")
    panoramic = ledger.require("panoramic-imax", "train")
    for first, second in panoramic.same_film:
        assert panoramic.group_of(first) == panoramic.group_of(second)


def test_the_held_out_part_is_near_its_share_and_depends_on_nothing_else():
    held = [is_held_out(f"group {number}", 1, 0.2) for number in range(2000)]
    assert 0.17 < sum(held) / 2000 < 0.23
    assert held == [is_held_out(f"group {number}", 1, 0.2) for number in range(2000)]


@pytest.mark.films
@pytest.mark.parametrize("name", ["periapical-rvg", "panoramic-imax", "periapical-nanopix", "periapical-external"])
def test_the_ledger_describes_the_films_that_are_here(name):
    if not SHARED.is_dir():
        pytest.skip("the real films are not beside the project")
    entry = next(entry for entry in read_ledger(LEDGER) if entry.name == name)
    check_files(SHARED / name, entry)
    assert len(read_coco(SHARED / name).films) == entry.document["films"]
