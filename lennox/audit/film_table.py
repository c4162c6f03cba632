"""COCO sets of films and a model become an `AuditTable`, through the route that people use.

A film is an image row (does it show caries, the model's highest probability, false marks at the operating point), and
each lesion marked on it a lesion row (the probability of the candidate that finds it). Truth and hits are those of
`lennox evaluate`. A film that the model turns away, or cannot read, has no score: it counts as not readable, and what
is on it as missed. Where false marks cannot be counted, as on a film that is only labelled carious, the cell is empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lennox.annotations.coco import read_coco
from lennox.annotations.film import CocoSet, Film
from lennox.annotations.groups import derive_groups, lesion_size
from lennox.annotations.matching import Matching
from lennox.audit.audit_table import AuditTable
from lennox.audit.columns import is_training, loose_id, patient_id
from lennox.audit.manifest import Manifest
from lennox.audit.read_table import TableOptions, table_from_columns
from lennox.audit.scope import require_scope, require_seen_kinds
from lennox.card import OperatingPoint
from lennox.errors import ImageError, InputError
from lennox.evaluation.film_results import FilmResult, film_results
from lennox.files import sha256_of_file
from lennox.gate.behaviour import behaviour_sha256
from lennox.image import read_image
from lennox.inference.load import load_candidate
from lennox.inference.model import Model
from lennox.policy.policy import Policy
from lennox.policy.problems import TableError
from lennox.statistics.froc import UNMARKED

NAN = float("nan")
GROUP = "film"  # the cluster that is `Film.name`: a group of films that may come from one mouth
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


@dataclass(frozen=True, slots=True)
class _Entry:
    """A film of the audit. patient : what counts as one; names : `loose_id` of what a list may call it"""

    film: Film
    sha256: str
    patient: str
    names: frozenset[str]


def table_from_films(
    folders: Sequence[Path],
    model_name: str,
    policy: Policy,
    options: FilmOptions | None = None,
    reading: TableOptions | None = None,
) -> AuditTable:
    """Read every film of the sets with a model, and make the table of an audit of it.

    reading : `columns` says under which key of `images[]` the patient ("cluster") and features stand, `threshold` must
        be that of the operating point, `training` holds patients, groups, files or SHA-256 of files
    Raises InputError for a set that is not COCO or lacks films, for a policy of other images or another disease, and
    where options contradict the model; TableError for films that were trained on; ModelError for a model that does not
    load.
    """
    options, reading = options or FilmOptions(), reading or TableOptions()
    model = load_candidate(model_name, "audit")
    point = _operating_point(model, policy, options, reading)
    sets = [read_coco(folder, options.categories) for folder in folders]
    keys = _keys(policy, options, reading, sets)
    entries = [[_entry(coco, film, keys["cluster"]) for film in coco.films] for coco in sets]
    everything = [entry for own in entries for entry in own]
    require_scope(policy, model.card, [entry.film for entry in everything])
    _refuse_copies(everything)
    name = " + ".join(coco.name for coco in sets)
    trained = _trained(everything, reading, name)

    rows: list[dict[str, Any]] = []
    seen: list[str | None] = []
    for coco, own in zip(sets, entries, strict=True):
        sensor = options.sensors.get(coco.name, "")
        for entry, result in zip(own, film_results(coco, model, Matching.parse(policy.scope.matching)), strict=True):
            if result.examination.source.sha256 not in (entry.sha256, None):
                raise InputError(f"'{entry.film.path.name}' was changed while the audit ran; start again.")
            seen.append(result.examination.source.kind)
            rows += film_rows(result, keys, threshold=point.threshold, patient=entry.patient, sensor=sensor)
    require_seen_kinds(policy, [entry.film for entry in everything], seen)
    names = [feature.name for feature in policy.features]
    absent = tuple(name for name in names if name in reading.not_recorded or not any(row.get(name) for row in rows))
    columns = [*_COLUMNS, *(name for name in names if name not in absent)]
    audited = table_from_columns(
        {key: [row.get(key, "") for row in rows] for key in columns},
        replace(policy, scope=replace(policy.scope, columns={}, cluster="cluster")),
        TableOptions({}, point.threshold, not_recorded=absent),
        name=name,
        manifest=Manifest(tuple(_files(sets, entries))),
    )
    identity = {
        "name": model.card.name, "version": model.card.version, "sha256": model.sha256, "release": model.release,
        "behaviour_sha256": behaviour_sha256(model.card),
    }  # fmt: skip
    note = f"the model's card, operating point '{point.name}'"
    return replace(audited, model=identity, threshold_note=note, training=trained)


def film_rows(
    result: FilmResult, keys: Mapping[str, str], *, threshold: float, patient: str, sensor: str
) -> list[dict[str, Any]]:
    """The image row of one film and a lesion row for each lesion marked on it.

    keys : feature of the policy -> key of `images[]` under which it may stand; what stands there goes before what is
        derived
    """
    film, truth, scored = result.film, result.film.truth, result.scored
    written = {name: film.fields.get(key) for name, key in keys.items() if name != "cluster"}
    said = {name: str(value) for name, value in written.items() if value not in (None, "")}
    groups = {"sensor": sensor, **_groups_of(result, "restored" in keys), **said}
    shared = {name: value for name, value in groups.items() if name in keys and value} | {"cluster": patient}
    counted = result.is_assessed and truth.is_located
    rows: list[dict[str, Any]] = [{
        **shared, "unit": "image", "label": int(truth.carious),
        "score": result.probability if result.is_assessed else NAN,
        "false_positives": sum(probability >= threshold for probability in scored.false) if counted else NAN,
    }]  # fmt: skip
    for shape, found in zip(truth.lesions, scored.found, strict=True):
        score = NAN if not result.is_assessed else 0.0 if found == UNMARKED else found
        row = {**shared, "unit": "lesion", "label": 1, "score": score, "false_positives": NAN}
        if "lesion_size" in keys and film.rows and film.columns:
            row["lesion_size"] = lesion_size(shape.area, film.rows, film.columns)
        rows.append(row)
    return rows


def _operating_point(model: Model, policy: Policy, options: FilmOptions, reading: TableOptions) -> OperatingPoint:
    point = model.card.operating_point(options.operating_point)
    for threshold, source in ((policy.scope.threshold, "the policy names"), (reading.threshold, "--threshold is")):
        if threshold is not None and threshold != point.threshold:
            raise InputError(
                f"{source} the threshold {threshold:g}, and the operating point '{point.name}' of the model's card "
                f"{point.threshold:g}: audit a model at a point of its card (--operating-point), and keep it after the "
                "policy is ratified."
            )
    return point


def _keys(policy: Policy, options: FilmOptions, reading: TableOptions, sets: Sequence[CocoSet]) -> dict[str, str]:
    """Feature, or "cluster", -> the key of `images[]` that holds it. Refuses options that would do nothing."""
    features = [feature.name for feature in policy.features]
    if wrong := [name for name in reading.columns if name not in ("cluster", *features)]:
        raise InputError(
            f"'{wrong[0]}' is no feature of the policy ({', '.join(features)}), and films have no column for it: "
            "labels come from annotations.json, scores from the model. Leave the option out."
        )
    if wrong := [name for name in reading.not_recorded if name not in features]:
        raise InputError(f"--not-recorded {wrong[0]}: it is no feature of the policy ({', '.join(features)}).")
    names = [coco.name for coco in sets]
    if wrong := [name for name in options.sensors if name not in names]:
        raise InputError(f"--sensor {wrong[0]}=...: no set of films has that name; there are {', '.join(names)}.")
    if len(set(names)) != len(names):
        raise InputError(f"two sets of films are called '{max(names, key=names.count)}'; give each once, renamed.")
    given = {"cluster": policy.scope.cluster, **policy.scope.columns, **reading.columns}
    return {name: given.get(name, name) for name in ("cluster", *features)}


def _entry(coco: CocoSet, film: Film, key: str) -> _Entry:
    """A film with its patient: its group within its set, or what `images[]` says under the policy's cluster."""
    value = f"{coco.name}/{film.name}" if key == GROUP else film.fields.get(key)
    patient = patient_id(str(value))
    if value is None or isinstance(value, bool | list | dict) or not patient:
        raise InputError(
            f"the policy counts by '{key}', and '{coco.name}' does not say it of every film, such as "
            f"'{film.path.name}': add images[].{key}, or name its key with --cluster."
        )
    try:
        sha256 = sha256_of_file(film.path)
    except OSError as error:
        raise InputError(f"'{film.path.name}' of '{coco.name}' cannot be read ({error.strerror}).") from error
    file = str(film.fields.get("file_name"))
    names = {patient, film.name, file, film.path.name, film.path.stem, sha256}
    return _Entry(film, sha256, patient, frozenset(loose_id(patient_id(name)) for name in names))


def _refuse_copies(entries: Sequence[_Entry]) -> None:
    """One film under two patients would count twice."""
    patients: dict[str, set[str]] = {}
    for entry in entries:
        patients.setdefault(entry.sha256, set()).add(entry.patient)
    if copies := [entry for entry in entries if len(patients[entry.sha256]) > 1]:
        raise InputError(
            f"{len(copies)} films are copies of each other under different patients, such as "
            f"'{copies[0].film.path.name}': remove them, or give them one patient."
        )


def _trained(entries: Sequence[_Entry], reading: TableOptions, name: str) -> tuple[str, ...]:
    """With what the films were compared; raises TableError if one was trained on, or its patient (R31)."""
    listed = {loose_id(name) for name in reading.training}
    patients = set()
    for entry in entries:
        split = entry.film.fields.get("split")
        trained = is_training("" if split is None else str(split))
        if trained is None:
            raise TableError([
                f"{name}: '{entry.film.path.name}' has the split '{split}', which does not say whether it was trained "
                "on; write 'train', or 'test' or 'validation'"
            ])  # fmt: skip
        if trained or entry.names & listed:
            patients.add(entry.patient)
    if patients:
        films = sum(entry.patient in patients for entry in entries)
        raise TableError([
            f"{name}: {films} of {len(entries)} films, of {len(patients)} patients, were in training: audit films of "
            "people the model has never seen"
        ])  # fmt: skip
    return (f"a list of {len(reading.training)} patients or films of the training",) if reading.training else ()


def _files(sets: Sequence[CocoSet], entries: Sequence[Sequence[_Entry]]) -> Iterator[tuple[str, str]]:
    for coco, own in zip(sets, entries, strict=True):
        yield f"{coco.name}/annotations.json", coco.sha256
        for number, entry in enumerate(own, 1):
            yield f"{coco.name}/film-{number:06}", entry.sha256


def _groups_of(result: FilmResult, look: bool) -> Mapping[str, str]:
    """Derived groups; `look` : at the pixels, too, for restorations that nobody marked."""
    try:
        return derive_groups(result.film, read_image(result.film.path).grey() if look else None)
    except ImageError:
        return derive_groups(result.film)
