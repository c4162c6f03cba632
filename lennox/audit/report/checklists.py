"""Where an audit answers what reporting guidelines ask, and where it does not. Sections are those of the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOT = "not answered"


def checklists(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """The cross-reference for one audit: a section is named only where this audit has something to say in it."""
    data, policy = document["data"], document["policy"]

    def where(sections: str, answered: object) -> str:
        return sections if answered else NOT

    trained = where("3", data["training"]["checked"])
    standing, dental = "STANDING Together (2024)", "Dental AI checklist (Schwendicke 2021)"
    practice, act = "Good Machine Learning Practice (2021)", "EU AI Act"
    context = any(feature["why"] for feature in policy["features"])
    undecided = any(row["needs_more_patients"] is not None for row in document["rows"])
    rows = [
        (standing, "who is represented in the data, and how groups were defined", "3"),
        (standing, "missing group data, and performance in it", "3, 4"),
        (standing, "groups of interest chosen beforehand, with their context", where("2", context)),
        (dental, "sample size estimation", where("11", undecided)),
        (dental, "reference test", where("10", policy["scope"]["label"])),
        (dental, "uncertainty of every estimate", "4, 5, 8"),
        (dental, "training and test data apart, by patient", trained),
        (dental, "agreement of several readers", NOT),
        ("CLAIM 2024", "performance with uncertainty, in subgroups", "4, 5, 6"),
        ("CLAIM 2024", "failure analysis of single cases", NOT),
        (f"{act}, article 10", "examination for bias likely to affect health", "4, 5, 6"),
        (f"{act}, article 10", "gaps in the data and how to close them", where("11", undecided)),
        (f"{act}, article 15", "declared levels of accuracy", "4, 7"),
        (practice, "test data independent of training data", trained),
        (practice, "deployed models are monitored", where("15", policy["monitor_every_days"])),
        ("NIST AI RMF, MEASURE 2.11", "harmful bias evaluated and documented", "1, 4, 5"),
        ("CONSORT-AI, DECIDE-AI", "effect on patients when people use the tool", NOT),
    ]
    return [{"source": source, "asks": asks, "where": sections} for source, asks, sections in rows]
