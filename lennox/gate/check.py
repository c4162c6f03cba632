"""Whether a folder holds a model that was released for a channel, by people who are trusted here.

Every file is read once, and what was read is what is checked and handed on: somebody who swaps files meanwhile
changes nothing. A signature stops mistakes and quiet swaps, not a user who edits the library; the override exists so
that nobody needs to.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lennox.card import ModelCard
from lennox.errors import ModelError, one_line
from lennox.files import sha256_of
from lennox.gate.bundle import Files, list_files, read_once
from lennox.gate.predicates import PassedPolicy, Release, Revocation, now
from lennox.gate.ratification import ratified
from lennox.gate.statement import RELEASE, REVOCATION, Signed, verify
from lennox.gate.trust import Trust, TrustedKey
from lennox.gate.weights import weights_sha256

STATEMENT_FILE = "release.json"
NOT_SIGNED = (
    "nobody has signed a release of it (release.json), which would say that an audit has shown how well it works for "
    "each group of people that a community named; until then it must not decide about a patient (what was measured: "
    "`lennox models NAME`; what a release takes: docs/release.md)."
)
REVOCATION_FILE = "revocation.json"
LIBRARIES = (".so", ".dll", ".dylib")
MAX_SAID = 5  # sentences about files
CLOCKS_MAY_DIFFER = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class VerifiedRelease:
    """A release that holds, and the files it was checked on.

    auditors : names of the trusted keys that released it
    ratifiers : by policy, whose keys ratified it, as they are known here
    """

    release: Release
    statement_sha256: str
    files: Files
    auditors: tuple[str, ...]
    ratifiers: Mapping[str, str]

    def words(self) -> str:
        """The release for people."""
        return self.release.words(self.ratifiers)


class NotReleasedError(ModelError):
    """The folder holds no release that counts here; `reasons` has one sentence each, on one line."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = tuple(one_line(reason) for reason in dict.fromkeys(reasons))
        super().__init__(self.reasons)

    def __str__(self) -> str:
        return " ".join(self.reasons)


def check(folder: Path, channel: str, trust: Trust, *, on: datetime.datetime | None = None) -> VerifiedRelease:
    """Check a model's folder. on : the moment, now unless given. Raises NotReleasedError with every reason found."""
    if not os.path.lexists(folder / STATEMENT_FILE):
        raise NotReleasedError((NOT_SIGNED,))
    try:
        signed = verify(read_once(folder, STATEMENT_FILE), RELEASE)
        release = Release.from_predicate(signed.predicate)
    except ModelError as error:
        raise NotReleasedError(
            (f"its release statement (release.json) does not hold: {error}".rstrip(".") + ".",)
        ) from error

    files, reasons = _read_files(folder, signed.subjects)
    reasons += _signers(signed, release, channel, trust)
    reasons += _standing(signed, release, trust, on or now())
    reasons += _suspended(files, channel, trust)
    reasons += _revocation(folder, signed, release, trust)
    ratifiers = {}
    for one in release.passed:
        keys, against = _policy(one, files, signed, channel, trust)
        reasons += [f"policy {one.policy}: {reason}" for reason in against]
        ratifiers[one.policy] = " and ".join(f"{key.name} (key {key.public.identity[:12]})" for key in keys)
    reasons += [
        f"the channel {channel} also asks for a pass under the policy {policy}."
        for policy in trust.rule(channel).policies
        if policy not in ratifiers
    ]
    reasons += _card(files, release)
    if reasons:
        raise NotReleasedError(reasons)
    auditors = tuple(key.name for key in trust.counted(signed.signers, channel, "release"))
    return VerifiedRelease(release, signed.sha256, files, auditors, ratifiers)


def _read_files(folder: Path, subjects: Mapping[str, str]) -> tuple[Files, list[str]]:
    """Each file that the statement names, if it is the one that was released, and what is wrong with the others."""
    data: dict[str, bytes] = {}
    found = []
    for name, wanted in subjects.items():
        try:
            read = read_once(folder, name)
        except ModelError as error:
            found.append(f"{error}" if os.path.lexists(folder / name) else f"{name[:80]} is missing.")
            continue
        if sha256_of(read) != wanted:
            found.append(f"{name} is not the file that was released (its SHA-256 differs).")
        elif name.lower().endswith(LIBRARIES):
            found.append(f"{name} is a program library; lennox loads none.")
        else:
            data[name] = read
    found += [f"the statement does not bind {name}." for name in ("model.onnx", "card.json") if name not in subjects]
    try:
        extra = sorted(set(list_files(folder)) - {*subjects, STATEMENT_FILE, REVOCATION_FILE})
        found += [f"{name[:80]} is not part of the release; remove it." for name in extra]
    except ModelError as error:
        found.append(str(error))
    if len(found) > MAX_SAID:
        found[MAX_SAID:] = [f"{len(found) - MAX_SAID} more of its files are not as they were released."]
    return Files(data, {name: subjects[name] for name in data}), found


def _signers(signed: Signed, release: Release, channel: str, trust: Trust) -> list[str]:
    found = trust.revoked_sentences(signed.signers)
    if release.channel != channel:
        found.append(f"it is released for the channel {release.channel}, not for {channel}.")
    counted, wanted = trust.counted(signed.signers, channel, "release"), trust.rule(channel).releases
    if len(counted) < wanted:
        found.append(
            f"{len(counted)} of the {len(signed.signers)} keys that signed may release for the channel {channel} here; "
            f"{wanted} must (see `lennox trust show`)."
        )
    return found


def _standing(signed: Signed, release: Release, trust: Trust, moment: datetime.datetime) -> list[str]:
    found = []
    if moment.date() > release.expires:
        found.append(f"the release expired on {release.expires}; a new audit and release are due.")
    if release.issued > moment + CLOCKS_MAY_DIFFER:
        found.append(f"the release is dated {release.issued:%Y-%m-%d}, which is still to come; check the clock.")
    for entry in trust.revoked:
        if entry.statement == signed.sha256:
            found.append(f"the release was revoked on {entry.date}: {entry.why}.")
    return found


def _suspended(files: Files, channel: str, trust: Trust) -> list[str]:
    here = {entry.weights: entry for entry in trust.revoked if entry.weights is not None and entry.channel == channel}
    if not here or "model.onnx" not in files.data:
        return []
    try:
        entry = here.get(weights_sha256(files))
    except ModelError as error:
        return [f"model.onnx: {error}"]
    if entry is None:
        return []
    return [f"the model was suspended for {channel} on this computer on {entry.date}: {entry.why}."]


def _revocation(folder: Path, signed: Signed, release: Release, trust: Trust) -> list[str]:
    if not os.path.lexists(folder / REVOCATION_FILE):
        return []
    try:
        revoked = verify(read_once(folder, REVOCATION_FILE), REVOCATION)
        claim = Revocation.from_predicate(revoked.predicate)
    except ModelError as error:
        return [f"{REVOCATION_FILE}: {error}; remove it, or install the model again."]
    known = trust.counted(revoked.signers, release.channel, "release") or revoked.signers & signed.signers
    if claim.release_sha256 != signed.sha256 or not known:
        return [f"{REVOCATION_FILE} is of another release, or by nobody who is trusted; remove it."]
    return [f"the release was revoked on {claim.signed:%Y-%m-%d}: {claim.why}."]


def _card(files: Files, release: Release) -> list[str]:
    """Whether the card is that of the model, version and operating point that were released."""
    if "card.json" not in files.data:
        return []  # said already: missing, or another
    try:
        card = ModelCard.from_json(files.data["card.json"])
    except ModelError as error:
        return [str(error)]
    point = card.operating_point()
    found = (card.name, card.version, point.name, threshold_text(point.threshold))
    if found != (release.model, release.version, release.point, release.threshold):
        return ["its card is of another model, version or operating point than the release."]
    return []


def threshold_text(threshold: float) -> str:
    """A threshold as statements write it."""
    return f"{threshold:.6f}"


def _policy(
    one: PassedPolicy, files: Files, signed: Signed, channel: str, trust: Trust
) -> tuple[tuple[TrustedKey, ...], list[str]]:
    """Whose keys ratified a policy; whether its three files are those that count, and its ratification came first."""
    expected = one.expected()
    if any(signed.subjects.get(name) != wanted for name, wanted in expected.items()):
        return (), ["the statement does not bind it, its ratification and its audit."]
    if not expected.keys() <= files.data.keys():
        return (), []  # said already: missing, or others
    policy, envelopes, _ = (files.data[name] for name in expected)
    found = ratified(policy, envelopes, channel, trust, one.audit_started)
    problems, claim = list(found.problems), found.claim
    if claim is not None and (claim.policy, claim.version, claim.body) != (one.policy, one.version, one.body):
        problems.append("the ratification names another policy, version or body.")
    return found.keys, problems
