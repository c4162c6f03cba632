"""How often data have been audited: every attempt is counted, since ten tries pass by luck what one would not.

Data are the same by content, not by name: sets that share a film are the same data, and so are tables that share half
of their patients, by who they are and what they have. An audit is written down in a ledger beside the report, which
travels with it, in the log that is named and in the computer's own; the longest account counts. Audits on other
computers cannot be known, and a release says so.
"""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lennox.audit.audit_table import AuditTable
from lennox.audit.judge import Judgement
from lennox.audit.measure import Audit
from lennox.errors import InputError
from lennox.gate.event_log import Record, all_logs
from lennox.policy.policy import Policy

FIELDS = ("date", "data", "model", "policy", "verdict")
FILM_DIGITS = 16  # of a film's SHA-256
SHARED_PATIENTS = 0.5  # of the smaller table


def with_history(audit: Audit, path: Path) -> Audit:
    """The audit with the attempts on the same data that `path` (one JSON object a line) or a log has recorded.

    Raises InputError for a ledger or a log that cannot be read.
    """
    accounts = [_ledger(path), *([_entry(found) for found in log.records("audit")] for log in all_logs())]
    found = (_same(audit.table, entries) for entries in accounts)
    history = tuple({name: str(entry[name]) for name in FIELDS} for entry in max(found, key=len))
    return replace(audit, attempt=len(history) + 1, history=history)


def record(audit: Audit, policy: Policy, judgement: Judgement, path: Path) -> None:
    """Add this audit to the record at `path`, and to the logs of this computer where they can be written."""
    table = audit.table
    entry: dict[str, Any] = {
        "data": table.digest,
        "model": table.model.get("sha256", ""),
        "policy": policy.digest,
        "verdict": judgement.verdict.value,
        "films": sorted(_films(table)),
    }
    dated = {"date": datetime.datetime.now(datetime.UTC).date().isoformat(), **entry}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(dated, sort_keys=True) + "\n")
    for log in all_logs():
        with contextlib.suppress(InputError):
            log.append("audit", entry | {"patients": sorted(table.fingerprints)})  # never in what travels


def _films(table: AuditTable) -> set[str]:
    return {sha256[:FILM_DIGITS] for name, sha256 in table.manifest.entries if "/film-" in name}


def _same(table: AuditTable, entries: Iterable[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The entries that are of the same data as the table."""
    films, patients = _films(table), set(table.fingerprints)

    def is_same(entry: Mapping[str, Any]) -> bool:
        theirs = set(entry.get("patients", ()))
        shared = len(patients & theirs)
        return bool(
            entry["data"] == table.digest != ""
            or films & set(entry.get("films", ()))
            or (not films and shared and shared >= SHARED_PATIENTS * min(len(patients), len(theirs)))
        )

    return [entry for entry in entries if is_same(entry)]


def _ledger(path: Path) -> list[Mapping[str, Any]]:
    entries: list[Mapping[str, Any]] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines() if path.exists() else (), 1):
        try:
            entry = json.loads(line)
            entries.append(
                {name: str(entry[name]) for name in FIELDS} | {"films": list(map(str, entry.get("films", ())))}
            )
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{path.name}: line {number} is not an earlier audit; restore the file or name another"
            ) from error
    return entries


def _entry(found: Record) -> Mapping[str, Any]:
    return {"date": found.time[:10], **dict.fromkeys(FIELDS[1:], ""), **found.details}
