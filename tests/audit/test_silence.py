"""Refusing hard cases, or leaving labels out, never turns a verdict into PASS."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lennox.audit import TableOptions, Verdict, audit, judge, table_from_columns


def asked(policy, metric, low=None, high=None, **evidence):
    direction = "between" if low is not None and high is not None else "at-least" if low is not None else "at-most"
    one = replace(policy.requirements[0], id="x", metric=metric, low=low, high=high, direction=direction)
    return replace(policy, requirements=(one,), evidence=replace(policy.evidence, **evidence))


def rows_of(columns, policy):
    table = table_from_columns(columns, policy, TableOptions(threshold=0.5), name="t")
    judged = judge(audit(table, policy), policy)
    return judged.verdict, judged.rows


def scored(draw_table, **rates):
    table = pd.DataFrame(draw_table(patients=450, **rates))
    rng = np.random.default_rng(3)
    return table.assign(
        dice=np.where(table.score > 0.5, 0.9, 0.2), false_positives=rng.poisson(np.where(table.score > 0.5, 1.5, 0.1))
    )


BAD = {"tpr": (0.6, 0.6, 0.6), "fpr": (0.4, 0.4, 0.4)}


@pytest.mark.parametrize(
    ("metric", "limit"),
    [("auc", {"low": 0.8}), ("brier", {"high": 0.2}), ("fpr", {"high": 0.2}), ("tpr", {"low": 0.8}),
     ("dice", {"low": 0.8}), ("false_positives_per_image", {"high": 0.9})],
)  # fmt: skip
def test_refusing_what_it_gets_wrong_never_helps_a_model(small_policy, draw_table, metric, limit):
    table, policy = scored(draw_table, **BAD), asked(small_policy, metric, **limit)
    wrong = (table.score > 0.5) != (table.label == 1)
    assert rows_of(table, policy)[0] is not Verdict.PASS
    refused = table.assign(score=table.score.mask(wrong))
    verdict, rows = rows_of(refused, policy)
    assert verdict is not Verdict.PASS
    assert all(row.bound < limit["low"] if "low" in limit else row.bound > limit["high"] for row in rows)


@pytest.mark.parametrize(
    ("metric", "limit", "column"),
    [("dice", {"low": 0.6}, "dice"), ("false_positives_per_image", {"high": 1.2}, "false_positives")],
)
def test_an_empty_answer_is_the_worst_one(small_policy, draw_table, metric, limit, column):
    table, policy = scored(draw_table), asked(small_policy, metric, **limit)
    full = rows_of(table, policy)[1]
    bad = table[column] < 0.5 if column == "dice" else table[column] > 1
    emptied = rows_of(
        table.assign(**{column: table[column].astype(float).mask(bad & (table.index % 30 == 0))}), policy
    )[1]
    for before, after in zip(full, emptied, strict=True):
        assert (after.bound <= before.bound + 1e-9) if "low" in limit else (after.bound >= before.bound - 1e-9)


def test_blank_labels_count_against_what_the_metric_counts_not_against_all_units(small_policy, draw_table):
    """Ten diseased units in a hundred, and the label of every missed one left out: 4 % of units, 40 % of cases."""
    rng = np.random.default_rng(5)
    table = pd.DataFrame(draw_table(patients=900, tpr=(0.6, 0.6, 0.6)))
    table = table[(table.label == 0) | (rng.random(len(table)) < 0.11)]
    missed = (table.label == 1) & (table.score < 0.5)
    assert missed.mean() < 0.05
    hidden = table.assign(label=table.label.astype(object).mask(missed, ""))
    verdict, rows = rows_of(hidden, asked(small_policy, "tpr", low=0.8))
    assert verdict is not Verdict.PASS
    assert any("are missing (5 % allowed)" in row.reason for row in rows)


def test_few_blank_labels_are_bounded_at_their_worst(small_policy, draw_table):
    table = pd.DataFrame(draw_table(patients=600))
    blank = table.assign(label=table.label.astype(object).where(table.index % 200 != 0, ""))
    policy = asked(small_policy, "tpr", low=0.5)
    (_, full), (verdict, rows) = rows_of(table, policy), rows_of(blank, policy)
    assert verdict is Verdict.PASS
    assert all(after.bound <= before.bound + 0.002 for before, after in zip(full, rows, strict=True))
    assert any(after.bound < before.bound for before, after in zip(full, rows, strict=True))


def test_renaming_patients_and_reordering_groups_moves_no_number(small_policy, draw_table):
    table = pd.DataFrame(draw_table(patients=150, tpr=(0.9, 0.84, 0.75)))
    feature = replace(small_policy.features[0], groups=tuple(reversed(small_policy.features[0].groups)))
    turned = replace(small_policy, features=(feature,))
    renamed = table.assign(patient=[f"p{hash((int(p), 7)) % 10**9}" for p in table.patient]).sample(
        frac=1, random_state=4
    )
    numbers = []
    for columns, policy in ((table, small_policy), (renamed, turned)):
        rows = rows_of(columns, policy)[1]
        numbers.append(
            {(r.requirement.id, r.measurement.group, r.measurement.versus): (r.bound, r.second_bound) for r in rows}
        )
    assert numbers[0].keys() == numbers[1].keys()
    for key, value in numbers[0].items():
        np.testing.assert_allclose(numbers[1][key], value, atol=1e-9, err_msg=str(key))
