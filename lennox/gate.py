"""Whether a folder holds a model that was released for a channel, by people who are trusted here.

Every file is read once, and what was read is what is checked and handed on: somebody who swaps files meanwhile
changes nothing. A signature stops mistakes and quiet swaps, not a user who edits the library; the override exists so
that nobody needs to.
"""

from __future__ import annotations

import datetime
import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lennox.card import ModelCard
from lennox.claims import PassedPolicy, Ratification, Release, Revocation, now
from lennox.errors import InputError, ModelError
from lennox.onnx_file import weights_sha256
from lennox.statement import RATIFICATION, RELEASE, REVOCATION, PublicKey, Signed, digest, verify
from lennox.trust import Trust

STATEMENT_FILE = "release.json"
REVOCATION_FILE = "revocation.json"
LIBRARIES = (".so", ".dll", ".dylib")
MOST_FILES = 1000
CLOCKS_MAY_DIFFER = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Checked:
    """A release that holds, and the bytes it was checked on."""

    release: Release
    statement_sha256: str
    files: Mapping[str, bytes]
    auditors: tuple[str, ...]
    ratifiers: tuple[str, ...]


class NotReleasedError(ModelError):
    """The folder holds no release that counts here; `reasons` has one sentence each."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(reasons)
        self.reasons = reasons

    def __str__(self) -> str:
        return " ".join(self.reasons)


def check(folder: Path, channel: str, trust: Trust, *, on: datetime.datetime | None = None) -> Checked:
    """Check a model's folder. on : the moment, now unless given. Raises NotReleasedError with every reason found."""
    moment = on or now()
    try:
        envelope = read_once(folder, STATEMENT_FILE)
    except ModelError as error:
        missing = not os.path.lexists(folder / STATEMENT_FILE)
        why = "it has no release statement (release.json)." if missing else str(error)
        raise NotReleasedError((why,)) from error
    try:
        signed = verify(envelope, RELEASE)
        release = Release.from_predicate(signed.predicate)
    except ModelError as error:
        raise NotReleasedError((f"its release statement does not hold: {error}.",)) from error

    files, reasons = _read_files(folder, signed.subjects)
    auditors = trust.counted(signed.signers, channel, "release")
    reasons += _signers(signed, release, channel, trust)
    reasons += _standing(signed, release, channel, trust, moment)
    reasons += _suspended(files, channel, trust)
    reasons += _revocation(folder, signed, release, trust)
    reasons += [reason for one in release.passed for reason in _policy(one, files, signed, channel, trust)]
    reasons += [
        f"the channel {channel} also asks for a pass under the policy {policy}."
        for policy in trust.rule(channel).policies
        if policy not in {one.policy for one in release.passed}
    ]
    reasons += _card(files, release)
    if reasons:
        raise NotReleasedError(tuple(dict.fromkeys(reasons)))
    ratifiers = dict.fromkeys(one.body for one in release.passed)
    return Checked(release, signed.sha256, files, tuple(key.name for key in auditors), tuple(ratifiers))


def list_files(folder: Path) -> Iterator[str]:
    """Every file below a folder, as `part/part`, in order. Raises ModelError for a link or anything but a file."""
    count = 0
    for where, folders, names in os.walk(folder, onerror=_cannot_be_listed):
        folders.sort()
        for name in sorted((*folders, *names)):
            path = Path(where) / name
            if path.is_symlink():
                raise ModelError(f"'{name}' is a link; a model's folder holds files only.")
        for name in sorted(names):
            count += 1
            if count > MOST_FILES:
                raise ModelError(f"the folder holds more than {MOST_FILES} files; a model needs a few.")
            yield (Path(where) / name).relative_to(folder).as_posix()


def read_once(folder: Path, name: str) -> bytes:
    """The bytes of one file below `folder`, read in one go. Raises ModelError for a link, a `..`, or no file."""
    if not is_plain(name):
        raise ModelError(f"'{name[:80]}' does not stay within the model's folder.")
    try:
        # NOFOLLOW: not through a link; NONBLOCK: a pipe must not keep us waiting
        place = os.open(folder / name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(place, "rb") as stream:
            if not stat.S_ISREG(os.fstat(place).st_mode):
                raise ModelError(f"'{name}' is not a file.")
            return stream.read()
    except OSError as error:
        if (folder / name).is_symlink():
            raise ModelError(f"'{name}' is a link; a model's folder holds files only.") from error
        raise ModelError(f"{name}: cannot be read ({error.strerror}); install the model again.") from error


def is_plain(name: str) -> bool:
    """Whether a name stays within its folder on every system, and is spelled in one way only."""
    path = PurePosixPath(name)
    return (
        bool(name)
        and name == path.as_posix()
        and not path.is_absolute()
        and not {"..", "."} & set(name.split("/"))
        and not any(sign in name for sign in ("\\", ":", "\0"))
    )


def ratification_problems(
    policy: bytes, envelopes: bytes, channel: str, trust: Trust, audit_started: datetime.datetime
) -> tuple[Ratification | None, list[str]]:
    """What those who ratified a policy say of it, and why it does not suffice for a channel, a sentence each.

    envelopes : one a line, each signed before the audit began, or it does not count
    """
    claims: list[Ratification] = []
    signers: set[str] = set()
    late, found = 0, []
    for line in envelopes.splitlines(keepends=True):
        try:
            signed = verify(line, RATIFICATION)
            claim = Ratification.from_predicate(signed.predicate)
        except ModelError as error:
            return None, [f"its ratification does not hold: {error}."]
        if claim.sha256 != digest(policy) or signed.subjects != {"policy.toml": digest(policy)}:
            return None, ["the ratification is of another text of the policy."]
        found += _revoked_keys(signed, trust)
        claims.append(claim)
        if claim.signed > audit_started:
            late += 1
        else:
            signers |= signed.signers
    if len({(claim.policy, claim.version, claim.body) for claim in claims}) != 1:
        return None, ["nobody has ratified it, or not all the same."]
    after = f" ({late} signed after the audit had begun)" if late else ""
    own, required = _own_keys(policy)
    have = len((signers & own) - trust.revoked_identities())
    if have < required:
        found.append(f"{have} of the policy's own keys ratified it before the audit{after}; it asks for {required}.")
    counted, wanted = trust.counted(signers, channel, "ratify"), trust.rule(channel).ratifications
    if len(counted) < wanted:
        found.append(
            f"{len(counted)} of the keys that ratified it before the audit{after} may ratify for the channel {channel} "
            f"here; {wanted} must."
        )
    return claims[0], found


def _read_files(folder: Path, subjects: Mapping[str, str]) -> tuple[dict[str, bytes], list[str]]:
    """Each file that the statement names, read once, and what is wrong with them."""
    files: dict[str, bytes] = {}
    found = []
    for name, wanted in subjects.items():
        try:
            data = read_once(folder, name)
        except ModelError as error:
            found.append(f"{error}" if os.path.lexists(folder / name) else f"{name} is missing.")
            continue
        if digest(data) != wanted:
            found.append(f"{name} is not the file that was released (its SHA-256 differs).")
        if name.lower().endswith(LIBRARIES):
            found.append(f"{name} is a program library; lennox loads none.")
        files[name] = data
    for name in ("model.onnx", "card.json"):
        if name not in subjects:
            found.append(f"the statement does not bind {name}.")
    try:
        extra = set(list_files(folder)) - {*subjects, STATEMENT_FILE, REVOCATION_FILE}
    except ModelError as error:
        return files, [*found, str(error)]
    found += [f"{name} is not part of the release; remove it." for name in sorted(extra)[:5]]
    return files, found


def _signers(signed: Signed, release: Release, channel: str, trust: Trust) -> list[str]:
    found = _revoked_keys(signed, trust)
    if release.channel != channel:
        found.append(f"it is released for the channel {release.channel}, not for {channel}.")
    counted, wanted = trust.counted(signed.signers, channel, "release"), trust.rule(channel).releases
    if len(counted) < wanted:
        found.append(
            f"{len(counted)} of the {len(signed.signers)} keys that signed may release for the channel {channel} here; "
            f"{wanted} must (see `lennox trust show`)."
        )
    return found


def _revoked_keys(signed: Signed, trust: Trust) -> list[str]:
    return [f"a key that signed was revoked on {one.date}: {one.why}." for one in trust.revoked_keys(signed.signers)]


def _standing(signed: Signed, release: Release, channel: str, trust: Trust, moment: datetime.datetime) -> list[str]:
    found = []
    if moment.date() > release.expires:
        found.append(f"the release expired on {release.expires}; a new audit and release are due.")
    if release.issued > moment + CLOCKS_MAY_DIFFER:
        found.append(f"the release is dated {release.issued:%Y-%m-%d}, which is still to come; check the clock.")
    for entry in trust.revoked:
        if entry.statement == signed.sha256:
            found.append(f"the release was revoked on {entry.date}: {entry.why}.")
    return found


def _suspended(files: Mapping[str, bytes], channel: str, trust: Trust) -> list[str]:
    here = {entry.weights: entry for entry in trust.revoked if entry.weights is not None and entry.channel == channel}
    if not here or "model.onnx" not in files:
        return []
    try:
        entry = here.get(weights_sha256(files["model.onnx"], files))
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


def _card(files: Mapping[str, bytes], release: Release) -> list[str]:
    """Whether the card is that of the model, version and operating point that were released."""
    if "card.json" not in files:
        return []  # said already: missing
    try:
        card = ModelCard.from_json(files["card.json"])
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


def _policy(one: PassedPolicy, files: Mapping[str, bytes], signed: Signed, channel: str, trust: Trust) -> list[str]:
    """Whether the policy's three files are those that count, and its ratification holds and came first."""
    if any(signed.subjects.get(name) != wanted for name, wanted in one.expected().items()):
        return [f"the statement does not bind the policy {one.policy}, its ratification and its audit."]
    if not all(name in files for name in one.expected()):
        return []  # said already: missing
    claim, found = ratification_problems(
        files[f"{one.folder}/policy.toml"],
        files[f"{one.folder}/ratification.jsonl"],
        channel,
        trust,
        one.audit_started,
    )
    if claim is not None and (claim.policy, claim.version, claim.body) != (one.policy, one.version, one.body):
        found.append("the ratification names another policy, version or body.")
    return [f"policy {one.policy}: {reason}" for reason in found]


def _own_keys(policy: bytes) -> tuple[frozenset[str], int]:
    """The keys that a policy lists for its own ratification, and how many must sign."""
    try:
        adopted = tomllib.loads(policy.decode("utf-8"))["ratification"]
        keys = [PublicKey.from_text(entry["public"]).identity for entry in adopted.get("key", [])]
        required = adopted.get("signatures", {}).get("required", 1 if keys else 0)
    except (ValueError, LookupError, TypeError, AttributeError, InputError):
        return frozenset(), 1  # nobody's keys: it cannot be ratified
    return frozenset(keys), int(required)


def _cannot_be_listed(error: OSError) -> None:
    raise ModelError(f"the model's folder cannot be read ({error.strerror}).")
