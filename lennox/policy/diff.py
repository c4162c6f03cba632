"""What changed between two policies, whether it is tighter or looser, and the version that demands (R25)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lennox.policy.policy import Mode, Policy, Requirement

ChangeKind = Literal["looser", "tighter", "other"]
_MODES: dict[Mode, int] = {"report": 0, "gate-if-enough": 1, "gate": 2}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference."""

    kind: ChangeKind
    path: str
    text: str


def compare(old: Policy, new: Policy) -> tuple[Change, ...]:
    """Every difference that bears on who is protected, looser ones first."""
    changes: list[Change] = []
    _evidence(old, new, changes)
    _features(old, new, changes)
    _requirements(old, new, changes)
    _intersections(old, new, changes)
    _consequences(old, new, changes)
    order = {"looser": 0, "tighter": 1, "other": 2}
    return tuple(sorted(changes, key=lambda change: order[change.kind]))


def demanded_version(old: Policy, changes: tuple[Change, ...]) -> str:
    """The lowest version that the changes allow: major when something is looser, minor when tighter, else patch."""
    major, minor, patch = (int(part) for part in old.version.split("."))
    kinds = {change.kind for change in changes}
    if "looser" in kinds:
        return f"{major + 1}.0.0"
    if "tighter" in kinds:
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}" if old.digest else old.version


def version_problem(old: Policy, new: Policy, changes: tuple[Change, ...]) -> list[str]:
    """Why the new version may not stand as it is; empty where it may."""
    demanded = demanded_version(old, changes)
    looser = [change for change in changes if change.kind == "looser"]
    new_version, old_version = _numbers(new.version), _numbers(old.version)
    if looser and new_version[0] <= old_version[0]:
        return [
            f"{change.path}: {change.text}: that is version {demanded} and needs a new ratification"
            for change in looser
        ]
    if looser and new.ratification.date <= old.ratification.date:
        return [
            f"{change.path}: {change.text}: that needs a new ratification, later than {old.ratification.date}"
            for change in looser
        ]
    if changes and new_version < _numbers(demanded):
        return [f"{new.version} is too low for these changes; write {demanded}"]
    return []


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _number(changes: list[Change], path: str, what: str, before: float, after: float, *, more_is: ChangeKind) -> None:
    if before == after:
        return
    other: ChangeKind = "tighter" if more_is == "looser" else "looser"
    changes.append(
        Change(more_is if after > before else other, path, f"{what} went from {_shown(before)} to {_shown(after)}")
    )


def _shown(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.2f}" if round(value, 2) == value else f"{value:g}"


def _evidence(old: Policy, new: Policy, changes: list[Change]) -> None:
    for key in ("confidence", "min_patients", "min_cases", "min_controls"):
        _number(
            changes, f"evidence.{key}", key, getattr(old.evidence, key), getattr(new.evidence, key), more_is="tighter"
        )
    before, after = old.evidence.max_missing_labels, new.evidence.max_missing_labels
    _number(changes, "evidence.max_missing_labels", "max_missing_labels", before, after, more_is="looser")
    _number(changes, "unknown.max_share", "max_share", old.unknown.max_share, new.unknown.max_share, more_is="looser")
    if old.evidence.interval != new.evidence.interval:
        text = f"interval went from {old.evidence.interval} to {new.evidence.interval}"
        changes.append(Change("looser" if new.evidence.interval == "cluster" else "tighter", "evidence.interval", text))
    for scope_key in ("unit", "cluster", "label", "threshold", "threshold_source", "matching"):
        if getattr(old.scope, scope_key) != getattr(new.scope, scope_key):
            changes.append(
                Change("looser", f"scope.{scope_key}", f"{scope_key} changed: what is measured is no longer the same")
            )


def _features(old: Policy, new: Policy, changes: list[Change]) -> None:
    before, after = ({feature.name: feature for feature in policy.features} for policy in (old, new))
    for name, feature in before.items():
        if name not in after:
            changes.append(Change("looser", f"feature[{name}]", f"feature '{name}' was dropped"))
            continue
        for group in feature.groups:
            if group not in after[name].groups:
                changes.append(Change("looser", f"feature[{name}].groups", f"group '{group}' was dropped"))
        for group in after[name].groups:
            if group not in feature.groups:
                changes.append(Change("tighter", f"feature[{name}].groups", f"group '{group}' was added"))
    for name in after:
        if name not in before:
            changes.append(Change("tighter", f"feature[{name}]", f"feature '{name}' was added"))


def _requirements(old: Policy, new: Policy, changes: list[Change]) -> None:
    before, after = ({requirement.id: requirement for requirement in policy.requirements} for policy in (old, new))
    for identity, requirement in before.items():
        if identity not in after:
            changes.append(Change("looser", f"requirement[{identity}]", f"requirement '{identity}' was dropped"))
        else:
            _requirement(requirement, after[identity], changes)
    for identity in after:
        if identity not in before:
            changes.append(Change("tighter", f"requirement[{identity}]", f"requirement '{identity}' was added"))


def _requirement(old: Requirement, new: Requirement, changes: list[Change]) -> None:
    path = f"requirement[{old.id}]"
    for key in ("metric", "criterion", "direction"):
        if getattr(old, key) != getattr(new, key):
            changes.append(
                Change("looser", f"{path}.{key}", f"{key} went from {getattr(old, key)} to {getattr(new, key)}")
            )
    if old.low is not None and new.low is not None:
        _number(changes, f"{path}.limit", "limit", old.low, new.low, more_is="tighter")
    if old.high is not None and new.high is not None:
        _number(changes, f"{path}.limit", "limit", old.high, new.high, more_is="looser")
    for name in old.over:
        if name not in new.over:
            changes.append(Change("looser", f"{path}.over", f"'{name}' is no longer protected"))
    for name in new.over:
        if name not in old.over:
            changes.append(Change("tighter", f"{path}.over", f"'{name}' is protected too"))
    if old.plain != new.plain:
        changes.append(Change("other", f"{path}.plain", f"now reads: {new.plain}"))


def _intersections(old: Policy, new: Policy, changes: list[Change]) -> None:
    before, after = ({frozenset(cross.features): cross for cross in policy.intersections} for policy in (old, new))
    for key in sorted(before.keys() | after.keys(), key=sorted):
        path = f"intersection[{' x '.join(sorted(key))}]"
        one, two = before.get(key), after.get(key)
        modes = _MODES[one.mode] if one else -1, _MODES[two.mode] if two else -1
        if modes[0] != modes[1]:
            text = f"went from {one.mode if one else 'nothing'} to {two.mode if two else 'nothing'}"
            changes.append(Change("looser" if modes[1] < modes[0] else "tighter", path, text))
        if one and two:
            _number(changes, path, "max_let_go_share", one.max_let_go_share, two.max_let_go_share, more_is="looser")


def _consequences(old: Policy, new: Policy, changes: list[Change]) -> None:
    one, two = old.consequences, new.consequences
    if one.on_insufficient != two.on_insufficient:
        kind: ChangeKind = "looser" if two.on_insufficient == "limited" else "tighter"
        changes.append(
            Change(kind, "on_insufficient.release", f"went from {one.on_insufficient} to {two.on_insufficient}")
        )
    if one.override_allowed != two.override_allowed:
        changes.append(
            Change("looser" if two.override_allowed else "tighter", "on_override.allow", "overrides changed")
        )
    _number(changes, "on_override.max_days", "max_days", one.override_max_days, two.override_max_days, more_is="looser")
    before, after = old.ratification.signatures_required, new.ratification.signatures_required
    _number(changes, "ratification.signatures.required", "signatures required", before, after, more_is="tighter")
