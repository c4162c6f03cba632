"""Rows of the document as people read them: worst first, with the names of their groups and numbers of their metric."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lennox.policy.metrics import METRICS

Document = Mapping[str, Any]
Row = Mapping[str, Any]

_ORDER = {"FAIL": 0, "INSUFFICIENT EVIDENCE": 1, "PASS": 2}


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Worst first: FAIL, then undecided, then PASS, each by how near its bound is to the limit."""

    def margin(row: Row) -> tuple[int, float]:
        bound, limit = row["bound"], row["limit"]
        if bound is None:
            return _ORDER[row["verdict"]], 0.0
        if isinstance(limit, list):
            return _ORDER[row["verdict"]], min(bound - limit[0], limit[1] - bound)
        return _ORDER[row["verdict"]], (bound - limit) if row["direction"] == "at-least" else (limit - bound)

    return sorted(rows, key=margin)


def gated_rows(document: Document, requirement: str) -> list[Row]:
    """The rows that decide a requirement, worst first."""
    return ordered(row for row in document["rows"] if row["requirement"] == requirement and row["gated"])


def verdict_of(document: Document, requirement: str) -> str:
    """The verdict on a requirement."""
    return str(next(entry["verdict"] for entry in document["requirements"] if entry["id"] == requirement))


def limits(requirement: Row) -> tuple[float | None, float | None]:
    """The lowest and the highest value that a requirement (or a row of it) allows, None where it names none."""
    limit, direction = requirement["limit"], requirement["direction"]
    if direction == "between":
        return limit[0], limit[1]
    return (limit, None) if direction == "at-least" else (None, limit)


def is_rate(row: Row) -> bool:
    """Whether the metric of a row or requirement is a share, which is shown in per cent."""
    return METRICS[row["metric"]].is_rate


def label(row: Row) -> str:
    """A row's group in words, and what it is compared with."""
    one = ", ".join(row["group"].values()) or "everybody"
    if "versus" not in row:
        return f"{' x '.join(row['group'])}: {one}".replace("_", " ")
    other = ", ".join(row["versus"].values()) or "everybody"
    return f"{one} minus {other}"


def value(number: float | None, as_percent: bool) -> str:
    """A number of a metric, or a dash."""
    if number is None:
        return "–"
    return (f"{100 * number:.1f} %" if as_percent else f"{number:.2f}").replace("-", "−")


def not_met(document: Document, shown: int = 3) -> list[str]:
    """A line for each limit that was not passed: which, in the policy's words, and for whom, the worst first."""
    lines = []
    for requirement in document["policy"]["requirements"]:
        verdict = verdict_of(document, requirement["id"])
        if verdict == "PASS":
            continue
        whom = [label(row) for row in gated_rows(document, requirement["id"]) if row["verdict"] == verdict]
        more = f", and {len(whom) - shown} more" if len(whom) > shown else ""
        lines.append(f"{verdict}: {requirement['plain']} {'; '.join(whom[:shown])}{more}")
    return lines


def count_or_none(count: int | str) -> int | None:
    """A count, or None where a public copy does not print it."""
    return count if isinstance(count, int) else None


def more_patients(row: Row) -> str:
    """About how many more patients would decide an undecided row."""
    if row["verdict"] != "INSUFFICIENT EVIDENCE":
        return ""
    return "cannot say" if row["needs_more_patients"] is None else f"about {row['needs_more_patients']}"
