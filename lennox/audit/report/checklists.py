"""Where an audit answers what reporting guidelines ask, and where it does not. Sections are those of the report."""

from __future__ import annotations

_NOT = "not answered"
CHECKLISTS = [
    {
        "source": "STANDING Together (2024)",
        "asks": "who is represented in the data, and how groups were defined",
        "where": "3",
    },
    {"source": "STANDING Together (2024)", "asks": "missing group data, and performance in it", "where": "3, 4"},
    {
        "source": "STANDING Together (2024)",
        "asks": "groups of interest chosen beforehand, with their context",
        "where": "2",
    },
    {"source": "Dental AI checklist (Schwendicke 2021)", "asks": "sample size estimation", "where": "11"},
    {"source": "Dental AI checklist (Schwendicke 2021)", "asks": "reference test", "where": "10"},
    {"source": "Dental AI checklist (Schwendicke 2021)", "asks": "uncertainty of every estimate", "where": "4, 5, 8"},
    {
        "source": "Dental AI checklist (Schwendicke 2021)",
        "asks": "training and test data apart, by patient",
        "where": "3",
    },
    {"source": "Dental AI checklist (Schwendicke 2021)", "asks": "agreement of several readers", "where": _NOT},
    {"source": "CLAIM 2024", "asks": "performance with uncertainty, in subgroups", "where": "4, 5, 6"},
    {"source": "CLAIM 2024", "asks": "failure analysis of single cases", "where": _NOT},
    {"source": "EU AI Act, article 10", "asks": "examination for bias likely to affect health", "where": "4, 5, 6"},
    {"source": "EU AI Act, article 10", "asks": "gaps in the data and how to close them", "where": "11"},
    {"source": "EU AI Act, article 15", "asks": "declared levels of accuracy", "where": "4, 7"},
    {"source": "Good Machine Learning Practice (2021)", "asks": "test data independent of training data", "where": "3"},
    {"source": "Good Machine Learning Practice (2021)", "asks": "deployed models are monitored", "where": "15"},
    {"source": "NIST AI RMF, MEASURE 2.11", "asks": "harmful bias evaluated and documented", "where": "1, 4, 5"},
    {"source": "CONSORT-AI, DECIDE-AI", "asks": "effect on patients when people use the tool", "where": _NOT},
]
