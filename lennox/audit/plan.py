"""What a limit costs in patients, and the chance that a model of a given quality passes: for before ratification.

Simulated through the gate's own bounds, at the level of a first attempt, with teeth of one patient alike. Groups are
taken as equal in size and made of different people, and features as independent, which is pessimistic where they
overlap. Requirements on the same metric and feature are judged on the same simulated people, so that the chance that
all pass is theirs together; different metrics are taken as independent.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from lennox.audit.planned_groups import draw_groups, line_chance
from lennox.errors import InputError
from lennox.policy.metrics import METRICS
from lennox.policy.policy import Policy, Requirement
from lennox.statistics.spending import spent

PATIENTS = (30, 75, 150, 250, 500, 1000)
_MOST = 16_000  # patients of a group, beyond which a plan says "never"


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is taken for true in a plan.

    truths : true share of right answers in every group: found among diseased, unflagged among healthy
    icc : intraclass correlation of one patient's answers; per_patient : diseased (or healthy) units each patient brings
    """

    truths: tuple[float, ...] = (0.85, 0.90, 0.95)
    icc: float = 0.3
    per_patient: float = 1.0

    def __post_init__(self) -> None:
        if not self.truths or not all(0.0 < truth < 1.0 for truth in self.truths):
            raise InputError(f"a true rate must be above 0 and below 1, got {self.truths}; write for example 0.85,0.9")
        if not 0.0 <= self.icc <= 1.0:
            raise InputError(f"the ICC must be in 0..1, got {self.icc:g}")
        if not 0.0 < self.per_patient <= 1000.0:
            raise InputError(f"cases per patient must be above 0, got {self.per_patient:g}")

    @property
    def design_effect(self) -> float:
        """Units for one independent unit; a patient with one unit at most has none to share it with."""
        return 1.0 + max(self.per_patient - 1.0, 0.0) * self.icc


@dataclass(frozen=True, slots=True)
class Cost:
    """What one requirement costs at one true value of its metric.

    groups : how many groups it protects, feature by feature
    patients_80, patients_90 : per group, for the requirement to pass with that chance; None: it cannot
    chances : patients per group -> chance that the requirement passes
    """

    requirement: str
    plain: str
    truth: float
    groups: tuple[int, ...]
    patients_80: int | None
    patients_90: int | None
    chances: dict[int, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """Every requirement, at every true rate. joint : true rate -> patients per group -> chance that all pass.

    skipped : requirements that are not planned, and count as passed in `joint`: gaps of calibration lines
    """

    assumptions: Assumptions
    costs: tuple[Cost, ...]
    joint: dict[float, dict[int, float]]
    skipped: tuple[str, ...]


def plan(policy: Policy, assumptions: Assumptions | None = None, *, seed: int = 1) -> Plan:
    """What each limit of `policy` costs."""
    assumptions = assumptions or Assumptions()
    skipped = tuple(r.id for r in policy.requirements if _is_line(r) and r.criterion != "worst-group")
    planned = [requirement for requirement in policy.requirements if requirement.id not in skipped]
    costs = []
    for requirement in planned:
        values = dict.fromkeys(true_value(requirement, truth) for truth in assumptions.truths)
        costs += [_cost(requirement, policy, value, assumptions, seed) for value in values]
    joint = {
        truth: {patients: joint_chance(planned, policy, truth, patients, assumptions, seed) for patients in PATIENTS}
        for truth in assumptions.truths
    }
    return Plan(assumptions, tuple(costs), joint, skipped)


def true_value(requirement: Requirement, truth: float) -> float:
    """What is taken for the metric's true value where a share `truth` of answers is right.

    `truth` itself for shares found, areas and Dice; its rest for false alarms; half of what is allowed for marks and
    errors; and perfect calibration.
    """
    metric = METRICS[requirement.metric]
    if metric.family == "calibration":
        return 1.0 if requirement.metric == "calibration_slope" else 0.0
    if metric.better == "at-least":
        return truth
    if metric.family == "proportion":
        return round(1.0 - truth, 9)
    return (requirement.high or 0.0) / 2


def _cost(requirement: Requirement, policy: Policy, value: float, assumptions: Assumptions, seed: int) -> Cost:
    groups = tuple(len(policy.feature(name).groups) for name in requirement.over)
    known: dict[int, float] = {}

    def chance(patients: int) -> float:
        if patients not in known:
            known[patients] = pass_chance([requirement], policy, value, patients, assumptions, seed)
        return known[patients]

    chances = {patients: chance(patients) for patients in PATIENTS}
    needed = [None if _hopeless(requirement, value) else _needed(chance, share) for share in (0.8, 0.9)]
    return Cost(requirement.id, requirement.plain, value, groups, needed[0], needed[1], chances)


def _hopeless(requirement: Requirement, value: float) -> bool:
    """Whether the truth is not better than a floor or ceiling."""
    return requirement.criterion == "worst-group" and not (
        (requirement.low is None or value > requirement.low) and (requirement.high is None or value < requirement.high)
    )


def joint_chance(
    requirements: Sequence[Requirement],
    policy: Policy,
    truth: float,
    patients: int,
    assumptions: Assumptions,
    seed: int = 1,
) -> float:
    """The chance that all `requirements` pass with so many patients in every group."""
    chance = 1.0
    by_value = sorted(requirements, key=lambda r: (r.metric, true_value(r, truth)))
    for (_, value), together in itertools.groupby(by_value, key=lambda r: (r.metric, true_value(r, truth))):
        chance *= pass_chance(list(together), policy, value, patients, assumptions, seed)
    return chance


def pass_chance(
    requirements: Sequence[Requirement],
    policy: Policy,
    value: float,
    patients: int,
    assumptions: Assumptions,
    seed: int = 1,
) -> float:
    """The chance that all `requirements`, which are on one metric, pass where it is truly `value` in every group."""
    if any(patients < _least(requirement, policy, assumptions) for requirement in requirements):
        return 0.0
    alpha, metric = spent(policy.evidence.alpha, 1), requirements[0].metric
    said = assumptions.per_patient, assumptions.icc
    chance = 1.0
    for name in dict.fromkeys(name for requirement in requirements for name in requirement.over):
        here = [requirement for requirement in requirements if name in requirement.over]
        groups, rng = len(policy.feature(name).groups), np.random.default_rng([seed, patients])
        if METRICS[metric].family == "calibration":
            limits = max(r.low or -math.inf for r in here), min(r.high or math.inf for r in here)
            chance *= line_chance(metric, limits, alpha, patients, *said, rng) ** groups
            continue
        drawn = draw_groups(metric, value, groups, patients, *said, rng)
        floors = [r for r in here if r.criterion == "worst-group"]
        passed = [drawn.passes(r.low, r.high, alpha).all(-1) for r in floors]
        gaps = [r.high or 0.0 for r in here if r.criterion != "worst-group"]
        if gaps:
            passed.append(drawn.gap_upper_bounds(alpha) <= min(gaps))
        chance *= float(np.all(passed, axis=0).mean())
    return chance


def _is_line(requirement: Requirement) -> bool:
    return METRICS[requirement.metric].family == "calibration"


def _least(requirement: Requirement, policy: Policy, assumptions: Assumptions) -> int:
    """Patients that bring the policy's minima."""
    evidence = METRICS[requirement.metric].evidence
    need = {"cases": (policy.evidence.min_cases,), "controls": (policy.evidence.min_controls,)}
    units = max(
        need.get(evidence, (0,) if evidence == "units" else (policy.evidence.min_cases, policy.evidence.min_controls))
    )
    patients = policy.evidence.min_patients / min(assumptions.per_patient, 1.0)
    return max(math.ceil(patients), math.ceil(units / assumptions.per_patient))


def _needed(chance: Callable[[int], float], share: float) -> int | None:
    """Patients for a chance of `share`, between sizes by a straight line on the normal scale; None beyond the most."""
    low, high = PATIENTS[0] // 2, PATIENTS[0]
    while chance(high) < share:
        low, high = high, high * 2
        if high > _MOST:
            return None
    while high > low * 1.5:
        middle = round(math.sqrt(low * high))
        low, high = (low, middle) if chance(middle) >= share else (middle, high)
    ends = special.ndtri(np.clip([chance(low), share, chance(high)], 1e-4, 1 - 1e-4))
    part = (ends[1] - ends[0]) / max(ends[2] - ends[0], 1e-9)
    return min(high, math.ceil(low + (high - low) * float(np.clip(part, 0.0, 1.0))))
