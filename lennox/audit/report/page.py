"""The audit as one HTML page of fifteen sections: a pure function of the JSON document, for print and screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lennox.audit.report.markup import CLASSES, SIGNS, page, paragraph, table, text, verdict
from lennox.audit.report.sections_evidence import calibration, gaps, intersections, requirements, thresholds, who
from lennox.audit.report.sections_record import checklists, history, labels, lesions, method, overrides, unknowns

Document = Mapping[str, Any]

_MEANING = {
    "PASS": "Every bound clears its limit, in every group that the policy protects.",
    "FAIL": "At least one limit is missed beyond what chance explains. The gate stays shut.",
    "INSUFFICIENT EVIDENCE": "No limit is shown to be missed, but not all are shown to be met. The gate stays shut.",
}


def report(document: Document) -> str:
    """The page. document : as read back from the canonical JSON."""
    body = [_head(document), _contents()]
    for number, (name, section) in enumerate(SECTIONS, 1):
        body.append(f'<h2 id="s{number}">{number}. {text(name)}</h2>')
        body += section(document)
    return page(f"Equity audit: {document['verdict']}", body)


def _head(document: Document) -> str:
    policy = document["policy"]
    public = "<p><small>Public copy: counts of 1 to 4 are not printed.</small></p>" if document.get("public") else ""
    facts = " · ".join(text(part) for part in (policy["title"], document["data"]["name"], document["date"]))
    return f'<h1>Equity audit</h1><p class="quiet">{facts}</p>{public}'


def _contents() -> str:
    links = "".join(f'<a href="#s{number}">{number} {text(name)}</a> ' for number, (name, _) in enumerate(SECTIONS, 1))
    return f"<nav><small>{links}</small></nav>"


def _verdict(document: Document) -> list[str]:
    policy, adopted = document["policy"], document["policy"]["ratification"]
    answer, data = document["verdict"], document["data"]
    by_id = {requirement["id"]: requirement for requirement in policy["requirements"]}
    rows = [
        [text(entry["id"]), text(by_id[entry["id"]]["plain"]), verdict(entry["verdict"])]
        for entry in document["requirements"]
    ]
    facts = [
        ("Model", " ".join(filter(None, [document["model"].get("name", ""), document["model"].get("version", "")]))
         or "not named: a table of predictions"),
        ("Model digest", document["model"].get("sha256", "none: a table of predictions")),
        ("Data", f"{data['name']}, {data['patients']} patients, {data['rows']} rows"),
        ("Data digest", data["sha256"] or "none"),
        ("Policy", f"{policy['title']}, version {policy['version']}"),
        ("Policy digest", policy["sha256"]),
        ("Adopted by", f"{adopted['body']}, {adopted['date']} ({adopted['method']}); lapses {adopted['next_review']}"),
        ("About the adoption", adopted["note"]),
        ("Attempt", f"number {document['attempt']} on this data set"),
    ]  # fmt: skip
    return [
        f'<div class="banner {CLASSES[answer]}"><strong>{SIGNS[answer]} {text(answer)}</strong>'
        f"<p>{text(_MEANING[answer])} Measured against the labels that the data came with.</p></div>",
        table(["requirement", "in plain words", "verdict"], rows),
        table(["", ""], [[text(name), text(value)] for name, value in facts if value]),
    ]


def _asked(document: Document) -> list[str]:
    body = []
    for requirement in document["policy"]["requirements"]:
        limit = requirement["limit"]
        shown = f"{limit[0]:g} to {limit[1]:g}" if isinstance(limit, list) else f"{limit:g}"
        body.append(f"<h3>{text(requirement['plain'])}</h3>")
        body.append(
            paragraph(
                f"{requirement['metric']}, {requirement['criterion']}, {requirement['direction']} {shown}; "
                f"protects: {', '.join(requirement['over'])}",
                "quiet",
            )
        )
        story = requirement["story"]
        if story is None:
            body.append(paragraph("Nobody's reason for this limit is recorded yet."))
        elif "withdrawn" in story:
            body.append(
                paragraph(f"The story behind this limit was withdrawn on {story['withdrawn']}. The limit stays.")
            )
        else:
            sound = (
                f' (recording: <a href="{text(story["audio"])}">{text(story["audio"])}</a>)' if story["audio"] else ""
            )
            body.append(
                f"<blockquote>“{text(story['words'])}”<br><small>{text(story['teller'])}{sound}</small></blockquote>"
            )
    return body


SECTIONS: tuple[tuple[str, Callable[[Document], list[str]]], ...] = (
    ("Verdict", _verdict),
    ("What was asked, and why", _asked),
    ("Who was in the data", who),
    ("Each requirement", requirements),
    ("Gaps between groups", gaps),
    ("Intersections", intersections),
    ("The threshold", thresholds),
    ("Calibration", calibration),
    ("Lesions and outlines", lesions),
    ("Labels", labels),
    ("What is not known", unknowns),
    ("History", history),
    ("Method and reproduction", method),
    ("Checklists", checklists),
    ("Overrides and monitoring", overrides),
)
