"""The audits of the same data that a ledger beside the report and the logs of this computer know (`gate.looks`).

The ledger travels with the report. The longest account counts, and of looks the one that knows the most. Audits on
other computers cannot be known, and a release says so.
"""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lennox.audit.judge import Judgement
from lennox.audit.measure import Audit
from lennox.errors import InputError
from lennox.gate.event_log import all_logs
from lennox.gate.looks import AuditedData, film_ids, logged, look_number, look_sha256
from lennox.policy.policy import Policy

FIELDS = ("date", "data", "model", "policy", "verdict")


def with_history(audit: Audit, policy: Policy, path: Path) -> Audit:
    """The audit with the attempts on the same data that `path` (one JSON object a line) or a log has recorded.

    Raises InputError for a ledger or a log that cannot be read.
    """
    table = audit.table
    data = AuditedData(table.digest, film_ids(table.manifest.entries), set(table.fingerprints))
    accounts = [_ledger(path), *([logged(found) for found in log.records("audit")] for log in all_logs())]
    found = [data.same(entries) for entries in accounts]
    look = look_sha256(table.content_sha256, policy.digest)
    names = (*FIELDS, "look")
    history = tuple({name: str(entry[name]) for name in names if name in entry} for entry in max(found, key=len))
    return replace(
        audit,
        attempt=len(history) + 1,
        look=max(look_number(entries, look) for entries in found),
        history=history,
    )


def record(audit: Audit, policy: Policy, judgement: Judgement, path: Path) -> None:
    """Add this audit to the record at `path`, and to the logs of this computer where they can be written."""
    table = audit.table
    entry: dict[str, Any] = {
        "data": table.digest,
        "model": table.model.get("sha256", ""),
        "policy": policy.digest,
        "verdict": judgement.verdict.value,
        "look": look_sha256(table.content_sha256, policy.digest),
        "films": sorted(film_ids(table.manifest.entries)),
    }
    dated = {"date": datetime.datetime.now(datetime.UTC).date().isoformat(), **entry}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(dated, sort_keys=True) + "\n")
    for log in all_logs():
        with contextlib.suppress(InputError):
            log.append("audit", entry | {"patients": sorted(table.fingerprints)})  # never in what travels


def _ledger(path: Path) -> list[Mapping[str, Any]]:
    entries: list[Mapping[str, Any]] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines() if path.exists() else (), 1):
        try:
            entry = json.loads(line)
            more = {"look": str(entry["look"])} if "look" in entry else {}
            films = {"films": list(map(str, entry.get("films", ())))}
            entries.append({name: str(entry[name]) for name in FIELDS} | films | more)
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{path.name}: line {number} is not an earlier audit; restore the file or name another"
            ) from error
    return entries
