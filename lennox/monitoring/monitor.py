"""A released model in use: evidence, at any time, that it no longer keeps a policy's limit for some group.

For each limit and group an e-process (Shafer 2021; Waudby-Smith & Ramdas 2024): a bet against "the mean is at least the
floor" that nobody can expect to win while that is true, so it may be looked at every day. The bet is a mixture over the
rates below the floor and over beginnings at each quarter of the year; a late change is thus not outweighed by a good
spring. Each year starts anew, and the chance of any false alarm in a year, over all limits and groups, is `ALPHA`.

A patient's first visit in a quarter is one observation in [0, 1], a share: many teeth of one mouth are not many
witnesses, and neither are many visits. What is watched is thus the mean over visits, which an audit's share of lesions
need not equal. Ceilings are floors of the opposite. Gaps, calibration and AUC are not watched; `unwatched` names them.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lennox.errors import InputError
from lennox.monitoring.use_record import Decision
from lennox.policy.policy import Policy, Requirement

ALPHA = 0.05  # chance of a false alarm in a year
QUARTER_DAYS = 91
YEAR_DAYS = 4 * QUARTER_DAYS
RATES = 48  # rates below the floor that the mixture bets on
MAX_FALSE_MARKS = 10  # a film's false marks are counted up to here: a mean needs a bound
METRICS = ("lesion_sensitivity", "tpr", "fpr", "false_positives_per_image", "readable_rate")
MIN_FILMS = 30  # for a signal
NOTABLE = 3.0  # standard errors


class EProcess:
    """An e-process against "the mean of values in [0, 1] is at least `floor`", over one year.

    Its e-value is the wealth of a bet that starts at 1: an even mixture over RATES means below the floor and over four
    quarters in which the mean may have dropped to one of them (Waudby-Smith & Ramdas 2024, section 4). The logarithm of
    the odds' denominator is concave in the mean (Jensen), so wealth is bounded wherever the mean of all observations
    since a quarter began is at least the floor at every look; single weeks may lie below it.
    """

    def __init__(self, floor: float) -> None:
        """Raises ValueError for a floor outside (0, 1)."""
        if not 0.0 < floor < 1.0:
            raise ValueError(f"a floor lies between 0 and 1, got {floor}")
        rates = floor * (np.arange(RATES) + 0.5) / RATES
        self._ratio_of_one, self._ratio_of_zero = rates / floor, (1.0 - rates) / (1.0 - floor)
        self._log_wealth = np.zeros((4, RATES))  # by the quarter in which the mean may have dropped, and to what

    def update(self, values: ArrayLike, quarter: int) -> float:
        """Add observations of a quarter, 0 to 3; returns the e-value. Raises ValueError outside [0, 1]."""
        column = np.asarray(values, np.float64).reshape(-1, 1)
        if not ((column >= 0.0) & (column <= 1.0)).all():
            raise ValueError("observations lie in [0, 1]")
        logs = column * np.log(self._ratio_of_one) + (1.0 - column) * np.log(self._ratio_of_zero)
        self._log_wealth[: quarter + 1] += logs.sum(axis=0)
        with np.errstate(over="ignore"):
            return float(np.exp(self._log_wealth).mean())


@dataclass(frozen=True, slots=True)
class WatchedLimit:
    """One limit of the policy in one group.

    mean : over visits, on the scale of the limit; NaN without any
    evidence : (day, e-value) in order of day; of a limit with a floor and a ceiling, the higher of the two
    alarm_on : the first day whose e-value reaches `threshold`, or None
    """

    requirement: str
    feature: str
    group: str
    limit: float
    direction: str
    visits: int
    mean: float
    evidence: tuple[tuple[datetime.date, float], ...]
    threshold: float
    alarm_on: datetime.date | None

    def sentence(self) -> str:
        """The mean, the limit and the evidence, for people."""
        highest = max(value for _, value in self.evidence)
        visits = "1 visit" if self.visits == 1 else f"{self.visits} visits"
        return (
            f"{self.requirement}, {self.feature} {self.group}: {self.mean:.3g} over {visits}, the limit is "
            f"{self.direction.replace('-', ' ')} {self.limit:g} (evidence {highest:.3g}, alarm from {self.threshold:g})"
        )


@dataclass(frozen=True, slots=True)
class Signal:
    """A rate that needs no label, in a month of one group, beside its first quarter: to look into, not a verdict.

    rate, at_first : shares of films, in the month and in the first quarter
    """

    month: str
    feature: str
    group: str
    measure: str  # "refused", "marked", or the name of the policy's unknown group
    films: int
    rate: float
    at_first: float
    notable: bool


@dataclass(frozen=True, slots=True)
class UseReport:
    """What use has shown so far."""

    model: str
    watched: tuple[WatchedLimit, ...]
    signals: tuple[Signal, ...]
    unwatched: tuple[str, ...]

    @property
    def alarms(self) -> tuple[WatchedLimit, ...]:
        """The limits that no longer hold."""
        return tuple(one for one in self.watched if one.alarm_on is not None)


def watch(decisions: Sequence[Decision], policy: Policy) -> UseReport:
    """Watch one model in use. Raises InputError if the decisions are of several models or name an unknown group."""
    models = {one.model for one in decisions}
    if len(models) != 1:
        raise InputError(f"the decisions are of {len(models)} models; watch each by itself.")
    names = policy.consequences.monitor_features
    cells, unwatched = [], []
    for requirement in policy.requirements:
        sides = _sides(requirement)
        for feature in requirement.over:
            if not sides or (names and feature not in names):
                unwatched.append(f"{requirement.id}, {feature}")
                continue
            cells += [(requirement, feature, group) for group in (*policy.feature(feature).groups, policy.unknown.name)]
    features = sorted({feature for _, feature, _ in cells})
    grouped = {feature: _by_group(decisions, feature, policy) for feature in features}
    processes = sum(len(_sides(requirement)) for requirement, _, _ in cells)
    start, threshold = decisions[0].day, processes / ALPHA  # a union bound over all of them
    watched = [
        _watch(requirement, feature, group, grouped[feature].get(group, []), start, threshold)
        for requirement, feature, group in cells
    ]
    signals = tuple(found for feature in features for found in _signals(feature, grouped[feature], policy, start))
    return UseReport(models.pop(), tuple(watched), signals, tuple(unwatched))


def visit_values(decisions: Iterable[Decision], metric: str, start: datetime.date) -> list[tuple[datetime.date, float]]:
    """One value in [0, 1] for each patient's first visit that has any case in each quarter, in order of day.

    start : of the first quarter
    Of found lesions, of diseased films with a true mark, of healthy films with a false one, of false marks (over
    MAX_FALSE_MARKS), of readable films.
    """
    visits: dict[tuple[datetime.date, str], dict[str, list[Decision]]] = defaultdict(lambda: defaultdict(list))
    for one in decisions:
        visits[one.day, one.patient][one.film].append(one)
    found: dict[tuple[int, str], tuple[datetime.date, float]] = {}
    for (day, patient), films in sorted(visits.items()):
        shares = [share for rows in films.values() for share in _shares(rows, metric)]
        if shares:
            found.setdefault(((day - start).days // QUARTER_DAYS, patient), (day, sum(shares) / len(shares)))
    return list(found.values())


def _shares(rows: Sequence[Decision], metric: str) -> list[float]:
    """What one film adds to its visit."""
    hits = sum(one.decision in ("accept", "edit") for one in rows)
    missed = sum(one.decision == "missed" for one in rows)
    false_marks = sum(one.decision == "reject" for one in rows)
    assessed = rows[0].status == "assessed"
    if metric == "readable_rate":
        return [float(assessed)]
    if metric == "lesion_sensitivity":
        return [1.0] * hits + [0.0] * missed
    if metric == "tpr":
        return [float(hits > 0)] if hits or missed else []
    if not assessed:
        return []
    if metric == "fpr":
        return [] if hits or missed else [float(false_marks > 0)]
    return [min(false_marks, MAX_FALSE_MARKS) / MAX_FALSE_MARKS]


def _watch(
    requirement: Requirement,
    feature: str,
    group: str,
    decisions: Sequence[Decision],
    start: datetime.date,
    threshold: float,
) -> WatchedLimit:
    values = visit_values(decisions, requirement.metric, start)
    evidence: dict[datetime.date, float] = {}
    for floor, is_ceiling in _sides(requirement):
        process, year = EProcess(floor), 0
        by_day: dict[datetime.date, list[float]] = defaultdict(list)
        for day, value in values:
            by_day[day].append(1.0 - value if is_ceiling else value)
        for day, values_of_day in sorted(by_day.items()):
            now, within = divmod((day - start).days, YEAR_DAYS)
            if now != year:
                process, year = EProcess(floor), now
            evidence[day] = max(evidence.get(day, 0.0), process.update(values_of_day, within // QUARTER_DAYS))
    limit = requirement.low if requirement.low is not None else requirement.high
    mean = _scale(requirement) * sum(value for _, value in values) / len(values) if values else float("nan")
    alarm = next((day for day, value in sorted(evidence.items()) if value >= threshold), None)
    return WatchedLimit(
        requirement.id, feature, group, float(limit or 0.0), requirement.direction, len(values), mean,
        tuple(sorted(evidence.items())), threshold, alarm,
    )  # fmt: skip


def _scale(requirement: Requirement) -> int:
    return MAX_FALSE_MARKS if requirement.metric == "false_positives_per_image" else 1


def _sides(requirement: Requirement) -> list[tuple[float, bool]]:
    """Each limit as a floor of a mean in [0, 1], and whether it is a ceiling; none if one of them cannot be watched."""
    if requirement.metric not in METRICS or requirement.criterion != "worst-group":
        return []
    limits = [(requirement.low, False), (requirement.high, True)]
    shares = [(limit / _scale(requirement), ceiling) for limit, ceiling in limits if limit is not None]
    if not all(0.0 < share < 1.0 for share, _ in shares):  # no bet can be won against "always" or "never"
        return []
    return [(1.0 - share if ceiling else share, ceiling) for share, ceiling in shares]


def _by_group(decisions: Sequence[Decision], feature: str, policy: Policy) -> dict[str, list[Decision]]:
    column = policy.scope.columns.get(feature, feature)
    known, unknown = set(policy.feature(feature).groups), policy.unknown
    found: dict[str, list[Decision]] = defaultdict(list)
    for one in decisions:
        value = one.groups.get(column, "").strip()
        if not value or value == unknown.name or value in unknown.written_as:
            value = unknown.name
        elif value not in known:
            names = ", ".join((*policy.feature(feature).groups, unknown.name))
            raise InputError(f"'{value}' is not a group of '{feature}' ({names}).")
        found[value].append(one)
    return found


def _signals(
    feature: str, grouped: Mapping[str, Sequence[Decision]], policy: Policy, start: datetime.date
) -> list[Signal]:
    """Refused and marked films of each group, and films of people who did not say, by month against the beginning."""
    rows: dict[str, dict[str, list[tuple[datetime.date, bool]]]] = {}
    everybody: list[tuple[datetime.date, bool]] = []
    for group, decisions in grouped.items():
        films: dict[tuple[datetime.date, str, str], list[Decision]] = defaultdict(list)
        for one in decisions:
            films[one.day, one.patient, one.film].append(one)
        refused = [(key[0], found[0].status != "assessed") for key, found in films.items()]
        marked = [(key[0], any(one.decision in ("accept", "edit", "reject") for one in found))
                  for key, found in films.items()]  # fmt: skip
        rows[group] = {"refused": refused, "marked": marked}
        everybody += [(key[0], group == policy.unknown.name) for key in films]
    rows["everybody"] = {policy.unknown.name: everybody}
    return [
        signal
        for group, measures in sorted(rows.items())
        for measure, dated in measures.items()
        for signal in _by_month(feature, group, measure, dated, start)
    ]


def _by_month(
    feature: str, group: str, measure: str, dated: Sequence[tuple[datetime.date, bool]], start: datetime.date
) -> list[Signal]:
    first = np.array([value for day, value in dated if (day - start).days < QUARTER_DAYS], np.float64)
    months: dict[str, list[bool]] = defaultdict(list)
    for day, value in dated:
        if (day - start).days >= QUARTER_DAYS:
            months[f"{day:%Y-%m}"].append(value)
    if len(first) < MIN_FILMS:
        return []
    return [
        Signal(month, feature, group, measure, len(values), float(np.mean(values)), float(first.mean()),
               _differs(np.array(values, np.float64), first))
        for month, values in sorted(months.items())
        if len(values) >= MIN_FILMS
    ]  # fmt: skip


def _differs(now: NDArray[np.float64], first: NDArray[np.float64]) -> bool:
    pooled = (now.sum() + first.sum()) / (len(now) + len(first))
    error = float(np.sqrt(pooled * (1.0 - pooled) * (1.0 / len(now) + 1.0 / len(first))))
    return error > 0.0 and abs(now.mean() - first.mean()) > NOTABLE * error
