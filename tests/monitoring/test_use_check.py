"""What a check decides, without a command: which days count, whether a model is suspended, and who is told."""

import datetime
from dataclasses import replace

import pytest
from releasing import write_policy

from lennox.errors import InputError
from lennox.gate.event_log import Log
from lennox.gate.predicates import now
from lennox.gate.trust import Trust
from lennox.monitoring.suspension import resume
from lennox.monitoring.use_check import check, state_of
from lennox.monitoring.use_record import Decision
from lennox.policy.reading import read_policy

MODEL = "a" * 64


def decisions(share_found, start, visits=120):
    """Ten visits a day; of every ten, a share has its lesion found."""
    return [
        Decision(
            start + datetime.timedelta(visit // 10), f"p{visit}", "f", MODEL, "assessed",
            "accept" if visit % 10 < 10 * share_found else "missed", {"sensor": "wand"},
        )
        for visit in range(visits)
    ]  # fmt: skip


@pytest.fixture
def policy(tmp_path):
    return read_policy(write_policy(tmp_path / "watched.toml"))


@pytest.fixture
def long_ago():
    return now().date() - datetime.timedelta(100)


def test_an_alarm_suspends_and_what_came_before_a_resume_counts_no_more(policy, long_ago, tmp_path):
    file = tmp_path / "trust.toml"
    found = check(decisions(0.4, long_ago), policy, "workshop", file)
    assert (found.since, found.suspended, found.has_alarm, found.notify) == (None, True, True, ())
    assert [one.weights for one in Trust.load(file).refused if one.weights] == [MODEL]
    resume(MODEL, "looked into", file)
    again = check(decisions(0.4, long_ago), policy, "workshop", file)
    assert (again.since, again.report, again.suspended) == (now().date(), None, False)
    assert check(decisions(0.4, long_ago), policy, "clinic", file).suspended  # resumed for another channel only
    assert len(Log().records("alarm")) == 2


def test_a_policy_that_notifies_suspends_nothing(policy, long_ago, tmp_path):
    file = tmp_path / "trust.toml"
    quiet = replace(policy, consequences=replace(policy.consequences, on_alarm="notify", notify=("the clinic",)))
    found = check(decisions(0.4, long_ago), quiet, "workshop", file)
    assert (found.suspended, found.has_alarm, found.notify) == (False, True, ("the clinic",))
    assert not file.exists()
    assert len(Log().records("alarm")) == 1
    nobody = replace(quiet, consequences=replace(quiet.consequences, notify=()))
    assert check(decisions(0.4, long_ago), nobody, "workshop", file).notify == (policy.ratification.body,)


def test_no_alarm_does_nothing_and_few_visits_are_not_called_fine(policy, long_ago, tmp_path):
    policy = replace(policy, evidence=replace(policy.evidence, min_patients=11))
    found = check(decisions(1.0, long_ago, visits=10), policy, "workshop", tmp_path / "trust.toml")
    assert not found.has_alarm
    assert not Log().records("alarm")
    states = {one.group: state_of(one, policy) for one in found.report.watched}
    assert states["phone"] == "nothing recorded"
    assert states["wand"] == "too few to tell"
    with pytest.raises(InputError):
        check([], policy, "workshop")
