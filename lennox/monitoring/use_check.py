"""A model in use against its policy: which days count, and what an alarm does."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lennox.gate.trust import user_file
from lennox.monitoring.monitor import UseReport, WatchedLimit, watch
from lennox.monitoring.suspension import log_alarm, resumed_on, suspend
from lennox.monitoring.use_record import Decision
from lennox.policy.policy import Policy

LimitState = Literal["alarm", "no alarm", "too few to tell", "nothing recorded"]


@dataclass(frozen=True, slots=True)
class Check:
    """What a check has found and done.

    since : the day on which the model was last resumed; what was recorded until then has been looked into
    report : None where nothing was recorded since
    suspended : whether the model no longer loads for the channel on this computer
    notify : whom the policy asks to notify of an alarm, if it suspends nothing
    """

    since: datetime.date | None
    report: UseReport | None
    suspended: bool = False
    notify: tuple[str, ...] = ()

    @property
    def has_alarm(self) -> bool:
        """Whether some limit no longer holds."""
        return self.report is not None and bool(self.report.alarms)


def check(decisions: Sequence[Decision], policy: Policy, channel: str, trust_file: Path | None = None) -> Check:
    """Watch one model's decisions since it was last resumed; on an alarm, do what the policy says.

    decisions : in order of day, see `read_use`; trust_file : where a suspension goes, the user's own unless given
    An alarm is written to the log, and suspends the model for the channel if the policy's `on_alarm` is "suspend".
    Raises InputError if there is no decision, or what `watch` raises.
    """
    since = resumed_on(decisions[-1].model, channel) if decisions else None
    counted = [one for one in decisions if since is None or one.day > since]
    if decisions and not counted:
        return Check(since, None)
    report = watch(counted, policy)
    if not report.alarms:
        return Check(since, report)
    log_alarm(report, channel)
    if policy.consequences.on_alarm == "suspend":
        suspend(report, channel, trust_file or user_file())
        return Check(since, report, suspended=True)
    return Check(since, report, notify=policy.consequences.notify or (policy.ratification.body,))


def state_of(limit: WatchedLimit, policy: Policy) -> LimitState:
    """What is known of one limit and group; "too few to tell" is not "no alarm"."""
    if not limit.visits:
        return "nothing recorded"
    if limit.alarm_on is not None:
        return "alarm"
    return "too few to tell" if limit.visits < policy.evidence.min_patients else "no alarm"
