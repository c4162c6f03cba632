"""What this computer remembers of models: releases that it has seen, overrides, candidates; kept in the log.

A release that was replaced by a newer one of the same model and then put back is refused: the older one may have been
issued before something went wrong. The model's name counts, not its folder, and what was seen is written to the
computer's own log besides the one that LENNOX_LOG names: neither another folder nor another log lets it load.

Where no log can be written, releases load without this memory; overrides and candidates do not load.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Literal

from lennox.errors import InputError, ReleaseRefusedError
from lennox.gate.check import VerifiedRelease
from lennox.gate.event_log import Log, Record, all_logs
from lennox.gate.override import Override, OverrideTerms
from lennox.gate.predicates import Release, now, time_text
from lennox.gate.trust import Trust

Purpose = Literal["training", "evaluation", "audit", "adoption", "benchmark", "test"]


def replaced_by(release: VerifiedRelease, trust: Trust) -> str:
    """Why a release is one that a newer one of the same model replaced; empty if it is not.

    A newer one that was revoked since does not count: then the older one is the way back.
    """
    revoked = {entry.statement for entry in trust.refused if entry.statement is not None}
    issued = time_text(release.release.issued)
    try:
        newer = [
            one["issued"]
            for one in _seen(release.release)
            if one["statement"] not in {*revoked, release.statement_sha256} and one["issued"] > issued
        ]
    except InputError as error:
        return f"what this computer remembers of newer releases cannot be read: {error}"
    if not newer:
        return ""
    return (
        f"the release of {issued[:19]} was replaced by one of {max(newer)[:19]} that this computer has seen; install "
        "the newer one, or refuse that one first if you go back on purpose (`lennox trust remove`)."
    )


def note_release(found: VerifiedRelease) -> None:
    """Remember a release that loads, if it is not remembered already."""
    for log in all_logs():
        with contextlib.suppress(InputError):  # a computer where nothing may be written
            if all(one.details.get("statement") != found.statement_sha256 for one in log.records("load", "release")):
                terms = [OverrideTerms.of_policy(text, policy) for policy, text in found.policies.items()]
                weights = found.files.sha256["model.onnx"]
                log.append("load", _details(found.release, found.statement_sha256, weights, terms))


def note_signed(release: Release, statement_sha256: str, weights: str, policies: Sequence[OverrideTerms]) -> None:
    """Write down that a release was signed here. Raises InputError if it cannot be written down."""
    Log().append("release", _details(release, statement_sha256, weights, policies))


def note_override(model: str, weights: str, channel: str, override: Override, reasons: Sequence[str]) -> None:
    """Write down an override. Raises ReleaseRefusedError if it cannot be written down."""
    details = {
        "model": model,
        "weights": weights,
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


def clock_problem() -> str:
    """Why the clock cannot be right: with one that was set back, an override that is over would load; "" if it can."""
    latest = ""
    for log in all_logs():
        with contextlib.suppress(InputError):  # one that cannot be read takes no override, either
            latest = max(latest, log.latest())
    if latest[:10] <= (now() + datetime.timedelta(days=1)).date().isoformat():
        return ""
    return (
        f"the clock says {now():%Y-%m-%d}, and the log of this computer has a record of {latest[:10]}: set the clock, "
        "or move that log away if it was the clock that was wrong then."
    )


def note_candidate(model: str, weights: str, purpose: Purpose) -> None:
    """Write down that a model was opened before its release, and what for. Raises InputError if that cannot be."""
    Log().append("candidate", {"model": model, "weights": weights, "purpose": purpose})


def remembered_terms(weights: str) -> list[OverrideTerms]:
    """What the policies under which a network was ever released here say of overrides. Raises InputError."""
    found: dict[OverrideTerms, None] = {}
    for record in _records():
        if record.details.get("weights") == weights:
            for entry in record.details.get("override_terms", ()):
                with contextlib.suppress(TypeError):  # of a version that wrote it otherwise
                    found[OverrideTerms(**entry)] = None
    return list(found)


def _details(
    release: Release, statement_sha256: str, weights: str, policies: Sequence[OverrideTerms]
) -> dict[str, object]:
    return {
        "model": release.model,
        "version": release.version,
        "channel": release.channel,
        "weights": weights,
        "statement": statement_sha256,
        "issued": time_text(release.issued),
        "policies": [f"{one.policy} {one.version}" for one in release.passed],
        "override_terms": [asdict(terms) for terms in policies],
    }


def _seen(release: Release) -> list[dict[str, str]]:
    """The releases of a model for a channel that this computer remembers. Raises InputError."""
    return [
        {name: str(record.details.get(name, "")) for name in ("issued", "statement")}
        for record in _records()
        if (record.details.get("model"), record.details.get("channel")) == (release.model, release.channel)
    ]


def _records() -> Iterator[Record]:
    """Of all logs of this computer. Raises InputError for one that is there and cannot be read."""
    for log in all_logs():
        if log.path.is_file():
            yield from log.records("load", "release")
