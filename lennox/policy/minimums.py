"""Whether a group brings the people, cases and controls that the policy asks for before it is judged at all."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lennox.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class People:
    """Who a group is made of, before any metric.

    patients, units : of the group; n_positive, n_negative : units with and without disease
    unreadable : units that the model could not read; unlabelled : units without a label
    contributing : patients with at least one unit in the metric's denominator
    denominator : those units
    """

    patients: int
    units: int
    n_positive: int
    n_negative: int
    unreadable: int
    unlabelled: int
    contributing: int
    denominator: int


def too_few(people: People, evidence: str, policy: Policy) -> str:
    """Which minimum of the policy is not reached, as a sentence part; empty if all are."""
    need = policy.evidence
    lacking = []
    if people.patients < need.min_patients:
        lacking.append(f"{people.patients} of {need.min_patients} patients")
    elif people.contributing < need.min_patients:
        kind = {"cases": " with cases", "controls": " with controls"}.get(evidence, " that count")
        lacking.append(f"{people.contributing} of {need.min_patients} patients{kind}")
    if evidence in ("cases", "both") and people.n_positive < need.min_cases:
        lacking.append(f"{people.n_positive} of {need.min_cases} cases")
    if evidence in ("controls", "both") and people.n_negative < need.min_controls:
        lacking.append(f"{people.n_negative} of {need.min_controls} controls")
    return "too few: " + ", ".join(lacking) if lacking else ""


def for_minimum(people: People, evidence: str, policy: Policy) -> int:
    """Patients a group lacks to reach the policy's minima, at the cases and controls per patient that it has."""
    need, patients = policy.evidence, max(people.patients, 1)
    lacking = [float(need.min_patients - people.patients)]
    if people.contributing < need.min_patients:
        lacking.append((need.min_patients - people.contributing) * patients / max(people.contributing, 1))
    for kind, have, wanted in (
        ("cases", people.n_positive, need.min_cases),
        ("controls", people.n_negative, need.min_controls),
    ):
        if evidence in (kind, "both") and have < wanted:
            lacking.append((wanted - have) * patients / have if have else float(wanted))
    return max(0, math.ceil(max(lacking)))
