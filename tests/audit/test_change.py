"""A new model beside the one in use, on the same units; and the worst slice, beside what chance alone finds."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from lennox.audit import TableOptions, Verdict, policy_from_bytes, table_from_columns
from lennox.audit.change import compare
from lennox.audit.slices import worst_slices
from lennox.cli import cli
from lennox.errors import InputError

ROOT = Path(__file__).parent.parent.parent
SCHEMA = json.loads((ROOT / "docs/schema/comparison-1.json").read_text())
SMALL = (Path(__file__).parent / "data" / "small.toml").read_text()


def pair(rng, *, loses=0.0, patients=600, silent=0.0):
    """Answers of two models on the same teeth, four a patient; the new one loses teeth of group c."""
    who = np.repeat(np.arange(patients), 4)
    group = np.array(list("abc"))[np.arange(patients) % 3][who]
    label = rng.integers(0, 2, len(who))
    flagged = rng.random(len(who)) < np.where(label == 1, 0.93, 0.05)
    lost = (group == "c") & (label == 1) & (rng.random(len(who)) < loses)
    columns = {"patient": who, "group": group, "label": label}
    old, new = (np.where(answer, 0.9, 0.1) + rng.normal(0, 0.01, len(who)) for answer in (flagged, flagged & ~lost))
    new = np.where(rng.random(len(who)) < silent, np.nan, new)
    return columns | {"score": old}, columns | {"score": new}


def tables(policy, drawn):
    return [table_from_columns(one, policy, TableOptions(threshold=0.5), name="t") for one in drawn]


def of(comparison, metric, group):
    return next(one for one in comparison.changes if (one.metric, one.group) == (metric, (("group", group),)))


def test_the_same_model_again_loses_nothing_in_any_group(small_policy):
    old, _ = tables(small_policy, pair(np.random.default_rng(1)))
    found = compare(old, old, small_policy)
    assert found.verdict is Verdict.PASS
    assert {change.gain for change in found.changes} == {0.0}
    assert all(-0.05 < change.low < 0 < change.high for change in found.changes)  # as far as so many people can show


def test_a_group_that_loses_is_named_and_the_others_are_not(small_policy):
    found = compare(*tables(small_policy, pair(np.random.default_rng(1), loses=0.2)), small_policy)
    assert found.verdict is Verdict.FAIL
    lost = of(found, "tpr", "c")
    assert lost.verdict is Verdict.FAIL
    assert lost.new == pytest.approx(lost.old + lost.gain)
    assert lost.gain == pytest.approx(-0.2 * 0.93, abs=0.04)
    assert [of(found, "tpr", group).verdict for group in "ab"] == [Verdict.PASS] * 2


def test_more_people_than_there_are_would_be_needed_for_a_smaller_loss(small_policy):
    old, _ = tables(small_policy, pair(np.random.default_rng(1)))
    assert compare(old, old, small_policy, 0.005).verdict is Verdict.INSUFFICIENT


def test_a_model_that_falls_silent_where_the_old_one_answered_loses(small_policy):
    found = compare(*tables(small_policy, pair(np.random.default_rng(1), silent=0.3)), small_policy)
    assert [of(found, metric, "a").verdict for metric in ("tpr", "fpr")] == [Verdict.FAIL] * 2


def test_areas_are_compared_by_their_placements(whole_policy):
    drawn = pair(np.random.default_rng(2), loses=0.5)
    found = compare(*tables(whole_policy, drawn), whole_policy)
    assert of(found, "auc", "c").verdict is Verdict.FAIL
    assert of(found, "auc", "c").gain == pytest.approx(of(found, "auc", "c").new - of(found, "auc", "c").old)
    assert "calibration_slope" not in {change.metric for change in found.changes}


@pytest.mark.parametrize("change", ["fewer rows", "another order", "another label", "another group"])
def test_tables_of_other_units_are_refused(small_policy, change):
    old, new = (pd.DataFrame(one) for one in pair(np.random.default_rng(1), patients=150))
    if change == "fewer rows":
        new = new.iloc[:-1]
    elif change == "another order":
        new = new.iloc[::-1]
    elif change == "another label":
        new.loc[3, "label"] = 1 - new.loc[3, "label"]
    else:
        new["group"] = "b"
    with pytest.raises(InputError, match="give the same units, in one order"):
        compare(*tables(small_policy, (old, new)), small_policy)


def test_a_loss_that_is_none_is_refused(small_policy):
    old, new = tables(small_policy, pair(np.random.default_rng(1), patients=150))
    for loss in (0.0, 1.0, -0.1, float("nan")):
        with pytest.raises(InputError, match="above 0 and below 1"):
            compare(old, new, small_policy, loss)


# The worst slice

VIEW = '[[feature]]\nname = "view"\nsource = "record"\ngroups = ["left", "right"]\n\n[[requirement]]'


@pytest.fixture(scope="module")
def two_features(small_policy):
    text = SMALL.replace("[[requirement]]", VIEW, 1)
    policy = policy_from_bytes(text.encode(), "two.toml", today=small_policy.ratification.date)
    return replace(policy, requirements=tuple(replace(r, over=("group", "view")) for r in policy.requirements[:1]))


def with_view(policy, rng, worse):
    drawn = pair(rng, patients=240)[0]
    view = np.array(["left", "right"])[rng.integers(0, 2, 240)][drawn["patient"]]
    missed = (drawn["group"] == "b") & (view == "left") & (rng.random(len(view)) < worse)
    return tables(policy, [drawn | {"view": view, "score": np.where(missed, 0.1, drawn["score"])}])[0]


def test_a_slice_that_nobody_named_is_found(two_features):
    (found,) = worst_slices(with_view(two_features, np.random.default_rng(1), 0.6), two_features)
    assert found.group == (("group", "b"), ("view", "left"))
    assert found.p_value <= 0.01
    assert found.everybody - found.value == pytest.approx(found.shortfall)
    assert found.shortfall > 3 * found.chance_shortfall > 0
    assert found.slices == 3 + 2 + 6


def test_where_features_mean_nothing_a_bad_looking_slice_is_called_chance(two_features):
    (found,) = worst_slices(with_view(two_features, np.random.default_rng(3), 0.0), two_features)
    assert found.p_value > 0.05
    again = worst_slices(with_view(two_features, np.random.default_rng(3), 0.0), two_features)
    assert again == [found]


# The command


def test_the_command_writes_pages_in_both_languages_and_its_answer_is_its_status(tmp_path, small_policy):
    text = SMALL.split('[[requirement]]\nid = "auc"')[0]
    (tmp_path / "p.toml").write_text(text)
    for name, loses in (("same", 0.0), ("worse", 0.3)):
        old, new = pair(np.random.default_rng(4), loses=loses)
        for file, columns in (("old", old), ("new", new)):
            pd.DataFrame(columns).to_csv(tmp_path / f"{file}.csv", index=False)
        said = CliRunner().invoke(
            cli,
            ["audit", "compare", f"{tmp_path}/old.csv", f"{tmp_path}/new.csv", "--policy", f"{tmp_path}/p.toml",
             "--threshold", "0.5", "--out", f"{tmp_path}/{name}"],
        )  # fmt: skip
        assert said.exit_code == {"same": 0, "worse": 10}[name], said.output
        document = json.loads((tmp_path / name / "comparison.json").read_text())
        jsonschema.validate(document, SCHEMA)
        assert document["verdict"] == said.output.splitlines()[0]
        assert len(document["changes"]) == 6
    assert "At least one group loses more" in (tmp_path / "worse/comparison.en.html").read_text()
    assert "Al menos un grupo pierde" in (tmp_path / "worse/comparison.es.html").read_text()
    assert "FAIL: tpr, c: " in said.output


def test_the_command_says_what_is_wrong(tmp_path):
    said = CliRunner().invoke(cli, ["audit", "compare", "a.csv", "b.csv", "--out", f"{tmp_path}/x"])
    assert said.exit_code == 2
    assert "Missing option '--policy'" in said.output
    assert CliRunner().invoke(cli, ["audit", "compare", "--help"]).exit_code == 0
    assert "audit compare OLD NEW" in " ".join(CliRunner().invoke(cli, ["audit", "--help"]).output.split())
