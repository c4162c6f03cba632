"""A CSV or Parquet table becomes an `AuditTable`: its people, labels, scores and groups (R29 and R31 to R34)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from lennox.audit.audit_table import NOT_APPLICABLE, AuditTable
from lennox.audit.columns import (
    Texts,
    group_numbers,
    is_shortened,
    is_training,
    label_numbers,
    look_alikes,
    loose_id,
    numbers,
    one_value_a_patient,
    patient_id,
)
from lennox.audit.manifest import Manifest
from lennox.audit.table_file import read_file
from lennox.files import sha256_of, sha256_of_file
from lennox.gate.statement import canonical
from lennox.policy.floors import MIN_PATIENTS
from lennox.policy.policy import Policy, Role, Unit
from lennox.policy.problems import TableError

if TYPE_CHECKING:
    import pandas as pd

ROLES: tuple[Role, ...] = get_args(Role)
_COUNTS = {
    "lesions": "lesion_sensitivity",
    "lesions_found": "lesion_sensitivity",
    "false_positives": "false_positives_per_image",
    "dice": "dice",
}
# Of a table, a quoted text, JSON, a comment, an office document: what would be taken for a name that nobody has.
_NO_LINE_OF_A_LIST = re.compile(r"[,;\t|#\x01-\x08]|^\s*[\"'\[{<]|^PK\x03")
_SHOWN = 5  # problems of one column that are printed


@dataclass(frozen=True, slots=True)
class TableOptions:
    """How a table is to be read, where the policy does not say or its names differ.

    columns : role or feature -> column; roles are "label", "score", "cluster", "threshold", ...
    threshold : the operating point; None: the policy's, the table's, or 0.5
    training : patients the model was trained on
    not_recorded : features that the data does not hold; everybody is then in the group that did not say
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    threshold: float | None = None
    training: frozenset[str] = frozenset()
    not_recorded: tuple[str, ...] = ()


def read_table(path: str | Path, policy: Policy, reading: TableOptions | None = None) -> AuditTable:
    """Read the table at `path` for an audit under `policy`. Raises TableError with every problem of the table."""
    path = Path(path)
    frame = read_file(path)
    manifest = Manifest(((path.name, sha256_of_file(path)),))
    return table_from_columns(frame, policy, reading or TableOptions(), name=path.name, manifest=manifest)


def training_patients(path: str | Path, column: str) -> frozenset[str]:
    """The patients a model was trained on: a table with `column`, or a text file with one patient a line."""
    path = Path(path)
    if path.suffix.lower() in (".csv", ".tsv", ".parquet", ".pq"):
        frame = read_file(path)
        if column not in frame.columns:
            raise TableError([f"{path.name}: no column '{column}'; it has {', '.join(map(str, frame.columns))}"])
        patients = Texts.of(frame[column]).distinct
    else:
        try:
            patients = tuple(path.read_text("utf-8-sig").splitlines())
        except (OSError, UnicodeDecodeError) as error:
            raise TableError([f"{path.name}: cannot be read; give a list of patients as text or CSV"]) from error
        for number, line in enumerate(patients, 1):
            if _NO_LINE_OF_A_LIST.search(line):
                raise TableError([
                    f"{path.name}: line {number} is not one patient; give a list with one patient a line and nothing "
                    f"else, or a table with the column '{column}' as .csv, .tsv or .parquet"
                ])  # fmt: skip
    shortened = next((patient for patient in patients if is_shortened(patient_id(patient))), None)
    if shortened is not None:
        raise TableError([f"{path.name}: '{shortened}' is a number that a spreadsheet shortened; export ids as text"])
    known = frozenset(patient_id(patient) for patient in patients) - {""}
    if not known:
        raise TableError([f"{path.name}: names no patient; give the patients the model was trained on, one a line"])
    return known


def table_from_columns(
    table: pd.DataFrame | Mapping[str, Sequence[object]],
    policy: Policy,
    reading: TableOptions,
    *,
    name: str,
    manifest: Manifest | None = None,
) -> AuditTable:
    """A table from columns of any type: whole numbers, texts, categories, true/false or floats mean the same.

    manifest : of the files that the columns came from
    Raises TableError with every problem of the table: nothing is audited in part.
    """
    import pandas as pd

    frame = table if isinstance(table, pd.DataFrame) else pd.DataFrame(table)
    problems: list[str] = []
    columns = {"cluster": policy.scope.cluster, **policy.scope.columns, **reading.columns}
    used = {feature.name for feature in policy.gated_features()}
    used |= {feature for cross in policy.intersections for feature in cross.features}
    wanted = _columns(
        frame, columns, [f.name for f in policy.features], used - set(reading.not_recorded), name, problems
    )
    if problems:
        raise TableError(problems)
    if not len(frame):
        raise TableError([f"{name}: the table has no rows"])
    patients = _patients(frame[wanted["cluster"]], wanted["cluster"], name, problems)
    label = label_numbers(Texts.of(frame[wanted["label"]]), wanted["label"], name, problems)
    score = numbers(Texts.of(frame[wanted["score"]]), wanted["score"], name, problems, high=1.0)
    asked = {requirement.metric for requirement in policy.requirements}
    counts = {
        role: numbers(Texts.of(frame[wanted[role]]), wanted[role], name, problems, high=1.0 if role == "dice" else None)
        for role, metric in _COUNTS.items()
        if role in wanted and metric in asked
    }
    keep, excluded, compared = _without_training(frame, wanted, patients, reading, name, problems)
    group = {}
    for feature in policy.features:
        if feature.name in wanted:
            texts = Texts.of(frame[wanted[feature.name]])
            group[feature.name] = group_numbers(texts, feature, policy.unknown, name, problems)
            if feature.fixed:
                one_value_a_patient(group[feature.name], patients, feature, policy.unknown, problems)
        elif feature.name in used:
            group[feature.name] = np.full(len(frame), len(feature.groups), np.int64)
    kind = _kinds(frame, wanted, policy, name, problems)
    for feature in policy.features:
        if feature.level == "lesion" and feature.name in group:
            group[feature.name] = np.where(kind == "lesion", group[feature.name], NOT_APPLICABLE)
    threshold, note = _threshold(frame, wanted, policy, reading, score, name, problems)
    _began(policy, name, problems)
    _numbered(patients, policy, wanted["cluster"], name, problems)
    if problems:
        raise TableError(problems)
    who = np.array(patients.all(), object)[keep]
    known, number = np.unique(who.astype(str), return_inverse=True)
    keys = [*(values[keep] for values in group.values()), np.nan_to_num(score[keep], nan=2.0), label[keep], number]
    order = np.lexsort(tuple(keys))  # type: ignore[arg-type]  # the last key is the first to sort by

    rows = np.flatnonzero(keep)[order]
    return AuditTable(
        name=name,
        manifest=manifest or Manifest(),
        patient=number[order].astype(np.int64),
        patients=len(known),
        kind=kind[rows],
        label=label[rows],
        score=score[rows],
        group={feature: values[rows] for feature, values in group.items()},
        threshold=threshold,
        threshold_note=note,
        counts={role: values[rows] for role, values in counts.items()},
        excluded=excluded,
        training=compared,
        not_recorded=tuple(sorted(used - set(wanted))),
        fingerprints=_fingerprints(who, label[keep]),
        source_row=rows,
    )


def _fingerprints(who: NDArray[np.object_], label: NDArray[np.int8]) -> tuple[str, ...]:
    """A short digest of each patient's id and labels: whatever the order of rows, the scores, or the file's form."""
    labels: dict[str, list[int]] = {}
    for patient, one in zip(who.astype(str).tolist(), label.tolist(), strict=True):
        labels.setdefault(patient, []).append(one)
    return tuple(sha256_of(canonical([patient, sorted(found)]))[:10] for patient, found in sorted(labels.items()))


def _patients(column: pd.Series[Any], where: str, name: str, problems: list[str]) -> Texts:
    """Who each row belongs to, one spelling a person; refused where it cannot be told how many people they are."""
    values = getattr(column.dtype, "numpy_dtype", column.dtype)
    if values in (np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64)):
        most = {2: 2**11, 4: 2**24, 8: 2**53}[values.itemsize]
        if (column.abs() > most).any():
            problems.append(
                f"{name}: '{where}' holds ids as decimal numbers above {most}: they lose figures; use texts"
            )
    patients = Texts.of(column).mapped(patient_id)
    for row in patients.missing()[:_SHOWN]:
        problems.append(f"{name}: row {row + 1}: no patient in '{where}'; every row needs one")
    for patient in [patient for patient in patients.used() if is_shortened(patient)][:_SHOWN]:
        problems.append(
            f"{name}: '{patient}' in '{where}' is a number that a spreadsheet shortened: different people have the "
            "same; export the ids as text"
        )
    for one, other in look_alikes(patients.distinct)[:_SHOWN]:
        problems.append(f"{name}: '{one}' and '{other}' in '{where}' may be one person; write one person in one way")
    return patients


def _columns(
    frame: pd.DataFrame, columns: Mapping[str, str], features: list[str], used: set[str], name: str, problems: list[str]
) -> dict[str, str]:
    """Role or feature -> column of the table, for those that are there; a wanted one that is not is a problem."""
    found: dict[str, str] = {}
    have = [str(column) for column in frame.columns]
    for column in sorted({column for column in have if have.count(column) > 1}):
        problems.append(f"{name}: the column '{column}' comes twice; rename one")
    for role in columns:
        if role not in ROLES and role not in features:
            problems.append(
                f"{name}: --column {role}=...: '{role}' is no feature of the policy ({', '.join(features)})"
            )
    for role in (*ROLES, *features):
        column = columns.get(role, role)
        if column in have:
            found[role] = column
        elif role in columns or role in ("label", "score", "cluster") or role in used:
            option = f"--{role} NAME" if role in ("label", "score", "cluster") else f"--column {role}=NAME"
            hint = "" if role in ROLES else f", or --not-recorded {role} if nobody wrote it down"
            problems.append(
                f"{name}: no column '{column}' for {role}; it has {', '.join(have)}; name it with {option}{hint}"
            )
    return found


def _kinds(
    frame: pd.DataFrame, wanted: Mapping[str, str], policy: Policy, name: str, problems: list[str]
) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """What each row is (R40); a column `unit` of anything but kinds of units (tooth numbers, say) is none."""
    unit = policy.scope.unit
    if "modality" in wanted and policy.scope.modality:
        others = set(Texts.of(frame[wanted["modality"]]).mapped(patient_id).used()) - set(policy.scope.modality)
        if others:
            problems.append(
                f"{name}: '{wanted['modality']}' holds {', '.join(map(repr, sorted(others)[:_SHOWN]))}; the policy is "
                f"about {', '.join(policy.scope.modality)}: audit under a policy about these images"
            )
    if "unit" in wanted:
        texts = [text.strip().casefold() for text in Texts.of(frame[wanted["unit"]]).all()]
        if set(texts) <= set(get_args(Unit)):
            if unit not in texts and not (unit == "image" and "lesion" in texts):
                problems.append(
                    f"{name}: '{wanted['unit']}' says that rows are {', '.join(sorted(set(texts)))}, and the policy "
                    f"is about each {unit}: audit rows of that kind"
                )
            return np.array(texts, "<U16")
    return np.full(len(frame), unit, "<U16")


def _without_training(
    frame: pd.DataFrame,
    wanted: Mapping[str, str],
    patients: Texts,
    reading: TableOptions,
    name: str,
    problems: list[str],
) -> tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], dict[str, int], tuple[str, ...]]:
    """R31: rows to audit, refused if one patient of theirs was trained on; what was left out; what was compared."""
    who = np.array(patients.all(), object)
    keep = np.ones(len(frame), bool)
    trained = {patient_id(patient) for patient in reading.training}
    compared = [f"a list of {len(trained)} training patients"] if trained else []
    if "split" in wanted:
        split = Texts.of(frame[wanted["split"]])
        for text in [text for text in split.used() if is_training(text) is None][:_SHOWN]:
            problems.append(
                f"{name}: '{text}' in '{wanted['split']}' does not say whether these rows were trained on; write "
                "'train', or 'test' or 'validation'"
            )
        keep = np.array([is_training(text) is not True for text in split.distinct])[split.index]
        marked = set(who[~keep])
        trained |= marked
        if marked:
            compared.append(f"the {len(marked)} patients of rows that the data mark as training")
    loose = {loose_id(patient) for patient in trained}
    both = [patient for patient in set(who[keep]) if loose_id(patient) in loose]
    if both:
        noun = "patient" if len(both) == 1 else "patients"
        verb = "was" if len(both) == 1 else "were"
        problems.append(
            f"{name}: {len(both)} {noun} of the audit {verb} in training: audit people the model has never seen"
        )
    if not keep.any():
        problems.append(f"{name}: every row was trained on; audit people the model has never seen")
    return keep, {"training rows": int((~keep).sum())} if not keep.all() else {}, tuple(compared)


def _threshold(
    frame: pd.DataFrame,
    wanted: Mapping[str, str],
    policy: Policy,
    reading: TableOptions,
    score: np.ndarray[tuple[int], np.dtype[np.float64]],
    name: str,
    problems: list[str],
) -> tuple[float, str]:
    """R34: one operating point, frozen before the audit, wherever it is written down."""
    known: list[tuple[float, str]] = []
    if policy.scope.threshold is not None:
        known.append((policy.scope.threshold, "the policy (scope.threshold)"))
    if "threshold" in wanted:
        values = numbers(Texts.of(frame[wanted["threshold"]]), wanted["threshold"], name, problems, high=1.0)
        different = np.unique(values[np.isfinite(values)])
        if len(different) > 1:
            problems.append(
                f"{name}: {len(different)} thresholds in '{wanted['threshold']}'; an audit is of one operating point"
            )
        known.extend((float(value), f"the table (column '{wanted['threshold']}')") for value in different[:1])
    if reading.threshold is not None:
        if not 0.0 <= reading.threshold <= 1.0:
            problems.append(
                f"--threshold {reading.threshold:g} is outside 0..1; give the model's frozen operating point"
            )
            return 0.5, ""
        known.append((reading.threshold, "the command (--threshold)"))
    for value, source in known[1:]:
        if value != known[0][0]:
            problems.append(
                f"{name}: {source} says {value:g}, {known[0][1]} {known[0][0]:g}: "
                "the operating point was changed after the policy: run a new audit at the frozen one"
            )
    if known:
        return known[0]
    if np.isin(score[np.isfinite(score)], (0.0, 1.0)).all():
        return 0.5, "the scores are answers, 0 or 1"
    return 0.5, "nobody gave an operating point: 0.5, the default of lennox audit"


def _began(policy: Policy, name: str, problems: list[str]) -> None:
    today = datetime.datetime.now(datetime.UTC).date()
    if policy.ratification.date > today:
        problems.append(
            f"{name}: the policy was ratified on {policy.ratification.date}, after the audit began: run a new audit"
        )


def _numbered(patients: Texts, policy: Policy, where: str, name: str, problems: list[str]) -> None:
    """R41: rows counted as people, where a mouth brings several."""
    rows = patients.all()
    if len(rows) < MIN_PATIENTS or policy.scope.unit in ("patient", "image"):
        return
    for first in (0, 1):
        if rows == [str(number) for number in range(first, first + len(rows))]:
            problems.append(
                f"{name}: '{where}' numbers the rows, {rows[0]} to {rows[-1]}: every {policy.scope.unit} would "
                "count as a person; name the column of the patient with --cluster"
            )
