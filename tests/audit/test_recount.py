"""What an audit lists of its patients gives its bounds again: for every metric, and whatever is not known of them."""

import copy
import datetime
import json
from dataclasses import replace

import numpy as np
import pytest

from lennox.audit import TableOptions, audit, judge, policy_from_bytes, table_from_columns
from lennox.audit.report.document import audit_text, document, public_copy
from lennox.errors import InputError
from lennox.gate.recount import group_key, read_recounts, wrong_bounds
from lennox.statistics.spending import spent

HEAD = """
format = "lennox-equity-policy/1"
id = "all"
version = "1.0.0"
title = "Every metric"
[ratification]
body = "the test suite"
date = 2026-11-01
method = "consensus"
next_review = 2027-11-01
[scope]
unit = "image"
cluster = "patient"
[evidence]
confidence = 0.95
interval = "cluster"
resamples = 1000
min_patients = 20
min_cases = 25
min_controls = 25
[unknown]
name = "did not say"
gate = true
[[feature]]
name = "camera"
source = "record"
groups = ["phone", "wand"]
[[feature]]
name = "view"
source = "record"
groups = ["left", "right"]
[[intersection]]
features = ["camera", "view"]
mode = "report"
"""
ONE = """
[[requirement]]
id = "{id}"
metric = "{metric}"
criterion = "{criterion}"
direction = "{direction}"
limit = {limit}
over = {over}
plain = "{plain}"
"""
LIMITS = {
    "tpr": ("at-least", 0.7), "fpr": ("at-most", 0.3), "readable_rate": ("at-least", 0.8), "auc": ("at-least", 0.7),
    "brier": ("at-most", 0.25), "dice": ("at-least", 0.5), "false_positives_per_image": ("at-most", 3.0),
    "calibration_slope": ("between", [0.25, 4.0]), "calibration_intercept": ("between", [-1.5, 1.5]),
}  # fmt: skip


def plain(metric, limit):
    share = metric in ("tpr", "fpr", "readable_rate", "false_positives_per_image")
    return f"{100 * limit:.0f} of 100." if share else "a limit for tests."


@pytest.fixture(scope="module")
def policy():
    text = HEAD
    for metric, (direction, limit) in LIMITS.items():
        for criterion in ("worst-group", "between-groups", "to-overall"):
            gap = criterion != "worst-group"
            if gap and metric not in ("tpr", "auc", "dice"):
                continue  # the same arithmetic, and each bound of a line takes many fits
            asked = 0.2 if gap else limit
            over = ["camera", "view"] if metric in ("tpr", "false_positives_per_image") else ["camera"]
            text += ONE.format(
                id=f"{metric}-{criterion}".replace("_", "-"), metric=metric, criterion=criterion,
                direction="at-most" if gap else direction, over=json.dumps(over), limit=asked,
                plain=f"{asked}: {plain(metric, asked)}",
            )  # fmt: skip
    made = policy_from_bytes(text.encode(), "all.toml", today=datetime.date(2026, 11, 23))
    return replace(made, evidence=replace(made.evidence, max_missing_labels=0.5))


def drawn(policy, *, silent=0.0, unlabelled=0.0, shared=True, seed=5):
    """Patients with one to four films each; of some the films are from both cameras."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(90), rng.integers(1, 5, 90))
    odds = 2 * rng.standard_normal(len(who))
    score = 1 / (1 + np.exp(-odds))
    label = (rng.random(len(who)) < score).astype(float)
    camera = rng.integers(0, 2, len(who) if shared else 90)
    columns = {
        "patient": who, "score": np.where(rng.random(len(who)) < silent, np.nan, score),
        "label": np.where(rng.random(len(who)) < unlabelled, np.nan, label),
        "camera": np.array(["phone", "wand"])[camera if shared else camera[who]],
        "view": np.array(["left", "right", ""])[who % 3 if silent else who % 2],
        "false_positives": rng.poisson(0.5, len(who)).astype(float),
        "dice": np.where(label == 1, np.round(rng.beta(8, 3, len(who)), 7), np.nan),
    }  # fmt: skip
    return table_from_columns(columns, policy, TableOptions(threshold=0.5), name="drawn")


def written(table, policy, look=1):
    measured = replace(audit(table, policy), look=look, attempt=look)
    return json.loads(audit_text(document(measured, policy, judge(measured, policy))))


@pytest.fixture(scope="module")
def made(policy):
    return written(drawn(policy), policy)


@pytest.mark.parametrize(
    ("unknown", "look"),
    [({}, 1), ({"silent": 0.03, "unlabelled": 0.03}, 3), ({"shared": False}, 2)],
)
def test_counts_estimates_and_bounds_of_every_row_follow_from_the_patients(policy, unknown, look):
    made = written(drawn(policy, **unknown), policy, look)
    recounts = {(one.metric.name, one.features): one for one in read_recounts(made["evidence"])}
    assert not wrong_bounds(recounts.values(), spent(0.05, look))
    compared = 0
    for row in made["rows"]:
        names = {*row["group"], *row.get("versus", {})}
        if len(names) > 1:  # only reported
            assert (row["metric"], frozenset(names)) not in recounts
            continue
        found = recounts[row["metric"], frozenset(names)]
        own = found.groups[group_key(row["group"])]
        assert (own.patients, own.contributing, own.denominator) == (
            row["patients"], row["contributing_patients"], row["denominator"],
        )  # fmt: skip
        bounds = {own.low, own.high}
        estimate, opinion = own.estimate, row["bootstrap_bound"]
        if "versus" in row:
            other = found.groups[group_key(row["versus"])]
            bounds = {own.gap(other, found.times, side)[0] for side in (0, 1)}
            estimate -= other.estimate
        assert row["estimate"] == pytest.approx(estimate, abs=2e-6)
        wanted = [row[name] for name in ("bound", "opposite_bound") if row[name] is not None]
        for value in wanted[: 1 if "versus" in row else 2]:  # where patients are shared, a gap may reach further
            near = any(value == pytest.approx(one, abs=5e-6) for one in bounds)
            assert near or ("versus" in row and value == pytest.approx(opinion, abs=2e-6))
            compared += 1
    assert compared > 50


def test_a_part_of_a_bound_that_is_moved_either_way_is_seen(policy, made):
    for entry in made["evidence"]:
        if len(entry["features"]) > 1:
            continue
        for side in ("low", "high"):
            for number in range(len(entry["cells"][0][side])):
                of_line = entry["metric"].startswith("calibration")  # only what is nearer is looked for
                nearer = (0.02 if of_line else 0.004) * (1 if side == "low" else -1)
                for step in (nearer,) if of_line else (-nearer, nearer):
                    forged = copy.deepcopy(entry)
                    if forged["cells"][0][side][number] is None:
                        continue
                    forged["cells"][0][side][number] += step
                    assert wrong_bounds(read_recounts([forged]), 0.04), (entry["metric"], side, number, step)


def test_a_patient_who_is_moved_to_another_outcome_is_seen(made):
    entry = next(entry for entry in made["evidence"] if entry["metric"] == "tpr")
    forged = copy.deepcopy(entry)
    kind = next(kind for kind in forged["patients"] if kind[2] < kind[3])
    kind[2] = kind[3]  # all found
    before, after = (read_recounts([one])[0] for one in (entry, forged))
    assert after.groups[group_key({"camera": "phone"})].estimate != before.groups[
        group_key({"camera": "phone"})
    ].estimate or wrong_bounds([after], 0.04)


@pytest.mark.parametrize(
    "kind",
    [
        [1, 0, 5, 2, 0, 0], [1, 0, -1, 2, 0, 0], [0, 0, 1, 2, 0, 0], [1.5, 0, 1, 2, 0, 0], [1, 9, 1, 2, 0, 0],
        [1, 0, 1, 2, 0], [1], [1, 0, "1", 2, 0, 0], [1, 0, True, 2, 0, 0], [1e300, 0, 1, 2, 0, 0],
        [1, 0, 1, 2, 0, 0, 0, 1, 2, 0, 0], [1, 0, 1, None, 0, 0], [1, 0, 1, 1e999, 0, 0], [[1], 0, 1, 2, 0, 0], {}, 5,
    ],
    ids=str,
)  # fmt: skip
def test_patients_who_cannot_be_are_said(made, kind):
    entry = copy.deepcopy(next(entry for entry in made["evidence"] if entry["metric"] == "tpr"))
    entry["patients"].append(kind)
    with pytest.raises(InputError, match="its patients' counts cannot be read"):
        read_recounts([entry])


@pytest.mark.parametrize(
    "change", [{"metric": "luck"}, {"cells": 5}, {"cells": [{}]}, {"patients": None}, {"features": 1}]
)
def test_evidence_of_another_form_is_said(made, change):
    with pytest.raises(InputError, match="its patients' counts cannot be read"):
        read_recounts([made["evidence"][0] | change])


def test_no_name_of_a_patient_is_in_an_audit_and_a_public_copy_has_no_patients(made):
    assert "evidence" not in public_copy(made)
    values = [value for entry in made["evidence"] for kind in entry["patients"] for value in kind]
    assert all(value is None or isinstance(value, (int, float)) for value in values)
