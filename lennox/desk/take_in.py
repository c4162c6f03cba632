"""Decisions that were made on a page of a run and saved as a file: kept as events that say where they came from."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lennox.desk.desk import Desk
from lennox.desk.event_store import NewEvent
from lennox.desk.events import initials, mark_details, shown_details
from lennox.desk.film_state import FilmState
from lennox.errors import InputError
from lennox.files import sha256_of
from lennox.monitoring.use_record import COLUMNS, DECISIONS

MAX_BYTES = 64 << 20


def take_in(desk: Desk, path: Path, who: str, operating_point: Mapping[str, Any]) -> int:
    """Keep the decisions of a file; returns how many. All are kept, or none if one cannot be.

    path : of the form of `lennox monitor`, as the page of a run saves it; patients are left to the desk
    who : initials of whoever decided where the file does not say, or ""
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
    events: list[NewEvent] = []
    readers: dict[str, NewEvent] = {}
    for number, row in _rows(path, content):
        where = f"{path.name}: row {number}"
        name = row["film"] if row["film"] in films else names.get(row["film"], "")
        if not name:
            raise InputError(
                f"{where}: its film is not in '{desk.folder.name}', or no model read it at the desk there yet; "
                "nothing was imported. Let `lennox desk` read the folder first."
            )
        try:
            by = initials(row.get("who") or who)
            details = _details(row, films[name])
        except InputError as error:
            raise InputError(f"{where}: {error} Nothing was imported.") from error
        circumstances = {
            "model": details.pop("model"),
            "operating_point": dict(operating_point),
            "imported": {"file": path.name, "sha256": sha256, "time": row["time"]},
        }
        window = f"import-{sha256[:12]}"
        if details:
            events.append(NewEvent("mark", details | circumstances, name, films[name].sha256, by, window))
        if row["decision"] == "none" or row.get("read") == "yes":
            said = {"is_read": True, "shown": _shown(row)} | circumstances
            readers[name] = NewEvent("film", said, name, films[name].sha256, by, window)
    desk.keep(*events, *readers.values())
    return len(events) + len(readers)


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


def _details(row: Mapping[str, str], state: FilmState) -> dict[str, Any]:
    """The model, and what was decided of a mark where the row is of one. Raises InputError for what cannot be."""
    examination = state.examination
    if examination is None:
        raise InputError("its film was not read at this desk; open `lennox desk` on the folder first.")
    if examination.model.sha256 != row["model"]:
        raise InputError("its mark is of another model than the desk's.")
    try:
        datetime.datetime.fromisoformat(row["time"])
    except ValueError as error:
        raise InputError(f"'{row['time'][:40]}' is no time.") from error
    decision, mark = row["decision"], row["mark"]
    if decision not in DECISIONS:
        raise InputError(f"'{decision[:40]}' is no decision; wanted one of: {', '.join(DECISIONS)}.")
    one = examination.model
    model = {"name": one.name, "version": one.version, "sha256": one.sha256, "release": one.release}
    if decision == "none":
        return {"model": model}
    is_marked = mark.isascii() and mark.isdigit() and 1 <= int(mark[:9]) <= len(examination.findings)
    if decision != "missed" and not is_marked:
        raise InputError(f"the film has no mark '{mark[:20]}'.")
    key = None if decision == "missed" else str(int(mark))
    outline = _outline(row.get("outline") or "")
    if decision in ("edit", "missed") and not outline:  # a place that was not drawn, as earlier pages saved it
        said: dict[str, Any] = {"mark": key, "verdict": decision, "shown": _shown(row)}
    else:
        page = {
            "mark": key,
            "verdict": decision,
            "outline": outline,
            "tooth": row.get("tooth_fdi"),
            "notation": "FDI",
            "surface": row.get("surface"),
            "depth": row.get("depth_iccms"),
            "note": row.get("note"),
        }
        said = mark_details(page, state) | {"shown": _shown(row)}
    seen = state.marks[key].event.number - 1 if key in state.marks else state.last  # it knew nothing of the desk
    return said | {"seen": seen, "model": model}


def _outline(text: str) -> list[list[float]]:
    """Corners from "row column; row column"."""
    try:
        return [[float(at) for at in corner.split()] for corner in text.split(";")] if text else []
    except ValueError as error:
        raise InputError(f"'{text[:40]}' is no outline; wanted 'row column; row column; …'.") from error


def _shown(row: Mapping[str, str]) -> dict[str, Any]:
    """What was on the screen when it was decided; a page that does not say showed its marks."""
    if row.get("shown_from") is None:
        return {"marks": True}
    try:
        threshold = float(row["shown_from"] or 0)
    except ValueError as error:
        raise InputError(f"'{row['shown_from'][:20]}' is no probability.") from error
    return shown_details({"marks": bool(row["shown_from"]), "threshold": threshold})
