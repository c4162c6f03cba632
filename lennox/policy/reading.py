"""The bytes of a policy become a checked `Policy`: text (R26), kinds (R1), rules, nouns.

Why not pydantic: its models give kinds and nouns in one, but a check that looks across tables (`over` names a declared
feature, `min_cases` suits the limit) does not run once any field is wrong, so that problems would come in two rounds;
each of its messages would have to be put into our words all the same; and its import takes longer than the whole of
this package.
"""

from __future__ import annotations

import datetime
import re
import tomllib
import unicodedata
from pathlib import Path
from typing import Any

from lennox import toml
from lennox.files import sha256_of
from lennox.policy.diff import compare, version_problem
from lennox.policy.floors import check_floors
from lennox.policy.policy import (
    Consequences,
    Feature,
    Intersection,
    MinimumEvidence,
    Policy,
    RatificationRules,
    Requirement,
    Scope,
    Story,
    Unknown,
)
from lennox.policy.problems import PolicyError, Problems
from lennox.policy.rules import check_rules, fixed_by_default
from lennox.policy.schema import checked, entry_path, path_of

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_FORBIDDEN = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_BIDI}]")


def read_policy(path: str | Path, *, today: datetime.date | None = None) -> Policy:
    """Read and check the policy at `path`, as of `today`.

    A file beside it (or in `superseded/` beside it) whose digest is `supersedes` is compared with it, and a
    looser limit without a new major version is refused (R25). Raises PolicyError with every problem of the file.
    """
    path = Path(path)
    policy = _checked(_bytes_of(path), path.name, today=today, folder=path.parent)
    _check_succession(policy, path)
    return policy


def read_for_audit(path: str | Path) -> tuple[Policy, list[str]]:
    """A policy to audit by, and what it asks below the floors of decency (R35 to R39), a line each.

    A policy with keys is refused for it, as everywhere else. One without keys can open no release: it may serve as an
    example, and whoever audits by it is told.
    """
    path = Path(path)
    below: list[str] = []
    policy = _checked(_bytes_of(path), path.name, today=None, folder=path.parent, below=below)
    _check_succession(policy, path)
    return policy, below


def policy_from_bytes(data: bytes, name: str = "policy.toml", *, today: datetime.date | None = None) -> Policy:
    """Check a policy that is not a file; stories' recordings and superseded versions are not looked for."""
    return _checked(data, name, today=today, folder=None)


def read_lapsed(path: str | Path) -> Policy:
    """Read a policy as of the day it was ratified, so that one that has lapsed since can be compared."""
    path = Path(path)
    return read_policy(path, today=_ratified_on(_bytes_of(path)))


def read_draft(path: str | Path) -> Policy:
    """Read a policy that nobody has ratified yet, for planning; an audit under it is refused."""
    path = Path(path)
    return _checked(_bytes_of(path), path.name, today=None, folder=path.parent, draft=True)


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(toml.MAX_BYTES + 1)
    except OSError as error:
        raise PolicyError([f"{path.name}: cannot be read ({error.strerror}); name a policy file"]) from error


def _checked(
    data: bytes,
    name: str,
    *,
    today: datetime.date | None,
    folder: Path | None,
    draft: bool = False,
    below: list[str] | None = None,
) -> Policy:
    """folder : where recordings and minutes lie, None: they are not looked for; draft : without its ratification.

    below : takes what lies below the floors of a policy without keys, in place of a refusal
    """
    problems = Problems(name)
    document = _parse(data, problems)
    if document is None:
        raise PolicyError(problems.lines)
    if draft:  # ratified on the last day that there is: no audit begins later
        document["ratification"] = {
            "body": "nobody yet",
            "date": datetime.date.max - datetime.timedelta(1),
            "method": "consensus",
            "next_review": datetime.date.max,
        }
        today = datetime.date.max
    _check_strings(document, "", problems)
    values = checked(document, problems)
    check_rules(values, problems, today=today or datetime.datetime.now(datetime.UTC).date(), folder=folder)
    low = Problems(name) if below is not None and not values.get("ratification", {}).get("key") else problems
    check_floors(values, low)
    if problems:
        raise PolicyError(problems.lines)
    if below is not None:
        below += low.lines
    return _build(values, name, sha256_of(data))


def _parse(data: bytes, problems: Problems) -> dict[str, Any] | None:
    if len(data) > toml.MAX_BYTES:
        problems.add("line 1, column 1", f"the file is too large; a policy has {toml.MAX_BYTES} bytes at most")
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
    for match in _FORBIDDEN.finditer(text):
        problems.add(_line_and_column(text[: match.start()]), f"{_character(match[0])}; remove it")
        if problems.full:
            break
    if problems:
        return None
    try:
        return toml.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at (?:line (\d+), column (\d+)|end of document)\)", str(error))
        where = f"line {found[1]}, column {found[2]}" if found and found[1] else _line_and_column(text)
        problems.add(where, f"not TOML: {str(error).split(' (at ')[0]}; correct this line")
        return None


def _line_and_column(before: str) -> str:
    return f"line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))}"


def _character(character: str) -> str:
    code = f"(U+{ord(character):04X})"
    if unicodedata.category(character) == "Cf":
        return f"a bidirectional control character {code} makes text read as what it is not"
    return f"a {'NUL' if character == chr(0) else 'control'} character {code}"


def _check_strings(value: Any, path: str, problems: Problems) -> None:
    """R26: the same characters written as escapes (backslash, u, digits) are found in the parsed values."""
    if isinstance(value, dict):
        for key, entry in value.items():
            _check_strings(key, path_of(path, key), problems)
            _check_strings(entry, path_of(path, key), problems)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            _check_strings(entry, entry_path(path, index, entry), problems)
    elif isinstance(value, str) and (found := _FORBIDDEN.search(value)):
        problems.add(path, f"line 1, column {found.start() + 1} of this text: {_character(found[0])}; remove it")


def _check_succession(policy: Policy, path: Path) -> None:
    """R25: a file beside this one that it supersedes is compared with it."""
    if policy.supersedes is None:
        return
    wanted = policy.supersedes.removeprefix("sha256:")
    for other in sorted([*path.parent.glob("*.toml"), *path.parent.glob("superseded/*.toml")]):
        data = b"" if other == path else _bytes_of(other)
        if sha256_of(data) == wanted:
            old = policy_from_bytes(data, other.name, today=_ratified_on(data))
            problem = version_problem(old, policy, compare(old, policy))
            if problem:
                raise PolicyError([f"{path.name}: version: {line}" for line in problem])


def _ratified_on(data: bytes) -> datetime.date | None:
    """The date a policy was ratified, for reading one that has lapsed since; None if it does not say."""
    try:
        date = toml.loads(data.decode("utf-8"))["ratification"]["date"]
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
        ratification=RatificationRules(
            votes={k: ratification[k] for k in ("quorum", "in_favour", "against", "abstained") if k in ratification},
            seats=tuple((seat["role"], seat["count"]) for seat in ratification.get("seat", [])),
            keys=tuple((key["id"], key["public"]) for key in ratification.get("key", [])),
            signatures_required=ratification.get("signatures", {}).get("required", 0),
            **_kept(ratification, "body date method next_review minutes minutes_sha256 note"),
        ),
        scope=Scope(**{**scope, "modality": tuple(scope.get("modality", ()))}),
        evidence=MinimumEvidence(
            **_kept(
                evidence,
                "confidence interval resamples seed min_patients min_cases min_controls max_missing_labels",
            )
        ),
        unknown=Unknown(
            **_kept(values["unknown"], "name name_in max_share"),
            written_as=tuple(values["unknown"].get("written_as", ())),
        ),
        features=tuple(
            Feature(
                **{
                    "fixed": fixed_by_default(entry),
                    **entry,
                    "groups": tuple(entry["groups"]),
                    "groups_in": {code: tuple(names) for code, names in entry.get("groups_in", {}).items()},
                }
            )
            for entry in values["feature"]
        ),
        intersections=tuple(
            Intersection(**{**entry, "features": tuple(entry["features"])}) for entry in values.get("intersection", [])
        ),
        requirements=tuple(_requirement(entry) for entry in values["requirement"]),
        consequences=Consequences(
            on_insufficient=values.get("on_insufficient", {}).get("release", "refuse"),
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


def _kept(values: dict[str, Any], keys: str) -> dict[str, Any]:
    return {key: values[key] for key in keys.split() if key in values}


def _requirement(entry: dict[str, Any]) -> Requirement:
    limit, direction, story = entry["limit"], entry["direction"], entry.get("story")
    low = limit[0] if direction == "between" else limit if direction == "at-least" else None
    high = limit[1] if direction == "between" else limit if direction == "at-most" else None
    if story is not None and "withdrawn" in story:
        story = {"teller": "", "consent": "", "words": "", "withdrawn": story["withdrawn"]}
    return Requirement(
        **_kept(entry, "id metric criterion direction plain plain_in"),
        low=None if low is None else float(low),
        high=None if high is None else float(high),
        over=tuple(entry["over"]),
        story=None if story is None else Story(**story),
    )
