"""The gate on models of known truth: a short run always, the long one nightly and before a release."""

import numpy as np
import pandas as pd
import pytest

from lennox.audit import TableOptions, Verdict, audit, judge, policy_from_bytes, table_from_columns
from lennox.audit.simulation import TABLES, Cell, Size, gap_upper_bounds, validation_report

POLICY = """
format = "lennox-equity-policy/1"
id = "simulated"
version = "1.0.0"
title = "Simulated"
[ratification]
body = "the test suite"
date = 2026-11-01
method = "consensus"
next_review = 2099-11-01
[scope]
unit = "tooth"
cluster = "patient"
[evidence]
confidence = 0.95
interval = "cluster"
resamples = 1000
min_patients = 20
min_cases = 20
min_controls = 20
[unknown]
name = "did not say"
gate = true
[[feature]]
name = "group"
source = "record"
groups = ["a", "b"]
[[requirement]]
id = "gap"
metric = "tpr"
criterion = "between-groups"
direction = "at-most"
limit = 0.10
over = ["group"]
plain = "10 in 100 at most."
"""


@pytest.mark.parametrize(("title", "simulate"), TABLES, ids=[title for title, _ in TABLES])
def test_promises_hold_in_a_short_run(title, simulate):
    broken = [cell for cell in simulate(Size(60)) if not cell.holds()]
    assert not broken, f"{title}: {broken[:5]}"


@pytest.mark.slow
@pytest.mark.parametrize(("title", "simulate"), TABLES, ids=[title for title, _ in TABLES])
def test_promises_hold(title, simulate):
    broken = [cell for cell in simulate(Size(4000)) if not cell.holds()]
    assert not broken, f"{title}: {broken[:5]}"


@pytest.mark.slow
def test_the_report_writes_every_table_and_the_worst_cells_first():
    report = validation_report(Size(100))
    assert all(title in report for title, _ in TABLES)
    values = [float(line.split("|")[1].strip(" *")) for line in report.split("##")[0].splitlines() if "|" in line[:1]][
        2:
    ]
    assert values == sorted(values, reverse=True)


def test_a_promise_that_is_broken_does_not_hold():
    assert not Cell(("x",), 9.0, 2000, most=5.0).holds()
    assert Cell(("x",), 6.0, 2000, most=5.0).holds()


def simulated(rng, patients, rates, icc=0.3):
    strength = (1 - icc) / icc
    who = np.repeat(np.arange(2 * patients), 4)
    rate = np.repeat(np.array(rates), patients)
    mouth = rng.beta(rate * strength, (1 - rate) * strength)
    found = rng.random(len(who)) < mouth[who]
    return {
        "patient": who,
        "group": np.repeat(["a", "b"], 4 * patients),
        "label": np.ones(len(who), int),
        "score": np.where(found, 0.9, 0.1),
    }


def whole_route(rates, patients, repetitions, seed=3):
    policy = policy_from_bytes(POLICY.encode())
    rng = np.random.default_rng(seed)
    answers = []
    for _ in range(repetitions):
        table = table_from_columns(
            pd.DataFrame(simulated(rng, patients, rates)), policy, TableOptions(threshold=0.5), name="t"
        )
        answers.append(judge(audit(table, policy), policy).verdict)
    return answers


def test_the_whole_route_passes_equal_models_and_no_unequal_one():
    assert Verdict.PASS not in whole_route((0.85, 0.70), 75, 12)
    equal = whole_route((0.92, 0.92), 250, 12)
    assert equal.count(Verdict.PASS) >= 11
    assert Verdict.FAIL not in equal


@pytest.mark.slow
def test_the_whole_route_holds_its_promise_at_the_limit():
    """A gap exactly at the limit, ICC .3: at most 5 % pass, and at most 10 % fail."""
    answers = whole_route((0.85, 0.75), 75, 600)
    assert answers.count(Verdict.PASS) <= 0.05 * 600 + 3 * np.sqrt(600 * 0.05 * 0.95)
    assert answers.count(Verdict.FAIL) <= 0.10 * 600


def test_the_whole_route_decides_as_the_simulated_one():
    from lennox.statistics.spending import spent

    policy, rng = policy_from_bytes(POLICY.encode()), np.random.default_rng(4)
    for _ in range(4):
        table = simulated(rng, 90, (0.95, 0.9))
        top = (table["score"] > 0.5).reshape(2, 90, 4).sum(-1).astype(float)
        bottom = np.full((1, 90), 4.0)
        bounds = gap_upper_bounds((top[:1], bottom), (top[1:], bottom), spent(0.05, 1))
        cases = table_from_columns(table, policy, TableOptions(threshold=0.5), name="t")
        rows = judge(audit(cases, policy), policy).rows[:2]
        assert [row.bound for row in rows] == pytest.approx([float(bound[0]) for bound in bounds], abs=1e-4)
