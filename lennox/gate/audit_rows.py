"""Whether the rows of an audit are those that its policy demands, and hold what their own counts can show.

Which rows there must be is derived from the policy and from what the audit says of the people ("did not say" is a
group, too). What a row may say at best is computed anew from its counts: no bound of lennox is tighter than the exact
one over as many independent units (Clopper & Pearson 1934), since units of one patient never hold more evidence than
that. A bound beyond it was not measured. Needs NumPy alone: this runs at each load.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations, product
from typing import Any

import numpy as np

from lennox.policy.metrics import METRICS
from lennox.policy.minimums import People, too_few
from lennox.policy.policy import Intersection, Policy, Requirement

PASS = "PASS"  # noqa: S105 - not a password
ROUNDING = 1e-6  # numbers in an audit.json have six decimals
MAX_COUNT = 10_000_000  # of units; the chance of a count is summed over as many terms
SLACK = 1.01  # of a level: bounds are found to a part in a hundred of it
Row = Mapping[str, Any]
Group = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AuditRows:
    """The rows, and what the audit says of all its people.

    patients : audited; unknown_share : feature -> share of them who did not say; let_go : as the audit has it
    """

    rows: tuple[Row, ...]
    patients: int
    unknown_share: Mapping[str, float]
    let_go: tuple[Mapping[str, Any], ...]

    def problems(self, requirement: Requirement, policy: Policy) -> list[str]:
        """What contradicts the PASS of one requirement, a sentence each."""
        name = requirement.id
        rows = [row for row in self.rows if row["requirement"] == name]
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
            found += [f"'{name}', {group_text(row['group'])}: {problem}" for problem in _row(row, requirement, policy)]
        return found

    def unknown_problems(self, policy: Policy) -> list[str]:
        """Whether it says for each gated feature how many did not say, and that they are not too many."""
        found = []
        for feature in policy.gated_features():
            share = self.unknown_share.get(feature.name)
            if share is None or not 0.0 <= share <= 1.0:
                found.append(f"it does not say how many are '{policy.unknown.name}' for {feature.name}.")
            elif share > policy.unknown.max_share + ROUNDING:
                found.append(f"too many are '{policy.unknown.name}' for {feature.name}.")
        return found

    def _demanded(self, requirement: Requirement, policy: Policy) -> Iterator[tuple[Group, Group | None]]:
        """Each group of each feature, those who did not say where there are any; or the pairs of them."""
        for name in requirement.over:
            groups: list[Group] = [{name: group} for group in policy.feature(name).groups]
            if self.unknown_share.get(name, 0.0) > 0.0:
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


def _row(row: Row, requirement: Requirement, policy: Policy) -> Iterator[str]:
    """What is wrong with one row."""
    bound, metric = row["bound"], METRICS[requirement.metric]
    if not _same_limit(row["limit"], requirement.limit):
        yield f"it was judged against the limit {row['limit']}, the policy says {requirement.limit}."
    elif (row["metric"], row["criterion"]) != (requirement.metric, requirement.criterion):
        yield "it is of another metric or criterion."
    elif row["gated"]:
        people = people_of(row)
        if row["verdict"] != PASS:
            yield f"it is {row['verdict']}."
        elif not _clears(bound, requirement):
            yield f"the bound {bound} does not clear the limit {row['limit']}."
        elif not _clears(row.get("bootstrap_bound", bound), requirement) and row["bootstrap_bound"] is not None:
            yield "the bootstrap's bound contradicts it."
        elif lacking := too_few(people, metric.evidence, policy):
            yield f"{lacking}."
        elif impossible := _impossible(row, people, requirement, policy):
            yield impossible


def _impossible(row: Row, people: People, requirement: Requirement, policy: Policy) -> str:
    """Why a row cannot have been measured, whatever the data were; empty if it can."""
    metric, estimate, bound = METRICS[requirement.metric], row["estimate"], row["bound"]
    if people.contributing > min(people.patients, people.denominator) or people.n_positive + people.n_negative > max(
        people.units, people.denominator
    ):
        return "its counts contradict each other."
    if type(estimate) not in (int, float) or not math.isfinite(estimate):
        return "it has no estimate."
    reach = metric.high - metric.low if requirement.is_gap else 0.0
    low, high = (-reach, reach) if requirement.is_gap else (metric.low, metric.high)
    if not low - ROUNDING <= estimate <= high + ROUNDING:
        return f"no value of {requirement.metric} is {estimate}."
    upper = requirement.low is None
    one_limit = requirement.low is None or requirement.high is None
    if one_limit and (estimate - bound if upper else bound - estimate) > ROUNDING:
        return f"the bound {bound} is on the wrong side of the estimate {estimate}."
    if metric.family != "proportion" or requirement.is_gap:
        return ""
    count, units = estimate * people.denominator, people.denominator
    if abs(count - round(count)) > ROUNDING * units + ROUNDING:
        return f"{estimate} of {units} is no number of units."
    k = round(count)
    chance = _at_least(units - k if upper else k, units, 1.0 - bound if upper else bound)
    if chance > policy.evidence.alpha * SLACK + ROUNDING:
        return f"{k} of {units} do not show the bound {bound} at {policy.evidence.confidence:g} confidence."
    return ""


def _at_least(k: int, n: int, p: float) -> float:
    """Chance of k or more of n independent units, each with chance p."""
    if k <= 0 or p >= 1.0:
        return 1.0
    if p <= 0.0:
        return 0.0
    i = np.arange(k, n + 1, dtype=np.float64)
    steps = np.log((n - i[:-1]) / (i[:-1] + 1)) + math.log(p) - math.log1p(-p)
    first = (
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(p) + (n - k) * math.log1p(-p)
    )
    terms = first + np.concatenate([[0.0], np.cumsum(steps)])
    return float(np.exp(terms).sum())


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
