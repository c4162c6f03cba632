"""What a limit costs in patients, and the chance that a model of a given quality passes: for before ratification.

Simulated with the gate's own bounds on independent units; several units from one patient are then paid for with the
design effect 1 + (units per patient - 1) * ICC. Groups are taken as equal in size and as different people, which is
pessimistic where they overlap.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from lennox.errors import InputError
from lennox.policy.metrics import METRICS
from lennox.policy.policy import Policy, Requirement
from lennox.statistics import intervals
from lennox.statistics.rates import RateSums

PATIENTS = (30, 75, 150, 250, 500, 1000)
_REPETITIONS = 2000
_MOST = 200_000


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is taken for true in a plan.

    truths : true share of right answers in every group: found among diseased, unflagged among healthy
    icc : likeness of one patient's answers; per_patient : diseased (or healthy) units each patient brings
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
    """What one requirement costs at one true rate.

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
    """Every requirement that concerns rates, at every true rate; `skipped` are the others."""

    assumptions: Assumptions
    costs: tuple[Cost, ...]
    skipped: tuple[str, ...]


def plan(policy: Policy, assumptions: Assumptions | None = None, *, seed: int = 1) -> Plan:
    """What each limit of `policy` costs."""
    assumptions = assumptions or Assumptions()
    costs, skipped = [], []
    for requirement in policy.requirements:
        if METRICS[requirement.metric].family != "proportion":
            skipped.append(requirement.id)
            continue
        costs += [_cost(requirement, policy, truth, assumptions, seed) for truth in assumptions.truths]
    return Plan(assumptions, tuple(costs), tuple(skipped))


def _cost(requirement: Requirement, policy: Policy, truth: float, assumptions: Assumptions, seed: int) -> Cost:
    groups = tuple(len(policy.feature(name).groups) for name in requirement.over)
    rate = 1.0 - truth if METRICS[requirement.metric].better == "at-most" else truth
    minimum = _least(requirement, policy, assumptions)

    def chance(patients: int) -> float:
        if patients < minimum:
            return 0.0
        return pass_chance(
            requirement, policy, rate, patients * assumptions.per_patient / assumptions.design_effect, seed
        )

    hopeless = requirement.criterion == "worst-group" and not (
        (requirement.low is None or rate > requirement.low) and (requirement.high is None or rate < requirement.high)
    )
    needed = [None if hopeless else _needed(chance, share, minimum) for share in (0.8, 0.9)]
    chances = {patients: chance(patients) for patients in PATIENTS}
    return Cost(requirement.id, requirement.plain, truth, groups, needed[0], needed[1], chances)


def _least(requirement: Requirement, policy: Policy, assumptions: Assumptions) -> int:
    """Patients that bring the policy's minima."""
    evidence = METRICS[requirement.metric].evidence
    units = {"cases": policy.evidence.min_cases, "controls": policy.evidence.min_controls}.get(evidence, 0)
    patients = policy.evidence.min_patients / min(assumptions.per_patient, 1.0)
    return max(math.ceil(patients), math.ceil(units / assumptions.per_patient))


def pass_chance(requirement: Requirement, policy: Policy, rate: float, units: float, seed: int = 1) -> float:
    """Chance that `requirement` passes with `units` independent units per group, all groups truly at `rate`."""
    n = max(1, math.floor(units))
    alpha = policy.evidence.alpha
    chance = 1.0
    for name in requirement.over:
        groups = len(policy.feature(name).groups)
        if requirement.criterion == "worst-group":
            chance *= _floor_chance(requirement, rate, n, alpha) ** groups
        else:
            chance *= _gap_chance(requirement.high or 0.0, rate, n, groups, alpha, seed)
    return chance


def _floor_chance(requirement: Requirement, rate: float, n: int, alpha: float) -> float:
    """Exact: a Clopper-Pearson bound clears where the binomial test at the limit rejects."""
    chance = 1.0
    if requirement.low is not None:
        least = stats.binom.isf(alpha, n, requirement.low) + 1
        chance = float(stats.binom.sf(least - 1, n, rate))
    if requirement.high is not None:
        most = stats.binom.ppf(alpha, n, requirement.high)
        most -= stats.binom.cdf(most, n, requirement.high) > alpha
        chance = min(chance, float(stats.binom.cdf(most, n, rate)))
    return chance


def _gap_chance(limit: float, rate: float, n: int, groups: int, alpha: float, seed: int) -> float:
    """Simulated: every ordered pair's Newcombe bound must clear."""
    chances = np.random.default_rng(seed).random((_REPETITIONS, groups))  # the same for every n, so that it is smooth
    k = stats.binom.ppf(chances, n, rate)
    sums = independent(k, n)
    best, least = _extremes(sums, k)
    return float((intervals.gap_bounds(best, least, alpha)[1] <= limit).mean())


def _extremes(sums: RateSums, k: NDArray[np.float64]) -> tuple[RateSums, RateSums]:
    """With equal n the widest pair decides: the highest rate against the lowest."""
    rows = np.arange(len(k))

    def pick(where: NDArray[np.int64]) -> RateSums:
        return RateSums(*(np.asarray(getattr(sums, name)[rows, where]) for name in RateSums.__slots__))

    return pick(k.argmax(1)), pick(k.argmin(1))


def independent(k: NDArray[np.float64], n: float) -> RateSums:
    """Sums of k found among n patients with one unit each."""
    k = np.asarray(k, np.float64)
    full = np.full(k.shape, float(n))
    return RateSums(full, k, full, k, k, full, k)


def _needed(chance: Callable[[int], float], share: float, minimum: int) -> int | None:
    """Least patients for a chance of `share`, to 1 %."""
    high = max(minimum, 10)
    while chance(high) < share:
        high *= 2
        if high > _MOST:
            return None
    low = max(high // 2, minimum)
    if chance(low) >= share:
        return low
    while high - low > max(1, high // 100):
        middle = (low + high) // 2
        low, high = (low, middle) if chance(middle) >= share else (middle, high)
    return high
