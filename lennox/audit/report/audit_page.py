"""The audit as one HTML page of fifteen sections: a pure function of the JSON document, for print and screen.

The sentences are in `lennox/report/templates/audit.html`; here is what they are filled with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lennox.audit.report.rows import (
    Document,
    Row,
    count_or_none,
    gated_rows,
    is_rate,
    label,
    limits,
    more_patients,
    ordered,
    value,
    verdict_of,
)
from lennox.report.charts import Axes, Chart, Curve, ForestRow, counts, curves, forest
from lennox.report.pages import render
from lennox.statistics.spending import spent

MAX_PAIRS = 12  # of a requirement that compares groups, in its forest plot; section 5 has all
_LESION_METRICS = ("lesion_sensitivity", "false_positives_per_image", "dice")


def report(document: Document) -> str:
    """The page. document : as read back from the canonical JSON."""
    return render(
        "audit.html",
        document=document,
        requirements=[_requirement(requirement, document) for requirement in document["policy"]["requirements"]],
        counted=_counted(document),
        matrices=_matrices(document),
        crossed=sorted(
            (row for row in document["rows"] if len(row["group"]) > 1 and "versus" not in row),
            key=lambda row: -(count_or_none(row["cases"]) or 0),
        ),
        roc=_roc(document),
        reliability=_reliability(document["reliability"]),
        lesions=ordered(row for row in document["rows"] if row["metric"] in _LESION_METRICS and "versus" not in row),
        undecided=[row for row in document["rows"] if row["gated"] and row["verdict"] == "INSUFFICIENT EVIDENCE"],
        unknown_rows=_unknown_rows(document),
        methods=_methods(document["rows"]),
        alpha=1 - document["method"]["confidence"],
        level=spent(1 - document["method"]["confidence"], document.get("look", document["attempt"])),
        label=label,
        value=value,
        is_rate=is_rate,
        more_patients=more_patients,
    )


def _requirement(requirement: Mapping[str, Any], document: Document) -> dict[str, Any]:
    """A requirement with the verdict on it, its rows and its forest plot."""
    rows = gated_rows(document, requirement["id"])
    shown = rows if requirement["criterion"] == "worst-group" else rows[:MAX_PAIRS]
    return {
        **requirement,
        "verdict": verdict_of(document, requirement["id"]),
        "rows": rows,
        "shown": shown,
        "chart": _forest(requirement, shown),
        "allowed": " to ".join(f"{end:g}" for end in limits(requirement) if end is not None),
    }


def _forest(requirement: Mapping[str, Any], rows: Sequence[Row]) -> Chart:
    lines = []
    for row in rows:
        ends = [end for end in (row["bound"], row["opposite_bound"]) if end is not None]
        low, high = (min(ends), max(ends)) if len(ends) == 2 else (None, None)
        enough = not row["reason"].startswith("too few")
        lines.append(ForestRow(label(row), row["estimate"], low, high, row["verdict"], enough))
    return forest(lines, limits(requirement), title=requirement["plain"], as_percent=is_rate(requirement))


def _counted(document: Document) -> Chart:
    evidence = document["policy"]["evidence"]
    dots = [
        (f"{g['feature'].replace('_', ' ')}: {g['group']}", count_or_none(g["cases"]), count_or_none(g["controls"]))
        for g in document["data"]["groups"]
    ]
    title = "Cases (filled) and controls (open) in every group"
    return counts(dots, (evidence["min_cases"], evidence["min_controls"]), title=title)


def _unknown_rows(document: Document) -> int:
    """How many results that count for the verdict are of people who did not say."""
    name = document["policy"]["unknown"]["name"]
    return sum(row["gated"] and name in row["group"].values() for row in document["rows"])


def _matrices(document: Document) -> list[dict[str, Any]]:
    """Every pair of groups of each requirement that compares groups, feature by feature."""
    found = []
    for requirement in document["policy"]["requirements"]:
        if requirement["criterion"] == "worst-group":
            continue
        for feature in requirement["over"]:
            cells = {
                (row["group"].get(feature, "everybody"), row["versus"].get(feature, "everybody")): row
                for row in document["rows"]
                if row["requirement"] == requirement["id"] and {*row["group"], *row["versus"]} == {feature}
            }
            names = list(dict.fromkeys(name for name, _ in cells))
            found.append({"requirement": requirement, "feature": feature, "names": names, "cells": cells})
    return found


def _roc(document: Document) -> Chart | None:
    panels = []
    for entry in document["thresholds"]:
        pairs = [(f, t) for f, t in zip(entry["fpr"], entry["tpr"], strict=True) if f is not None and t is not None]
        if not pairs:
            continue
        threshold = document["data"]["threshold"]
        nearest = min(range(len(entry["thresholds"])), key=lambda i: abs(entry["thresholds"][i] - threshold))
        marked = entry["fpr"][nearest], entry["tpr"][nearest]
        panels.append(Curve(entry["group"], [(1.0, 1.0), *pairs, (0.0, 0.0)], marked))
    axes = Axes("false alarms", "found", diagonal=True)
    return curves(panels, axes, title="ROC of every group") if panels else None


def _reliability(entries: Sequence[Mapping[str, Any]]) -> Chart | None:
    panels = []
    for entry in entries:
        pairs = zip(entry["mean_score"], entry["share_diseased"], strict=True)
        points = [(score, share) for score, share in pairs if score is not None and share is not None]
        if points:
            panels.append(Curve(entry["group"], points))
    axes = Axes("score", "diseased", diagonal=True)
    return curves(panels, axes, title="Reliability of every group") if panels else None


def _methods(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Each way in which bounds of this audit were computed, with the metrics that it was used for."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row["method"] != "none" and row["metric"] not in found.setdefault(row["method"], []):
            found[row["method"]].append(row["metric"])
    return found
