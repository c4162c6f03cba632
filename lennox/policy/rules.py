"""What makes a policy valid: its head, ratification, scope, evidence, features, crossings and consequences.

Every function sees the values that are of the right kind (`schema.py`) and adds each problem it finds. The rules are
numbered and argued in `docs/community/policies.md`.
"""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any, get_args

from lennox.policy.policy import FORMAT, Interval, Method, Mode, OnAlarm, OnInsufficient, Role, Source, Unit
from lennox.policy.problems import Problems
from lennox.policy.requirement_rules import check_requirements
from lennox.policy.schema import check_choice, entry_path, shown
from lennox.policy.testimony_rules import check_path, check_recorded, check_story

_ID = re.compile(r"[a-z0-9-]{1,64}")
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MISSING_WORDS = {"", "nan", "none", "null", "na", "n/a", "<na>"}
_PERSONAL = ("sex", "gender", "race", "ethnic", "indigen", "income", "payer", "insurance", "language")


def check_rules(values: dict[str, Any], problems: Problems, *, today: datetime.date, folder: Path | None) -> None:
    """Add every breach of the rules in `values` (already of the right kinds) to `problems`."""
    _head(values, problems)
    _ratification(values.get("ratification", {}), problems, today, folder)
    _scope(values, problems)
    _evidence(values.get("evidence", {}), problems)
    _unknown(values.get("unknown", {}), problems)
    _features(values, problems)
    _intersections(values, problems)
    check_requirements(values, problems)
    for index, requirement in enumerate(values.get("requirement", [])):
        path = entry_path("requirement", index, requirement)
        if "id" in requirement:
            check_id(requirement["id"], f"{path}.id", problems)
        check_story(requirement.get("story"), f"{path}.story", problems, folder)
    _consequences(values, problems)


def fixed_by_default(feature: dict[str, Any]) -> bool:
    """Whether a person has one value of this feature, where the policy does not say (`fixed = ...`)."""
    name = feature.get("name", "").casefold()
    return feature.get("source") == "self-report" or any(word in name for word in _PERSONAL)


def check_id(value: str, path: str, problems: Problems) -> None:
    """R27: names that travel into file names and statements are plain."""
    if not _ID.fullmatch(value):
        problems.add(path, f"{shown(value)} is not an id; write 1 to 64 of a-z, 0-9 and '-'")


def _head(values: dict[str, Any], problems: Problems) -> None:
    """R2, R27 and what a policy calls itself."""
    if "format" in values and values["format"] != FORMAT:
        problems.add("format", f"{shown(values['format'])} is not a format this version reads ({FORMAT})")
    if "id" in values:
        check_id(values["id"], "id", problems)
    if "version" in values and not _VERSION.fullmatch(values["version"]):
        problems.add("version", f"{shown(values['version'])} is not a version; write three numbers, such as 1.0.0")
    if "title" in values and not values["title"].strip():
        problems.add("title", "is empty; write what the policy is about")
    if "language" in values and not re.fullmatch(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*", values["language"]):
        problems.add("language", f"{shown(values['language'])} is not a language; write its code, such as en or es")
    if "supersedes" in values:
        scheme, _, digest = values["supersedes"].partition(":")
        if scheme != "sha256" or not _SHA256.fullmatch(digest):
            problems.add("supersedes", "write 'sha256:' and the 64 hexadecimal digits of the earlier file's digest")


def _ratification(values: dict[str, Any], problems: Problems, today: datetime.date, folder: Path | None) -> None:
    """R3, R4 and R5: adopted on a day, not in the future, and not lapsed."""
    path = "ratification"
    date, review = values.get("date"), values.get("next_review")
    if date is None:
        if not problems.about(f"{path}.date"):
            problems.add(
                f"{path}.date",
                "no date: a policy nobody has ratified cannot gate a release; write the day it was adopted",
            )
    elif date > today:
        problems.add(f"{path}.date", f"{date} is in the future (today is {today}); write the day it was adopted")
    if review is not None and review < today:
        problems.add(f"{path}.next_review", f"expired on {review}: ask the community to renew it")
    if date is not None and review is not None and review <= date:
        problems.add(f"{path}.next_review", f"{review} is not after the ratification ({date}); write a later day")
    if "body" in values and not values["body"].strip():
        problems.add(f"{path}.body", "is empty; write who adopted the policy")
    check_choice(values.get("method"), Method, f"{path}.method", "a method", problems)
    _votes(values, problems)
    _keys(values, problems)
    if "minutes" in values:
        check_path(values["minutes"], f"{path}.minutes", problems, folder)
        check_recorded(
            values,
            "minutes",
            f"{path}.minutes_sha256",
            "the minutes are not those that were approved",
            problems,
            folder,
        )


def _votes(values: dict[str, Any], problems: Problems) -> None:
    """R5: votes that adopt it."""
    if values.get("method") == "vote":
        for key in ("quorum", "in_favour", "against"):
            if key not in values:
                problems.add(f"ratification.{key}", "missing; a vote states its quorum and its votes, as whole numbers")
    cast = sum(values.get(key, 0) for key in ("in_favour", "against", "abstained"))
    if values.get("quorum", 0) > cast and ("in_favour" in values or values.get("method") != "vote"):
        problems.add(
            "ratification.quorum",
            f"votes cast are fewer than the quorum ({cast} of {values['quorum']}); the policy is not adopted",
        )
    if values.get("in_favour", 1) <= values.get("against", 0):
        problems.add("ratification.in_favour", "not more than the votes against; the policy is not adopted")


def _keys(values: dict[str, Any], problems: Problems) -> None:
    """R6: keys that can sign."""
    keys, required = values.get("key", []), values.get("signatures", {}).get("required")
    for name in ("id", "public"):
        known = [key[name] for key in keys if name in key]
        for value in sorted({value for value in known if known.count(value) > 1}):
            problems.add("ratification.key", f"the same {name} twice ({value}); one key is one signature")
    if required is not None and required > len(keys):
        problems.add(
            "ratification.signatures.required",
            f"more signatures required than keys listed ({required} of {len(keys)}); list the keys or ask for fewer",
        )
    if required == 0:
        problems.add(
            "ratification.signatures.required", "0 signatures prove nothing; write 1 or more, or leave the table out"
        )


def _scope(values: dict[str, Any], problems: Problems) -> None:
    """R9 and what the words of the scope may be."""
    scope = values.get("scope")
    if scope is None:
        return
    if not scope.get("cluster", "").strip():
        problems.add("scope.cluster", "name the column that says which patient a row belongs to")
    check_choice(scope.get("unit"), Unit, "scope.unit", "a unit", problems)
    if not 0.0 <= scope.get("threshold", 0.5) <= 1.0:
        problems.add("scope.threshold", f"{scope['threshold']} is outside 0..1; write the frozen operating point")
    if not re.fullmatch(r"centre-in-outline|iou:0\.\d+|dice:0\.\d+", scope.get("matching", "iou:0.5")):
        problems.add(
            "scope.matching",
            f"{shown(scope['matching'])} is not a rule; write 'centre-in-outline', 'iou:0.3' or 'dice:0.3'",
        )
    names = {feature.get("name") for feature in values.get("feature", [])}
    for name in scope.get("columns", {}):
        if name not in get_args(Role) and name not in names:
            problems.add(f"scope.columns.{name}", f"neither a feature nor one of {', '.join(get_args(Role))}")


def _evidence(values: dict[str, Any], problems: Problems) -> None:
    """R7, R8 and R23: confidence, interval, draws and minima that prove something."""
    path, confidence, resamples = "evidence", values.get("confidence"), values.get("resamples", 2000)
    numeric = isinstance(confidence, (int, float)) and not isinstance(confidence, bool)
    if confidence is not None and not (numeric and 0.80 <= confidence < 1.0):
        hint = "(write 0.95, not 95)"
        problems.add(
            f"{path}.confidence", f"{shown(confidence)} must be a number from 0.80 up to, not including, 1 {hint}"
        )
    interval = values.get("interval")
    if interval == "row":
        problems.add(
            f"{path}.interval",
            "'row' treats teeth of one mouth as strangers and passes unfair models too often; use 'cluster'",
        )
    else:
        check_choice(interval, Interval, f"{path}.interval", "an interval", problems)
    if isinstance(resamples, bool) or not isinstance(resamples, int):
        problems.add(f"{path}.resamples", f"{shown(resamples)} is not a whole number; write 1000 to 1000000")
    elif resamples < 1000:
        problems.add(f"{path}.resamples", f"{resamples} is too few for a bound (1000 at least)")
    elif resamples > 1_000_000:
        problems.add(f"{path}.resamples", f"{resamples} is too many to wait for (1000000 at most)")
    if values.get("pass_rule", "all-bounds") != "all-bounds":
        problems.add(
            f"{path}.pass_rule",
            f"{shown(values['pass_rule'])} is refused: every bound must clear its limit; write 'all-bounds'",
        )
    if values.get("fail_correction", "holm") != "holm":
        problems.add(f"{path}.fail_correction", f"{shown(values['fail_correction'])} is not known; write 'holm'")
    for key in ("min_patients", "min_cases", "min_controls"):
        if values.get(key, 2) < (2 if key == "min_patients" else 1):
            problems.add(
                f"{path}.{key}",
                f"{values[key]} asks for no evidence; write {2 if key == 'min_patients' else 1} or more",
            )
    if not 0.0 <= values.get("max_missing_labels", 0.0) < 1.0:
        problems.add(
            f"{path}.max_missing_labels", f"{values['max_missing_labels']} is outside 0..1 (write 0.05, not 5)"
        )


def _unknown(values: dict[str, Any], problems: Problems) -> None:
    """R10: people who did not say are a group like every other."""
    if values.get("gate") is False:
        problems.add(
            "unknown.gate",
            "people who did not say must be gated like every other group; 'false' is refused, write true",
        )
    if not 0.0 < values.get("max_share", 0.3) <= 1.0:
        problems.add("unknown.max_share", f"{values['max_share']} is outside 0..1 (write 0.30, not 30)")
    if "name" in values:
        _check_group_name(values["name"], "unknown.name", problems)


def _check_group_name(name: str, path: str, problems: Problems) -> None:
    """R11: a missing value is no group."""
    if name.strip().casefold() in _MISSING_WORDS:
        problems.add(path, f"'nan', 'none' and '' are missing values, not groups; '{name}' is refused, write a name")
    elif name != name.strip():
        problems.add(path, f"'{name}' begins or ends with a space; write '{name.strip()}'")


def _features(values: dict[str, Any], problems: Problems) -> None:
    """R12 and R21: features that are told apart, and measured by something."""
    features = values.get("feature", [])
    if not features and not problems.about("feature"):
        problems.add("feature", "missing; declare at least one feature and its groups")
    unknown = values.get("unknown", {}).get("name", "").strip().casefold()
    names: set[str] = set()
    for index, feature in enumerate(features):
        path = entry_path("feature", index, feature)
        name = feature.get("name")
        if name is not None and not name.strip():
            problems.add(f"{path}.name", "is empty; write the feature's name")
        elif name is not None and name.strip().casefold() in names:
            problems.add(path, "the same feature twice; keep one")
        names.add((name or "").strip().casefold())
        check_choice(feature.get("source"), Source, f"{path}.source", "a source", problems)
        if feature.get("source") == "derived" and not feature.get("instrument", "").strip():
            problems.add(f"{path}.instrument", "a derived feature must say how it is measured; write the instrument")
        if feature.get("level", "lesion") != "lesion":
            problems.add(
                f"{path}.level", f"{shown(feature['level'])} is not a level; write 'lesion' or leave the key out"
            )
        if "groups" in feature:
            _groups(feature["groups"], f"{path}.groups", unknown, problems)
            _translated_groups(feature, path, problems)


def _translated_groups(feature: dict[str, Any], path: str, problems: Problems) -> None:
    """R42: each language names the groups one by one, in their order, so that no page speaks of another group."""
    for language, names in feature.get("groups_in", {}).items():
        if len(names) != len(feature["groups"]) or not all(name.strip() for name in names):
            problems.add(
                f"{path}.groups_in.{language}",
                f"{len(names)} names for {len(feature['groups'])} groups; write one for each, in the order of 'groups'",
            )
        elif len({name.strip().casefold() for name in names}) < len(names):
            problems.add(f"{path}.groups_in.{language}", "two groups have one name; write different ones")


def _groups(groups: list[str], path: str, unknown: str, problems: Problems) -> None:
    """R12: two groups or more, each once."""
    seen: set[str] = set()
    for group in groups:
        _check_group_name(group, path, problems)
        key = group.strip().casefold()
        if key in seen:
            problems.add(path, f"the same group twice ('{group}'); keep one")
        if key == unknown and key:
            problems.add(
                path, f"'{group}' is the reserved name of people who did not say; it is a group by itself, leave it out"
            )
        seen.add(key)
    if len(groups) < 2:
        problems.add(path, "one group cannot be compared; name two or more" if groups else "no group; name two or more")


def _intersections(values: dict[str, Any], problems: Problems) -> None:
    """R24: features that are declared, each once, and few enough."""
    declared = {feature.get("name") for feature in values.get("feature", [])}
    seen: list[set[str]] = []
    for index, entry in enumerate(values.get("intersection", [])):
        path, features = f"intersection[{index + 1}]", entry.get("features", [])
        for name in dict.fromkeys(features):
            if name not in declared:
                problems.add(f"{path}.features", f"'{name}' is not a declared feature; declare it or leave it out")
            if features.count(name) > 1:
                problems.add(f"{path}.features", f"'{name}' is repeated; name each feature once")
        if "features" in entry and len(set(features)) < 2:
            problems.add(f"{path}.features", "an intersection needs two features or more")
        if len(features) > 4:
            problems.add(f"{path}.features", f"{len(features)} features make cells too small to judge; cross 4 at most")
        if features and set(features) in seen:
            problems.add(f"{path}.features", "the same features are crossed twice; keep one")
        seen.append(set(features))
        check_choice(entry.get("mode"), Mode, f"{path}.mode", "a mode", problems)
        if not 0.0 <= entry.get("max_let_go_share", 1.0) <= 1.0:
            problems.add(
                f"{path}.max_let_go_share", f"{entry['max_let_go_share']} is outside 0..1 (write 0.10, not 10)"
            )


def _consequences(values: dict[str, Any], problems: Problems) -> None:
    """R20: a failed audit refuses and is published, overrides are answered for, watching raises few false alarms."""
    fail, thin = values.get("on_fail", {}), values.get("on_insufficient", {})
    override, monitor = values.get("on_override", {}), values.get("monitor", {})
    if fail.get("release", "refuse") != "refuse":
        problems.add("on_fail.release", f"{shown(fail['release'])}: the only permitted value is 'refuse'")
    if fail.get("report", "publish") != "publish":
        problems.add(
            "on_fail.report",
            f"{shown(fail['report'])}: failed audits are published too; the only permitted value is 'publish'",
        )
    check_choice(thin.get("release"), OnInsufficient, "on_insufficient.release", "permitted", problems)
    if override.get("allow", False):
        lacking = [word for word in ("who", "why", "until") if word not in override.get("require", [])]
        if lacking:
            problems.add(
                "on_override.require", f"an override must say who, why and until when; add {', '.join(lacking)}"
            )
        if not 1 <= override.get("max_days", 0) <= 30:
            problems.add(
                "on_override.max_days", f"{override.get('max_days', 'nothing')} is not permitted; write 1 to 30 days"
            )
    if monitor.get("method", "e-process") != "e-process":
        why = "repeating a 5% test raises a false alarm in 90% of the years for a model exactly at the limit"
        problems.add("monitor.method", f"{shown(monitor['method'])} is refused: {why}; write 'e-process'")
    if monitor.get("every_days", 1) < 1:
        problems.add("monitor.every_days", "0 days; write 1 or more")
    check_choice(monitor.get("on_alarm"), OnAlarm, "monitor.on_alarm", "known", problems)
    declared = {feature.get("name") for feature in values.get("feature", [])}
    for name in monitor.get("features", []):
        if name not in declared:
            problems.add("monitor.features", f"'{name}' is not a declared feature; declare it or leave it out")
