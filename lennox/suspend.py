"""What an alarm does: the model no longer loads for the channel on this computer, and the log says why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lennox.claims import now
from lennox.log import Log
from lennox.monitor import Monitor
from lennox.trust import Revoked, Trust, read_trust, write_trust


def suspend(found: Monitor, channel: str, trust_file: Path) -> None:
    """Suspend a model in whose use an alarm was raised; once, however often it is looked at."""
    own = read_trust(trust_file) if trust_file.is_file() else Trust()
    if any(one.weights == found.model and one.channel == channel for one in own.revoked):
        return
    why = "; ".join(one.sentence() for one in found.alarms)
    entry = Revoked(now().date(), why, weights=found.model, channel=channel)
    write_trust(trust_file, replace(own, revoked=(*own.revoked, entry)))
    Log().append("alarm", {"weights": found.model, "channel": channel, "why": why})
