"""How often a data set has been audited: every attempt is counted, since ten tries pass by luck what one would not."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lennox.audit.judge import Judgement
from lennox.audit.measure import Audit
from lennox.audit.policy import Policy
from lennox.errors import InputError


def with_history(audit: Audit, path: Path) -> Audit:
    """The audit with the attempts on the same data that `path` (one JSON object a line) has recorded."""
    if not path.exists():
        return audit
    entries: list[Mapping[str, str]] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            entry = json.loads(line)
            entries.append({key: str(entry[key]) for key in ("date", "data", "model", "policy", "verdict")})
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{path.name}: line {number} is not an earlier audit; restore the file or name another"
            ) from error
    same = tuple(entry for entry in entries if entry["data"] == audit.cases.digest)
    return replace(audit, attempt=len(same) + 1, history=same)


def record(audit: Audit, policy: Policy, judgement: Judgement, path: Path) -> None:
    """Add this audit to the record at `path`."""
    entry = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "data": audit.cases.digest,
        "model": audit.cases.model.get("sha256", ""),
        "policy": policy.digest,
        "verdict": judgement.verdict.value,
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry, sort_keys=True) + "\n")
