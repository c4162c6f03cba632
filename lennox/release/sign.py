"""Signing: a community's keys ratify a policy, an auditor's keys release a model that passed, or take it back.

The only module that signs. A release is signed when nothing stands against it and not otherwise; nothing is written
on a refusal. Laid beside the weights: release.json and, for each policy, release/<policy>/ with the policy, its
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
from lennox.gate.bundle import Files, list_files, read_once
from lennox.gate.check import LIBRARIES, REVOCATION_FILE, STATEMENT_FILE, NotReleasedError, check, threshold_text
from lennox.gate.event_log import Log
from lennox.gate.predicates import PassedPolicy, Ratification, Release, Revocation, is_channel, now
from lennox.gate.ratification import ratified
from lennox.gate.rollback import note_signed
from lennox.gate.statement import (
    RATIFICATION,
    RELEASE,
    REVOCATION,
    PrivateKey,
    PublicKey,
    Signed,
    sign,
    sign_also,
    verify,
)
from lennox.gate.trust import RevocationEntry, Trust, TrustedKey, read_trust, write_trust
from lennox.gate.weights import weights_sha256
from lennox.inference.model import UNRELEASED, Model
from lennox.policy.reading import policy_from_bytes, read_policy
from lennox.release.evidence import audit_document, audit_problems, read_audit

LONGEST_DAYS = 365


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
    place = ratification_file(policy)
    before = place.read_bytes() if place.exists() else b""
    claim = Ratification(read.id, read.version, read.digest, read.ratification.body, now())
    kept = []
    for line in before.splitlines(keepends=True):
        try:
            signed = verify(line, RATIFICATION)
        except ModelError as error:
            raise InputError(f"{place.name}: {error}; move it away and sign again.") from error
        if signed.subjects != {"policy.toml": read.digest}:
            continue  # of an earlier text: what was signed then says nothing of this one
        if key.public.identity in signed.signers:
            raise InputError(f"this key has signed {policy.name} already.")
        kept.append(line)
    kept.append(sign(RATIFICATION, {"policy.toml": read.digest}, claim.predicate(), [key]))
    atomic_write(place, b"".join(kept))
    return place


def ratification_file(policy: Path) -> Path:
    """Where a policy's signatures are kept: beside it."""
    return policy.with_suffix(".ratification.jsonl")


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
    files = Files.of({name: read_once(folder, name) for name in list_files(folder) if _belongs_to_model(name)})
    if "card.json" not in files.data:
        raise ModelError("the folder holds no card.json; a model folder needs one.")
    model = Model(folder, files, UNRELEASED)  # what is signed is what was read, and a network that fits its card
    card = model.card
    reasons = [f"{name} is a program library; lennox loads none." for name in files.data if name.endswith(LIBRARIES)]
    passed, records = [], {}
    for each in evidence:
        one, beside, against = _examine(each, card, model.sha256, channel, trust)
        reasons += against
        if one is not None:
            passed.append(one)
            records.update(beside)
    if not evidence:
        reasons.append("no policy and audit are named.")
    last = now().date() + datetime.timedelta(days=LONGEST_DAYS)
    reviews = [policy_from_bytes(records[f"{one.folder}/policy.toml"]).ratification.next_review for one in passed]
    if expires is not None and expires < now().date():
        reasons.append(f"it would have expired on {expires}.")
    if reasons:
        raise ReleaseRefusedError(card.name, tuple(dict.fromkeys(reasons)))

    point = card.operating_point()
    claim = Release(
        channel=channel,
        model=card.name,
        version=card.version,
        point=point.name,
        threshold=threshold_text(point.threshold),
        passed=tuple(passed),
        tools={
            "lennox": lennox.__version__,
            "onnxruntime": version("onnxruntime"),
            "python": platform.python_version(),
        },
        issued=now(),
        expires=min([last, *reviews, *([expires] if expires else [])]),
    )
    subjects = {**files.sha256, **Files.of(records).sha256}
    envelope = sign(RELEASE, subjects, claim.predicate(), keys)
    _lay_down(folder, records, envelope)
    note_signed(folder, claim, verify(envelope, RELEASE).sha256)
    return SigningResult(claim, _missing(folder, channel, trust))


def cosign(folder: Path, keys: Sequence[PrivateKey], *, trust: Trust | None = None) -> SigningResult:
    """Add signatures to a release, where a channel asks for several.

    Raises ReleaseRefusedError with every reason if anything but a signature is missing, ModelError.
    """
    folder, trust = Path(folder), trust or Trust.load()
    envelope = read_once(folder, STATEMENT_FILE)
    signed = verify(envelope, RELEASE)
    claim = Release.from_predicate(signed.predicate)
    against = _against_cosigning(folder, signed, claim, trust)
    if against:
        raise ReleaseRefusedError(claim.model, against)
    envelope = sign_also(envelope, RELEASE, keys)
    atomic_write(folder / STATEMENT_FILE, envelope)
    note_signed(folder, claim, signed.sha256)
    return SigningResult(claim, _missing(folder, claim.channel, trust))


def revoke(folder: Path, keys: Sequence[PrivateKey], why: str, trust_file: Path) -> Path:
    """Take a release back: a signed revocation.json beside it, and an entry in the trust file of this computer.

    The file travels with the model; `lennox trust add revocation.json` makes it hold elsewhere. Returns it.
    """
    folder = Path(folder)
    statement = verify(read_once(folder, STATEMENT_FILE), RELEASE).sha256
    try:
        claim = Revocation(statement, why, now())
    except ValueError as error:
        raise InputError("a revocation says why, in a sentence.") from error
    envelope = sign(REVOCATION, {STATEMENT_FILE: statement}, claim.predicate(), keys)
    atomic_write(folder / REVOCATION_FILE, envelope)
    _add_revoked(trust_file, RevocationEntry(claim.signed.date(), why, statement=statement))
    Log().append("revoke", {"statement": statement, "why": why})
    return folder / REVOCATION_FILE


def accept_revocation(path: Path, trust_file: Path, trust: Trust) -> Revocation:
    """Let a revocation hold on this computer. Raises InputError unless a key that may release here has signed it."""
    try:
        signed = verify(path.read_bytes(), REVOCATION)
        claim = Revocation.from_predicate(signed.predicate)
    except (ModelError, OSError) as error:
        raise InputError(f"{path.name}: {error}.") from error
    channels = {channel for key in trust.keys for channel in key.channels}
    if not any(trust.counted(signed.signers, channel, "release") for channel in channels):
        raise InputError(f"{path.name}: none of the keys that signed it may release anything here.")
    _add_revoked(trust_file, RevocationEntry(claim.signed.date(), claim.why, statement=claim.release_sha256))
    return claim


def _examine(
    evidence: AuditEvidence, card: ModelCard, sha256: str, channel: str, trust: Trust
) -> tuple[PassedPolicy | None, dict[str, bytes], list[str]]:
    """What a policy and its audit prove, the three files to lay beside the weights, and what stands against it."""
    policy = read_policy(evidence.policy)
    text = evidence.policy.read_bytes()
    audit_bytes, document = read_audit(evidence.audit)
    found = audit_problems(document, policy, card, sha256)
    started = document.started
    envelopes = b""
    if ratification_file(evidence.policy).is_file():
        envelopes = ratification_file(evidence.policy).read_bytes()
        adopted = ratified(text, envelopes, channel, trust, started or now())
        found += adopted.problems
        claim = adopted.claim
        if claim is not None and (claim.policy, claim.version, claim.body) != (
            (policy.id, policy.version, policy.ratification.body)
        ):
            found.append("the ratification names another policy, version or body.")
    else:
        found.append("nobody has signed it; `lennox policy sign` does, before the audit.")
    if sha256_of(text) != policy.digest:
        found.append("its file was changed while it was read.")
    if found or started is None:
        return None, {}, [f"policy {policy.id}: {reason}" for reason in found]
    one = PassedPolicy(
        policy=policy.id,
        version=policy.version,
        title=policy.title,
        body=policy.ratification.body,
        policy_sha256=policy.digest,
        ratification_sha256=sha256_of(envelopes),
        audit_sha256=sha256_of(audit_bytes),
        audit_started=started,
        attempt=document.attempt,
        data=document.data,
        data_sha256=document.data_sha256,
    )
    names = (f"{one.folder}/policy.toml", f"{one.folder}/ratification.jsonl", f"{one.folder}/audit.json")
    return one, dict(zip(names, (text, envelopes, audit_bytes), strict=True)), []


def _belongs_to_model(name: str) -> bool:
    return name not in (STATEMENT_FILE, REVOCATION_FILE) and not name.startswith("release/")


def _against_cosigning(folder: Path, envelope: Signed, claim: Release, trust: Trust) -> list[str]:
    """What stands against a release but signatures: the gate's reasons if all who signed counted, and the audits'."""
    signed = tuple(TrustedKey("signed", PublicKey(one), (claim.channel,), ("release",)) for one in envelope.signers)
    rule = replace(trust.rule(claim.channel), releases=1)
    counting = replace(trust, keys=(*trust.keys, *signed), channels={**trust.channels, claim.channel: rule})
    try:
        checked = check(folder, claim.channel, counting)
    except NotReleasedError as refusal:
        return list(refusal.reasons)
    if checked.statement_sha256 != envelope.sha256:
        return ["it was replaced while it was read."]
    files, found = checked.files, []
    card = ModelCard.from_json(files.data["card.json"])
    for one in claim.passed:
        policy, _, audit = (files.data[name] for name in one.expected())
        against = audit_problems(audit_document(audit), policy_from_bytes(policy), card, weights_sha256(files))
        found += [f"policy {one.policy}: {reason}" for reason in against]
    return found


def _missing(folder: Path, channel: str, trust: Trust) -> tuple[str, ...]:
    try:
        check(folder, channel, trust)
    except NotReleasedError as refusal:
        return refusal.reasons
    return ()


def _lay_down(folder: Path, records: Mapping[str, bytes], envelope: bytes) -> None:
    """Replace what an earlier release left; the statement comes last."""
    for name in (STATEMENT_FILE, REVOCATION_FILE):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "release", ignore_errors=True)
    for name, data in records.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        atomic_write(folder / name, data)
    atomic_write(folder / STATEMENT_FILE, envelope)


def _add_revoked(trust_file: Path, entry: RevocationEntry) -> None:
    trust = read_trust(trust_file) if trust_file.is_file() else Trust()
    if not any(one.statement == entry.statement for one in trust.revoked):
        write_trust(trust_file, replace(trust, revoked=(*trust.revoked, entry)))
