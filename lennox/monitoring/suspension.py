"""What an alarm does: the model no longer loads for the channel on this computer until somebody has looked into it."""

from __future__ import annotations

import datetime
from pathlib import Path

from lennox.errors import InputError
from lennox.gate.event_log import Log, Record
from lennox.gate.predicates import now
from lennox.gate.trust import Refusal, Trust
from lennox.gate.trust_file import add_refusal, lift_refusals
from lennox.monitoring.monitor import UseReport

MIN_DIGITS = 8  # digits of a SHA-256 by which a model may be named


def log_alarm(found: UseReport, channel: str) -> None:
    """Write an alarm to the log; once, however often it is looked at."""
    last = _last(found.model, channel)
    if last is None or last.kind != "alarm":
        Log().append("alarm", {"weights": found.model, "channel": channel, "why": _why(found)})


def suspend(found: UseReport, channel: str, trust_file: Path | None = None) -> None:
    """Suspend a model in whose use an alarm was raised, on this computer, whatever trust file is named later."""
    add_refusal(Refusal(now().date(), _why(found), weights=found.model, channel=channel), trust_file)


def resume(weights: str, why: str, trust_file: Path | None = None) -> None:
    """Lift a model's suspension, after it was written to the log. weights : their SHA-256 or its beginning

    Raises InputError if no such model is suspended.
    """
    lifted = [one for one in Trust.load(trust_file).refused if (one.weights or "").startswith(weights)]
    if not lifted or len(weights) < MIN_DIGITS:
        raise InputError("no suspended model has weights of this SHA-256; `lennox trust show` lists them.")
    meant = {(one.weights, one.channel) for one in lifted}
    for digest, channel in sorted((str(digest), str(channel)) for digest, channel in meant):
        Log().append("resume", {"weights": digest, "channel": channel, "why": why})
    lift_refusals(lambda one: (one.weights, one.channel) in meant, trust_file)


def resumed_on(weights: str, channel: str) -> datetime.date | None:
    """The day on which a suspension was last lifted; what was recorded until then has been looked into."""
    last = _last(weights, channel, "resume")
    return None if last is None else datetime.date.fromisoformat(last.time[:10])


def _last(weights: str, channel: str, *kinds: str) -> Record | None:
    about = {"weights": weights, "channel": channel}
    records = Log().records(*(kinds or ("alarm", "resume")))
    return next((one for one in reversed(records) if about.items() <= one.details.items()), None)


def _why(found: UseReport) -> str:
    return "; ".join(one.sentence() for one in found.alarms)
