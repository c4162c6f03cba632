"""Whether a folder holds a model that was released for a channel, by people who are trusted here.

Every file is read once, and what was read is what is checked and handed on: somebody who swaps files meanwhile
changes nothing. Whatever `lennox release` asks before it signs is asked again here, from the files alone: a signature
under an audit that does not pass opens nothing. A signature stops mistakes and quiet swaps, not a user who edits the
library; the override exists so that there is no need to.
"""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lennox.card import ModelCard
from lennox.errors import InputError, ModelError, one_line
from lennox.files import sha256_of
from lennox.gate.audit_record import CLOCKS_MAY_DIFFER, audit_problems, parse_audit
from lennox.gate.bundle import ModelFiles, list_files, read_once
from lennox.gate.predicates import PassedPolicy, Release, Revocation, now, threshold_text
from lennox.gate.ratification import check_ratification
from lennox.gate.statement import RELEASE, REVOCATION, VerifiedStatement, verify
from lennox.gate.trust import Trust, TrustedKey
from lennox.policy.floors import below_channel
from lennox.policy.policy import Policy
from lennox.policy.problems import PolicyError
from lennox.policy.reading import policy_from_bytes

STATEMENT_FILE = "release.json"
NOT_SIGNED = (
    "nobody has signed a release of it (release.json), which would say that an audit has shown how well it works for "
    "each group of people that a community named; until then it must not decide about a patient (what was measured: "
    "`lennox models NAME`)."
)
REVOCATION_FILE = "revocation.json"
MAX_FILE_REASONS = 5
MAX_CHARACTERS = 300  # of what a policy's own text makes a reason say
_LIBRARY = re.compile(r"\.(so|dll|dylib|pyd|exe)(\.|$)", re.IGNORECASE)  # ops.so.1, too


@dataclass(frozen=True, slots=True)
class VerifiedRelease:
    """A release that holds, and the files it was checked on.

    auditors : the trusted keys that released it
    ratifiers : by policy, whose keys ratified it, as they are known here
    policies : by id, the texts that were passed
    """

    release: Release
    statement_sha256: str
    files: ModelFiles
    card: ModelCard
    auditors: tuple[TrustedKey, ...]
    ratifiers: Mapping[str, str]
    policies: Mapping[str, bytes]

    def summary(self) -> str:
        """The release in one line."""
        return self.release.summary(self.ratifiers)

    def independence(self) -> str:
        """Whether those who audited the model are those who made it, as a sentence."""
        return independence(self.release.maker, (key.owner for key in self.auditors))


class NotReleasedError(ModelError):
    """The folder holds no release that counts here; `reasons` has one sentence each, on one line."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = tuple(one_line(reason) for reason in dict.fromkeys(reasons))
        super().__init__(self.reasons)

    def __str__(self) -> str:
        return " ".join(self.reasons)


def check(folder: Path, channel: str, trust: Trust, *, on: datetime.datetime | None = None) -> VerifiedRelease:
    """Check a model's folder. on : the moment, now unless given. Raises NotReleasedError with every reason found."""
    moment = on or now()
    statement, release = _statement(folder)
    files, reasons = _read_files(folder, statement.subjects)
    reasons += _signers(statement, release, channel, trust)
    reasons += _validity(statement, release, trust, moment)
    reasons += _suspended(files, channel, trust)
    reasons += _revocation(folder, statement, release, trust)
    card, against = _card(files, release)
    reasons += against
    ratifiers, policies = {}, {}
    for one in release.passed:
        keys, against = _policy(one, files, statement, channel, trust)
        if card is not None and one.expected().keys() <= files.data.keys():
            against += _audit(one, files, card, trust, channel, moment)
        reasons += [f"policy {one.policy}: {reason}" for reason in against]
        ratifiers[one.policy] = " and ".join(f"{key.name} (key {key.public.identity[:12]})" for key in keys)
        policies[one.policy] = files.data.get(f"{one.folder}/policy.toml", b"")
    reasons += [
        f"the channel {channel} also asks for a pass under the policy {policy}."
        for policy in trust.rule(channel).policies
        if policy not in ratifiers
    ]
    if reasons or card is None:
        raise NotReleasedError(reasons)
    auditors = trust.trusted(statement.signers, channel, "release")
    return VerifiedRelease(release, statement.sha256, files, card, auditors, ratifiers, policies)


def is_library(name: str) -> bool:
    """Whether a file's name is that of a program library, of which lennox loads none."""
    return _LIBRARY.search(name.rpartition("/")[2]) is not None


def policy_problems(policy: Policy, trust: Trust) -> list[str]:
    """Why a policy opens nothing on this computer though it is valid: superseded or withdrawn, a sentence each."""
    stories = [one.id for one in policy.requirements if one.story is not None and one.story.withdrawn is None]
    return trust.policy_problems(policy.id, policy.version, stories)


def independence(maker: str, auditors: Iterable[str]) -> str:
    """Whether those who audited the model are those who made it, as a sentence."""
    if not maker:
        return "Its card does not say who made it: whether its auditors did is not known."
    if any(_same_body(maker, auditor) for auditor in auditors):
        return f"Made and audited by the same body, {one_line(maker)}: nobody else has looked at it."
    return f"Made by {one_line(maker)}, audited by another body."


def _same_body(one: str, other: str) -> bool:
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())


def _statement(folder: Path) -> tuple[VerifiedStatement, Release]:
    """The release statement in a folder, whoever signed it. Raises NotReleasedError."""
    if not os.path.lexists(folder / STATEMENT_FILE):
        raise NotReleasedError((NOT_SIGNED,))
    try:
        statement = verify(read_once(folder, STATEMENT_FILE), RELEASE)
        return statement, Release.from_predicate(statement.predicate)
    except ModelError as error:
        raise NotReleasedError(
            (f"its release statement (release.json) does not hold: {error}".rstrip(".") + ".",)
        ) from error


def _read_files(folder: Path, subjects: Mapping[str, str]) -> tuple[ModelFiles, list[str]]:
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
        elif is_library(name):
            found.append(f"{name} is a program library; lennox loads none.")
        else:
            data[name] = read
    found += [f"the statement does not bind {name}." for name in ("model.onnx", "card.json") if name not in subjects]
    try:
        extra = sorted(set(list_files(folder)) - {*subjects, STATEMENT_FILE, REVOCATION_FILE})
        found += [f"{name[:80]} is not part of the release; remove it." for name in extra]
    except ModelError as error:
        found.append(str(error))
    if len(found) > MAX_FILE_REASONS:
        found[MAX_FILE_REASONS:] = [f"{len(found) - MAX_FILE_REASONS} more of its files are not as they were released."]
    return ModelFiles(data, {name: subjects[name] for name in data}), found


def _signers(statement: VerifiedStatement, release: Release, channel: str, trust: Trust) -> list[str]:
    found = trust.revoked_sentences(statement.signers)
    if release.channel != channel:
        found.append(f"it is released for the channel {release.channel}, not for {channel}.")
    trusted, wanted = trust.trusted(statement.signers, channel, "release"), trust.rule(channel).releases
    if len(trusted) < wanted:
        found.append(
            f"{len(trusted)} of the {len(statement.signers)} keys that signed may release for the channel {channel} "
            f"here; {wanted} must (see `lennox trust show`)."
        )
    return found


def _validity(statement: VerifiedStatement, release: Release, trust: Trust, moment: datetime.datetime) -> list[str]:
    """What stands against the release itself: its dates, and whether it was revoked here."""
    found = []
    if moment.date() > release.expires:
        found.append(f"the release expired on {release.expires}; a new audit and release are due.")
    if release.issued > moment + CLOCKS_MAY_DIFFER:
        found.append(f"the release is dated {release.issued:%Y-%m-%d}, which is still to come; check the clock.")
    for entry in trust.refused:
        if entry.statement == statement.sha256 and entry.channel in (None, release.channel):
            found.append(f"the release was revoked on {entry.date}: {entry.why}.")
    return found


def _suspended(files: ModelFiles, channel: str, trust: Trust) -> list[str]:
    weights = files.sha256.get("model.onnx")
    return [
        f"the model was suspended for {channel} on this computer on {entry.date}: {entry.why}."
        for entry in trust.refused
        if entry.weights is not None and entry.weights == weights and entry.channel == channel
    ]


def _revocation(folder: Path, statement: VerifiedStatement, release: Release, trust: Trust) -> list[str]:
    """Whether a revocation lies beside the release, by a key that may release for its channel, or by one that did."""
    if not os.path.lexists(folder / REVOCATION_FILE):
        return []
    try:
        revoked = verify(read_once(folder, REVOCATION_FILE), REVOCATION)
        revocation = Revocation.from_predicate(revoked.predicate)
    except ModelError as error:
        return [f"{REVOCATION_FILE}: {error}; remove it, or install the model again."]
    known = trust.trusted(revoked.signers, release.channel, "release") or revoked.signers & statement.signers
    if (revocation.release_sha256, revocation.channel) != (statement.sha256, release.channel) or not known:
        return [f"{REVOCATION_FILE} is of another release, or by nobody who is trusted; remove it."]
    return [f"the release was revoked on {revocation.signed:%Y-%m-%d}: {revocation.why}."]


def _card(files: ModelFiles, release: Release) -> tuple[ModelCard | None, list[str]]:
    """The card, if it is that of the model, version and operating point that were released."""
    if "card.json" not in files.data:
        return None, []  # said already: missing, or another
    try:
        card = ModelCard.from_json(files.data["card.json"])
    except ModelError as error:
        return None, [str(error)]
    point = card.operating_point()
    found = (card.name, card.version, point.name, threshold_text(point.threshold))
    if found != (release.model, release.version, release.point, release.threshold):
        return card, ["its card is of another model, version or operating point than the release."]
    return card, []


def _policy(
    one: PassedPolicy, files: ModelFiles, statement: VerifiedStatement, channel: str, trust: Trust
) -> tuple[tuple[TrustedKey, ...], list[str]]:
    """Whose keys ratified a policy; whether its three files are those that count, and its ratification came first."""
    expected = one.expected()
    if any(statement.subjects.get(name) != wanted for name, wanted in expected.items()):
        return (), ["the statement does not bind it, its ratification and its audit."]
    if not expected.keys() <= files.data.keys():
        return (), []  # said already: missing, or others
    policy, envelopes, _ = (files.data[name] for name in expected)
    found = check_ratification(policy, envelopes, channel, trust, one.audit_started)
    problems, ratification = list(found.problems), found.ratification
    named = ratification and (ratification.policy, ratification.version, ratification.body)
    if named not in (None, (one.policy, one.version, one.body)):
        problems.append("the ratification names another policy, version or body.")
    if found.signers & statement.signers:
        problems.append("a key that ratified it also signed the release; who audits a model does not set its limits.")
    return found.keys, problems


def _audit(
    one: PassedPolicy, files: ModelFiles, card: ModelCard, trust: Trust, channel: str, moment: datetime.datetime
) -> list[str]:
    """Whether the policy is in force, and the audit passes under it by its own rows, and is of this very model."""
    policy_text, _, audit_text = (files.data[name] for name in one.expected())
    try:
        policy = policy_from_bytes(policy_text, today=moment.date())
        audit = parse_audit(audit_text)
    except PolicyError as error:
        more = f", and {len(error.problems) - 1} more" if len(error.problems) > 1 else ""
        return [f"its text is not valid today: {error.problems[0][:MAX_CHARACTERS].rstrip('.')}{more}."]
    except InputError as error:
        return [f"{error}"]
    found = policy_problems(policy, trust) + below_channel(policy, channel)
    found += audit_problems(audit, policy, card, moment)
    said = (policy.id, policy.version, policy.title, policy.ratification.body)
    if said != (one.policy, one.version, one.title, one.body):
        found.append("the release names another policy, version, title or body than its text.")
    named = one.audit_started, one.attempt, one.look, one.data_sha256
    if (audit.started, audit.attempt, audit.look, audit.data_sha256) != named:
        found.append("the release names another beginning, attempt, look or data than its audit.")
    return found
