"""What a page on which films are read is given, as plain data: films, candidates, the model and what each point costs.

The reading desk and the page of a run show the same, by the same script (`viewer/`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, get_args

from lennox.card import ModelCard
from lennox.caries_stages import ICCMS_RADIOGRAPHIC
from lennox.inference.examination import Examination, ModelIdentity, Status
from lennox.inference.findings import Finding
from lennox.report import to_record, words
from lennox.report.marks import soften
from lennox.report.wording import ENGLISH, Wording
from lennox.tooth_names import EXAMPLES, NOTATIONS, SURFACES

POINT_NAMES = ("sensitive", "balanced", "specific", "custom")
_SAID = re.compile(r'\bt\("((?:[^"\\]|\\.)*)"')


def film_row(key: str, examination: Examination | None, threshold: float | None) -> dict[str, Any]:
    """A film in the list. threshold : of the operating point in use, None without a model"""
    marks, reasons = 0, () if examination is None else (*examination.reasons, *examination.source.illegible)
    if examination is not None and threshold is not None:
        marks = sum(finding.probability >= threshold for finding in examination.findings)
    return {
        "key": key,
        "status": examination.status if examination else "waiting",
        "reasons": [words.readable(reason) for reason in reasons],
        "marks": marks,
        "probability": examination.probability if examination else None,
    }


def film_view(examination: Examination | None, say: Wording = ENGLISH) -> dict[str, Any]:
    """A film on the screen: its record, and each candidate's outline, rounded for the eye, and what is unsure of it."""
    if examination is None:
        return {"record": None, "outlines": [], "doubts": []}
    return {
        "record": to_record(examination),
        "outlines": [_softened(finding) for finding in examination.findings],
        "doubts": [words.doubts(finding, examination.source, say) for finding in examination.findings],
    }


def model_view(model: ModelIdentity, card: ModelCard, in_use: float, say: Wording = ENGLISH) -> dict[str, Any]:
    """The model, what a page must say of it, and what each operating point costs. in_use : threshold of the point"""
    return {
        "name": f"{model.name} {model.version}",
        "sha256": model.sha256,
        "release": model.release,
        "unreleased": words.is_unreleased(model.release),
        "notice": words.notice(model.release, say),
        "labels": card.labels,
        "points": [
            {
                "name": point.name,
                "threshold": point.threshold,
                "inUse": point.threshold == in_use,
                "measured": costs(card, point.name),
            }
            for point in card.operating_points
        ],
    }


def terms() -> dict[str, Any]:
    """What may be said of a lesion."""
    return {
        "surfaces": SURFACES,
        "depths": ICCMS_RADIOGRAPHIC,
        "notations": {name: EXAMPLES[name] for name in NOTATIONS},
    }


def sentences(say: Wording) -> str:
    """The sentences of the scripts in a language, as JSON text; "" in English, which the scripts speak."""
    if say.language == "en":
        return ""
    names = (*SURFACES, *ICCMS_RADIOGRAPHIC.values(), *get_args(Status), *POINT_NAMES, "caries")
    return json.dumps({one: say.name(one) for one in (*script_sentences(), *names)})


@cache
def script_sentences() -> tuple[str, ...]:
    """Every sentence that a script of a page of films says."""
    folders = (files("lennox.report").joinpath("viewer"), files("lennox").joinpath("desk", "static"))
    scripts = [one for folder in folders if folder.is_dir() for one in folder.iterdir() if one.name.endswith(".js")]
    found = (_SAID.findall(one.read_text("utf-8")) for one in scripts if "min" not in one.name)
    return tuple(dict.fromkeys(sentence for each in found for sentence in each))


def costs(card: ModelCard, point: str) -> list[dict[str, Any]]:
    """What was measured at an operating point, on each set of the card that it was tested on."""
    figures = card.document.get("figures")
    found = []
    for name, entry in figures.items() if isinstance(figures, Mapping) else ():
        for measured in entry.get("operating_points", ()) if isinstance(entry, Mapping) else ():
            if measured.get("name") == point and "lesion_sensitivity" in measured:
                found.append({
                    "set": str(name),
                    "films": entry.get("films"),
                    "lesions": entry.get("lesions"),
                    "found": _figure(measured["lesion_sensitivity"]),
                    "false": _figure(measured.get("false_positives_a_film")),
                })  # fmt: skip
    return found


def _figure(value: Any) -> dict[str, Any] | None:
    if isinstance(value, Mapping):
        interval = value.get("interval") or [value.get(end) for end in ("low", "high") if end in value]
        return {"value": value.get("value"), "interval": interval or None}
    return None if value is None else {"value": value, "interval": None}


def _softened(finding: Finding) -> list[list[float]]:
    return [[round(row, 1), round(column, 1)] for row, column in soften(finding.outline)]
