"""How often data were audited, and how often anew: an audit that repeats an earlier one is no new chance to pass.

A look is what a verdict follows from: what the model answers, at its operating point, on the data, and the policy and
the method that judge it. The same look again gives the same bounds at the same level, so it costs what it cost at
first. Anything else on the same data is another look. Of versions that did not write looks down, records of one
model, policy and data are one look: they may differ in the method, but no PASS of an older method releases. What is
one look is decided by content: see `AuditTable.content_sha256`.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from lennox.files import sha256_of
from lennox.gate.event_log import Record, all_logs
from lennox.gate.predicates import time_text
from lennox.gate.statement import canonical

METHOD = "1"  # goes up with any change by which the same data could get another bound or verdict
FILM_DIGITS = 16  # of a film's SHA-256
SHARED_PATIENTS = 0.5  # of the smaller table
Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AuditedData:
    """What makes data the same: sha256 of their manifest, films (`film_ids`), or fingerprints of patients."""

    sha256: str
    films: Set[str] = field(default_factory=frozenset)
    patients: Set[str] = field(default_factory=frozenset)

    def same(self, entries: Iterable[Entry]) -> Sequence[Entry]:
        """The entries that are of these data: of a film of theirs, or of half of the patients of the smaller."""
        return [entry for entry in entries if self._is_same(entry)]

    def _is_same(self, entry: Entry) -> bool:
        theirs = set(entry.get("patients", ()))
        shared = len(self.patients & theirs)
        return bool(
            entry["data"] == self.sha256 != ""
            or self.films & set(entry.get("films", ()))
            or (not self.films and shared and shared >= SHARED_PATIENTS * min(len(self.patients), len(theirs)))
        )


def film_ids(files: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The films among a manifest's files (name, SHA-256), shortened."""
    return frozenset(sha256[:FILM_DIGITS] for name, sha256 in files if "/film-" in name)


def look_sha256(content: str, policy: str) -> str:
    """What an audit looks at, from the SHA-256 of its table's content and of its policy."""
    return sha256_of(canonical([METHOD, content, policy]))


def look_number(entries: Iterable[Entry], look: str) -> int:
    """Which look this is after audits of the same data, the oldest first: its old number if they hold it."""
    known: list[object] = []
    for entry in entries:
        one = entry.get("look") or tuple(entry.get(name) for name in ("data", "model", "policy"))
        if one == look:
            break
        if one not in known:
            known.append(one)
    return len(known) + 1


def logged(found: Record) -> Entry:
    """A record of the log as an entry."""
    nothing = dict.fromkeys(("data", "model", "policy", "verdict"), "")
    return {"date": found.time[:10], **nothing, **found.details}


def forgotten(data: AuditedData, look: str, started: datetime.datetime, attempt: int, number: int) -> str:
    """What the logs of this computer know of earlier audits of the same data and an audit does not; empty if nothing.

    look, number : the look and which it says that it was. Raises InputError for a log that cannot be read.
    """
    for log in all_logs():
        records = log.records("audit")
        own = [record for record in records if record.details.get("look") == look]
        patients = {one for record in own for one in record.details.get("patients", ())}
        known = AuditedData(data.sha256, data.films, patients)
        earlier = [logged(record) for record in records if record.time < time_text(started)]
        before = known.same(earlier)
        if attempt <= len(before) or number < look_number(before, look):
            return (
                f"the log of this computer knows {len(before)} audits of these data before it, and it says that it was "
                f"attempt {attempt} and look {number}."
            )
    return ""
