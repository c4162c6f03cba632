"""Known faults of what is locked, by pip-audit; says so where its data cannot be reached, which is no fault.

python tools/audit_locks.py PIP_AUDIT LOCK...   ends with 1 if a fault is known, with 0 otherwise
"""

import json
import subprocess
import sys
from typing import Any

PATIENCE_S = 120.0  # where requests are neither answered nor refused


def audit(program: str, lock: str) -> dict[str, Any] | None:
    """What pip-audit says of a lock; None if it could not ask."""
    options = ["--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
    try:
        done = subprocess.run([program, "-r", lock, *options], capture_output=True, text=True, timeout=PATIENCE_S)
        found: dict[str, Any] = json.loads(done.stdout)
    except (ValueError, subprocess.TimeoutExpired):
        return None
    return found


def judge(lock: str, found: dict[str, Any] | None) -> tuple[list[str], list[str]]:
    """Lines of known faults, and lines of what could not be asked about."""
    if found is None:
        return [], [f"{lock}: the data on faults could not be reached."]
    faults = [
        f"{lock}: {one['name']} {one['version']}: {fault['id']}, corrected in "
        + (", ".join(fault["fix_versions"]) or "none")
        for one in found["dependencies"]
        for fault in one.get("vulns", [])
    ]
    silent = [one["name"] for one in found["dependencies"] if "skip_reason" in one]
    total = len(found["dependencies"])
    return faults, [f"{lock}: {len(silent)} of {total} packages could not be asked about."] if silent else []


def main() -> None:
    """Audit each lock."""
    program, *locks = sys.argv[1:]
    judged = [judge(lock, audit(program, lock)) for lock in locks]
    faults = [line for lines, _ in judged for line in lines]
    for line in (line for _, lines in judged for line in lines):
        print(f"NOT AUDITED: {line}", file=sys.stderr)
    print("\n".join(faults) or "No fault is known of what could be asked about.")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
