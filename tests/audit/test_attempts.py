"""Attempts cost: all of them together may err as often as one."""

import itertools
from dataclasses import replace

import pytest

from lennox.audit import TableOptions, Verdict, audit, judge, table_from_columns
from lennox.audit.attempts import spent


def test_all_attempts_together_spend_alpha_and_no_more():
    levels = [spent(0.05, attempt) for attempt in range(1, 10_000)]
    assert sum(levels) < 0.05
    assert sum(levels) == pytest.approx(0.05, rel=1e-3)
    assert all(later < earlier for earlier, later in itertools.pairwise(levels))


def test_there_is_no_attempt_before_the_first():
    with pytest.raises(ValueError, match="from 1"):
        spent(0.05, 0)


def test_what_passes_at_first_may_lack_evidence_at_the_tenth_attempt(small_policy, draw_table):
    table = table_from_columns(draw_table(patients=240), small_policy, TableOptions(threshold=0.5), name="t")
    first = audit(table, small_policy)
    assert judge(first, small_policy).verdict is Verdict.PASS
    tenth = judge(replace(first, attempt=10), small_policy)
    assert tenth.verdict is Verdict.INSUFFICIENT
    assert all(
        late.bound <= early.bound
        for late, early in zip(tenth.rows[:3], judge(first, small_policy).rows[:3], strict=True)
    )
