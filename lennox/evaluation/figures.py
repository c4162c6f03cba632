"""The figures of a model card, written from the evaluation files beside it, so that they regenerate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lennox.card import ModelCard
from lennox.errors import InputError
from lennox.evaluation.card_page import card_page
from lennox.evaluation.card_statements import PUBLISHED
from lennox.files import atomic_write
from lennox.statistics.roc import positive_predictive_value

EVALUATIONS = "evaluations"
PREVALENCES = (0.05, 0.2, 0.5)


def update_card(model: Path) -> Path:
    """Write `figures` and `robustness` of a model's card from the files in `evaluations`, and card.md, its page.

    Reads `evaluations/*/evaluation.json` and `evaluations/*/robustness.json` beside the card. Running it twice
    changes nothing. Raises InputError if an evaluation is of other weights.
    """
    model = Path(model)
    path = model / "card.json"
    card = ModelCard.read(path)
    document: dict[str, Any] = json.loads(path.read_bytes())
    sha256 = card.files["model.onnx"]
    figures = {}
    for found in sorted((model / EVALUATIONS).glob("*/evaluation.json")):
        evaluation = _read(found, sha256)
        figures[str(evaluation["data"]["set"])] = summary(evaluation)
    document["figures"] = figures
    robustness = sorted((model / EVALUATIONS).glob("*/robustness.json"))
    if robustness:
        document["robustness"] = [
            {key: value for key, value in _read(found, sha256).items() if key not in ("format", "model")}
            for found in robustness
        ]
    document["published_figures"] = PUBLISHED
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    ModelCard.from_json(text)
    atomic_write(path, text)
    atomic_write(model / "card.md", card_page(document))
    return path


def _read(path: Path, sha256: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    if found["model"]["sha256"] != sha256:
        raise InputError(
            f"{path.parent.name}/{path.name} is of other weights than this card; evaluate this model again."
        )
    return found


def summary(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """What the card keeps of an evaluation."""
    figures = evaluation["figures"]
    kept: dict[str, Any] = {
        "films": evaluation["data"]["films"],
        "films_with_caries": evaluation["data"]["carious_films"],
        "lesions": evaluation["data"]["lesions"],
        "not_assessed": evaluation["films"]["not assessable"] + evaluation["films"]["unreadable"],
    }
    if "froc" in figures:
        kept["lesion_sensitivity"] = [
            {"false_positives_a_film": row["false_positives_a_film"],
             "sensitivity": {"value": row["sensitivity"], "interval": row["interval"]}}
            for row in figures["froc"]
        ]  # fmt: skip
        for name in ("wafroc_area", "afroc_area", "ap50"):
            kept[name] = figures[name]
        if figures["calibration"] is not None:
            kept["calibration_of_candidates"] = {
                name: figures["calibration"][name] for name in ("slope", "intercept", "brier")
            }
    if figures["film_roc_area"]["value"] is not None:
        kept["film_roc_area"] = figures["film_roc_area"]
    kept["operating_points"] = [
        _point(name, point)
        for name, point in sorted(figures["operating_points"].items(), key=lambda item: item[1]["threshold"])
    ]
    groups = []
    for name, values in evaluation["groups"].items():
        for value, entry in values.items():
            if "sensitivity_at_1" in entry:
                groups.append({
                    "group": f"{name}: {value}", "lesions": entry["lesions"],
                    "sensitivity_at_1": entry["sensitivity_at_1"],
                    **_known(entry, "film_roc_area"),
                })  # fmt: skip
    if groups:
        kept["groups"] = groups
    return kept


def _known(entry: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {name: entry[name]} if name in entry and entry[name]["value"] is not None else {}


def _point(name: str, point: Mapping[str, Any]) -> dict[str, Any]:
    kept = {"name": name, **point}
    sensitivity, specificity = point["film_sensitivity"]["value"], point["film_specificity"]["value"]
    if sensitivity is not None and specificity is not None:
        for prevalence in PREVALENCES:
            share = positive_predictive_value(sensitivity, specificity, prevalence)
            kept[f"ppv_at_prevalence_{prevalence:g}"] = None if share is None else round(share, 3)
    return {key: value for key, value in kept.items() if not (isinstance(value, Mapping) and value["value"] is None)}
