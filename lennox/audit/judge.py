"""The verdict, from what was measured and what was asked: a pure function.

PASS needs every bound on the safe side (intersection-union, Berger 1982: bounds need no correction for each other), at
the level that this look at the same data has left, and the bootstrap's bound beside it. FAIL needs a bound beyond
its limit after Holm over every cell that could fail. Anything else is INSUFFICIENT EVIDENCE, which is neither good nor
bad, and does not open the gate.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from lennox.audit.evidence import Evidence, GroupEvidence, Measurement, from_one_site
from lennox.audit.measure import Audit
from lennox.policy.metrics import METRICS
from lennox.policy.minimums import for_minimum, too_few
from lennox.policy.policy import Policy, Requirement
from lennox.statistics.holm import holm
from lennox.statistics.spending import spent

MIN_USABLE = 0.99  # share of resamples in which a metric must be defined
MAX_PATIENTS = 1_000_000  # beyond this, "how many more" says only that the estimate lies at the limit
CHANCE = 0.80  # of being decided, with as many more patients as the report names


class Verdict(enum.StrEnum):
    """The three answers."""

    PASS = "PASS"  # noqa: S105 - not a password
    FAIL = "FAIL"
    INSUFFICIENT = "INSUFFICIENT EVIDENCE"


@dataclass(frozen=True, slots=True)
class Row:
    """One judged cell.

    bound : on the side that must clear; opposite_bound : on the other; adjusted_bound : that one at Holm's level
    second_bound : the percentile cluster bootstrap's opinion of `bound`
    needs_more_patients : about how many would decide it, if the rates stay as they are; None: decided, or unknown
    """

    measurement: Measurement
    requirement: Requirement
    verdict: Verdict
    reason: str
    bound: float
    opposite_bound: float
    adjusted_bound: float
    second_bound: float
    needs_more_patients: int | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on a policy, and on each cell; `by_requirement` sums up the gated ones."""

    verdict: Verdict
    rows: tuple[Row, ...]
    by_requirement: Mapping[str, Verdict]

    def _repr_html_(self) -> str:
        """What a notebook shows: the verdict, each requirement, and the cells that decide it, worst first."""
        from lennox.report.notebook import html_table

        order = [Verdict.FAIL, Verdict.INSUFFICIENT, Verdict.PASS]
        gated = sorted((row for row in self.rows if row.measurement.gated), key=lambda row: order.index(row.verdict))
        cells = [
            (row.requirement.id, cell_text(row.measurement), row.verdict.value, f"{row.bound:.3g}", row.reason)
            for row in gated
        ]
        verdicts = html_table(
            ("requirement", "verdict"), [(name, one.value) for name, one in self.by_requirement.items()]
        )
        heads = ("requirement", "group", "verdict", "bound", "why")
        return f"<p><b>{self.verdict.value}</b></p>{verdicts}{html_table(heads, cells)}"


def judge(audit: Audit, policy: Policy) -> Judgement:
    """Judge what was measured under a policy. The same audit and policy give the same judgement, always."""
    alpha = policy.evidence.alpha
    reasons = [_insufficient(cell, policy) for cell in audit.measurements]
    p_values = [
        math.nan
        if reason or not cell.gated or cell.evidence is None
        else fail_p_value(cell.evidence, policy.requirement(cell.requirement))
        for cell, reason in zip(audit.measurements, reasons, strict=True)
    ]
    rejected, levels = holm(np.array(p_values), alpha) if p_values else (np.zeros(0, bool), np.zeros(0))
    alpha = spent(alpha, audit.look)
    rows = tuple(
        _row(cell, policy, alpha, reason, bool(fails), float(level))
        for cell, reason, fails, level in zip(audit.measurements, reasons, rejected, levels, strict=True)
    )
    gated: dict[str, list[Verdict]] = {requirement.id: [] for requirement in policy.requirements}
    for row in rows:
        if row.measurement.gated:
            gated[row.requirement.id].append(row.verdict)
    by_requirement = {identity: overall(verdicts) for identity, verdicts in gated.items()}
    return Judgement(overall(list(by_requirement.values())), rows, by_requirement)


def overall(verdicts: list[Verdict]) -> Verdict:
    """FAIL if any fails: a hurt group is not excused by a missing one; PASS if all pass; nothing asked is no pass."""
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    if verdicts and all(verdict is Verdict.PASS for verdict in verdicts):
        return Verdict.PASS
    return Verdict.INSUFFICIENT


def passes(evidence: Evidence, requirement: Requirement, alpha: float) -> bool:
    """Whether every bound on the safe side clears its limit."""
    return (requirement.low is None or evidence.bound(0, alpha) >= requirement.low) and (
        requirement.high is None or evidence.bound(1, alpha) <= requirement.high
    )


def shows(evidence: Evidence, requirement: Requirement, alpha: float) -> bool:
    """What `passes` says, without computing bounds where there is a shorter way."""
    if not isinstance(evidence, GroupEvidence):
        return passes(evidence, requirement, alpha)
    return (requirement.low is None or evidence.low.exceeds(requirement.low, alpha)) and (
        requirement.high is None or evidence.high.exceeds(-requirement.high, alpha)
    )


def contradicts(opinion: tuple[float, float], requirement: Requirement) -> bool:
    """Whether the bootstrap's bounds lie beyond a limit; where it has none it says nothing."""
    return (requirement.low is not None and opinion[0] < requirement.low) or (
        requirement.high is not None and opinion[1] > requirement.high
    )


def fails(evidence: Evidence, requirement: Requirement, alpha: float) -> bool:
    """Whether a bound is beyond its limit at level alpha."""
    if isinstance(evidence, GroupEvidence):
        return (requirement.low is not None and evidence.high.exceeds(-requirement.low, alpha)) or (
            requirement.high is not None and evidence.low.exceeds(requirement.high, alpha)
        )
    return (requirement.low is not None and evidence.bound(1, alpha) < requirement.low) or (
        requirement.high is not None
        and evidence.estimate > requirement.high
        and evidence.bound(0, alpha) > requirement.high
    )


def fail_p_value(evidence: Evidence, requirement: Requirement) -> float:
    """Chance of an estimate this far beyond the limit, were the truth at it."""
    found = []
    if requirement.low is not None:
        found.append(evidence.p_values(requirement.low)[0])
    if requirement.high is not None:
        found.append(evidence.p_values(requirement.high)[1])
    return min(found)


def _insufficient(cell: Measurement, policy: Policy) -> str:
    """Why a cell cannot be decided before its bounds are looked at; empty if it can."""
    if cell.excess:
        return cell.excess
    metric = METRICS[policy.requirement(cell.requirement).metric]
    for people, name in ((cell.people, cell.group), (cell.versus_people, cell.versus)):
        lacking = people and too_few(people, metric.evidence, policy)
        if lacking:
            return f"{lacking} in {group_text(name or ())}" if cell.versus is not None else lacking
    if cell.evidence is None or not math.isfinite(cell.evidence.estimate):
        return "the metric is undefined here"
    if cell.evidence.usable < MIN_USABLE:
        return f"the metric is defined in {100 * cell.evidence.usable:.1f} % of resamples only (99 % needed)"
    return ""


def cell_text(cell: Measurement) -> str:
    """A group in words, and what it is compared with."""
    return group_text(cell.group) if cell.versus is None else f"{group_text(cell.group)}, {group_text(cell.versus)}"


def group_text(group: tuple[tuple[str, str], ...]) -> str:
    """A group as text: 'camera: phone', or 'everybody'."""
    return " and ".join(f"{feature}: {value}" for feature, value in group) or "everybody"


def _row(cell: Measurement, policy: Policy, alpha: float, reason: str, fails: bool, level: float) -> Row:
    requirement = policy.requirement(cell.requirement)
    bound = opposite = adjusted = second = math.nan
    verdict, needed = Verdict.INSUFFICIENT, None
    if cell.evidence is not None and math.isfinite(cell.evidence.estimate):
        side = _side(cell.evidence, requirement, alpha)
        bound, opposite = (cell.evidence.bound(one, alpha) for one in (side, 1 - side))
        opinion = cell.evidence.second_opinion(alpha)
        second = opinion[side]
        if math.isfinite(level):
            adjusted = cell.evidence.bound(1 - side, level)
    if not reason and cell.evidence is not None:
        if passes(cell.evidence, requirement, alpha):
            if not contradicts(opinion, requirement):
                verdict, reason = Verdict.PASS, "the bound clears the limit"
            else:
                reason = "the bound clears the limit, but the bootstrap of whole patients contradicts it"
        elif fails:
            verdict, reason = Verdict.FAIL, "beyond the limit, after correction for all comparisons"
        elif math.isinf(bound) and from_one_site(cell.evidence):
            reason = "too few sites: what differs between sites is not seen at one"
        elif math.isinf(bound):
            reason = "too few patients for any bound on this metric"
        else:
            reason = "the bounds lie on both sides of the limit: we cannot tell yet"
    if verdict is Verdict.INSUFFICIENT:
        needed = more_patients(cell, policy, alpha, level)
    return Row(cell, requirement, verdict, reason, bound, opposite, adjusted, second, needed)


def _side(evidence: Evidence, requirement: Requirement, alpha: float) -> int:
    """0 if the lower bound must clear, 1 if the upper must; of two, the one nearer to trouble."""
    if requirement.low is None:
        return 1
    if requirement.high is None:
        return 0
    low, high = (evidence.bound(side, alpha) for side in (0, 1))
    return 0 if low - requirement.low < requirement.high - high else 1


def more_patients(cell: Measurement, policy: Policy, alpha: float, level: float = math.nan) -> int | None:
    """About how many more patients decide a cell with a chance of 80 %, if its rates stay as they are.

    alpha : of this look; level : Holm's, NaN where the cell is no test

    For a pair, both groups are brought up together, and the sum is given. None where no number would.
    """
    requirement = policy.requirement(cell.requirement)
    evidence = METRICS[requirement.metric].evidence
    groups = [people for people in (cell.people, cell.versus_people) if people is not None]
    minimum = [people.patients + for_minimum(people, evidence, policy) for people in groups]
    if cell.excess:
        lacking = sum(for_minimum(people, evidence, policy) for people in groups)
        return max(cell.excess_patients or 0, lacking) or None
    stricter = float(special.ndtr(special.ndtri(alpha) - special.ndtri(CHANCE)))
    correction = (level if math.isfinite(level) else alpha) / policy.evidence.alpha

    def decided(target: float) -> bool:
        scales = [max(target, people.patients) / people.patients for people in groups]
        assert cell.evidence is not None
        more = cell.evidence.with_more(scales[0], scales[1] if len(scales) > 1 else math.inf)
        return shows(more, requirement, stricter) or fails(more, requirement, stricter * correction)

    targets = [float(value) for value in minimum]
    known = (
        cell.evidence is not None and math.isfinite(cell.evidence.estimate) and all(p.contributing > 1 for p in groups)
    )
    if known:
        low, high = float(min(minimum)), float(max(*minimum, 2))
        while not decided(high):
            low, high = high, high * 2
            if high > MAX_PATIENTS:
                return None
        while high - low > max(1.0, high / 100):
            middle = (low + high) / 2
            low, high = (low, middle) if decided(middle) else (middle, high)
        targets = [max(value, high) for value in targets]
    return max(
        1,
        sum(
            math.ceil(target) - people.patients
            for target, people in zip(targets, groups, strict=True)
            if target > people.patients
        ),
    )
