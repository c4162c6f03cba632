"""Decisions that were made on a page of a run and saved as a file: kept as events that say where they came from."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lennox.desk.desk import Desk
from lennox.desk.event_store import NewEvent
from lennox.desk.film_state import FilmState
from lennox.errors import InputError
from lennox.files import sha256_of
from lennox.monitoring.use_record import COLUMNS, DECISIONS

MAX_BYTES = 64 << 20


def take_in(desk: Desk, path: Path, who: str, operating_point: Mapping[str, Any]) -> int:
    """Keep the decisions of a file; returns how many. All are kept, or none if one cannot be.

    path : of the form of `lennox monitor`, as the page of a run saves it; patients are left to the desk
    who : initials of whoever decided, as the file names nobody
    operating_point : name and threshold of the run
    Raises InputError, naming the row, for a film that is not in the folder or was not read here, for another model's
    mark, and for a file that was imported before.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read ({error.strerror}).") from error
    if len(content) > MAX_BYTES:
        raise InputError(f"{path.name} has {len(content)} bytes; at most {MAX_BYTES} are read.")
    sha256 = sha256_of(content)
    desk.index.refresh()
    desk.sync()
    films = {film.name: desk.state(film.name) for film in desk.index}
    names = {state.sha256: name for name, state in films.items() if state.sha256}
    for name in films:
        for event in desk.events(name):
            if event.details.get("imported", {}).get("sha256") == sha256:
                raise InputError(f"{path.name} was imported before, by {event.who}; nothing was added.")
    events = []
    for number, row in _rows(path, content):
        where = f"{path.name}: row {number}"
        name = row["film"] if row["film"] in films else names.get(row["film"], "")
        if not name:
            raise InputError(f"{where}: its film is not in '{desk.folder.name}'; nothing was imported.")
        details = _details(row, films[name], where) | {
            "operating_point": dict(operating_point),
            "imported": {"file": path.name, "sha256": sha256, "time": row["time"]},
        }
        kind = "film" if "is_read" in details else "mark"
        window = f"import-{sha256[:12]}"
        events.append(NewEvent(kind, details, name, films[name].sha256, who, window))  # type: ignore[arg-type]
    desk.keep(*events)
    return len(events)


def _rows(path: Path, content: bytes) -> list[tuple[int, dict[str, str]]]:
    try:
        reader = csv.DictReader(content.decode("utf-8-sig").splitlines())
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise InputError(f"{path.name}: there is no column '{missing[0]}'; wanted the file that a page saved.")
        rows = list(enumerate(reader, 2))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path.name} is no table ({error}); wanted the file that a page saved.") from error
    for number, row in rows:
        if None in row or None in row.values():
            raise InputError(f"{path.name}: row {number} has not as many cells as the first; complete it.")
    if not rows:
        raise InputError(f"{path.name} holds no decision.")
    return rows


def _details(row: Mapping[str, str], state: FilmState, where: str) -> dict[str, Any]:
    examination = state.examination
    if examination is None:
        raise InputError(f"{where}: its film was not read at this desk; open `lennox desk` on the folder first.")
    if examination.model.sha256 != row["model"]:
        raise InputError(f"{where}: its mark is of another model than the desk's; nothing was imported.")
    try:
        datetime.datetime.fromisoformat(row["time"])
    except ValueError as error:
        raise InputError(f"{where}: '{row['time'][:40]}' is no time.") from error
    decision, mark = row["decision"], row["mark"]
    if decision not in DECISIONS:
        raise InputError(f"{where}: '{decision[:40]}' is no decision; wanted one of: {', '.join(DECISIONS)}.")
    one = examination.model
    model = {"name": one.name, "version": one.version, "sha256": one.sha256, "release": one.release}
    if decision == "none":
        return {"is_read": True, "model": model, "shown": {"marks": True}}
    if decision == "missed":
        return {"mark": None, "verdict": "missed", "seen": state.last, "model": model, "shown": {"marks": True}}
    if not (mark.isascii() and mark.isdigit() and 1 <= int(mark[:9]) <= len(examination.findings)):
        raise InputError(f"{where}: the film has no mark '{mark[:20]}'; nothing was imported.")
    seen = state.marks[mark].event.number - 1 if mark in state.marks else state.last  # it knew nothing of the desk
    return {"mark": str(int(mark)), "verdict": decision, "seen": seen, "model": model, "shown": {"marks": True}}
