"""A new model beside the one in use, on the same units: does it lose more than is allowed in any group?

Each unit is its own control. What a patient's units gained, over how many there are, is a ratio of sums like every
other, whose worst is that each unit was right before and is wrong now; so it has the gate's own bound (`one_sided`),
which holds for few changes as for many. An area's gain is that of its placements. Where one model answered and the
other did not, the bound takes the new one's silence at its worst and the old one's at its best; where neither did,
nothing changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lennox.audit.audit_table import AuditTable
from lennox.audit.denominators import Counted, counted
from lennox.audit.grouping import cells_of, people_by_cell
from lennox.audit.judge import Verdict, overall
from lennox.errors import InputError
from lennox.gate.group_bounds import placements
from lennox.policy.metrics import METRICS, MetricName
from lennox.policy.minimums import People, too_few
from lennox.policy.policy import Policy
from lennox.statistics.holm import holm
from lennox.statistics.one_sided import RAREST, SILENT, Area, OneSided, Ratio, worst_count

Floats = NDArray[np.float64]
Group = tuple[tuple[str, str], ...]
MAX_LOSS = 0.05  # unless another is given


@dataclass(frozen=True, slots=True)
class GroupChange:
    """What one metric gained in one group; below 0: it lost.

    old, new : the metric, over what each model answered; gain : over pairs, higher is better whatever the metric
    low, high : one-sided bounds of the gain
    """

    metric: MetricName
    group: Group
    people: People
    old: float
    new: float
    gain: float
    low: float
    high: float
    p_value: float
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every group's change. max_loss : what a group may lose at most"""

    old: AuditTable
    new: AuditTable
    max_loss: float
    changes: tuple[GroupChange, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Rows of both tables in one order. gained, units : (rows,) of each; worst, best : what a unit can gain at least"""

    rows: NDArray[np.int64]
    gained: Floats
    units: Floats
    worst: float
    best: float


def compare(old: AuditTable, new: AuditTable, policy: Policy, max_loss: float = MAX_LOSS) -> Comparison:
    """Compare two models' answers on the same units, in every group that `policy` protects, by its metrics.

    Raises InputError for tables of other units, or a loss that is none. Calibration lines are not compared.
    """
    if not 0.0 < max_loss < 1.0:
        raise InputError(f"a loss must be above 0 and below 1, got {max_loss:g}; 0.05 is 5 of 100")
    old, new = _in_order(old), _in_order(new)
    _require_same_units(old, new)
    found = []
    for metric in dict.fromkeys(requirement.metric for requirement in policy.requirements):
        if METRICS[metric].family != "calibration":
            found += list(_changes(old, new, policy, metric, max_loss))
    asked = np.array([change.p_value for change in found])
    rejected = holm(np.where([bool(change.reason) for change in found], np.nan, asked), policy.evidence.alpha)[0]
    changes = tuple(_judged(change, bool(fails), max_loss) for change, fails in zip(found, rejected, strict=True))
    return Comparison(old, new, max_loss, changes, overall([change.verdict for change in changes]))


def _changes(
    old: AuditTable, new: AuditTable, policy: Policy, metric: MetricName, max_loss: float
) -> Iterator[GroupChange]:
    before, after = counted(old, policy, metric), counted(new, policy, metric)
    pairs = None if metric == "auc" else _pairs(old, before, after)
    features = dict.fromkeys(name for one in policy.requirements if one.metric == metric for name in one.over)
    for name in features:
        cells = cells_of(new, policy, (name,))
        code = cells.code[after.rows]
        people = people_by_cell(
            code, len(cells.names), new.patient[after.rows],
            n_positive=after.n_positive, n_negative=after.n_negative,
            unreadable=~np.isfinite(new.score[after.rows]), unlabelled=new.label[after.rows] < 0, bottom=after.bottom,
        )  # fmt: skip
        for number, group in enumerate(cells.names):
            here = code == number
            bounds = _areas(old, new, after.rows[here]) if pairs is None else _ratios(new, metric, pairs, here)
            lacking = too_few(people[number], METRICS[metric].evidence, policy)
            if bounds is None:
                nothing = (float("nan"),) * 6
                yield GroupChange(
                    metric, group, people[number], *nothing, Verdict.INSUFFICIENT, lacking or "nobody was compared"
                )
                continue
            low, high, values = bounds
            yield GroupChange(
                metric, group, people[number], *(values or (_value(before, here), _value(after, here))), low.estimate,
                low.lower(policy.evidence.alpha), -high.lower(policy.evidence.alpha), high.p_value(max_loss),
                Verdict.INSUFFICIENT, lacking,
            )  # fmt: skip


def _judged(change: GroupChange, fails: bool, max_loss: float) -> GroupChange:
    if change.reason:
        return change
    if change.low >= -max_loss:
        return replace(change, verdict=Verdict.PASS, reason="no larger loss than allowed is believable")
    if fails:
        return replace(change, verdict=Verdict.FAIL, reason="it lost more than is allowed, after correction")
    return replace(change, reason="the bounds lie on both sides of what is allowed: we cannot tell yet")


def _in_order(table: AuditTable) -> AuditTable:
    """The table in the order of what was read."""
    order = np.argsort(table.source_row, kind="stable")
    columns = {name: getattr(table, name)[order] for name in ("patient", "kind", "label", "score", "source_row")}
    group = {name: values[order] for name, values in table.group.items()}
    counts = {name: values[order] for name, values in table.counts.items()}
    return replace(table, **columns, group=group, counts=counts)


def _require_same_units(old: AuditTable, new: AuditTable) -> None:
    if len(old) != len(new) or len(old.source_row) != len(old):
        raise InputError(f"{old.name} has {len(old)} rows and {new.name} {len(new)}: give the same units, in one order")
    said = {"kind": (old.kind, new.kind), "label": (old.label, new.label), "patient": (old.patient, new.patient)}
    said |= {name: (old.group[name], new.group[name]) for name in sorted(old.group.keys() & new.group.keys())}
    for name, (one, other) in said.items():
        if differ := np.flatnonzero(one != other).tolist():
            raise InputError(
                f"row {int(new.source_row[differ[0]]) + 1} has another {name} in {new.name} than in {old.name}: "
                "give the same units, in one order"
            )
    if old.group.keys() != new.group.keys():
        raise InputError(f"{old.name} and {new.name} do not hold the same features")


def _pairs(old: AuditTable, before: Counted, after: Counted) -> _Pairs:
    metric = METRICS[after.metric]
    floor = metric.better == "at-least"
    sign, worst, best = (1.0, metric.low, metric.high) if floor else (-1.0, metric.high, metric.low)
    span = metric.high - metric.low, metric.high - metric.low
    if not np.isfinite(metric.high):  # a count, whose worst is guessed as everywhere
        worst = max(float(worst_count(after.top, after.bottom)), SILENT)
        span = worst, float(worst_count(before.top, before.bottom))
    unknown = [one.open_low if floor else one.open_high for one in (before, after)]
    values = []
    for one, silent, at in ((before, unknown[0], best), (after, unknown[1], worst)):
        values.append(np.where(one.bottom > 0, one.top, at * silent))
    units = np.maximum(before.bottom + unknown[0], after.bottom + unknown[1])
    neither = (before.bottom == 0) & (after.bottom == 0)
    gained = np.where(neither, 0.0, sign * (values[1] - values[0]))
    labelled = (old.label[before.rows] >= 0) | (metric.evidence == "units")
    return _Pairs(after.rows, gained, np.where(labelled, units, 0.0), -span[0], span[1])


def _ratios(
    new: AuditTable, metric: MetricName, pairs: _Pairs, here: NDArray[np.bool_]
) -> tuple[OneSided, OneSided, None] | None:
    who = np.unique(new.patient[pairs.rows[here]], return_inverse=True)[1]
    gained, units = (np.bincount(who, values[here]).astype(np.float64) for values in (pairs.gained, pairs.units))
    if not (units > 0).any():
        return None
    rarest = RAREST if not np.isfinite(METRICS[metric].high) else 1.0
    low, high = Ratio.of(gained, units, pairs.worst, rarest), Ratio.of(-gained, units, -pairs.best, rarest)
    return low, high, None


def _areas(
    old: AuditTable, new: AuditTable, rows: NDArray[np.int64]
) -> tuple[OneSided, OneSided, tuple[float, float]] | None:
    """The gain of an area, by what its placements gained (DeLong et al. 1988, for the same units)."""
    rows = rows[(new.label[rows] >= 0) & (np.isfinite(old.score[rows]) | np.isfinite(new.score[rows]))]
    label = new.label[rows].astype(np.int64)
    if len(np.unique(label)) < 2:
        return None
    who, places = np.unique(new.patient[rows], return_inverse=True)[1], []
    for score, silent in ((old.score[rows], (2.0, -1.0)), (new.score[rows], (-1.0, 2.0))):
        filled = np.where(np.isfinite(score), score, np.where(label == 1, *silent))
        places.append(placements(filled, label, filled))
    sides = []
    for part, this in enumerate((label == 1, label == 0)):
        gained = np.bincount(who, this * (places[1][part] - places[0][part])).astype(np.float64)
        sides.append((gained, np.bincount(who, this).astype(np.float64)))
    errors = [k - k.sum() / m.sum() * m for k, m in sides]
    scale = float(np.sqrt((errors[0] ** 2).sum() * (errors[1] ** 2).sum()))
    correlation = float(errors[0] @ errors[1]) / scale if scale > 0 else 0.0
    (a, b), (c, d) = sides
    low, high = (Area(Ratio.of(sign * a, b, -1.0), Ratio.of(sign * c, d, -1.0), correlation) for sign in (1.0, -1.0))
    case = label == 1
    return low, high, (float(places[0][0][case].mean()), float(places[1][0][case].mean()))


def _value(count: Counted, here: NDArray[np.bool_]) -> float:
    below = float(count.bottom[here].sum())
    return float(count.top[here].sum()) / below if below else float("nan")
