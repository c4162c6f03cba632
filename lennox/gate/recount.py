"""An audit's bounds, counted again from what each of its patients adds: nothing else can stand in the rows.

audit.json lists, for each metric and each set of groups, how many patients have which counts in which groups, and each
group's two bounds. A bound is right if its p-value is alpha, which is one evaluation where finding it takes dozens, so
that this runs at every load; gaps between groups then follow by arithmetic. Needs NumPy alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.errors import InputError
from lennox.gate.group_bounds import (
    GroupBounds,
    GroupRows,
    PatientSums,
    bounds_over_sites,
    group_bounds,
    ratio_bounds,
)
from lennox.policy.metrics import METRICS, Metric
from lennox.statistics.calibration import calibration_line
from lennox.statistics.one_sided import Area, Line, OneSided, Ratio, p_values, square_and_add
from lennox.statistics.roc import roc_area
from lennox.statistics.sites import difference_reach

Floats = NDArray[np.float64]
Group = tuple[tuple[str, str], ...]

DECIMALS = 6  # of numbers in an audit.json
ROUNDING = 10.0**-DECIMALS
HIGHEST, LOWEST = 1.01, 0.98  # p-value at a bound, over alpha: bounds are found to a part in a hundred of it
MAX_ROWS = 5_000_000  # of patients, written out
MAX_SITES = 1000
MAX_VALUE = 1e9  # of anything that is counted or bounded


@dataclass(frozen=True, slots=True)
class GroupNumbers:
    """What a group's patients add up to.

    low, high : its bounds, infinite where it has none; bounds : what they were asked of, None where nobody counts
    errors : (patients,) of all groups, 0 for patients who are not in this one
    """

    patients: int
    contributing: int
    denominator: int
    estimate: float
    low: float
    high: float
    bounds: GroupBounds | None
    errors: Floats
    alpha: float = math.nan

    def at_level(self, alpha: float) -> GroupNumbers:
        """With bounds that have room for what varies between sites, where there are several."""
        over = self.bounds.over_sites() if self.bounds else None
        if over is None:
            return self
        low, high = over[0].widened(self.low, alpha), -over[1].widened(-self.high, alpha)
        return replace(self, low=low, high=high, alpha=alpha)

    def _site_reach(self, other: GroupNumbers, side: int) -> float:
        mine, theirs = (one.bounds.over_sites() if one.bounds else None for one in (self, other))
        return difference_reach(mine[side], theirs[1 - side], self.alpha) if mine and theirs else 0.0

    def gap(self, other: GroupNumbers, times: Floats, side: int) -> tuple[float, bool]:
        """The lower (side 0) or upper bound of this number less the other's, and whether they share patients."""
        if self.bounds is None or other.bounds is None:
            return math.nan, False
        scale = math.sqrt((times @ self.errors**2) * (times @ other.errors**2))
        correlation = float(times @ (self.errors * other.errors)) / scale if scale > 0 else 0.0
        if side:
            a, b, up, down = -self.bounds.high.estimate, other.bounds.low.estimate, self.high, other.low
        else:
            a, b, up, down = self.bounds.low.estimate, -other.bounds.high.estimate, self.low, other.high
        reach = max(square_and_add(abs(up - a), abs(b - down), correlation), self._site_reach(other, side))
        return a - b + (reach if side else -reach), correlation != 0.0


@dataclass(frozen=True, slots=True)
class Recount:
    """One metric over the groups of some features. times : (patients,) patients alike

    stated : of each group, the parts of its lower and of its upper bound, as the audit has them
    sites : how many the patients come from, 0 where it is one audit of one place
    """

    metric: Metric
    features: frozenset[str]
    times: Floats
    groups: Mapping[Group, GroupNumbers]
    parts: tuple[tuple[OneSided, float], ...]
    name: str
    sites: int = 0

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Recount:
        """Count what an entry of `evidence` holds. Raises ValueError, LookupError or TypeError if it is none."""
        metric = METRICS[entry["metric"]]
        features, cells = tuple(map(str, entry["features"])), list(entry["cells"])
        table = _Patients.of(entry["patients"], metric, len(cells), entry.get("sites"))
        groups: dict[Group, GroupNumbers] = {}
        parts: list[tuple[OneSided, float]] = []
        for number, cell in enumerate(cells):
            key = group_key(cell["group"])
            bounds, numbers = table.count(metric, number if key else None)
            low, high = (_stated(cell[side], bounds, side) for side in ("low", "high"))
            if bounds is not None:
                parts += zip(bounds.low.parts(), low, strict=True)
                parts += zip(bounds.high.parts(), (-value for value in high), strict=True)
                over = bounds.over_sites()
                ones = GroupBounds(over[0].base, over[1].base, bounds.errors) if over else bounds
                numbers = _with_bounds(numbers, ones, low, high)
            groups[key] = numbers
        name = f"{metric.name} over {features}"
        return cls(metric, frozenset(features), table.times, groups, tuple(parts), name, table.sites)

    def at_level(self, alpha: float) -> Recount:
        """With the bounds that an audit at level alpha has, where its patients come from several sites."""
        return replace(self, groups={key: numbers.at_level(alpha) for key, numbers in self.groups.items()})


def wrong_bounds(recounts: Iterable[Recount], alpha: float) -> bool:
    """Whether any stated bound is not where its p-value is alpha: nearer to its estimate, or further from it.

    Of calibration lines, whose p-values take a fit each, only whether it is nearer.
    """
    asked = [(part, at) for one in recounts for part, at in one.parts if math.isfinite(at)]
    ratios = [(part, at) for part, at in asked if isinstance(part, Ratio)]
    if any(at < part.worst - ROUNDING for part, at in ratios):
        return True
    ratios = [(part, at) for part, at in ratios if at > part.worst + ROUNDING]  # the worst there is needs no showing
    parts = [part for part, _ in ratios]
    nearer = p_values(parts, [at - ROUNDING for _, at in ratios]) > HIGHEST * alpha
    further = p_values(parts, [at + ROUNDING for _, at in ratios]) < LOWEST * alpha
    return bool(nearer.any() or further.any()) or any(
        part.p_value(at - ROUNDING) > HIGHEST * alpha for part, at in asked if isinstance(part, Line)
    )


def group_key(group: Mapping[str, str]) -> Group:
    """A group's name, however its features are ordered."""
    return tuple(sorted((str(name), str(value)) for name, value in group.items()))


@dataclass(frozen=True, slots=True)
class _Patients:
    """times : (patients,) alike; who : (entries,) which of them; entries : (entries, 3 or 5) group number and values

    site : (patients,) from 0; sites : how many, 0 where the audit is of one place
    """

    times: Floats
    who: NDArray[np.int64]
    entries: Floats
    site: NDArray[np.int64]
    sites: int = 0

    @classmethod
    def of(
        cls, kinds: Sequence[Sequence[float | None]], metric: Metric, cells: int, sites: Sequence[int] | None = None
    ) -> _Patients:
        sums = metric.family in ("proportion", "mean")
        stride = 5 if sums else 3
        lengths = np.array([len(kind) - 1 for kind in kinds], np.int64)
        if (lengths < stride).any() or (lengths % stride).any():
            raise ValueError("a patient's counts are incomplete")
        times = np.array([kind[0] for kind in kinds], np.float64)
        site, number = _sites(sites, len(kinds))
        flat = [value for kind in kinds for value in kind[1:]]
        if not all(value is None or (type(value) in (int, float) and not abs(value) > MAX_VALUE) for value in flat):
            raise TypeError("a patient's counts are numbers")
        entries = np.array(flat, np.float64).reshape(-1, stride)
        who = np.repeat(np.arange(len(kinds)), lengths // stride)
        if not ((times >= 1) & (times == np.rint(times)) & (times <= MAX_ROWS)).all():
            raise ValueError("patients alike are counted by whole numbers")
        cell = entries[:, 0]
        if not ((cell >= 0) & (cell < cells) & (cell == np.rint(cell))).all():
            raise ValueError("a patient is in a group that there is not")
        if sums:
            keys = who * cells + cell.astype(np.int64)
            top, most = entries[:, 1], entries[:, 2] * min(metric.high, 1e12)
            if not (np.isfinite(entries).all() and (entries >= 0).all() and (top <= most + ROUNDING).all()):
                raise ValueError("a patient's counts contradict each other")
            if len(set(keys.tolist())) < len(keys):
                raise ValueError("a patient is in a group twice")
            return cls(times, who, entries, site, number)
        label, value = entries[:, 1], entries[:, 2]
        if not (np.isin(label, (-1, 0, 1)).all() and not np.isinf(value).any()):
            raise ValueError("a patient's labels and scores are none")
        if times @ lengths > MAX_ROWS:
            raise ValueError("more rows than can be counted")
        each = times.astype(np.int64)
        lines = np.split(np.arange(len(entries)), np.cumsum(lengths // stride)[:-1]) if len(kinds) else []
        order = [line for line, count in zip(lines, each.tolist(), strict=True) for _ in range(count)]
        person = np.repeat(np.arange(len(order)), [len(line) for line in order])
        rows = np.concatenate(order) if order else np.empty(0, np.int64)
        return cls(np.ones(len(order)), person, entries[rows], np.repeat(site, each), number)

    def count(self, metric: Metric, cell: int | None) -> tuple[GroupBounds | None, GroupNumbers]:
        """The bounds of one group, or of everybody, to be asked for p-values; and its numbers, still without bounds."""
        here = np.ones(len(self.who), np.bool_) if cell is None else self.entries[:, 0] == cell
        who, values = self.who[here], self.entries[here, 1:]
        errors = np.zeros(len(self.times))
        if metric.family in ("proportion", "mean"):
            places, inside = _distinct(who)
            top, bottom, least, most = (np.bincount(inside, column).astype(np.float64) for column in values.T)
            times = self.times[places]
            below = float(bottom @ times)
            estimate = float(top @ times) / below if below else math.nan
            bounds = ratio_bounds(metric, top, bottom, least, most, times) if below else None
            sums = PatientSums(self.site[places], top, bottom, least, most, times)
            contributing = int(times[bottom > 0].sum())
        else:
            label, score = values[:, 0].astype(np.int8), values[:, 1]
            if metric.family == "auc":  # ranks, as scores
                score = (score + 0.5) / (np.nan_to_num(self.entries[:, 2], nan=0.0).max(initial=0.0) + 1.0)
            else:
                score = 1.0 / (1.0 + np.exp(-score))
            known = (label >= 0) & np.isfinite(score)
            places, inside = _distinct(who)
            estimate = _estimate(metric, label[known], score[known])
            none = np.zeros(len(label))
            rows = GroupRows(who, label, score, none, known.astype(np.float64), none, none)
            bounds = group_bounds(metric, rows, inside, estimate)
            below, contributing = float(known.sum()), len(set(who[known].tolist()))
            answered = np.bincount(inside, known.astype(np.float64), len(places)).astype(np.float64)
            sums = PatientSums(self.site[places], answered, answered, answered, answered)
        if bounds is not None:
            if self.sites:
                bounds = bounds_over_sites(metric, bounds, sums, self.sites)
            errors[places] = bounds.errors
        patients = int(self.times[places].sum())
        nothing = math.nan, math.nan
        return bounds, GroupNumbers(patients, contributing, round(below), estimate, *nothing, bounds, errors)


def _sites(sites: Sequence[int] | None, kinds: int) -> tuple[NDArray[np.int64], int]:
    """The site of each entry, and how many sites there are."""
    if sites is None:
        return np.zeros(kinds, np.int64), 0
    if len(sites) != kinds or not all(type(site) is int and 0 <= site < MAX_SITES for site in sites):
        raise ValueError("each patient is of one site")
    return np.array(sites, np.int64), max(sites, default=0) + 1


def _estimate(metric: Metric, label: NDArray[np.int8], score: Floats) -> float:
    if len(set(label.tolist())) < 2:
        return math.nan
    if metric.family == "auc":
        return float(roc_area(label, score)[0])
    return float(calibration_line(label, score)[1 if metric.name == "calibration_slope" else 0][0])


def _stated(values: Sequence[float | None], bounds: GroupBounds | None, side: str) -> list[float]:
    """The parts of a bound, infinite where it has none."""
    if not isinstance(values, list) or not all(
        value is None or (type(value) in (int, float) and abs(value) <= MAX_VALUE) for value in values
    ):
        raise TypeError("a bound's parts are numbers")
    worst = -math.inf if side == "low" else math.inf
    found = [worst if value is None else float(value) for value in values]
    if len(found) != (0 if bounds is None else len(bounds.low.parts())) or any(map(math.isnan, found)):
        raise ValueError("a bound lacks a part")
    return found


def _with_bounds(numbers: GroupNumbers, bounds: GroupBounds, low: list[float], high: list[float]) -> GroupNumbers:
    ends = [
        side.combined(parts[0], parts[1]) if isinstance(side, Area) else parts[0]
        for side, parts in ((bounds.low, low), (bounds.high, [-value for value in high]))
    ]
    return replace(numbers, low=ends[0], high=-ends[1])


def read_recounts(entries: Any) -> tuple[Recount, ...]:
    """Every entry of an audit's `evidence`. Raises InputError."""
    try:
        return tuple(Recount.of(entry) for entry in entries)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise InputError(f"its patients' counts cannot be read ({error})") from error


def _distinct(who: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The different values in order, and each one's position among them: `np.unique`, which imports numpy.ma first."""
    order = np.argsort(who, kind="stable")
    ordered = who[order]
    first = np.ones(len(who), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    inside = np.empty(len(who), np.int64)
    inside[order] = np.cumsum(first) - 1
    return ordered[first], inside
