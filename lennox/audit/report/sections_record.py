"""Sections 9 to 15 of the report: lesions, labels, what is not known, history, method, checklists, monitoring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lennox.audit.report.markup import paragraph, table, text, verdict
from lennox.audit.report.sections_evidence import label, ordered, value

Document = Mapping[str, Any]

_LESIONS = ("lesion_sensitivity", "false_positives_per_image", "dice")


def lesions(document: Document) -> list[str]:
    """9: lesion sensitivity, false marks and overlap."""
    rows = [row for row in document["rows"] if row["metric"] in _LESIONS and "versus" not in row]
    if not rows:
        return [paragraph("The policy asks nothing about single lesions or outlines.")]
    return [
        paragraph(f"A mark finds a lesion by the rule: {document['policy']['scope']['matching']}."),
        table(
            ["metric", "group", "lesions or units", "estimate", "bound", "verdict"],
            [
                [
                    text(row["metric"]), text(label(row)), text(row["denominator"]),
                    value(row["estimate"], row["metric"] != "false_positives_per_image"),
                    value(row["bound"], row["metric"] != "false_positives_per_image"), verdict(row["verdict"]),
                ]
                for row in ordered(rows)
            ],
            numeric=(2, 3, 4),
        ),
    ]  # fmt: skip


def labels(document: Document) -> list[str]:
    """10: what the truth was taken from."""
    said = document["policy"]["scope"]["label"] or "the policy does not say how the labels were made"
    return [
        paragraph(f"Labels: {said}."),
        paragraph(
            "Agreement between readers, by group, is not known to this audit. Labels that miss disease in one group "
            "can hide or even turn round a gap, and no number computed from the same labels shows it. A PASS is a PASS "
            "against these labels."
        ),
    ]


def unknowns(document: Document) -> list[str]:
    """11: what could not be decided, and what would decide it."""
    rows = [row for row in document["rows"] if row["gated"] and row["verdict"] == "INSUFFICIENT EVIDENCE"]
    if not rows:
        return [paragraph("Every gated cell was decided.")]
    cells = [
        [
            text(row["requirement"]), text(label(row)), text(row["patients"]), text(row["reason"]),
            text("cannot say" if row["needs_more_patients"] is None else row["needs_more_patients"]),
        ]
        for row in rows
    ]  # fmt: skip
    return [
        paragraph(
            f"{len(rows)} gated cells are undecided. The last column is about how many more patients decide the cell "
            "with a chance of 80 %, if its rates stay as they are; for a pair, in both groups together. A number in "
            "the thousands means that the estimate lies at the limit."
        ),
        table(["requirement", "cell", "patients", "why", "more patients"], cells, numeric=(2, 4)),
    ]


def history(document: Document) -> list[str]:
    """12: earlier audits of the same data."""
    chance = 100 * (1 - 0.95 ** document["attempt"])
    body = [
        paragraph(
            f"Attempt {document['attempt']} on this data set. A model exactly at a limit, tried {document['attempt']} "
            f"times on fresh data, passes at least once in up to {chance:.0f} % of cases by luck alone."
        )
    ]
    rows = [
        [text(e["date"]), text(e["policy"][:12]), text(e["model"][:12] or "a table"), verdict(e["verdict"])]
        for e in document["history"]
    ]
    return (
        [*body, table(["date", "policy", "model", "verdict"], rows)]
        if rows
        else [*body, paragraph("No earlier audit is recorded.")]
    )


def method(document: Document) -> list[str]:
    """13: how to get the same numbers."""
    how, check = document["method"], document["crosscheck"]
    facts = [
        ("one-sided confidence", f"{how['confidence']:g}"),
        ("interval", f"{how['interval']}: patients are the unit; rows of one patient are not strangers"),
        ("rates", "Clopper-Pearson on the design-effect n for floors and ceilings; Newcombe square-and-add for pairs"),
        ("other metrics", "cluster bootstrap, the wider of percentile and Student's t"),
        ("PASS", "every bound clears its limit (intersection-union, no correction needed)"),
        ("FAIL", "a bound beyond its limit after Holm's correction over all gated cells with enough people"),
        ("not readable", "diseased: counted as missed; healthy: no false alarm, left out; both lower readable_rate"),
        ("resamples, seed", f"{how['resamples']}, {how['seed']}"),
        (
            "Fairlearn",
            f"{check['compared']} values through MetricFrame {check['version']}; "
            f"largest difference {check['largest_difference']:g}",
        ),
        (
            "versions",
            ", ".join(f"{name} {version}" for name, version in how["versions"].items()) + f", Python {how['python']}",
        ),
        ("command", how["command"]),
    ]
    return [table(["", ""], [[text(name), text(said)] for name, said in facts if said])]


def checklists(document: Document) -> list[str]:
    """14: what guidelines ask, and where it is answered."""
    rows = [[text(entry["source"]), text(entry["asks"]), text(entry["where"])] for entry in document["checklists"]]
    return [paragraph("A cross-reference, not a claim of conformity."), table(["source", "asks for", "section"], rows)]


def overrides(document: Document) -> list[str]:
    """15: what the policy says about use without a pass, and about watching."""
    policy = document["policy"]
    days = policy["monitor_every_days"]
    return [
        paragraph(
            "An override needs who, why and until when, and stamps every output."
            if policy["override_allowed"]
            else "The policy allows no override."
        ),
        paragraph(
            f"In use, the policy asks for a look every {days} days, by an e-process."
            if days
            else "The policy asks for no monitoring."
        ),
        paragraph("No override and no alarm is recorded in this audit."),
    ]
