"""Every key that a policy may hold, with its kind; anything else is refused (rule R1)."""

from __future__ import annotations

import datetime
import difflib
import math
from typing import Any, get_args

from lennox.policy.problems import Problems

MAX_TABLES, MAX_ENTRIES = 256, 1000  # features, requirements, ...; groups of a feature

# Kinds: text, texts, date, count, number, flag, limit, names (texts, numbers or flags read as texts), a dict (table),
# ("tables", dict) for an array of tables, ("map", kind) for a table with free keys. A trailing "!" means obligatory.
STORY = {
    "teller": "text",
    "recorded": "date",
    "consent": "text",
    "words": "text",
    "audio": "text",
    "audio_sha256": "text",
    "withdrawn": "date",
}
SCHEMA: dict[str, Any] = {
    "format": "text!",
    "id": "text!",
    "version": "text!",
    "title": "text!",
    "title_in": ("map", "text"),
    "language": "text",
    "supersedes": "text",
    "ratification!": {
        "body": "text!",
        "date": "date",
        "method": "text!",
        "quorum": "count",
        "in_favour": "count",
        "against": "count",
        "abstained": "count",
        "next_review": "date!",
        "minutes": "text",
        "minutes_sha256": "text",
        "note": "text",
        "seat": ("tables", {"role": "text!", "count": "count!", "names": "texts"}),
        "key": ("tables", {"id": "text!", "public": "text!"}),
        "signatures": {"required": "count!"},
    },
    "scope!": {
        "task": "text",
        "unit": "text!",
        "cluster": "text",
        "modality": "texts",
        "label": "text",
        "threshold_source": "text",
        "threshold": "number",
        "matching": "text",
        "population": "text",
        "columns": ("map", "text"),
    },
    "evidence!": {
        "confidence": "number!",
        "interval": "text!",
        "resamples": "count",
        "seed": "count",
        "pass_rule": "text",
        "fail_correction": "text",
        "min_patients": "count!",
        "min_cases": "count!",
        "min_controls": "count!",
        "max_missing_labels": "number",
    },
    "unknown!": {
        "name": "text!",
        "name_in": ("map", "text"),
        "gate": "flag",
        "max_share": "number",
        "written_as": "texts",
    },
    "feature": (
        "tables",
        {
            "name": "text!",
            "name_in": ("map", "text"),
            "source": "text!",
            "groups": "names!",
            "groups_in": ("map", "names"),
            "why": "text",
            "instrument": "text",
            "consent": "text",
            "fixed": "flag",
            "level": "text",
        },
    ),
    "intersection": ("tables", {"features": "texts!", "mode": "text!", "max_let_go_share": "number"}),
    "requirement": (
        "tables",
        {
            "id": "text!",
            "metric": "text!",
            "criterion": "text!",
            "direction": "text!",
            "limit": "limit!",
            "over": "texts!",
            "plain": "text!",
            "plain_in": ("map", "text"),
            "story": STORY,
        },
    ),
    "on_fail": {"release": "text", "notify": "texts", "report": "text"},
    "on_insufficient": {"release": "text", "collect": "flag"},
    "on_override": {"allow": "flag", "require": "texts", "max_days": "count", "watermark": "text"},
    "monitor": {"every_days": "count", "method": "text", "features": "texts", "on_alarm": "text"},
}

_WANTED = {
    "text": "a text in quotes",
    "texts": "a list of texts, such as ['one', 'two']",
    "names": "a list of group names in quotes",
    "date": "a date without quotes, such as 2026-09-14",
    "count": "a whole number, 0 or more",
    "number": "a number",
    "flag": "true or false",
    "table": "a table",
    "tables": "a table in double brackets",
}
_OBLIGATORY = {
    "cluster": "name the column that says which patient a row belongs to",
}


def checked(document: dict[str, Any], problems: Problems) -> dict[str, Any]:
    """The document without unknown keys and values of the wrong kind, each of which is reported."""
    return _table(document, SCHEMA, "", problems)


def path_of(parent: str, key: str) -> str:
    """The dotted path of `key` under `parent`."""
    return f"{parent}.{key}" if parent else key


def entry_path(path: str, index: int, entry: Any, naming: tuple[str, ...] = ("id", "name", "role")) -> str:
    """The path of one table of an array: by its name where it has one, else by its position, from 1."""
    if isinstance(entry, dict):
        for key in naming:
            if isinstance(entry.get(key), str) and entry[key].strip():
                return f"{path}[{entry[key]}]"
    return f"{path}[{index + 1}]"


def _table(values: dict[str, Any], schema: dict[str, Any], path: str, problems: Problems) -> dict[str, Any]:
    known = {key.rstrip("!"): (kind, key.endswith("!")) for key, kind in schema.items()}
    kept: dict[str, Any] = {}
    for key in values:
        if key not in known:
            close = sorted(known) if problems.full else difflib.get_close_matches(key[:64], known, n=3) or sorted(known)
            problems.add(
                path_of(path, key),
                f"unknown key; nothing in a policy is ignored. Did you mean one of {', '.join(close)}?",
            )
    for key, (kind, obligatory) in known.items():
        where = path_of(path, key)
        if isinstance(kind, str) and kind.endswith("!"):
            kind, obligatory = kind[:-1], True
        if key not in values:
            if obligatory:
                wanted = "a table of this name" if isinstance(kind, dict) else _WANTED.get(kind, "a value")
                if kind == "limit":
                    wanted = "a number, or [low, high]"
                problems.add(where, f"missing; write {wanted}")
            continue
        found = _value(values[key], kind, where, problems)
        if found is not None:
            kept[key] = found
    return kept


def _value(value: Any, kind: Any, path: str, problems: Problems) -> Any:
    if isinstance(kind, dict):
        if isinstance(value, dict):
            return _table(value, kind, path, problems)
        return _wrong(value, "table", path, problems)
    if isinstance(kind, tuple) and kind[0] == "map":
        if isinstance(value, dict):
            found = {key: _value(entry, kind[1], path_of(path, key), problems) for key, entry in value.items()}
            return {key: entry for key, entry in found.items() if entry is not None}
        return _wrong(value, "table", path, problems)
    if isinstance(kind, tuple):
        if isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
            if len(value) > MAX_TABLES:
                problems.add(path, f"{len(value)} tables; a policy has {MAX_TABLES} at most of each")
                return None
            return [_table(entry, kind[1], entry_path(path, i, entry), problems) for i, entry in enumerate(value)]
        return _wrong(value, "tables", path, problems)
    if kind == "limit":
        return value  # its own rules (R13, R14, R22) say more than a kind could
    if kind == "names":
        if isinstance(value, list) and len(value) <= MAX_ENTRIES:
            return [_group(entry, path, problems) for entry in value]
        return _wrong(value, "names", path, problems)
    if kind == "number":
        return value if path.endswith("confidence") else _number(value, path, problems)
    if kind == "count":
        return value if path.endswith("resamples") else _count(value, path, problems)
    ok = {
        "text": isinstance(value, str),
        "texts": isinstance(value, list)
        and len(value) <= MAX_ENTRIES
        and all(isinstance(entry, str) for entry in value),
        "date": type(value) is datetime.date,
        "flag": isinstance(value, bool),
    }[kind]
    return value if ok else _wrong(value, kind, path, problems)


def check_choice(value: Any, choices: Any, path: str, what: str, problems: Problems) -> None:
    """A value is one of the texts of the `Literal` `choices`, or its key was left out (None)."""
    words = [f"'{word}'" for word in get_args(choices)]
    if value is not None and value not in get_args(choices):
        problems.add(path, f"{shown(value)} is not {what}; write {', '.join(words[:-1])} or {words[-1]}")


def shown(value: Any) -> str:
    """A value as the policy's writer would recognise it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}'"
    return str(value)


def _number(value: Any, path: str, problems: Problems) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return _wrong(value, "number", path, problems)
    if not math.isfinite(value):
        problems.add(path, f"{value} is not a finite number; write one")
        return None
    return float(value)


def _count(value: Any, path: str, problems: Problems) -> Any:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return _wrong(value, "count", path, problems)
    return value


def _group(value: Any, path: str, problems: Problems) -> str:
    """A group's name; whole numbers and true/false are read as their text, so that a table may hold either."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int)):
        return str(value)
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    problems.add(path, f"{shown(value)} is not a group; write its name in quotes")
    return ""


def _wrong(value: Any, kind: str, path: str, problems: Problems) -> None:
    problems.add(path, f"{shown(value)} is not {_WANTED[kind].split(',')[0]}; write {_WANTED[kind]}")
