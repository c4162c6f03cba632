"""Changing a trust file: what the user wrote, comments included, stays as it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lennox.errors import InputError
from lennox.files import atomic_write
from lennox.gate.trust import FORMAT, Refusal, Trust, TrustedKey, named_file, own_file, parse_trust, read_trust


def write_trust(path: Path, trust: Trust) -> None:
    """Write a new file."""
    import tomlkit

    document: dict[str, Any] = {"format": FORMAT}
    tables = {
        "key": [_key_table(key) for key in trust.keys],
        "channel": {
            name: {
                "releases": rule.releases,
                "ratifications": rule.ratifications,
                "policies": list(rule.policies),
                "overrides": rule.overrides,
            }
            for name, rule in trust.channels.items()
        },
        "policy": {name: {"least_version": version} for name, version in trust.least_versions.items()},
        "revoked": [_refusal_table(entry) for entry in trust.refused],
    }
    document |= {name: table for name, table in tables.items() if table}
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, tomlkit.dumps(document))


def add_key(path: Path, key: TrustedKey) -> None:
    """Add a key at the end of a file, which is made if need be. Raises InputError."""
    _append(path, {"key": [_key_table(key)]})


def add_least_version(path: Path, policy: str, version: str) -> None:
    """Let no version of a policy before this one count any more. Raises InputError."""
    import tomlkit

    if policy not in _read(path).least_versions:
        _append(path, {"policy": {policy: {"least_version": version}}})
        return
    document = tomlkit.parse(path.read_text("utf-8"))
    document["policy"][policy]["least_version"] = version
    _replace(path, tomlkit.dumps(document))


def add_refusal(entry: Refusal, named: Path | None = None) -> None:
    """Refuse something on this computer, whatever trust file is named later: in its own file, and in a named one.

    named : a file to write it into besides, LENNOX_TRUST unless given. Raises InputError.
    """
    for path in _refusal_files(named):
        alike = (_refusal_identity(one) for one in _read(path).refused)
        if _refusal_identity(entry) not in alike:
            _append(path, {"revoked": [_refusal_table(entry)]})


def lift_refusals(is_meant: Callable[[Refusal], bool], named: Path | None = None) -> None:
    """Take refusals out of the files that `add_refusal` writes to. Raises InputError."""
    import tomlkit

    for path in _refusal_files(named):
        meant = [number for number, entry in enumerate(_read(path).refused) if is_meant(entry)]
        if meant:
            document = tomlkit.parse(path.read_text("utf-8"))
            for number in reversed(meant):
                del document["revoked"][number]
            if not document["revoked"]:
                del document["revoked"]  # else `revoked = []` stays, to which TOML lets no table be added
            _replace(path, tomlkit.dumps(document))


def _refusal_files(named: Path | None) -> list[Path]:
    """The computer's own file and the named one."""
    files = [path for path in (own_file(), named or named_file()) if path is not None]
    if not files:
        raise InputError("this user has no home for a trust file; LENNOX_TRUST names one.")
    return list(dict.fromkeys(path.absolute() for path in files))


def _read(path: Path) -> Trust:
    return read_trust(path) if path.exists() else Trust()


def _append(path: Path, tables: Mapping[str, Any]) -> None:
    """Add tables at the end of the text, where TOML lets arrays of tables go on."""
    import tomlkit

    before = path.read_text("utf-8") if path.exists() else f'format = "{FORMAT}"\n'
    _replace(path, f"{before.rstrip()}\n\n{tomlkit.dumps(tables)}")


def _replace(path: Path, text: str) -> None:
    """Write the text if it can be read back: never a file that lennox refuses. Raises InputError."""
    parse_trust(text.encode("utf-8"), path.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, text)


def _key_table(key: TrustedKey) -> dict[str, Any]:
    table = {"name": key.name, "public": key.public.text, "channels": list(key.channels), "roles": list(key.roles)}
    return table | ({"body": key.body} if key.body else {})


def _refusal_table(entry: Refusal) -> dict[str, Any]:
    named = {
        "key": entry.key and entry.key.text, "statement": entry.statement, "weights": entry.weights,
        "channel": entry.channel, "policy": entry.policy, "version": entry.version, "story": entry.story,
    }  # fmt: skip
    return {"date": entry.date, "why": entry.why} | {word: value for word, value in named.items() if value}


def _refusal_identity(entry: Refusal) -> tuple[object, ...]:
    """What is refused, whenever and why ever."""
    return entry.key, entry.statement, entry.weights, entry.channel, entry.policy, entry.version, entry.story
