"""What an alarm does: the model no longer loads for the channel on this computer until somebody has looked into it."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

from lennox.errors import InputError
from lennox.gate.event_log import Log, Record
from lennox.gate.predicates import now
from lennox.gate.trust import RevocationEntry, Trust, read_trust, write_trust
from lennox.monitoring.monitor import UseReport

MIN_DIGITS = 8  # digits of a SHA-256 by which a model may be named


def log_alarm(found: UseReport, channel: str) -> None:
    """Write an alarm to the log; once, however often it is looked at."""
    last = _last(found.model, channel)
    if last is None or last.kind != "alarm":
        Log().append("alarm", {"weights": found.model, "channel": channel, "why": _why(found)})


def suspend(found: UseReport, channel: str, trust_file: Path) -> None:
    """Suspend a model in whose use an alarm was raised."""
    own = read_trust(trust_file) if trust_file.is_file() else Trust()
    if not any(one.weights == found.model and one.channel == channel for one in own.revoked):
        entry = RevocationEntry(now().date(), _why(found), weights=found.model, channel=channel)
        write_trust(trust_file, replace(own, revoked=(*own.revoked, entry)))


def resume(weights: str, why: str, trust_file: Path) -> None:
    """Lift a model's suspension, after it was written to the log. weights : their SHA-256 or its beginning

    Raises InputError if no such model is suspended.
    """
    own = read_trust(trust_file)
    lifted = [one for one in own.revoked if (one.weights or "").startswith(weights)]
    if not lifted or len(weights) < MIN_DIGITS:
        raise InputError("no suspended model has weights of this SHA-256; `lennox trust show` lists them.")
    for one in lifted:
        Log().append("resume", {"weights": one.weights, "channel": one.channel, "why": why})
    write_trust(trust_file, replace(own, revoked=tuple(one for one in own.revoked if one not in lifted)))


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
