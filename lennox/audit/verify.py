"""An audit run again by somebody else, on the same data, and compared: whether it happened as it says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lennox.audit.audit_table import AuditTable
from lennox.audit.judge import judge
from lennox.audit.measure import audit
from lennox.audit.report.document import audit_text, document, public_copy
from lennox.errors import InputError
from lennox.policy.policy import Policy

COMPARED = (
    "verdict", "look_sha256", "model", "data", "requirements", "rows", "evidence", "thresholds", "reliability",
)  # fmt: skip
TOLERANCE = 2e-6  # numbers have six decimals
MAX_SHOWN = 10


def differences(recorded: Path, table: AuditTable, policy: Policy) -> list[str]:
    """What an audit.json says otherwise than the same audit of the same data does, a line each; none if nothing.

    Attempt and look are taken as recorded: how often others had audited the data cannot be run again. A public copy is
    compared with what the same data give as one, so that nothing is asked of counts that it hides.
    Raises InputError if the file is no audit.
    """
    try:
        theirs = json.loads(recorded.read_bytes())
        attempt, digest = theirs["attempt"], theirs["policy"]["sha256"]
        look = theirs.get("look", attempt)  # versions before looks paid for every attempt
        if type(attempt) is not int or type(look) is not int or not 1 <= look <= attempt:
            raise ValueError("attempt")
    except OSError as error:
        raise InputError(f"{recorded.name}: cannot be read ({error.strerror}); name an audit.json.") from error
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise InputError(f"{recorded.name}: not an audit that this version reads; name an audit.json.") from error
    if digest != policy.digest:
        return ["policy.sha256: it was made under another text of the policy"]
    measured = replace(audit(table, policy), attempt=attempt, look=look)
    ours = json.loads(audit_text(document(measured, policy, judge(measured, policy))))
    if theirs.get("public") is True:
        ours = public_copy(ours)
    found = [line for name in COMPARED for line in _compare(theirs.get(name), ours.get(name), name)]
    return [*found[:MAX_SHOWN], *([f"{len(found) - MAX_SHOWN} more"] if len(found) > MAX_SHOWN else [])]


def _compare(theirs: Any, ours: Any, path: str) -> Iterator[str]:
    if isinstance(theirs, Mapping) and isinstance(ours, Mapping):
        for key in sorted({*theirs, *ours}):
            yield from _compare(theirs.get(key), ours.get(key), f"{path}.{key}")
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for number, (one, other) in enumerate(zip(theirs, ours, strict=True), 1):
            yield from _compare(one, other, f"{path}[{number}]")
    elif isinstance(theirs, (int, float)) and isinstance(ours, (int, float)):
        if not abs(theirs - ours) <= TOLERANCE:
            yield f"{path}: it says {theirs}, found {ours}"
    elif theirs != ours:
        yield f"{path}: it says {_short(theirs)}, found {_short(ours)}"


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} entries"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}…"
