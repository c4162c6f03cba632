"""The bytes of a policy become a checked `Policy`: text (R26), kinds (R1), rules, nouns."""

from __future__ import annotations

import datetime
import re
import tomllib
import unicodedata
from pathlib import Path
from typing import Any

from lennox.files import sha256_of
from lennox.policy.policy import (
    Consequences,
    Evidence,
    Feature,
    Intersection,
    Policy,
    Ratification,
    Requirement,
    Scope,
    Story,
    Unknown,
)
from lennox.policy.problems import PolicyError, Problems
from lennox.policy.rules import check_rules, fixed_by_default
from lennox.policy.schema import checked, path_of, place

MAX_BYTES = 1 << 20
_BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def read_policy(path: Path, *, today: datetime.date | None = None) -> Policy:
    """Read a policy; see `Policy.read`."""
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        raise PolicyError([f"{path.name}: cannot be read ({error.strerror}); name a policy file"]) from error
    if size > MAX_BYTES:
        raise PolicyError(
            [f"{path.name}: line 1, column 1: the file has {size} bytes; a policy has {MAX_BYTES} at most"]
        )
    policy = policy_from_bytes(data, path.name, today=today, folder=path.parent)
    _check_succession(policy, path)
    return policy


def policy_from_bytes(data: bytes, name: str, *, today: datetime.date | None, folder: Path | None) -> Policy:
    """Check the bytes of a policy. folder : where recordings and minutes lie, None: they are not looked for."""
    problems = Problems(name)
    document = _parse(data, problems)
    if document is None:
        raise PolicyError(problems.lines)
    _check_strings(document, "", problems)
    values = checked(document, problems)
    check_rules(values, problems, today=today or datetime.datetime.now(datetime.UTC).date(), folder=folder)
    if problems:
        raise PolicyError(problems.lines)
    return _build(values, name, sha256_of(data))


def _parse(data: bytes, problems: Problems) -> dict[str, Any] | None:
    if len(data) > MAX_BYTES:
        problems.add("line 1, column 1", f"the file has {len(data)} bytes; a policy has {MAX_BYTES} at most")
        return None
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        problems.add("line 1, column 1", "the file opens with a byte order mark; save it as UTF-8 without BOM")
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        problems.add(_line_and_column(before), "not UTF-8; save the file as UTF-8")
        return None
    for match in re.finditer("[^\\x20-\\U0010ffff\\t\\n\\r]|\\x7f", text):
        kind = "NUL" if match[0] == "\0" else "control"
        problems.add(_line_and_column(text[: match.start()]), f"a {kind} character (U+{ord(match[0]):04X}); remove it")
    for place_, sign in enumerate(text):
        if sign in _BIDI:
            problems.add(
                _line_and_column(text[:place_]),
                f"a bidirectional control character (U+{ord(sign):04X}) makes text read as what it is not; remove it",
            )
    if problems:
        return None
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = re.search(r"\(at (?:line (\d+), column (\d+)|end of document)\)", str(error))
        where = f"line {found[1]}, column {found[2]}" if found and found[1] else _line_and_column(text)
        problems.add(where, f"not TOML: {str(error).split(' (at ')[0]}; mend this line")
        return None


def _line_and_column(before: str) -> str:
    return f"line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))}"


def _check_strings(value: Any, path: str, problems: Problems) -> None:
    """The same signs written as escapes (backslash, u, digits) are found in the parsed values."""
    if isinstance(value, dict):
        for key, entry in value.items():
            _check_strings(key, path_of(path, key), problems)
            _check_strings(entry, path_of(path, key), problems)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            _check_strings(entry, place(path, index, entry), problems)
    elif isinstance(value, str):
        for column, sign in enumerate(value):
            if sign in _BIDI or (unicodedata.category(sign) == "Cc" and sign not in "\t\n\r"):
                problems.add(
                    path,
                    f"line 1, column {column + 1} of this text: a control character (U+{ord(sign):04X}); remove it",
                )


def _check_succession(policy: Policy, path: Path) -> None:
    from lennox.policy.diff import compare, version_problem

    if policy.supersedes is None:
        return
    wanted = policy.supersedes.removeprefix("sha256:")
    for other in sorted([*path.parent.glob("*.toml"), *path.parent.glob("superseded/*.toml")]):
        if other == path or other.stat().st_size > MAX_BYTES:
            continue
        data = other.read_bytes()
        if sha256_of(data) == wanted:
            old = policy_from_bytes(data, other.name, today=ratified_on(data), folder=None)
            problem = version_problem(old, policy, compare(old, policy))
            if problem:
                raise PolicyError([f"{path.name}: version: {line}" for line in problem])


def read_lapsed(path: Path) -> Policy:
    """Read a policy as of the day it was ratified, so that one that has lapsed since can be compared."""
    try:
        date = ratified_on(path.read_bytes())
    except OSError as error:
        raise PolicyError([f"{path.name}: cannot be read ({error.strerror}); name a policy file"]) from error
    return read_policy(path, today=date)


def ratified_on(data: bytes) -> datetime.date | None:
    """The date a policy was ratified, for reading one that has lapsed since; None if it does not say."""
    try:
        date = tomllib.loads(data.decode("utf-8"))["ratification"]["date"]
    except (ValueError, KeyError, TypeError):
        return None
    return date if type(date) is datetime.date else None


def _build(values: dict[str, Any], name: str, digest: str) -> Policy:
    ratification, scope, evidence = values["ratification"], values["scope"], values["evidence"]
    override, monitor = values.get("on_override", {}), values.get("monitor", {})
    return Policy(
        id=values["id"],
        version=values["version"],
        title=values["title"],
        title_in=values.get("title_in", {}),
        language=values.get("language", "en"),
        supersedes=values.get("supersedes"),
        ratification=Ratification(
            body=ratification["body"],
            date=ratification["date"],
            method=ratification["method"],
            next_review=ratification["next_review"],
            votes={k: ratification[k] for k in ("quorum", "in_favour", "against", "abstained") if k in ratification},
            seats=tuple((seat["role"], seat["count"]) for seat in ratification.get("seat", [])),
            keys=tuple((key["id"], key["public"]) for key in ratification.get("key", [])),
            signatures_required=ratification.get("signatures", {}).get("required", 0),
            minutes=ratification.get("minutes"),
            minutes_sha256=ratification.get("minutes_sha256"),
            note=ratification.get("note", ""),
        ),
        scope=Scope(**{**scope, "modality": tuple(scope.get("modality", ()))}),
        evidence=Evidence(**evidence),
        unknown=Unknown(
            values["unknown"]["name"],
            **{k: v for k, v in values["unknown"].items() if k == "max_share"},
            written_as=tuple(values["unknown"].get("written_as", ())),
        ),
        features=tuple(_feature(entry) for entry in values["feature"]),
        intersections=tuple(
            Intersection(**{**entry, "features": tuple(entry["features"])}) for entry in values.get("intersection", [])
        ),
        requirements=tuple(_requirement(entry) for entry in values["requirement"]),
        consequences=Consequences(
            on_insufficient=values.get("on_insufficient", {}).get("release", "refuse"),
            collect=values.get("on_insufficient", {}).get("collect", True),
            notify=tuple(values.get("on_fail", {}).get("notify", ())),
            override_allowed=override.get("allow", False),
            override_max_days=override.get("max_days", 0),
            watermark=override.get("watermark", ""),
            monitor_every_days=monitor.get("every_days"),
            monitor_features=tuple(monitor.get("features", ())),
            on_alarm=monitor.get("on_alarm", "suspend"),
        ),
        digest=digest,
        file=name,
    )


def _feature(entry: dict[str, Any]) -> Feature:
    fixed = entry.get("fixed", fixed_by_default(entry))
    return Feature(**{**entry, "groups": tuple(entry["groups"]), "fixed": fixed})


def _requirement(entry: dict[str, Any]) -> Requirement:
    limit, direction = entry["limit"], entry["direction"]
    low = limit[0] if direction == "between" else limit if direction == "at-least" else None
    high = limit[1] if direction == "between" else limit if direction == "at-most" else None
    return Requirement(
        id=entry["id"],
        metric=entry["metric"],
        criterion=entry["criterion"],
        direction=direction,
        low=None if low is None else float(low),
        high=None if high is None else float(high),
        over=tuple(entry["over"]),
        plain=entry["plain"],
        plain_in=entry.get("plain_in", {}),
        story=Story(**entry["story"]) if "withdrawn" not in entry.get("story", {"withdrawn": 0}) else _withdrawn(entry),
    )


def _withdrawn(entry: dict[str, Any]) -> Story | None:
    if "story" not in entry:
        return None
    return Story(teller="", consent="", words="", withdrawn=entry["story"]["withdrawn"])
