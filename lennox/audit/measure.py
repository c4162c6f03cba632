"""A table and a policy become measurements: one for each requirement and group, or pair of groups."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from lennox.audit.audit_table import AuditTable
from lennox.audit.content_order import content_order
from lennox.audit.denominators import Counted, counted
from lennox.audit.evidence import Evidence, GapEvidence, Measurement
from lennox.audit.group_evidence import Found, Sites, group_evidence
from lennox.audit.grouping import Cells, cells_of, people_by_cell
from lennox.audit.patient_counts import MetricCounts, patient_counts
from lennox.gate.group_bounds import GroupRows
from lennox.policy.metrics import METRICS, MetricName
from lennox.policy.minimums import People, too_few
from lennox.policy.policy import Intersection, Policy, Requirement
from lennox.statistics.bootstrap import PerCell, Ratio, Statistic, resample
from lennox.statistics.calibration import calibration_line
from lennox.statistics.rates import error_correlation
from lennox.statistics.roc import roc_area

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Audit:
    """What was measured, before anybody judges it.

    measurements : every cell of every requirement, in the policy's order
    unknown_share : feature -> share of patients who did not say
    let_go : (features, people in cells that `gate-if-enough` let go, people in all)
    counts : what each patient adds to each metric, from which all bounds can be counted again
    attempt, look : how many audits of the same data this makes, and how many that were not repeats
    """

    table: AuditTable
    measurements: tuple[Measurement, ...]
    unknown_share: Mapping[str, float]
    exempted: tuple[tuple[tuple[str, ...], int, int], ...] = ()
    counts: tuple[MetricCounts, ...] = ()
    attempt: int = 1
    look: int = 1
    history: tuple[Mapping[str, str], ...] = field(default=())

    def _repr_html_(self) -> str:
        """What a notebook shows: each estimate, which is no verdict."""
        from lennox.report.notebook import html_table

        rows = [
            (
                one.requirement,
                ", ".join(value for _, value in one.group) or "everybody",
                "" if one.versus is None else ", ".join(value for _, value in one.versus) or "everybody",
                str(one.people.patients),
                "–" if one.evidence is None else f"{one.evidence.estimate:.3g}",
            )
            for one in self.measurements
        ]
        heads = ("requirement", "group", "compared with", "patients", "estimate")
        return f"<p>Measured, and not judged yet: <code>judge(audit, policy)</code></p>{html_table(heads, rows)}"


@dataclass(frozen=True, slots=True)
class _Measured:
    """One metric over one set of cells; the last cell is everybody."""

    count: Counted
    cells: Cells
    people: list[People]
    found: list[Found | None]
    missing: Floats  # (cells, 2) units that may count, without a label (or count), for a floor and for a ceiling
    draws: Floats


def audit(table: AuditTable, policy: Policy) -> Audit:
    """Measure `table` as `policy` asks. Raises InputError if they lack what a metric needs."""
    wanted = _wanted(policy)
    measured = _measure_all(table, policy, wanted)
    shares, excess, missing = _unknown_shares(table, policy)
    found: list[Measurement] = []
    exempted: dict[tuple[str, ...], tuple[int, int]] = {}
    for requirement in policy.requirements:
        for name in requirement.over:
            found += _cells(requirement, measured[requirement.metric, (name,)], policy)
        for cross in _crossed(requirement, policy):
            key = requirement.metric, cross.features
            cells, gone = _intersection(requirement, cross, measured[key], policy)
            found += cells
            if cross.mode == "gate-if-enough":
                total = measured[key].people[-1].patients
                exempted[cross.features] = max(gone, exempted.get(cross.features, (0, 0))[0]), total
    if excess:
        found = [
            replace(cell, excess=cell.excess or excess, excess_patients=cell.excess_patients or missing)
            for cell in found
        ]
    gone_cells = tuple((features, *numbers) for features, numbers in exempted.items())
    return Audit(table, tuple(found), shares, gone_cells, tuple(_counts(table, policy, measured)))


def _counts(
    table: AuditTable, policy: Policy, measured: Mapping[tuple[MetricName, tuple[str, ...]], _Measured]
) -> Iterator[MetricCounts]:
    """With everybody as the last group where groups are compared with everybody; not of what is only reported."""
    reported = {cross.features for cross in policy.intersections if cross.mode == "report"}
    overall = {requirement.metric for requirement in policy.requirements if requirement.criterion == "to-overall"}
    for (metric, features), found in measured.items():
        if features in reported:
            continue
        names = (*found.cells.names, *([()] if metric in overall else []))
        groups = tuple((name, one.evidence if one else None) for name, one in zip(names, found.found, strict=False))
        yield MetricCounts(metric, features, groups, *patient_counts(table, found.count, found.cells))


def _wanted(policy: Policy) -> list[tuple[MetricName, tuple[str, ...]]]:
    keys: list[tuple[MetricName, tuple[str, ...]]] = [
        (requirement.metric, (name,)) for requirement in policy.requirements for name in requirement.over
    ]
    keys += [(r.metric, cross.features) for r in policy.requirements for cross in _crossed(r, policy)]
    return list(dict.fromkeys(keys))


def _crossed(requirement: Requirement, policy: Policy) -> list[Intersection]:
    """Intersections that a requirement applies to: those of features it protects."""
    return [cross for cross in policy.intersections if set(cross.features) <= set(requirement.over)]


def _measure_all(
    table: AuditTable, policy: Policy, wanted: list[tuple[MetricName, tuple[str, ...]]]
) -> dict[tuple[MetricName, tuple[str, ...]], _Measured]:
    """Every metric over every set of cells, on the same draws of patients."""
    rows = {metric: counted(table, policy, metric) for metric, _ in wanted}
    cells = {features: cells_of(table, policy, features) for _, features in wanted}
    overall = {requirement.metric for requirement in policy.requirements if requirement.criterion == "to-overall"}
    order = content_order(table, policy)
    statistics: list[Statistic] = [
        _statistic(table, order, rows[metric], cells[features], metric in overall) for metric, features in wanted
    ]
    draws = resample(statistics, table.patients, policy.evidence.resamples, policy.evidence.seed)
    return {
        key: _measured(table, rows[key[0]], cells[key[1]], statistic, drawn, policy)
        for key, statistic, drawn in zip(wanted, statistics, draws, strict=True)
    }


def _with_everybody(table: AuditTable, count: Counted, cells: Cells) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(places in the metric's rows, cell) of every row in its cell, and again in the cell of everybody."""
    code = cells.code[count.rows]
    inside = np.flatnonzero(code >= 0)
    return np.concatenate([inside, inside]), np.concatenate([code[inside], np.full(len(inside), len(cells.names))])


def _statistic(table: AuditTable, order: NDArray[np.int64], count: Counted, cells: Cells, overall: bool) -> Statistic:
    place, cell = _with_everybody(table, count, cells)
    metric, number = METRICS[count.metric], len(cells.names) + 1
    counts = count.bottom[place] > 0
    place, cell = place[counts], cell[counts]
    patient = order[table.patient[count.rows[place]]]
    if metric.family in ("proportion", "mean"):
        return Ratio.of(cell, patient, count.top[place], count.bottom[place], (number, table.patients))
    label, score = table.label[count.rows[place]].astype(np.int64), table.score[count.rows[place]]
    needed = number if overall else number - 1  # everybody together costs as much as all groups
    rows = tuple(
        (patient[here], label[here], score[here]) for here in ((cell == one) & (one < needed) for one in range(number))
    )
    return PerCell(rows, _FUNCTIONS[count.metric])


_FUNCTIONS = {
    "auc": roc_area,
    "calibration_intercept": lambda label, score, weights: calibration_line(label, score, weights)[0],
    "calibration_slope": lambda label, score, weights: calibration_line(label, score, weights)[1],
}


def _measured(
    table: AuditTable, count: Counted, cells: Cells, statistic: Statistic, draws: Floats, policy: Policy
) -> _Measured:
    place, cell = _with_everybody(table, count, cells)
    number, patient = len(cells.names) + 1, table.patient[count.rows[place]]
    label, score = table.label[count.rows[place]], table.score[count.rows[place]]
    people = people_by_cell(
        cell,
        number,
        patient,
        n_positive=count.n_positive[place],
        n_negative=count.n_negative[place],
        unreadable=~np.isfinite(score),
        unlabelled=label < 0,
        bottom=count.bottom[place],
    )
    points = statistic(np.ones((table.patients, 1), np.float32))[0]
    order = np.argsort(cell, kind="stable")
    ends = np.searchsorted(cell[order], np.arange(number + 1))
    wider, found = policy.evidence.interval == "cluster-bootstrap", []
    sites = Sites(len(table.sites), table.site) if table.sites else None
    for one in range(number):
        here = order[ends[one] : ends[one + 1]]
        columns = (values[place[here]] for values in (count.top, count.bottom, count.open_low, count.open_high))
        rows = GroupRows(patient[here], label[here], score[here], *columns)
        found.append(group_evidence(METRICS[count.metric], rows, float(points[one]), draws[:, one], wider, sites))
    unknown = (label < 0) | (METRICS[count.metric].family == "mean" and not math.isfinite(METRICS[count.metric].high))
    missing = np.stack(
        [np.bincount(cell, np.where(unknown, side[place], 0.0), number) for side in (count.open_low, count.open_high)],
        axis=1,
    ).astype(np.float64)
    return _Measured(count, cells, people, found, missing, draws)


def _evidence(measured: _Measured, policy: Policy, a: int, b: int | None) -> Evidence | None:
    """The evidence on cell a, or on its difference to cell b; None where nobody is."""
    first = measured.found[a]
    if first is None or b is None:
        return first.evidence if first else None
    second = measured.found[b]
    if second is None:
        return None
    correlation = error_correlation(first.patients, first.errors, second.patients, second.errors)
    wider = policy.evidence.interval == "cluster-bootstrap"
    draws = measured.draws[:, a] - measured.draws[:, b]
    return GapEvidence(first.evidence, second.evidence, correlation, draws, wider)


def _cells(requirement: Requirement, measured: _Measured, policy: Policy) -> list[Measurement]:
    """The measurements of one feature, or of crossed features that are gated."""
    number = len(measured.cells.names)
    if requirement.criterion == "worst-group":
        pairs: list[tuple[int, int | None]] = [(a, None) for a in range(number)]
    elif requirement.criterion == "between-groups":
        pairs = [(a, b) for a in range(number) for b in range(number) if a != b]
    else:
        pairs = [pair for a in range(number) for pair in ((a, number), (number, a))]
    return [_one(requirement, measured, policy, a, b) for a, b in pairs]


def _one(requirement: Requirement, measured: _Measured, policy: Policy, a: int, b: int | None) -> Measurement:
    names = (*measured.cells.names, ())
    people = measured.people[a], None if b is None else measured.people[b]
    excess, patients, allowed = "", None, policy.evidence.max_missing_labels
    for one, who in zip((a, b), people, strict=True):
        missing = 0.0 if one is None else _missing(measured, requirement, one, b is not None)
        if one is None or who is None or not missing:
            continue
        share = missing / (missing + who.denominator)
        if share > allowed:
            name = names[one][-1][1] if names[one] else "everybody"
            excess = (
                f"{100 * share:.1f} % of the labels or counts that matter in {name} are missing "
                f"({100 * allowed:g} % allowed)"
            )
            more = missing / allowed - who.denominator - missing if allowed else 0.0
            patients = max(1, math.ceil(more * who.patients / who.units)) if more > 0 else None
    return Measurement(
        requirement.id,
        names[a],
        people[0],
        _evidence(measured, policy, a, b),
        versus=None if b is None else names[b],
        versus_people=people[1],
        excess=excess,
        excess_patients=patients,
    )


def _missing(measured: _Measured, requirement: Requirement, cell: int, gap: bool) -> float:
    """Units of a cell that may count against the requirement and have no label (or count)."""
    sides = [requirement.low is not None or gap, requirement.high is not None]
    return float(max(measured.missing[cell][sides]))


def _intersection(
    requirement: Requirement, cross: Intersection, measured: _Measured, policy: Policy
) -> tuple[list[Measurement], int]:
    """Measurements of crossed features by their mode, and the patients in cells that were let go."""
    evidence = METRICS[requirement.metric].evidence
    small = [bool(too_few(people, evidence, policy)) for people in measured.people]
    number = len(measured.cells.names)
    gone = sum(measured.people[a].patients for a in range(number) if small[a])
    if cross.mode == "gate":
        return _cells(requirement, measured, policy), 0
    floor = requirement.criterion == "worst-group"
    if cross.mode == "report":
        shown = [_one(requirement, measured, policy, a, None) for a in range(number)] if floor else []
        return [replace(cell, gated=False, note="reported only") for cell in shown], 0
    too_many = gone > cross.max_let_go_share * max(measured.people[-1].patients, 1)
    where = {name: index for index, name in enumerate(measured.cells.names)}
    kept = []
    for cell in _cells(requirement, measured, policy):
        thin = small[where[cell.group]] or (cell.versus is not None and small[where.get(cell.versus, -1)])
        if thin and not too_many:
            if floor:
                kept.append(replace(cell, gated=False, note="let go: too few people to judge"))
        else:
            kept.append(cell)
    return kept, gone


def _unknown_shares(table: AuditTable, policy: Policy) -> tuple[dict[str, float], str, int | None]:
    """Share of patients who did not say, by feature; what is wrong if one is above the policy's maximum.

    A patient of whom some films are in a group and some in none counts by the part that is in none.
    """
    shares: dict[str, float] = {}
    reasons: list[str] = []
    missing = 0
    for feature in policy.gated_features():
        group = table.group[feature.name]
        patient = table.patient[group >= 0]
        units = np.bincount(patient, minlength=table.patients)
        silent = np.bincount(patient, group[group >= 0] == len(feature.groups), table.patients)
        everybody = int((units > 0).sum())
        quiet = float((silent[units > 0] / units[units > 0]).sum())
        shares[feature.name] = quiet / everybody if everybody else 0.0
        if shares[feature.name] > policy.unknown.max_share:
            reasons.append(feature.name)
            missing = max(missing, math.ceil(quiet / policy.unknown.max_share) - everybody)
    allowed = f"({100 * policy.unknown.max_share:g} % allowed)"
    named = ", ".join(name.replace("_", " ") for name in reasons)
    reason = f"too many are '{policy.unknown.name}' for {named} {allowed}" if reasons else ""
    return shares, reason, missing or None
