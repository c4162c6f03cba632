"""Whose signatures count here, for which channel; what was revoked or suspended. `lennox-trust/1`, TOML.

The maintainers' key for `workshop` comes with lennox. What the user adds stands in ~/.config/lennox/trust.toml; a file
named by LENNOX_TRUST, or handed over, stands alone instead. Revocations that come with lennox hold in every case.
"""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lennox import toml
from lennox.errors import InputError
from lennox.files import atomic_write, user_folder
from lennox.gate.predicates import is_channel
from lennox.gate.statement import PublicKey, is_sha256

FORMAT = "lennox-trust/1"
ROLES = ("release", "ratify")


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key that counts. roles : "release" (an auditor's) and "ratify" (a community's), or one of them."""

    name: str
    public: PublicKey
    channels: tuple[str, ...]
    roles: tuple[str, ...] = ROLES


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """What a channel asks: so many distinct trusted keys of each role, and a pass under each of `policies`."""

    releases: int = 1
    ratifications: int = 1
    policies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RevocationEntry:
    """A key, a release statement, or weights suspended for a channel, which no longer count."""

    date: datetime.date
    why: str
    key: PublicKey | None = None
    statement: str | None = None
    weights: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """Keys, channels' rules and revocations, in force together."""

    keys: tuple[TrustedKey, ...] = ()
    channels: Mapping[str, ChannelRule] = field(default_factory=dict)
    revoked: tuple[RevocationEntry, ...] = ()

    def rule(self, channel: str) -> ChannelRule:
        """What the channel asks; one key of each role unless the file says more."""
        return self.channels.get(channel, ChannelRule())

    def counted(self, signers: Iterable[str], channel: str, role: str) -> tuple[TrustedKey, ...]:
        """The trusted keys among `signers`; each key once, however often it is listed or has signed."""
        wanted = set(signers) - self.revoked_identities()
        found = {
            key.public.identity: key
            for key in self.keys
            if key.public.identity in wanted and channel in key.channels and role in key.roles
        }
        return tuple(found.values())

    def revoked_identities(self) -> frozenset[str]:
        """The identities of all revoked keys."""
        return frozenset(entry.key.identity for entry in self.revoked if entry.key is not None)

    def revoked_sentences(self, signers: Iterable[str]) -> list[str]:
        """A sentence for each revocation that hits one of `signers`."""
        return [
            f"a key that signed was revoked on {entry.date}: {entry.why}."
            for entry in self.revoked
            if entry.key is not None and entry.key.identity in set(signers)
        ]

    def joined(self, other: Trust) -> Trust:
        """Both together; the rule that asks more holds."""
        channels = dict(self.channels)
        for name, rule in other.channels.items():
            mine = channels.get(name, rule)
            channels[name] = ChannelRule(
                max(mine.releases, rule.releases),
                max(mine.ratifications, rule.ratifications),
                tuple(dict.fromkeys((*mine.policies, *rule.policies))),
            )
        return Trust(self.keys + other.keys, channels, self.revoked + other.revoked)

    @classmethod
    def shipped(cls) -> Trust:
        """What came with lennox."""
        return read_trust(_shipped()) if _shipped().is_file() else cls()

    @classmethod
    def load(cls, path: Path | None = None) -> Trust:
        """The trust that holds here: `path` or LENNOX_TRUST alone, else what came with lennox and the user's file.

        Raises InputError for a file that is missing or is not a valid `lennox-trust/1`.
        """
        shipped = cls.shipped()
        named = path or named_file()
        if named is not None:
            alone = read_trust(named)
            return replace(alone, revoked=(*alone.revoked, *shipped.revoked))
        try:
            own = user_file()
        except InputError:  # nobody's
            return shipped
        return shipped.joined(read_trust(own)) if _is_there(own) else shipped


def named_file() -> Path | None:
    """The file that LENNOX_TRUST names."""
    name = os.environ.get("LENNOX_TRUST")
    return Path(name) if name else None


def user_file() -> Path:
    """Where the user's own trust is kept: LENNOX_TRUST, else ~/.config/lennox/trust.toml.

    Raises InputError for a user without a home.
    """
    named = named_file()
    if named is not None:
        return named
    try:
        return user_folder("config") / "trust.toml"
    except InputError as error:
        raise InputError("this user has no home for a trust file; LENNOX_TRUST names one.") from error


def _is_there(path: Path) -> bool:
    """Whether something lies there, be it readable or not: what it revokes must not be passed over."""
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
        document = toml.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"the trust file '{path.name}' cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InputError(f"{path.name}: not TOML in UTF-8 ({error}); mend it or move it away.") from error
    try:
        if document.pop("format", None) != FORMAT:
            raise ValueError(f"the format must be '{FORMAT}'")
        trust = Trust(
            tuple(_key(entry) for entry in document.pop("key", [])),
            {name: _rule(name, rule) for name, rule in document.pop("channel", {}).items()},
            tuple(_revoked(entry) for entry in document.pop("revoked", [])),
        )
        if document:
            raise ValueError(f"unknown: {', '.join(map(str, document))}")
    except (LookupError, TypeError, ValueError, AttributeError, InputError) as error:
        raise InputError(f"{path.name}: {error}; see docs/trust.md.") from error
    return trust


def write_trust(path: Path, trust: Trust) -> None:
    """Write the file anew; it appears when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, trust_text(trust))


def trust_text(trust: Trust) -> str:
    """The file's text."""
    lines = [f'format = "{FORMAT}"', ""]
    for key in trust.keys:
        lines += ["[[key]]", f"name = {_quoted(key.name)}", f"public = {_quoted(key.public.text)}"]
        lines += [f"channels = {_quoted(key.channels)}", f"roles = {_quoted(key.roles)}", ""]
    for name, rule in trust.channels.items():
        lines += [f"[channel.{name}]", f"releases = {rule.releases}", f"ratifications = {rule.ratifications}"]
        lines += [f"policies = {_quoted(rule.policies)}", ""]
    for entry in trust.revoked:
        lines += ["[[revoked]]", f"date = {entry.date.isoformat()}", f"why = {_quoted(entry.why)}"]
        named = (entry.key and entry.key.text, entry.statement, entry.weights, entry.channel)
        lines += [
            f"{word} = {_quoted(value)}"
            for word, value in zip(("key", "statement", "weights", "channel"), named, strict=True)
            if value
        ]
        lines.append("")
    return "\n".join(lines)


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=True).replace("\\u007f", "\\u007F")  # a JSON string or list is TOML, too


def _shipped() -> Path:
    package = Path(__file__).parents[1]
    installed = package / "models" / "trust.toml"  # in a wheel; in a checkout it lies beside the package
    return installed if installed.parent.is_dir() else package.parent / "models" / "trust.toml"


def _key(entry: Mapping[str, Any]) -> TrustedKey:
    _only(entry, ("name", "public", "channels", "roles"))
    channels, roles = tuple(entry["channels"]), tuple(entry.get("roles", ROLES))
    if not all(map(is_channel, channels)) or not set(roles) <= set(ROLES):
        raise ValueError(f"key '{entry['name']}': channels are names such as workshop, roles are {' and '.join(ROLES)}")
    return TrustedKey(str(entry["name"]), PublicKey.from_text(entry["public"]), channels, roles)


def _rule(name: str, entry: Mapping[str, Any]) -> ChannelRule:
    _only(entry, ("releases", "ratifications", "policies"))
    rule = ChannelRule(entry.get("releases", 1), entry.get("ratifications", 1), tuple(entry.get("policies", ())))
    counts = (rule.releases, rule.ratifications)
    if not is_channel(name) or not all(type(count) is int and count >= 1 for count in counts):
        raise ValueError(f"channel '{name}': at least one key of each role must sign")
    return rule


def _revoked(entry: Mapping[str, Any]) -> RevocationEntry:
    _only(entry, ("date", "why", "key", "statement", "weights", "channel"))
    named = [word for word in ("key", "statement", "weights") if word in entry]
    if len(named) != 1 or ("weights" in entry) != ("channel" in entry):
        raise ValueError("a [[revoked]] names a key, a statement, or weights with their channel")
    for word in ("statement", "weights"):
        if word in entry and not is_sha256(entry[word]):
            raise ValueError(f"'{entry[word]}' is not a SHA-256")
    if type(entry["date"]) is not datetime.date:
        raise ValueError("a [[revoked]] has a date, such as 2026-12-01")
    key = PublicKey.from_text(entry["key"]) if "key" in entry else None
    return RevocationEntry(
        entry["date"], str(entry["why"]), key, entry.get("statement"), entry.get("weights"), entry.get("channel")
    )


def _only(entry: Mapping[str, Any], known: tuple[str, ...]) -> None:
    unknown = set(entry) - set(known)
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
