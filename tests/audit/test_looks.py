"""Looks cost, all of them together as much as one; an audit that repeats another is none."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest

from lennox.audit import TableOptions, Verdict, audit, judge, table_from_columns
from lennox.audit.report.write import write_audit
from lennox.gate.event_log import Log
from lennox.gate.looks import look_number
from lennox.statistics.spending import spent


def test_all_looks_together_spend_alpha_and_no_more():
    levels = [spent(0.05, look) for look in range(1, 10_000)]
    assert sum(levels) < 0.05
    assert sum(levels) == pytest.approx(0.05, rel=1e-3)
    assert all(later < earlier for earlier, later in itertools.pairwise(levels))


def test_there_is_no_look_before_the_first():
    with pytest.raises(ValueError, match="from 1"):
        spent(0.05, 0)


def test_what_passes_at_first_may_lack_evidence_at_the_tenth_look(small_policy, draw_table):
    table = table_from_columns(draw_table(patients=240), small_policy, TableOptions(threshold=0.5), name="t")
    first = audit(table, small_policy)
    assert judge(first, small_policy).verdict is Verdict.PASS
    tenth = judge(replace(first, attempt=10, look=10), small_policy)
    assert tenth.verdict is Verdict.INSUFFICIENT
    assert all(
        late.bound <= early.bound
        for late, early in zip(tenth.rows[:3], judge(first, small_policy).rows[:3], strict=True)
    )


def test_a_repeat_keeps_the_number_of_the_look_that_it_repeats():
    unmarked = {"data": "d", "model": "m", "policy": "p"}
    entries = [{"look": "a"}, {"look": "b"}, {"look": "a"}, unmarked, unmarked | {"policy": "q"}, unmarked]
    assert [look_number(entries, look) for look in ("a", "b", "c")] == [1, 2, 5]
    assert look_number([], "a") == 1


@pytest.fixture
def ran(tmp_path, draw_table, small_policy):
    """Audit a table through the files of an audit, in a folder of its own."""

    def run(number, threshold=0.5, policy=small_policy, **changes):
        columns = draw_table(patients=240) | changes
        table = table_from_columns(columns, policy, TableOptions(threshold=threshold), name="t")
        write_audit(table, policy, tmp_path / str(number))
        return json.loads((tmp_path / str(number) / "audit.json").read_text())

    return run


def test_the_same_audit_again_is_an_attempt_and_no_look(ran):
    first, again, third = (ran(number) for number in range(3))
    assert [found["attempt"] for found in (first, again, third)] == [1, 2, 3]
    assert [found["look"] for found in (first, again, third)] == [1, 1, 1]
    assert first["rows"] == again["rows"] == third["rows"]
    assert first["evidence"] == third["evidence"]


def test_another_threshold_policy_score_or_group_is_another_look(ran, small_policy, draw_table):
    drawn = draw_table(patients=240)
    score = drawn["score"].copy()
    score[0] = np.nextafter(score[0], 1.0)
    changes = [
        {}, {"threshold": 0.6}, {"policy": replace(small_policy, digest="f" * 64)}, {"score": score},
        {"group": np.roll(drawn["group"], 4)},
    ]  # fmt: skip
    assert [ran(number, **change)["look"] for number, change in enumerate(changes)] == [1, 2, 3, 4, 5]
    assert ran(9)["look"] == 1
    assert ran(10, threshold=0.6)["look"] == 2


def test_an_attempt_of_a_version_that_knew_no_looks_counts_as_one(ran):
    patients = ran(0)
    Log().append("audit", {name: value for name, value in Log().records("audit")[0].details.items() if name != "look"})
    assert ran(1, threshold=0.6)["look"] == 3
    assert ran(2)["look"] == patients["look"] == 1


def test_the_order_of_rows_makes_no_other_look(ran, draw_table):
    order = np.random.default_rng(0).permutation(960)
    assert ran(0)["look_sha256"] == ran(1, **{k: v[order] for k, v in draw_table(patients=240).items()})["look_sha256"]


def test_a_method_that_gives_other_bounds_gets_another_number(ran):
    """If this fails, the same data get other bounds than before: raise `METHOD` in gate/looks.py, and these figures."""
    found = ran(0)
    shown = [(row["bound"], row["opposite_bound"]) for row in found["rows"] if row["group"] == {"group": "a"}]
    assert found["method"]["version"] == "1"
    assert [shown[0], shown[-1]] == [pytest.approx((0.838041, 0.960727)), pytest.approx((0.12548, 0.026594))]
