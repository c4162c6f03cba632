"""What clinicians said of a model's answers in use: `lennox-use/1`, a CSV file or a SQLite table `use`.

One row a decision. Columns: time (YYYY-MM-DD or with the time of day), patient (a pseudonym), film (a name or digest),
model (SHA-256 of its weights), status (assessed, not assessable, unreadable), mark (number of the finding, empty where
there is none), decision, and one column for each feature of the policy. Decisions: accept, edit (right place, other
outline), reject, missed (the clinician found what was not marked), none (a film without marks in which nothing was
missed, or a film that was not assessed).
"""

from __future__ import annotations

import contextlib
import csv
import datetime
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, cast, get_args

from lennox.errors import InputError
from lennox.files import atomic_write
from lennox.gate.predicates import now
from lennox.gate.statement import is_sha256
from lennox.inference.examination import Status
from lennox.report.spreadsheet import csv_line

COLUMNS = ("time", "patient", "film", "model", "status", "mark", "decision")
Verdict = Literal["accept", "edit", "reject", "missed", "none"]
DECISIONS: tuple[Verdict, ...] = get_args(Verdict)
STATUSES: tuple[Status, ...] = get_args(Status)
MAX_ROWS = 1_000_000  # decisions of a file; a clinic makes some hundred a day
_MAX_CELL_BYTES = 1 << 16  # of a cell in SQLite, and of all that a view or a generated column may make of it
_SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Decision:
    """One row. groups : feature -> value, as written"""

    day: datetime.date
    patient: str
    film: str
    model: str
    status: Status
    decision: Verdict
    groups: Mapping[str, str]


def read_use(path: Path) -> tuple[Decision, ...]:
    """Every decision of a file, in order of day. Raises InputError, naming the row, for what is not of the form."""
    try:
        with path.open("rb") as stream:
            is_database = stream.read(len(_SQLITE)) == _SQLITE
        rows = list(islice(_from_database(path) if is_database else _from_csv(path), MAX_ROWS + 1))
    except (
        OSError,
        sqlite3.Error,
        UnicodeDecodeError,
        csv.Error,
        MemoryError,
    ) as error:  # a damaged database asks for it
        reason = str(error) or type(error).__name__
        raise InputError(f"{path.name}: cannot be read ({reason}); `lennox monitor form` writes the form.") from error
    if not rows:
        raise InputError(f"{path.name}: holds no decision.")
    if len(rows) > MAX_ROWS:
        raise InputError(f"{path.name}: holds more than {MAX_ROWS:,} decisions, the most that are read; divide it.")
    decisions = []
    first: dict[tuple[str, str], int] = {}
    for number, row in rows:
        one = _decision(row, number, path.name)
        marked = (one.film, row.get("mark") or "")
        if one.decision != "missed" and first.setdefault(marked, number) != number:
            raise InputError(f"{path.name}: row {number} says again what row {first[marked]} says; keep one of them.")
        decisions.append(one)
    return tuple(sorted(decisions, key=lambda one: one.day))


def write_form(records: Iterable[str], path: Path, features: Sequence[str], day: datetime.date) -> int:
    """Write a form to be filled in from the JSON Lines of `lennox diagnose`; returns its rows.

    Each finding gets a row whose `decision` is left empty, each film without findings one row with "none". Raises
    InputError if the file exists or a line is no record, and OSError if it cannot be written: then there is none.
    """
    if path.exists():
        raise InputError(f"{path.name} exists; name a new file.")
    count = 0

    def rows() -> Iterator[bytes]:
        nonlocal count
        yield csv_line((*COLUMNS, *features)).encode()
        for line in records:
            for row in _rows_to_fill(line, day):
                yield csv_line((*row, *("" for _ in features))).encode()
                count += 1

    try:
        atomic_write(path, rows())
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise InputError(f"line {count + 1} is not a record of `lennox diagnose --format json`.") from error
    return count


def _rows_to_fill(line: str, day: datetime.date) -> Iterator[tuple[object, ...]]:
    record = json.loads(line)
    marks, film = len(record["findings"]), record["source"]["sha256"] or record["source"]["name"]
    model, status = record["model"]["sha256"], record["status"]
    if not all(isinstance(text, str) for text in (film, model, status)):
        raise TypeError("film, model and status are texts")
    for number in range(1, marks + 1) if marks else ("",):
        yield day.isoformat(), "", film, model, status, number, "" if marks else "none"


def _from_csv(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        twice = [name for name in reader.fieldnames or () if (reader.fieldnames or ()).count(name) > 1]
        if twice:
            raise InputError(f"{path.name}: the column '{twice[0]}' is there twice; keep one of them.")
        for number, row in enumerate(reader, 2):
            if None in row or None in row.values():
                wanted = len(reader.fieldnames or ())
                raise InputError(f"{path.name}: row {number} has not the {wanted} cells of the first row; complete it.")
            yield number, row


def _from_database(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as store:
        store.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_CELL_BYTES)
        store.row_factory = sqlite3.Row
        for number, row in enumerate(store.execute("SELECT * FROM use"), 1):
            yield number, {name: "" if row[name] is None else str(row[name]) for name in row.keys()}  # noqa: SIM118


def _decision(row: Mapping[str, str], number: int, name: str) -> Decision:
    where = f"{name}: row {number}"
    missing = [column for column in COLUMNS if column != "mark" and row.get(column) is None]
    if missing:
        raise InputError(f"{where}: there is no column '{missing[0]}'; `lennox monitor form` writes the form.")
    try:
        day = datetime.datetime.fromisoformat(row["time"]).date()
    except ValueError as error:
        raise InputError(f"{where}: '{row['time']}' is not a time such as 2026-12-01.") from error
    if day > now().date() + datetime.timedelta(days=1):
        raise InputError(f"{where}: {day} is still to come.")
    for column, known in (("status", STATUSES), ("decision", DECISIONS)):
        if row[column] not in known:
            raise InputError(f"{where}: '{row[column]}' is not a {column}; write one of: {', '.join(known)}.")
    if not is_sha256(row["model"]):
        raise InputError(f"{where}: 'model' must be the SHA-256 of the weights, as in every record of lennox.")
    if not row["patient"] or not row["film"]:
        raise InputError(f"{where}: 'patient' and 'film' must be named, by a pseudonym; people count, not rows.")
    if row["status"] != "assessed" and row["decision"] not in ("none", "missed"):
        raise InputError(f"{where}: a film that was not assessed has no mark to {row['decision']}.")
    groups = {column: value for column, value in row.items() if column not in COLUMNS and isinstance(column, str)}
    return Decision(
        day,
        row["patient"],
        row["film"],
        row["model"],
        cast(Status, row["status"]),
        cast(Verdict, row["decision"]),
        groups,
    )
