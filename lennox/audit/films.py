"""COCO sets of films and a model become an `AuditTable`, through the route that people use: `diagnose_many`.

A film is an image row (does it show caries, the model's highest probability, false marks at the operating point), and
each outlined lesion a lesion row (the probability of the best mark that finds it). A film that the model turns away,
or cannot read, has no score: it counts as not readable, and what is on it as missed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lennox.annotations.film_groups import film_groups, lesion_size
from lennox.annotations.matching import Outline, found_by, outline_of
from lennox.audit.audit_table import AuditTable
from lennox.audit.read_table import TableOptions, table_from_columns
from lennox.errors import InputError
from lennox.files import sha256_of
from lennox.inference.batch import diagnose_many
from lennox.inference.examination import Examination
from lennox.inference.model import load_candidate
from lennox.policy.policy import Policy

CARIES = ("caries", "carious", "decay")
LOWEST = 0.01  # marks below this are not asked for; scores of lesions without a mark are 0


@dataclass(frozen=True, slots=True)
class FilmSet:
    """One COCO set. films : image entries; marks : image id -> (category, outline) of everything drawn on it."""

    name: str
    folder: Path
    digest: str
    films: tuple[Mapping[str, Any], ...]
    marks: Mapping[int, tuple[tuple[str, Outline], ...]]


def table_from_films(
    folders: Sequence[Path],
    model_name: str,
    policy: Policy,
    *,
    sensors: Mapping[str, str] | None = None,
    operating_point: str | None = None,
) -> AuditTable:
    """Read every film of the sets with a model, and make the table of an audit of it.

    sensors : set's folder name -> group of the feature `sensor`
    operating_point : a threshold of the model's card; its default unless given
    Raises InputError for a set that is not COCO or lacks films, ModelError for a model that does not load.
    """
    model = load_candidate(model_name)
    point = model.card.operating_point(operating_point)
    if policy.scope.threshold is not None and policy.scope.threshold != point.threshold:
        raise InputError(
            f"the policy names the threshold {policy.scope.threshold:g}, the model's card {point.threshold:g}: "
            "the operating point was changed after the policy: run a new audit"
        )
    rows: list[dict[str, Any]] = []
    sets = [read_films(folder) for folder in folders]
    for films in sets:
        paths = [films.folder / film["file_name"] for film in films.films]
        for film, examination in zip(films.films, diagnose_many(paths, model, threshold=LOWEST), strict=True):
            marks = films.marks.get(film["id"], ())
            sensor = (sensors or {}).get(films.name, "")
            rows += film_rows(
                film, marks, examination, policy, threshold=point.threshold, where=films.name, sensor=sensor
            )
    names = [feature.name for feature in policy.features]
    predictions = {key: [row.get(key, "") for row in rows] for key in (*_COLUMNS, *names)}
    absent = tuple(name for name in names if not any(row.get(name) for row in rows))
    digest = sha256_of("".join(films.digest for films in sets).encode())
    columns = {"cluster": "cluster", **{name: name for name in names}}
    present = {name: column for name, column in columns.items() if name not in absent}
    for name in absent:
        del predictions[name]
    plain = replace(policy, scope=replace(policy.scope, columns={}, cluster="cluster"))
    reading = TableOptions(present, point.threshold, not_recorded=absent)
    name = " + ".join(films.name for films in sets)
    table = table_from_columns(predictions, plain, reading, name=name, digest=digest)
    identity = {
        "name": model.card.name,
        "version": model.card.version,
        "sha256": model.sha256,
        "release": model.release,
    }
    note = f"the model's card, operating point '{point.name}'"
    return replace(table, model=identity, threshold_note=note)


_COLUMNS = ("cluster", "unit", "label", "score", "false_positives")


def read_films(folder: Path) -> FilmSet:
    """Read `annotations.json` in `folder`. Raises InputError if it is missing, not COCO, or films are not there."""
    path = folder / "annotations.json"
    try:
        data = path.read_bytes()
        document = json.loads(data)
        names = {category["id"]: str(category["name"]) for category in document["categories"]}
        films = tuple(document["images"])
        marks: dict[int, list[tuple[str, Outline]]] = {film["id"]: [] for film in films}
        for mark in document["annotations"]:
            marks[mark["image_id"]].append((names[mark["category_id"]], outline_of(mark)))
    except OSError as error:
        raise InputError(
            f"{folder.name}: no annotations.json that can be read; name the folder of a COCO set"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{folder.name}: annotations.json is not COCO ({error}); see docs/audit.md") from error
    missing = [film["file_name"] for film in films if not (folder / film["file_name"]).is_file()]
    if missing or not films:
        raise InputError(f"{folder.name}: {len(missing)} of {len(films)} films are missing; complete the set")
    return FilmSet(folder.name, folder, sha256_of(data), films, {k: tuple(v) for k, v in marks.items()})


def film_rows(
    film: Mapping[str, Any],
    marks: Sequence[tuple[str, Outline]],
    examination: Examination,
    policy: Policy,
    *,
    threshold: float,
    where: str,
    sensor: str,
) -> list[dict[str, Any]]:
    """The image row of one film and a lesion row for each lesion drawn on it."""
    names = {feature.name for feature in policy.features}
    said = {name: film[name] for name in names if film.get(name)}
    groups = {"sensor": sensor, **film_groups(marks), **said}
    shared = {name: value for name, value in groups.items() if name in names and value}
    shared["cluster"] = f"{where}/{film.get('film', film['file_name'])}"
    lesions = [outline for name, outline in marks if name.casefold() in CARIES]
    assessed = examination.status == "assessed"
    scale = _scale(film, examination)
    lesions_found, false = found_by(
        examination.findings, [outline.scaled(*scale) for outline in lesions], policy.scope.matching
    )
    image = {
        **shared,
        "unit": "image",
        "label": int(bool(lesions)),
        "score": examination.probability if assessed else float("nan"),
        "false_positives": sum(p >= threshold for p in false) if assessed else float("nan"),
    }
    rows = [image]
    for outline, probability in zip(lesions, lesions_found, strict=True):
        size = lesion_size(outline.area / max(film["width"], film["height"]) ** 2)
        row = {**shared, "unit": "lesion", "label": 1, "score": probability if assessed else float("nan")}
        if "lesion_size" in names:
            row["lesion_size"] = size
        rows.append({**row, "false_positives": float("nan")})
    return rows


def _scale(film: Mapping[str, Any], examination: Examination) -> tuple[float, float]:
    """(down, across) from the pixels that the annotations count to those of the file."""
    rows, columns = examination.source.rows, examination.source.columns
    if not rows or not columns:
        return 1.0, 1.0
    return rows / film["height"], columns / film["width"]
