"""Whether the rows of an audit are those that its policy demands, and say what its patients add up to.

Which rows there must be is derived from the policy and from what the audit says of the people ("did not say" is a
group, too). Counts, estimates and bounds of each are computed anew from the patients' counts (`recount`). This runs at
each load and needs NumPy alone. The bootstrap's second opinion is not drawn again here: it can only take a PASS away,
or widen a bound, and `lennox audit --verify` draws it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import permutations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.gate.recount import ROUNDING, GroupNumbers, Recount, group_key
from lennox.policy.metrics import METRICS, Metric
from lennox.policy.minimums import People, too_few
from lennox.policy.policy import Intersection, Policy, Requirement

PASS = "PASS"  # noqa: S105 - not a password
MAX_COUNT = 10_000_000  # of units: what is counted here fits into a float, and into memory
SUMMED = 5e-6  # what several numbers of six decimals may be off together
Floats = NDArray[np.float64]
Row = Mapping[str, Any]
Group = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AuditRows:
    """The rows, and what the audit says of all its people.

    patients : audited; unknown_share : feature -> share of them who did not say; let_go : as the audit has it
    recounts : of each metric and set of features, what its patients add up to
    """

    rows: tuple[Row, ...]
    patients: int
    unknown_share: Mapping[str, float]
    let_go: tuple[Mapping[str, Any], ...]
    recounts: tuple[Recount, ...] = ()

    def at_level(self, alpha: float) -> AuditRows:
        """With the bounds that an audit at level alpha has."""
        return replace(self, recounts=tuple(one.at_level(alpha) for one in self.recounts))

    def problems(self, requirement: Requirement, policy: Policy) -> list[str]:
        """What contradicts the PASS of one requirement, a sentence each."""
        name = requirement.id
        reported = [set(cross.features) for cross in policy.intersections if cross.mode == "report"]
        rows = [
            row
            for row in self.rows
            if row["requirement"] == name and not (set(row["group"]) in reported and not row["gated"])
        ]
        have = [(row["group"], row.get("versus")) for row in rows if row["gated"]]
        found = [
            f"'{name}' has no row for {_pair_text(group, versus)}."
            for group, versus in self._demanded(requirement, policy)
            if (group, versus) not in have
        ]
        for cross in policy.intersections:
            if cross.mode != "report" and set(cross.features) <= set(requirement.over):
                found += self._intersection(requirement, cross, rows, policy)
        for row in rows:
            where = f"'{name}', {_pair_text(row['group'], row.get('versus'))}"
            found += [f"{where}: {problem}" for problem in self._row(row, requirement, policy)]
        return found

    def _row(self, row: Row, requirement: Requirement, policy: Policy) -> Iterator[str]:
        """What is wrong with one row."""
        metric = METRICS[requirement.metric]
        if not _same_limit(row["limit"], requirement.limit):
            yield f"it was judged against the limit {row['limit']}, the policy says {requirement.limit}."
            return
        asked = requirement.metric, requirement.criterion, requirement.direction
        if (row["metric"], row["criterion"], row["direction"]) != asked:
            yield "it is of another metric, criterion or direction."
            return
        numbers = self._numbers(row, metric)
        if numbers is None:
            yield "the audit does not hold its patients' counts."
            return
        first, second, times = numbers
        if problem := _counts_problem(row, metric, first, second):
            yield problem
        elif row["gated"]:
            people = people_of(row)
            if row["verdict"] != PASS:
                yield f"it is {row['verdict']}."
            elif lacking := too_few(people, metric.evidence, policy):
                yield f"{lacking}."
            elif not _clears(row["bound"], requirement):
                yield f"the bound {row['bound']} does not clear the limit {row['limit']}."
            elif not _clears(row["bootstrap_bound"], requirement):
                yield "the bootstrap's bound contradicts it, or is not there."
            else:
                yield from _bound_problem(row, requirement, policy, first, second, times)

    def _numbers(self, row: Row, metric: Metric) -> tuple[GroupNumbers, GroupNumbers | None, Floats] | None:
        """What the group of a row adds up to, the one it is compared with, and the patients alike of both."""
        group, versus = group_key(row["group"]), row.get("versus")
        other = None if versus is None else group_key(versus)
        features = {name for name, _ in (*group, *(other or ()))}
        for one in self.recounts:
            if one.metric is metric and one.features == features and group in one.groups:
                if other is None:
                    return one.groups[group], None, one.times
                if other in one.groups:
                    return one.groups[group], one.groups[other], one.times
        return None

    def unknown_problems(self, policy: Policy) -> list[str]:
        """Whether it lists no more patients than it has, and for each gated feature how many did not say."""
        found = []
        if any(one.times.sum() > self.patients for one in self.recounts):
            found.append(f"it lists more patients than its {self.patients}.")
        for feature in policy.gated_features():
            share = self.unknown_share.get(feature.name)
            if share is None or not 0.0 <= share <= 1.0:
                found.append(
                    f"it does not say how many are '{policy.unknown.name}' for {feature.name.replace('_', ' ')}."
                )
            elif share > policy.unknown.max_share + ROUNDING:
                found.append(f"too many are '{policy.unknown.name}' for {feature.name.replace('_', ' ')}.")
        return found

    def _demanded(self, requirement: Requirement, policy: Policy) -> Iterator[tuple[Group, Group | None]]:
        """Each group of each feature, those who did not say where there are any; or the pairs of them."""
        for name in requirement.over:
            groups: list[Group] = [{name: group} for group in policy.feature(name).groups]
            silent = group_key({name: policy.unknown.name})
            if self.unknown_share.get(name, 0.0) > 0.0 or any(silent in one.groups for one in self.recounts):
                groups.append({name: policy.unknown.name})
            yield from _cells(requirement, groups)

    def _intersection(
        self, requirement: Requirement, cross: Intersection, rows: list[Row], policy: Policy
    ) -> list[str]:
        """Whether crossed groups have rows; of `gate-if-enough`, those that are not too small to be judged."""
        name, over = requirement.id, " and ".join(cross.features)
        declared = [policy.feature(feature).groups for feature in cross.features]
        cells: list[Group] = [dict(zip(cross.features, values, strict=True)) for values in product(*declared)]
        if cross.mode == "gate":
            have = [(row["group"], row.get("versus")) for row in rows if row["gated"]]
            lacking = sum(pair not in have for pair in _cells(requirement, cells))
            return [f"'{name}' has no row for {lacking} of the groups of {over}."] if lacking else []
        found = []
        if not requirement.is_gap:
            seen = {tuple(sorted(row["group"].items())): row for row in rows}
            lacking = sum(tuple(sorted(cell.items())) not in seen for cell in cells)
            if lacking:
                found.append(f"'{name}' has no row for {lacking} of the groups of {over}.")
            evidence = METRICS[requirement.metric].evidence
            for cell in cells:
                row = seen.get(tuple(sorted(cell.items())))
                if row is not None and not row["gated"] and not too_few(people_of(row), evidence, policy):
                    found.append(f"'{name}' let {group_text(cell)} go, who are enough to be judged.")
        gone = [entry for entry in self.let_go if list(entry.get("features", ())) == list(cross.features)]
        if not gone or any(entry["patients"] > cross.max_let_go_share * entry["of"] for entry in gone):
            found.append(f"it let too many go of {over}, or does not say how many.")
        return found


def _cells(requirement: Requirement, groups: list[Group]) -> Iterator[tuple[Group, Group | None]]:
    if requirement.criterion == "worst-group":
        yield from ((group, None) for group in groups)
    elif requirement.criterion == "between-groups":
        yield from permutations(groups, 2)
    else:
        for group in groups:
            yield from ((group, {}), ({}, group))


def people_of(row: Row) -> People:
    """Who a row is about. Raises LookupError, TypeError or ValueError for counts that are none."""
    names = ("patients", "units", "cases", "controls", "unreadable", "contributing_patients", "denominator")
    if not all(type(row[name]) is int and 0 <= row[name] <= MAX_COUNT for name in names):
        raise ValueError(f"its counts must be whole numbers from 0 to {MAX_COUNT:,}")
    patients, units, cases, controls, unreadable, contributing, denominator = (row[name] for name in names)
    return People(patients, units, cases, controls, unreadable, 0, contributing, denominator)


def group_text(group: Mapping[str, Any]) -> str:
    """A group for a sentence."""
    return " and ".join(f"{name.replace('_', ' ')} {value}" for name, value in group.items()) or "everybody"


def _pair_text(group: Group, versus: Group | None) -> str:
    return group_text(group) + ("" if versus is None else f" against {group_text(versus)}")


def _counts_problem(row: Row, metric: Metric, group: GroupNumbers, versus: GroupNumbers | None) -> str:
    """Which counts or estimates of a row are not those of its patients; empty if all are."""
    people = people_of(row)
    cases, controls, answered = people.n_positive, people.n_negative, people.denominator
    below = {"tpr": cases, "lesion_sensitivity": cases, "fpr": controls}.get(metric.name, cases + controls)
    if metric.evidence != "units" and metric.name != "dice":  # Dice is of outlines, which not every case has
        silent = people.unreadable if metric.evidence != "cases" else 0
        if not answered <= below <= answered + silent:
            return "its cases and controls are not those of its patients."
    counted = group.patients, group.contributing, group.denominator
    if (people.patients, people.contributing, answered) != counted:
        return "its counts are not those of its patients."
    wanted = group.estimate - (0.0 if versus is None else versus.estimate)
    if not _is_near(row["estimate"], wanted):
        return f"its patients' counts give the estimate {wanted:.6f}, and it says {row['estimate']}."
    return ""


def _bound_problem(
    row: Row, requirement: Requirement, policy: Policy, group: GroupNumbers, versus: GroupNumbers | None, times: Floats
) -> Iterator[str]:
    """Whether the bound of a row is the one that its groups' bounds give."""
    sides = [side for side, limit in enumerate((requirement.low, requirement.high)) if limit is not None]
    wider, found = policy.evidence.interval == "cluster-bootstrap", {}
    for side in sides:
        found[side], shared = (group.high if side else group.low, False)
        if versus is not None:
            found[side], shared = group.gap(versus, times, side)
        wider |= shared
    if len(sides) == 2:  # of two, the one nearer to trouble is printed, and both must clear
        assert requirement.low is not None
        assert requirement.high is not None
        if not requirement.low - SUMMED <= found[0] <= found[1] <= requirement.high + SUMMED:
            yield f"its patients' counts give the bounds {found[0]:.6f} and {found[1]:.6f}, which do not clear it."
            return
        sides = [0 if found[0] - requirement.low < requirement.high - found[1] else 1]
    (side,), opinion = sides, row.get("bootstrap_bound")
    wanted = found[side]
    if wider and opinion is not None:
        wanted = max(wanted, opinion) if side else min(wanted, opinion)
    if not _is_near(row["bound"], wanted):
        yield f"its patients' counts give the bound {wanted:.6f}, and it says {row['bound']}."


def _is_near(value: Any, wanted: float) -> bool:
    if not math.isfinite(wanted):
        return value is None
    return type(value) in (int, float) and abs(value - wanted) <= SUMMED * max(1.0, abs(wanted))


def _same_limit(found: Any, wanted: float | tuple[float, float]) -> bool:
    pair = tuple(found) if isinstance(found, list) else (found,)
    other = wanted if isinstance(wanted, tuple) else (wanted,)
    return len(pair) == len(other) and all(
        isinstance(a, (int, float)) and abs(a - b) <= ROUNDING for a, b in zip(pair, other, strict=True)
    )


def _clears(bound: Any, requirement: Requirement) -> bool:
    if not isinstance(bound, (int, float)):
        return False
    return (requirement.low is None or bound >= requirement.low - ROUNDING) and (
        requirement.high is None or bound <= requirement.high + ROUNDING
    )
