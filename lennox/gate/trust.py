"""Whose signatures count here, for which channel, under which policies; what is refused here. `lennox-trust/1`, TOML.

The maintainers' keys for `workshop` come with lennox. What the user adds stands in ~/.config/lennox/trust.toml; the
keys and rules of a file named by LENNOX_TRUST, or handed over, stand alone instead. Refusals (keys and releases that
were revoked, policies that were withdrawn, models that are suspended, overrides that are barred) hold in every case:
those that came with lennox, and those of this computer's own file.
"""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

from lennox import toml
from lennox.errors import InputError, has_visible_text
from lennox.files import user_folder
from lennox.gate.predicates import is_channel
from lennox.gate.statement import PublicKey, is_sha256

FORMAT = "lennox-trust/1"
Role = Literal["release", "ratify"]
ROLES: tuple[Role, ...] = get_args(Role)
NO_VERSION = (0, 0, 0)
_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})", re.ASCII)


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key that counts. roles : "release" (an auditor's) and "ratify" (a community's), or one of them.

    body : whose key it is, where `name` says more than that, such as a seat
    """

    name: str
    public: PublicKey
    channels: tuple[str, ...]
    roles: tuple[Role, ...] = ROLES
    body: str = ""

    @property
    def owner(self) -> str:
        """The body whose key it is."""
        return self.body or self.name


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """What a channel asks: so many distinct trusted keys of each role, and a pass under each of `policies`.

    overrides : whether a model that is not released for it may be loaded by somebody who answers for it
    """

    releases: int = 1
    ratifications: int = 1
    policies: tuple[str, ...] = ()
    overrides: bool = True


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that no longer counts, of one kind.

    key : what it signed
    statement : a release, for `channel` or, without one, for any
    weights : a model that is suspended for `channel`
    policy : every version up to `version`, or any version that still tells the story of the requirement `story`
    """

    date: datetime.date
    why: str
    key: PublicKey | None = None
    statement: str | None = None
    weights: str | None = None
    channel: str | None = None
    policy: str | None = None
    version: str | None = None
    story: str | None = None

    def subject(self) -> str:
        """What is refused, for people."""
        if self.key is not None:
            return f"key {self.key.text}"
        if self.weights is not None:
            return f"suspended for {self.channel}: weights {self.weights}"
        if self.policy is not None:
            return f"policy {self.policy}, " + (f"story of {self.story}" if self.story else f"up to {self.version}")
        return f"release {self.statement}"


@dataclass(frozen=True, slots=True)
class Trust:
    """Keys, channels' rules, the least version of each policy, and refusals."""

    keys: tuple[TrustedKey, ...] = ()
    channels: Mapping[str, ChannelRule] = field(default_factory=dict)
    least_versions: Mapping[str, str] = field(default_factory=dict)
    refused: tuple[Refusal, ...] = ()

    def rule(self, channel: str) -> ChannelRule:
        """What the channel asks; one key of each role unless the file says more."""
        return self.channels.get(channel, ChannelRule())

    def trusted(self, signers: Iterable[str], channel: str, role: Role) -> tuple[TrustedKey, ...]:
        """The keys among `signers` that count; each once, however often it is listed or has signed."""
        wanted = set(signers) - self.revoked_identities()
        found = {
            key.public.identity: key
            for key in self.keys
            if key.public.identity in wanted and channel in key.channels and role in key.roles
        }
        return tuple(found.values())

    def revoked_identities(self) -> frozenset[str]:
        """The identities of all revoked keys."""
        return frozenset(entry.key.identity for entry in self.refused if entry.key is not None)

    def revoked_sentences(self, signers: Iterable[str]) -> list[str]:
        """A sentence for each revoked key among `signers`."""
        return [
            f"a key that signed was revoked on {entry.date}: {entry.why}."
            for entry in self.refused
            if entry.key is not None and entry.key.identity in set(signers)
        ]

    def policy_problems(self, policy: str, version: str, stories: Iterable[str]) -> list[str]:
        """Why a version of a policy does not count here, a sentence each.

        stories : the requirements whose story it tells
        """
        found = []
        least = self.least_versions.get(policy)
        if least is not None and version_key(version) < version_key(least):
            found.append(f"version {version} was superseded; {least} is the least that counts here.")
        told = set(stories)
        for entry in self.refused:
            if entry.policy == policy and entry.version is not None and entry.story is None:
                if version_key(version) <= version_key(entry.version):
                    found.append(f"it was withdrawn on {entry.date}, up to version {entry.version}: {entry.why}.")
            elif entry.policy == policy and entry.story in told:
                found.append(
                    f"the story told with '{entry.story}' was withdrawn on {entry.date}: {entry.why}; its community "
                    "can ratify a text without it."
                )
        return found

    def joined(self, other: Trust) -> Trust:
        """Both together; the rule that asks more holds."""
        channels = dict(self.channels)
        for name, rule in other.channels.items():
            mine = channels.get(name, rule)
            channels[name] = ChannelRule(
                max(mine.releases, rule.releases),
                max(mine.ratifications, rule.ratifications),
                tuple(dict.fromkeys((*mine.policies, *rule.policies))),
                mine.overrides and rule.overrides,
            )
        return replace(self.refusing(other), keys=self.keys + other.keys, channels=channels)

    def refusing(self, other: Trust) -> Trust:
        """This trust, which also refuses whatever the other one refuses."""
        least = dict(self.least_versions)
        for name, version in other.least_versions.items():
            least[name] = max(version, least.get(name, version), key=version_key)
        channels = dict(self.channels)
        for name, rule in other.channels.items():
            if not rule.overrides:
                channels[name] = replace(self.rule(name), overrides=False)
        refused = tuple(dict.fromkeys((*self.refused, *other.refused)))
        return Trust(self.keys, channels, least, refused)

    @classmethod
    def shipped(cls) -> Trust:
        """What came with lennox."""
        return read_trust(_shipped()) if _shipped().is_file() else cls()

    @classmethod
    def load(cls, path: Path | None = None, *, must_exist: bool = True) -> Trust:
        """The trust that holds here: what `path` or LENNOX_TRUST says, else what came with lennox and the user's file.

        Refusals are those of all of them together. must_exist : a named file that is missing is an error; else empty
        Raises InputError for a file that is missing or is not a valid `lennox-trust/1`, also for the user's own file
        where another one is named.
        """
        found, own = cls.shipped(), own_file()
        if own is not None and _exists(own):
            found = found.joined(read_trust(own))
        for named in (named_file(), path):
            if named is not None:
                found = (read_trust(named) if must_exist or _exists(named) else cls()).refusing(found)
        return found


def version_key(version: str) -> tuple[int, int, int]:
    """A policy's version for comparing; one that is not three numbers comes first."""
    match = _VERSION.fullmatch(version)
    return (int(match[1]), int(match[2]), int(match[3])) if match else NO_VERSION


def named_file() -> Path | None:
    """The file that LENNOX_TRUST names."""
    name = os.environ.get("LENNOX_TRUST")
    return Path(name) if name else None


def own_file() -> Path | None:
    """This computer's own trust file, ~/.config/lennox/trust.toml; None for a user without a home."""
    try:
        return user_folder("config") / "trust.toml"
    except InputError:
        return None


def user_file() -> Path:
    """Where the user's keys and rules are kept: LENNOX_TRUST, else the computer's own file.

    Raises InputError for a user without a home.
    """
    path = named_file() or own_file()
    if path is None:
        raise InputError("this user has no home for a trust file; LENNOX_TRUST names one.")
    return path


def _exists(path: Path) -> bool:
    """Whether something lies there, be it readable or not: what it refuses must not be passed over."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def read_trust(path: Path) -> Trust:
    """Read one file. Raises InputError: nothing in it is ignored."""
    try:
        return parse_trust(path.read_bytes(), path.name)
    except OSError as error:
        raise InputError(f"the trust file '{path.name}' cannot be read: {error.strerror}.") from error


def parse_trust(content: bytes, name: str) -> Trust:
    """What the text of a trust file says. Raises InputError."""
    try:
        document = toml.loads(content.decode("utf-8"))
    except ValueError as error:
        raise InputError(f"{name}: not TOML in UTF-8 ({error}); correct it or move it away.") from error
    try:
        if document.pop("format", None) != FORMAT:
            raise ValueError(f"the format must be '{FORMAT}'")
        trust = Trust(
            tuple(_key(entry) for entry in document.pop("key", [])),
            {channel: _rule(channel, rule) for channel, rule in document.pop("channel", {}).items()},
            {policy: _least_version(policy, entry) for policy, entry in document.pop("policy", {}).items()},
            tuple(_refusal(entry) for entry in document.pop("revoked", [])),
        )
        if document:
            raise ValueError(f"unknown: {', '.join(map(str, document))}")
    except (LookupError, TypeError, ValueError, AttributeError, InputError) as error:
        raise InputError(f"{name}: {error}; `lennox trust add` writes such a file.") from error
    return trust


def _shipped() -> Path:
    package = Path(__file__).parents[1]
    installed = package / "models" / "trust.toml"  # in a wheel; in a checkout it lies beside the package
    return installed if installed.parent.is_dir() else package.parent / "models" / "trust.toml"


def _key(entry: Mapping[str, Any]) -> TrustedKey:
    _refuse_unknown(entry, ("name", "public", "channels", "roles", "body"))
    channels, roles = tuple(entry["channels"]), tuple(entry.get("roles", ROLES))
    name, body = entry["name"], entry.get("body", "")
    if not has_visible_text(name) or (body and not has_visible_text(body)):
        raise ValueError("a key has a name that can be read, and so has its body")
    if not all(map(is_channel, channels)) or not set(roles) <= set(ROLES):
        raise ValueError(f"key '{name}': channels are names such as workshop, roles are {' and '.join(ROLES)}")
    return TrustedKey(name, PublicKey.from_text(entry["public"]), channels, roles, body)


def _rule(name: str, entry: Mapping[str, Any]) -> ChannelRule:
    _refuse_unknown(entry, ("releases", "ratifications", "policies", "overrides"))
    policies, overrides = tuple(entry.get("policies", ())), entry.get("overrides", True)
    rule = ChannelRule(entry.get("releases", 1), entry.get("ratifications", 1), policies, overrides)
    counts = (rule.releases, rule.ratifications)
    if not is_channel(name) or not all(type(count) is int and count >= 1 for count in counts):
        raise ValueError(f"channel '{name}': at least one key of each role must sign")
    if type(overrides) is not bool:
        raise ValueError(f"channel '{name}': overrides is true or false")
    return rule


def _least_version(policy: str, entry: Mapping[str, Any]) -> str:
    _refuse_unknown(entry, ("least_version",))
    version = entry["least_version"]
    if not is_channel(policy) or version_key(version) == NO_VERSION:
        raise ValueError(f"policy '{policy}': least_version is three numbers, such as 1.0.0")
    return str(version)


def _refusal(entry: Mapping[str, Any]) -> Refusal:
    _refuse_unknown(entry, ("date", "why", "key", "statement", "weights", "channel", "policy", "version", "story"))
    named = [word for word in ("key", "statement", "weights", "policy") if word in entry]
    if (
        len(named) != 1
        or not {
            "key": not {"channel", "version", "story"} & entry.keys(),
            "statement": not {"version", "story"} & entry.keys(),
            "weights": "channel" in entry and not {"version", "story"} & entry.keys(),
            "policy": "channel" not in entry and ("version" in entry) != ("story" in entry),
        }[named[0]]
    ):
        raise ValueError(
            "a [[revoked]] names a key, a statement, weights with their channel, or a policy with a version or a story"
        )
    for word in ("statement", "weights"):
        if word in entry and not is_sha256(entry[word]):
            raise ValueError(f"'{entry[word]}' is not a SHA-256")
    for word in ("channel", "policy"):
        if word in entry and not is_channel(entry[word]):
            raise ValueError(f"'{entry[word]}' is not the name of a {word}")
    if "version" in entry and version_key(entry["version"]) == NO_VERSION:
        raise ValueError(f"'{entry['version']}' is not a version such as 1.0.0")
    if type(entry["date"]) is not datetime.date:
        raise ValueError("a [[revoked]] has a date, such as 2026-12-01")
    key = PublicKey.from_text(entry["key"]) if "key" in entry else None
    rest = {
        word: str(entry[word])
        for word in ("statement", "weights", "channel", "policy", "version", "story")
        if word in entry
    }
    return Refusal(entry["date"], str(entry["why"]), key, **rest)


def _refuse_unknown(entry: Mapping[str, Any], known: tuple[str, ...]) -> None:
    unknown = set(entry) - set(known)
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
