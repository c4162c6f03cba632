"""Signing: a community's keys ratify a policy or withdraw it, an auditor's keys release a model or take it back.

The only module that signs. A release is signed when nothing stands against it and not otherwise; nothing is written
on a refusal. Written beside the weights: release.json and, for each policy, release/<policy>/ with the policy, its
ratification and the audit.
"""

from __future__ import annotations

import datetime
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import lennox
from lennox.card import ModelCard
from lennox.errors import InputError, ModelError, ReleaseRefusedError
from lennox.files import atomic_write, sha256_of
from lennox.gate.audit_record import AuditRecord, audit_problems, parse_audit
from lennox.gate.bundle import ModelFiles, list_files, read_once
from lennox.gate.check import (
    REVOCATION_FILE,
    STATEMENT_FILE,
    NotReleasedError,
    check,
    is_library,
    policy_problems,
)
from lennox.gate.event_log import Log
from lennox.gate.looks import AuditedData, film_ids, forgotten
from lennox.gate.override import OverrideTerms
from lennox.gate.predicates import (
    PassedPolicy,
    Ratification,
    Release,
    Revocation,
    Withdrawal,
    is_channel,
    now,
    threshold_text,
)
from lennox.gate.ratification import check_ratification, own_keys
from lennox.gate.rollback import note_signed
from lennox.gate.statement import (
    RATIFICATION,
    RELEASE,
    REVOCATION,
    WITHDRAWAL,
    PrivateKey,
    PublicKey,
    VerifiedStatement,
    sign,
    sign_also,
    verify,
)
from lennox.gate.trust import Refusal, Trust, TrustedKey
from lennox.gate.trust_file import add_least_version, add_refusal
from lennox.inference.load import UNRELEASED
from lennox.inference.model import Model
from lennox.policy.floors import below_channel
from lennox.policy.policy import Policy
from lennox.policy.reading import read_lapsed, read_policy

MAX_DAYS = 365


@dataclass(frozen=True, slots=True)
class AuditEvidence:
    """A policy's file, and the audit that was made under it: its audit.json, or the folder that holds it."""

    policy: Path
    audit: Path


@dataclass(frozen=True, slots=True)
class SigningResult:
    """What was signed. missing : why it does not load here yet, a sentence each, such as keys still to sign"""

    release: Release
    missing: tuple[str, ...]


def ratify(policy: Path, key: PrivateKey) -> Path:
    """Sign a policy as it stands; returns the file that holds everybody's signatures, beside the policy.

    Raises PolicyError for a policy that is not valid, InputError if this key has signed it before.
    """
    read = read_policy(policy)
    path = ratification_file(policy)
    before = path.read_bytes() if path.exists() else b""
    kept = []
    for line in before.splitlines(keepends=True):
        try:
            statement = verify(line, RATIFICATION)
        except ModelError as error:
            raise InputError(f"{path.name}: {error}; move it away and sign again.") from error
        if statement.subjects != {"policy.toml": read.digest}:
            continue  # of an earlier text: what was signed then says nothing of this one
        if key.public.identity in statement.signers:
            raise InputError(f"this key has signed {policy.name} already.")
        kept.append(line)
    ratification = Ratification(read.id, read.version, read.digest, read.ratification.body, now())
    kept.append(sign(RATIFICATION, {"policy.toml": read.digest}, ratification.predicate(), [key]))
    atomic_write(path, b"".join(kept))
    return path


def is_listed(policy: Path, key: PublicKey) -> bool:
    """Whether a policy lists a key for its ratification, or lists none at all. Raises PolicyError."""
    listed = {PublicKey.from_text(public).identity for _, public in read_policy(policy).ratification.keys}
    return not listed or key.identity in listed


def signed_by(policy: Path) -> tuple[int, int]:
    """How many of a policy's own keys have signed its text as it stands, and how many it asks for.

    Raises PolicyError for a policy that is not valid, ModelError for signatures that do not hold.
    """
    read, path = read_policy(policy), ratification_file(policy)
    own, required = own_keys(policy.read_bytes())
    signers: set[str] = set()
    for line in path.read_bytes().splitlines(keepends=True) if path.exists() else ():
        statement = verify(line, RATIFICATION)
        if statement.subjects == {"policy.toml": read.digest}:
            signers |= statement.signers
    return len(signers & own), required


def ratification_file(policy: Path) -> Path:
    """Where a policy's signatures are kept: beside it."""
    return policy.with_suffix(".ratification.jsonl")


def withdraw(
    policy: Path, keys: Sequence[PrivateKey], why: str, story: str = "", trust_file: Path | None = None
) -> Path:
    """A community takes back a policy up to this version, or the story that it told with a requirement.

    Writes a signed statement beside the policy, which `accept` makes hold elsewhere, and a refusal on this computer.
    story : the requirement whose story is withdrawn; the whole policy if empty
    Returns the statement's file. Raises InputError for a story that the policy does not tell.
    """
    read = read_lapsed(policy)  # also one whose review is overdue can be taken back
    told = [one.id for one in read.requirements if one.story is not None]
    if story and story not in told:
        raise InputError(
            f"{policy.name} tells no story with a requirement '{story}'; it tells one with: "
            f"{', '.join(told) or 'none'}."
        )
    try:
        withdrawal = Withdrawal(read.id, "" if story else read.version, story, why, now())
    except ValueError as error:
        raise InputError("a withdrawal says why, in a sentence.") from error
    path = policy.with_suffix(f".{story or 'policy'}.withdrawal.json")
    atomic_write(path, sign(WITHDRAWAL, {"policy.toml": read.digest}, withdrawal.predicate(), keys))
    add_refusal(_refusal_of(withdrawal), trust_file)
    Log().append("withdraw", {"policy": read.id, "version": withdrawal.version, "story": story, "why": why})
    return path


def release(
    folder: Path,
    evidence: Sequence[AuditEvidence],
    channel: str,
    keys: Sequence[PrivateKey],
    *,
    expires: datetime.date | None = None,
    trust: Trust | None = None,
) -> SigningResult:
    """Sign the release of the model in `folder` for a channel.

    expires : its last day; a year from now, or the first policy's next review, unless that is earlier
    Raises ReleaseRefusedError with every reason: a verdict other than PASS, an audit of other weights or of another
    threshold, a policy that has expired or was ratified too late or by too few. Nothing is written then.
    """
    if not is_channel(channel):
        raise InputError(f"'{channel}' cannot be a channel; channels have names such as workshop.")
    folder, trust = Path(folder), trust or Trust.load()
    files = ModelFiles.of({name: read_once(folder, name) for name in list_files(folder) if _belongs_to_model(name)})
    if "card.json" not in files.data:
        raise ModelError("the folder holds no card.json; a model folder needs one.")
    missing = sorted(ModelCard.from_json(files.data["card.json"]).files.keys() - files.data.keys())
    if missing:
        raise ModelError(f"{missing[0]} is not in the model's folder; a release binds the files of one: copy it there.")
    model = Model(folder, files, UNRELEASED)  # what is signed is what was read, and a network that fits its card
    card = model.card
    reasons = [f"{name} is a program library; lennox loads none." for name in files.data if is_library(name)]
    examined = [_examine(one, card, channel, trust, keys) for one in evidence]
    reasons += [reason for one in examined for reason in one.problems]
    if not evidence:
        reasons.append("no policy and audit are named.")
    if expires is not None and expires < now().date():
        reasons.append(f"it would have expired on {expires}.")
    if reasons:
        raise ReleaseRefusedError(card.name, tuple(dict.fromkeys(reasons)))

    records = {name: data for one in examined for name, data in one.records().items()}
    point = card.operating_point()
    days = [now().date() + datetime.timedelta(days=MAX_DAYS), *([expires] if expires else [])]
    signed = Release(
        channel=channel,
        model=card.name,
        version=card.version,
        maker=_maker(card),
        point=point.name,
        threshold=threshold_text(point.threshold),
        passed=tuple(one.passed() for one in examined),
        tools={
            "lennox": lennox.__version__,
            "onnxruntime": version("onnxruntime"),
            "python": platform.python_version(),
        },
        issued=now(),
        expires=min(days + [one.policy.ratification.next_review for one in examined]),
    )
    subjects = {**files.sha256, **ModelFiles.of(records).sha256}
    envelope = sign(RELEASE, subjects, signed.predicate(), keys)
    _write_release(folder, records, envelope)
    terms = [OverrideTerms.of_policy(one.text, one.policy.id) for one in examined]
    note_signed(signed, verify(envelope, RELEASE).sha256, model.sha256, terms)
    return SigningResult(signed, _missing(folder, channel, trust))


def cosign(folder: Path, keys: Sequence[PrivateKey], *, trust: Trust | None = None) -> SigningResult:
    """Add signatures to a release, where a channel asks for several.

    Raises ReleaseRefusedError with every reason if anything but a signature is missing, ModelError.
    """
    folder, trust = Path(folder), trust or Trust.load()
    envelope = read_once(folder, STATEMENT_FILE)
    statement = verify(envelope, RELEASE)
    signed = Release.from_predicate(statement.predicate)
    against = _against_cosigning(folder, statement, signed, trust)
    if against:
        raise ReleaseRefusedError(signed.model, against)
    atomic_write(folder / STATEMENT_FILE, sign_also(envelope, RELEASE, keys))
    weights = statement.subjects["model.onnx"]
    texts = {one.policy: read_once(folder, f"{one.folder}/policy.toml") for one in signed.passed}
    terms = [OverrideTerms.of_policy(text, policy) for policy, text in texts.items()]
    note_signed(signed, statement.sha256, weights, terms)
    return SigningResult(signed, _missing(folder, signed.channel, trust))


def revoke(folder: Path, keys: Sequence[PrivateKey], why: str, trust_file: Path | None = None) -> Path:
    """Take a release back: a signed revocation.json beside it, and a refusal on this computer.

    The file travels with the model; `accept` makes it hold elsewhere. Returns it.
    """
    folder = Path(folder)
    statement = verify(read_once(folder, STATEMENT_FILE), RELEASE)
    channel = Release.from_predicate(statement.predicate).channel
    try:
        revocation = Revocation(statement.sha256, channel, why, now())
    except ValueError as error:
        raise InputError("a revocation says why, in a sentence.") from error
    envelope = sign(REVOCATION, {STATEMENT_FILE: statement.sha256}, revocation.predicate(), keys)
    atomic_write(folder / REVOCATION_FILE, envelope)
    add_refusal(_refusal_of(revocation), trust_file)
    Log().append("revoke", {"statement": statement.sha256, "why": why})
    return folder / REVOCATION_FILE


def accept(path: Path, trust: Trust, trust_file: Path | None = None) -> Revocation | Withdrawal:
    """Let a revocation or a withdrawal that somebody sent hold on this computer.

    Raises InputError unless a key signed it that may do so here: one that may release for the channel of the release,
    or, for a policy, one that may ratify and, where the policy lists its own keys, is among them.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path.name}: cannot be read ({error.strerror}).") from error
    try:
        revoked = verify(data, REVOCATION)
    except ModelError:
        revoked = None
    try:
        if revoked is not None:
            revocation = Revocation.from_predicate(revoked.predicate)
            if not trust.trusted(revoked.signers, revocation.channel, "release"):
                raise InputError(
                    f"{path.name}: none of the keys that signed it may release for {revocation.channel} here."
                )
            add_refusal(_refusal_of(revocation), trust_file)
            return revocation
        statement = verify(data, WITHDRAWAL)
        withdrawal = Withdrawal.from_predicate(statement.predicate)
    except ModelError as error:
        raise InputError(f"{path.name}: {error}.") from error
    if not any(trust.trusted(statement.signers, channel, "ratify") for channel in _channels(trust)):
        raise InputError(f"{path.name}: none of the keys that signed it may ratify a policy here.")
    add_refusal(_refusal_of(withdrawal), trust_file)
    return withdrawal


def supersede(policy: Path, trust: Trust, trust_file: Path) -> Policy:
    """Let no earlier version of this policy count on this computer. Raises InputError unless it is ratified here."""
    read = read_policy(policy)
    text, envelopes = policy.read_bytes(), _envelopes(policy)
    found = [check_ratification(text, envelopes, channel, trust, now()) for channel in _channels(trust)]
    if not any(not one.problems for one in found):
        reasons = found[0].problems if found else ("no key is trusted here",)
        raise InputError(f"{policy.name}: {' '.join(reasons)}")
    add_least_version(trust_file, read.id, read.version)
    return read


@dataclass(frozen=True, slots=True)
class _Examined:
    """A policy and its audit, as they were read. problems : what stands against a release, a sentence each"""

    policy: Policy
    text: bytes
    envelopes: bytes
    audit_text: bytes
    audit: AuditRecord
    problems: tuple[str, ...]

    def passed(self) -> PassedPolicy:
        """What the release says of them."""
        assert self.audit.started is not None  # `audit_problems` refuses an audit that does not say
        return PassedPolicy(
            policy=self.policy.id,
            version=self.policy.version,
            title=self.policy.title,
            body=self.policy.ratification.body,
            policy_sha256=self.policy.digest,
            ratification_sha256=sha256_of(self.envelopes),
            audit_sha256=sha256_of(self.audit_text),
            audit_started=self.audit.started,
            attempt=self.audit.attempt,
            look=self.audit.look,
            data=self.audit.data,
            data_sha256=self.audit.data_sha256,
        )

    def records(self) -> dict[str, bytes]:
        """The three files to write beside the weights."""
        names = self.passed().expected()
        return dict(zip(names, (self.text, self.envelopes, self.audit_text), strict=True))


def _examine(
    evidence: AuditEvidence, card: ModelCard, channel: str, trust: Trust, keys: Sequence[PrivateKey]
) -> _Examined:
    policy = read_policy(evidence.policy)
    text, envelopes = evidence.policy.read_bytes(), _envelopes(evidence.policy)
    audit_text = _audit_text(evidence.audit)
    audit = parse_audit(audit_text)
    found = policy_problems(policy, trust) + below_channel(policy, channel)
    found += audit_problems(audit, policy, card, now())
    if not found and (known := _forgotten(audit)):
        found.append(known)
    if envelopes:
        adopted = check_ratification(text, envelopes, channel, trust, audit.started or now())
        found += adopted.problems
        ratification = adopted.ratification
        named = ratification and (ratification.policy, ratification.version, ratification.body)
        if named not in (None, (policy.id, policy.version, policy.ratification.body)):
            found.append("the ratification names another policy, version or body.")
        if adopted.signers & {key.public.identity for key in keys}:
            found.append("a key that ratified it is to sign the release; who audits a model does not set its limits.")
    else:
        found.append("nobody has signed it, as those who adopted it do before an audit (`lennox policy sign`).")
    if sha256_of(text) != policy.digest:
        found.append("its file was changed while it was read.")
    problems = tuple(f"policy {policy.id}: {reason}" for reason in found)
    return _Examined(policy, text, envelopes, audit_text, audit, problems)


def _forgotten(audit: AuditRecord) -> str:
    """What the logs of this computer know of audits before this one and it does not say."""
    assert audit.started is not None  # `audit_problems` refuses an audit that does not say
    data = AuditedData(audit.data_sha256, film_ids(audit.files))
    return forgotten(data, audit.look_sha256, audit.started, audit.attempt, audit.look)


def _audit_text(path: Path) -> bytes:
    """An audit.json, or the one in a folder. Raises InputError."""
    file = path / "audit.json" if path.is_dir() else path
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file.name}: cannot be read ({error.strerror}); name an audit or its folder.") from error


def _envelopes(policy: Path) -> bytes:
    return ratification_file(policy).read_bytes() if ratification_file(policy).is_file() else b""


def _channels(trust: Trust) -> list[str]:
    return sorted({channel for key in trust.keys for channel in key.channels})


def _maker(card: ModelCard) -> str:
    """Who made the model, if its card says so."""
    maker = card.document.get("maker", "")
    return maker if isinstance(maker, str) else ""


def _refusal_of(statement: Revocation | Withdrawal) -> Refusal:
    """What this computer notes of it."""
    date = statement.signed.date()
    if isinstance(statement, Revocation):
        return Refusal(date, statement.why, statement=statement.release_sha256, channel=statement.channel)
    version, story = statement.version or None, statement.story or None
    return Refusal(date, statement.why, policy=statement.policy, version=version, story=story)


def _belongs_to_model(name: str) -> bool:
    return name not in (STATEMENT_FILE, REVOCATION_FILE) and not name.startswith("release/")


def _against_cosigning(folder: Path, statement: VerifiedStatement, signed: Release, trust: Trust) -> tuple[str, ...]:
    """What stands against a release but signatures: the gate's reasons, were all who signed trusted."""
    signers = tuple(TrustedKey("signed", PublicKey(one), (signed.channel,), ("release",)) for one in statement.signers)
    rule = replace(trust.rule(signed.channel), releases=1)
    trusting = replace(trust, keys=(*trust.keys, *signers), channels={**trust.channels, signed.channel: rule})
    try:
        found = check(folder, signed.channel, trusting)
    except NotReleasedError as refusal:
        return refusal.reasons
    return () if found.statement_sha256 == statement.sha256 else ("it was replaced while it was read.",)


def _missing(folder: Path, channel: str, trust: Trust) -> tuple[str, ...]:
    try:
        check(folder, channel, trust)
    except NotReleasedError as refusal:
        return refusal.reasons
    return ()


def _write_release(folder: Path, records: Mapping[str, bytes], envelope: bytes) -> None:
    """Replace what an earlier release left; the statement comes last."""
    for name in (STATEMENT_FILE, REVOCATION_FILE):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "release", ignore_errors=True)
    for name, data in records.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        atomic_write(folder / name, data)
    atomic_write(folder / STATEMENT_FILE, envelope)
