"""Sections 3 to 8 of the report: who was there, requirement by requirement, gaps, intersections, curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lennox.audit.report.charts import Curve, ForestRow, counts, curves, forest
from lennox.audit.report.markup import CLASSES, SIGNS, paragraph, short_verdict, table, text, verdict
from lennox.policy.metrics import METRICS

Document = Mapping[str, Any]
Entry = Mapping[str, Any]

_ORDER = {"FAIL": 0, "INSUFFICIENT EVIDENCE": 1, "PASS": 2}
_PAIRS_SHOWN = 12
_ROW_HEADS = (
    "group", "patients", "cases", "controls", "estimate", "bound", "adjusted", "bootstrap", "design effect (ICC)",
    "verdict", "more patients",
)  # fmt: skip


def who(document: Document) -> list[str]:
    """3: counts against minima, before any metric."""
    data, policy = document["data"], document["policy"]
    minimum = policy["evidence"]
    rows = [
        [
            text(g["feature"]),
            text(g["group"]),
            *(text(g[key]) for key in ("patients", "units", "cases", "controls", "unreadable", "unlabelled")),
        ]
        for g in data["groups"]
    ]
    dots = [
        (f"{g['feature'].replace('_', ' ')}: {g['group']}", _number(g["cases"]), _number(g["controls"]))
        for g in data["groups"]
    ]
    excluded = ", ".join(f"{count} {reason}" for reason, count in data["excluded"].items()) or "none"
    shares = ", ".join(f"{name} {100 * share:.1f} %" for name, share in data["unknown_share"].items())
    body = [
        paragraph(
            f"{data['patients']} patients, {data['rows']} rows. A group needs {minimum['min_patients']} patients, "
            f"{minimum['min_cases']} cases (diseased) and {minimum['min_controls']} controls (healthy) to be judged."
        ),
        paragraph(
            f"Left out before the audit: {excluded}. Patients also trained on: 0, or the audit would have been refused."
        ),
        paragraph(f"'{policy['unknown']['name']}', by feature: {shares}. This group is gated like every other."),
        counts(
            dots,
            (minimum["min_cases"], minimum["min_controls"]),
            title="Cases (filled) and controls (open) in every group",
        ),
        paragraph("Filled: cases. Open: controls. Dashed: what the policy needs. Square-root scale.", "quiet small"),
        table(
            ["feature", "group", "patients", "units", "cases", "controls", "not readable", "no label"],
            rows,
            numeric=range(2, 8),
        ),
    ]
    if data["not_recorded"]:
        absent, unsaid = ", ".join(data["not_recorded"]), policy["unknown"]["name"]
        body.append(paragraph(f"Not recorded in this data at all: {absent}. Everybody is then in '{unsaid}'."))
    return body


def requirements(document: Document) -> list[str]:
    """4: a forest plot and a table for each requirement, worst first."""
    body = []
    for requirement in document["policy"]["requirements"]:
        rows = ordered([row for row in document["rows"] if row["requirement"] == requirement["id"] and row["gated"]])
        answer = next(entry["verdict"] for entry in document["requirements"] if entry["id"] == requirement["id"])
        body.append(f"<h3>{text(requirement['plain'])} {verdict(answer)}</h3>")
        shown = rows if requirement["criterion"] == "worst-group" else rows[:_PAIRS_SHOWN]
        if len(shown) < len(rows):
            body.append(
                paragraph(
                    f"The {len(shown)} comparisons nearest to trouble, of {len(rows)}; all are in section 5.", "quiet"
                )
            )
        body.append(_forest(requirement, shown, document))
        rate = METRICS[requirement["metric"]].is_rate
        body.append(
            table(
                _ROW_HEADS,
                [
                    [
                        text(label(row)), text(row["patients"]), text(row["cases"]), text(row["controls"]),
                        *(value(row[key], rate) for key in ("estimate", "bound", "adjusted_bound", "bootstrap_bound")),
                        _likeness(row), _answer(row), text(_more(row)),
                    ]
                    for row in shown
                ],
                numeric=(*range(1, 9), 10),
            )
        )  # fmt: skip
    body.append(
        paragraph(
            "Bound: one-sided, on the side that must clear. Adjusted bound: on the other side, at the level of Holm's "
            "correction; beyond the limit it means FAIL. Bootstrap: a second opinion on the bound. "
            "Open points: too few people.",
            "quiet small",
        )
    )
    return body


def _forest(requirement: Entry, rows: list[Entry], document: Document) -> str:
    limit, direction = requirement["limit"], requirement["direction"]
    low = limit[0] if direction == "between" else limit if direction == "at-least" else None
    high = limit[1] if direction == "between" else limit if direction == "at-most" else None
    lines = []
    for row in rows:
        ends = [row["bound"], row["opposite_bound"]]
        known = [end for end in ends if end is not None]
        lines.append(
            ForestRow(
                label(row),
                row["estimate"],
                min(known) if len(known) == 2 else None,
                max(known) if len(known) == 2 else None,
                row["verdict"],
                enough=not row["reason"].startswith("too few"),
            )
        )
    return forest(lines, low, high, title=requirement["plain"], rate=METRICS[requirement["metric"]].is_rate)


def gaps(document: Document) -> list[str]:
    """5: every pair as a matrix, in words and signs."""
    body = []
    for requirement in document["policy"]["requirements"]:
        if requirement["criterion"] == "worst-group":
            continue
        body.append(f"<h3>{text(requirement['plain'])}</h3>")
        rate = METRICS[requirement["metric"]].is_rate
        for feature in requirement["over"]:
            rows = [
                row
                for row in document["rows"]
                if row["requirement"] == requirement["id"] and {*row["group"], *row["versus"]} == {feature}
            ]
            names = list(dict.fromkeys(row["group"].get(feature, "everybody") for row in rows))
            cells = {
                (row["group"].get(feature, "everybody"), row["versus"].get(feature, "everybody")): row for row in rows
            }
            matrix = [[text(a), *(_pair(cells.get((a, b)), rate) for b in names)] for a in names]
            body.append(
                table(
                    [text(feature), *(f"minus {text(b)}" for b in names)],
                    matrix,
                    caption="estimate (bound), row minus column",
                )
            )
    return body or [paragraph("The policy asks about no gap.")]


def _pair(row: Entry | None, rate: bool) -> str:
    if row is None:
        return "–"
    sign, kind = SIGNS[row["verdict"]], CLASSES[row["verdict"]]
    word = {"PASS": "within", "FAIL": "beyond", "INSUFFICIENT EVIDENCE": "open"}[row["verdict"]]
    numbers = f"{value(row['estimate'], rate)} ({value(row['bound'], rate)})"
    return f'{numbers}<br><span class="verdict {kind}">{sign} {word}</span>'


def intersections(document: Document) -> list[str]:
    """6: crossed groups: gated, let go, reported."""
    crossed = [row for row in document["rows"] if len(row["group"]) > 1 and "versus" not in row]
    if not crossed:
        return [paragraph("The policy crosses no features.")]
    body = []
    for exempted in document["data"]["let_go"]:
        crossing, gone, of = " x ".join(exempted["features"]), exempted["patients"], exempted["of"]
        body.append(paragraph(f"{crossing}: {gone} of {of} patients are in cells let go for being too small."))
    rows = sorted(crossed, key=lambda row: -(_number(row["cases"]) or 0))
    rate = {row["requirement"]: METRICS[row["metric"]].is_rate for row in rows}
    body.append(
        table(
            ["group", "requirement", "patients", "cases", "controls", "estimate", "bound", "verdict", "counts?"],
            [
                [
                    text(" / ".join(row["group"].values())), text(row["requirement"]),
                    text(row["patients"]), text(row["cases"]), text(row["controls"]),
                    value(row["estimate"], rate[row["requirement"]]), value(row["bound"], rate[row["requirement"]]),
                    short_verdict(row["verdict"]), text("gated" if row["gated"] else row["note"]),
                ]
                for row in rows
            ],
            numeric=range(2, 7),
        )
    )  # fmt: skip
    return body


def thresholds(document: Document) -> list[str]:
    """7: the frozen operating point, and what other points would have done."""
    data = document["data"]
    body = [
        paragraph(
            f"The operating point is {data['threshold']:g}, from {data['threshold_source']}. It was frozen before "
            "this audit; the curves show what others would have done, and are no invitation to choose."
        )
    ]
    panels = []
    for entry in document["thresholds"]:
        pairs = [(f, t) for f, t in zip(entry["fpr"], entry["tpr"], strict=True) if f is not None and t is not None]
        if not pairs:
            continue
        nearest = min(range(len(entry["thresholds"])), key=lambda i: abs(entry["thresholds"][i] - data["threshold"]))
        panels.append(
            Curve(f"{entry['group']}", [(1.0, 1.0), *pairs, (0.0, 0.0)], (entry["fpr"][nearest], entry["tpr"][nearest]))
        )
    if not panels:
        return [*body, paragraph("No group has both cases and controls: no curve can be drawn.")]
    body.append(curves(panels, across="false alarms", up="found", title="ROC of every group", diagonal=True))
    body.append(paragraph("Circle: the frozen operating point.", "quiet small"))
    rows = []
    for entry in document["thresholds"]:
        for t, tpr, fpr in zip(entry["thresholds"], entry["tpr"], entry["fpr"], strict=True):
            rows.append([text(entry["feature"]), text(entry["group"]), f"{t:g}", value(tpr, True), value(fpr, True)])
    numbers = table(["feature", "group", "threshold", "found (tpr)", "false alarms (fpr)"], rows, numeric=(2, 3, 4))
    return [*body, f"<details><summary>The numbers</summary>{numbers}</details>"]


def calibration(document: Document) -> list[str]:
    """8: what scores mean, group by group."""
    body = [
        paragraph(
            "If scores mean what they say, points lie on the diagonal. A small group's points scatter by chance alone."
        )
    ]
    panels = []
    for entry in document["reliability"]:
        points = [
            (m, s)
            for m, s in zip(entry["mean_score"], entry["share_diseased"], strict=True)
            if m is not None and s is not None
        ]
        if points:
            panels.append(Curve(entry["group"], points))
    if panels:
        body.append(curves(panels, across="score", up="diseased", title="Reliability of every group", diagonal=True))
    rows = [
        [text(entry["feature"]), text(entry["group"]), *(text(n) for n in (entry["units"] or ["not printed"] * 10))]
        for entry in document["reliability"]
    ]
    heads = [f"{i / 10:.1f}–{(i + 1) / 10:.1f}" for i in range(10)]
    return [
        *body,
        table(["feature", "group", *heads], rows, caption="units in each bin of the score", numeric=range(2, 12)),
    ]


def ordered(rows: list[Entry]) -> list[Entry]:
    """Worst first: FAIL, then undecided, then PASS, each by how near its bound is to the limit."""

    def trouble(row: Entry) -> tuple[int, float]:
        bound, limit = row["bound"], row["limit"]
        if bound is None:
            return _ORDER[row["verdict"]], 0.0
        if isinstance(limit, list):
            return _ORDER[row["verdict"]], min(bound - limit[0], limit[1] - bound)
        return _ORDER[row["verdict"]], (bound - limit) if row["direction"] == "at-least" else (limit - bound)

    return sorted(rows, key=trouble)


def label(row: Entry) -> str:
    """A row's group in words, and what it is compared with."""
    one = ", ".join(f"{value_}" for value_ in row["group"].values()) or "everybody"
    if "versus" not in row:
        return f"{' x '.join(row['group'])}: {one}".replace("_", " ")
    other = ", ".join(row["versus"].values()) or "everybody"
    return f"{one} minus {other}"


def value(number: float | None, rate: bool) -> str:
    """A number of a metric, or a dash."""
    if number is None:
        return "–"
    return (f"{100 * number:.1f} %" if rate else f"{number:.2f}").replace("-", "−")


def plain(number: float | None) -> str:
    """A number with two decimals, or a dash."""
    return "–" if number is None else f"{number:.2f}"


def _answer(row: Entry) -> str:
    return f"{short_verdict(row['verdict'])}<br><small>{text(row['reason'].replace('_', ' '))}</small>"


def _likeness(row: Entry) -> str:
    likeness = "" if row["icc"] is None else f" ({row['icc']:.2f})"
    return plain(row["design_effect"]) + likeness


def _number(count: int | str) -> int | None:
    return count if isinstance(count, int) else None


def _more(row: Entry) -> str:
    if row["verdict"] != "INSUFFICIENT EVIDENCE":
        return ""
    return "cannot say" if row["needs_more_patients"] is None else f"about {row['needs_more_patients']}"
