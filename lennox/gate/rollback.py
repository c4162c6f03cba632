"""What this computer remembers of loading models: releases seen in each folder, and overrides; kept in the log.

A release that was replaced by a newer one and then put back is refused: the older one may have been issued before
something went wrong. Where the log cannot be written, releases load without this memory; overrides do not load.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from lennox.errors import InputError, ReleaseRefusedError
from lennox.files import sha256_of
from lennox.gate.check import VerifiedRelease
from lennox.gate.event_log import Log
from lennox.gate.override import Override
from lennox.gate.predicates import Release, time_text


def superseded(folder: Path, channel: str, checked: VerifiedRelease) -> str:
    """Why the release in a folder is one that a newer release there replaced; empty if it is not."""
    newest = _newest(folder, channel)
    issued = time_text(checked.release.issued)
    if newest is None or newest["issued"] <= issued:
        return ""
    return (
        f"the release of {issued[:19]} was replaced by one of {newest['issued'][:19]} that was seen in "
        "this folder; put the newer one back, or copy the folder elsewhere if you went back on purpose."
    )


def note_release(folder: Path, channel: str, checked: VerifiedRelease) -> None:
    """Remember the release, if it is not the newest seen in this folder already."""
    newest = _newest(folder, channel)
    if newest is not None and newest["statement"] == checked.statement_sha256:
        return
    with contextlib.suppress(InputError):  # a computer where nothing may be written
        Log().append("load", _details(folder, checked.release, checked.statement_sha256))


def note_signed(folder: Path, release: Release, statement_sha256: str) -> None:
    """Write down that a release was signed here. Raises InputError if it cannot be written down."""
    Log().append("release", _details(folder, release, statement_sha256))


def note_override(model: str, sha256: str, channel: str, override: Override, reasons: Sequence[str]) -> None:
    """Write down an override. Raises ReleaseRefusedError if it cannot be written down."""
    details = {
        "model": model,
        "weights": sha256,
        "channel": channel,
        "who": override.who,
        "why": override.why,
        "until": override.until.isoformat(),
        "reasons": list(reasons),
    }
    try:
        Log().append("override", details)
    except InputError as error:
        raise ReleaseRefusedError(model, (*reasons, f"an override must be written down, but {error}")) from error


def _details(folder: Path, release: Release, statement_sha256: str) -> dict[str, object]:
    return {
        "model": release.model,
        "version": release.version,
        "channel": release.channel,
        "folder": _place(folder),
        "statement": statement_sha256,
        "issued": time_text(release.issued),
        "policies": [f"{one.policy} {one.version}" for one in release.passed],
    }


def _newest(folder: Path, channel: str) -> dict[str, str] | None:
    try:
        records = Log().records("load", "release")
    except InputError:
        return None
    known = [
        {name: str(record.details.get(name, "")) for name in ("issued", "statement")}
        for record in records
        if record.details.get("folder") == _place(folder) and record.details.get("channel") == channel
    ]
    return max(known, key=lambda one: one["issued"], default=None)


def _place(folder: Path) -> str:
    """A folder's path as a digest: a path may name somebody."""
    return sha256_of(str(folder.resolve()).encode("utf-8", "surrogatepass"))
