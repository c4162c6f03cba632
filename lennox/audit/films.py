"""COCO sets of films and a model become an `AuditTable`, through the route that people use.

A film is an image row (does it show caries, the model's highest probability, false marks at the operating point), and
each lesion marked on it a lesion row (the probability of the candidate that finds it). Truth and hits are those of
`lennox evaluate`. A film that the model turns away, or cannot read, has no score: it counts as not readable, and what
is on it as missed. Where false marks cannot be counted, as on a film that is only labelled carious, the cell is empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lennox.annotations.coco import read_coco
from lennox.annotations.groups import derive_groups, lesion_size
from lennox.annotations.matching import Matching
from lennox.audit.audit_table import AuditTable
from lennox.audit.manifest import Manifest
from lennox.audit.read_table import TableOptions, table_from_columns
from lennox.errors import ImageError, InputError
from lennox.evaluation.results import FilmResult, film_results
from lennox.files import sha256_of_file
from lennox.gate.behaviour import behaviour_sha256
from lennox.image import read_image
from lennox.inference.load import load_candidate
from lennox.policy.policy import Policy
from lennox.statistics.froc import UNMARKED

NAN = float("nan")
_COLUMNS = ("cluster", "unit", "label", "score", "false_positives")


@dataclass(frozen=True, slots=True)
class FilmOptions:
    """How sets of films are read.

    sensors : set's folder name -> group of the feature `sensor`
    operating_point : a threshold of the model's card; its default unless given
    categories : what categories of the sets mean, "caries", "healthy" or "other", where lennox does not know them
    """

    sensors: Mapping[str, str] = field(default_factory=dict)
    operating_point: str | None = None
    categories: Mapping[str, str] = field(default_factory=dict)


def table_from_films(
    folders: Sequence[Path], model_name: str, policy: Policy, options: FilmOptions | None = None
) -> AuditTable:
    """Read every film of the sets with a model, and make the table of an audit of it.

    Raises InputError for a set that is not COCO or lacks films, ModelError for a model that does not load.
    """
    options = options or FilmOptions()
    model = load_candidate(model_name, "audit")
    point = model.card.operating_point(options.operating_point)
    if policy.scope.threshold is not None and policy.scope.threshold != point.threshold:
        raise InputError(
            f"the policy names the threshold {policy.scope.threshold:g}, the model's card {point.threshold:g}: "
            "the operating point was changed after the policy: run a new audit"
        )
    sets = [read_coco(folder, options.categories) for folder in folders]
    matching = Matching.parse(policy.scope.matching)
    rows: list[dict[str, Any]] = []
    files: list[tuple[str, str]] = []
    for coco in sets:
        files.append((f"{coco.name}/annotations.json", coco.sha256))
        sensor = options.sensors.get(coco.name, "")
        for number, result in enumerate(film_results(coco, model, matching), 1):
            read = result.examination.source.sha256 or sha256_of_file(result.film.path)  # a film that cannot be read
            files.append((f"{coco.name}/film-{number:06}", read))
            rows += film_rows(
                result, policy, threshold=point.threshold, group=f"{coco.name}/{result.film.name}", sensor=sensor
            )
    names = [feature.name for feature in policy.features]
    absent = tuple(name for name in names if not any(row.get(name) for row in rows))
    table = {key: [row.get(key, "") for row in rows] for key in (*_COLUMNS, *names) if key not in absent}
    present = {name: name for name in ("cluster", *names) if name not in absent}
    plain = replace(policy, scope=replace(policy.scope, columns={}, cluster="cluster"))
    reading = TableOptions(present, point.threshold, not_recorded=absent)
    name = " + ".join(coco.name for coco in sets)
    audited = table_from_columns(table, plain, reading, name=name, manifest=Manifest(tuple(files)))
    identity = {
        "name": model.card.name, "version": model.card.version, "sha256": model.sha256, "release": model.release,
        "behaviour_sha256": behaviour_sha256(model.card),
    }  # fmt: skip
    return replace(audited, model=identity, threshold_note=f"the model's card, operating point '{point.name}'")


def film_rows(result: FilmResult, policy: Policy, *, threshold: float, group: str, sensor: str) -> list[dict[str, Any]]:
    """The image row of one film and a lesion row for each lesion marked on it. group : what the audit counts as one"""
    film, truth, scored = result.film, result.film.truth, result.scored
    names = {feature.name for feature in policy.features}
    said = {name: str(film.fields[name]) for name in names if film.fields.get(name) not in (None, "")}
    groups = {"sensor": sensor, **_groups_of(result, "restored" in names), **said}
    shared = {name: value for name, value in groups.items() if name in names and value} | {"cluster": group}
    counted = result.is_assessed and truth.is_located
    rows: list[dict[str, Any]] = [{
        **shared, "unit": "image", "label": int(truth.carious),
        "score": result.probability if result.is_assessed else NAN,
        "false_positives": sum(probability >= threshold for probability in scored.false) if counted else NAN,
    }]  # fmt: skip
    for shape, found in zip(truth.lesions, scored.found, strict=True):
        score = NAN if not result.is_assessed else 0.0 if found == UNMARKED else found
        row = {**shared, "unit": "lesion", "label": 1, "score": score, "false_positives": NAN}
        if "lesion_size" in names and film.rows and film.columns:
            row["lesion_size"] = lesion_size(shape.area, film.rows, film.columns)
        rows.append(row)
    return rows


def _groups_of(result: FilmResult, look: bool) -> Mapping[str, str]:
    """Derived groups; `look` : at the pixels, too, for restorations that nobody marked."""
    try:
        return derive_groups(result.film, read_image(result.film.path).grey() if look else None)
    except ImageError:
        return derive_groups(result.film)
