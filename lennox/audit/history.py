"""How often a data set has been audited: every attempt is counted, since ten tries pass by luck what one would not.

An audit is written down twice: in a ledger beside the report, which travels with it, and in the log of this computer,
which knows of attempts under other folders. The longer account counts.
"""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lennox.audit.judge import Judgement
from lennox.audit.measure import Audit
from lennox.errors import InputError
from lennox.gate.event_log import Log, Record
from lennox.policy.policy import Policy


def with_history(audit: Audit, path: Path) -> Audit:
    """The audit with the attempts on the same data that `path` (one JSON object a line) or the log has recorded."""
    entries: list[Mapping[str, str]] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines() if path.exists() else (), 1):
        try:
            entry = json.loads(line)
            entries.append({key: str(entry[key]) for key in ("date", "data", "model", "policy", "verdict")})
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{path.name}: line {number} is not an earlier audit; restore the file or name another"
            ) from error
    beside = tuple(entry for entry in entries if entry["data"] == audit.table.digest)
    logged = tuple(_entry(found) for found in Log().attempts(audit.table.digest))
    same = max(beside, logged, key=len)
    return replace(audit, attempt=len(same) + 1, history=same)


def record(audit: Audit, policy: Policy, judgement: Judgement, path: Path) -> None:
    """Add this audit to the record at `path`, and to the log of this computer where that can be written."""
    entry = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "data": audit.table.digest,
        "model": audit.table.model.get("sha256", ""),
        "policy": policy.digest,
        "verdict": judgement.verdict.value,
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry, sort_keys=True) + "\n")
    with contextlib.suppress(InputError):
        Log().append("audit", {name: value for name, value in entry.items() if name != "date"})


def _entry(found: Record) -> Mapping[str, str]:
    return {"date": found.time[:10], **{name: str(value) for name, value in found.details.items()}}
