"""The gate on models of known truth: a short run always, the long one nightly and before a release."""

import numpy as np
import pandas as pd
import pytest

from lennox.audit import TableOptions, Verdict, audit, judge, policy_from_bytes, table_from_columns
from lennox.audit.validation import TABLES, Size, gap_verdicts, validation_report

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


def holds(title, simulate, size):
    broken = [cell for cell in simulate(size) if not cell.holds(size.repetitions)]
    assert not broken, f"{title}: {broken[:5]}"


@pytest.mark.parametrize(("title", "simulate"), TABLES, ids=[title for title, _ in TABLES])
def test_promises_hold_in_a_short_run(title, simulate):
    holds(title, simulate, Size(200))


@pytest.mark.slow
@pytest.mark.parametrize(("title", "simulate"), TABLES, ids=[title for title, _ in TABLES])
def test_promises_hold(title, simulate):
    holds(title, simulate, Size(6000))


@pytest.mark.slow
def test_the_report_writes_every_table():
    report = validation_report(Size(50))
    assert all(title in report for title, _ in TABLES)


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
    from lennox.statistics.rates import RateSums

    policy, rng = policy_from_bytes(POLICY.encode()), np.random.default_rng(4)
    for _ in range(6):
        table = simulated(rng, 60, (0.95, 0.8))
        found = (table["score"] > 0.5).reshape(2, 60, 4).sum(-1)
        passes, fails = gap_verdicts(RateSums.of(found[None], np.full((1, 2, 60), 4)), 0.10)
        table = table_from_columns(table, policy, TableOptions(threshold=0.5), name="t")
        verdict = judge(audit(table, policy), policy).verdict
        assert (verdict is Verdict.PASS) == passes[0]
        assert (verdict is Verdict.FAIL) == fails[0]
