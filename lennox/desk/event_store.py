"""Everything that was decided, shown and read at a desk: events in one SQLite file, only ever added.

An event is durable when `append` returns (write-ahead log, each commit synchronised): whatever is killed afterwards,
it is there. Any number of windows and desks may add to one file; each event gets the next number.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from lennox.errors import InputError
from lennox.gate.predicates import now, time_text
from lennox.system.handles import ensure_private

FILE_NAME = "lennox-desk.sqlite"
APPLICATION = 0x6C6E7864  # "lnxd": what SQLite files of a desk say of themselves
EventKind = Literal["read", "shown", "mark", "film", "patient", "setting", "undo"]
KINDS: tuple[EventKind, ...] = get_args(EventKind)
_TABLE = """
CREATE TABLE IF NOT EXISTS event (
  number INTEGER PRIMARY KEY, time TEXT NOT NULL, kind TEXT NOT NULL, film TEXT NOT NULL, sha256 TEXT NOT NULL,
  who TEXT NOT NULL, window TEXT NOT NULL, details TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS event_is_not_edited BEFORE UPDATE ON event
  BEGIN SELECT RAISE(ABORT, 'events are only added'); END;
CREATE TRIGGER IF NOT EXISTS event_is_not_removed BEFORE DELETE ON event
  BEGIN SELECT RAISE(ABORT, 'events are only added'); END;
CREATE TRIGGER IF NOT EXISTS event_is_not_replaced BEFORE INSERT ON event
  WHEN EXISTS (SELECT 1 FROM event WHERE number = NEW.number)
  BEGIN SELECT RAISE(ABORT, 'events are only added'); END;
"""
_INSERT = "INSERT INTO event (time, kind, film, sha256, who, window, details) VALUES (?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened at a desk.

    number : counts from 1, in the order of the file
    time : UTC, to the microsecond
    film, sha256 : the film's name below the folder and the digest of its file; "" where the event is of no film
    who : initials of whoever decided; "" for what the desk did by itself
    window : a random name of the browser's tab
    """

    number: int
    time: str
    kind: EventKind
    film: str
    sha256: str
    who: str
    window: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event before it has a number and a time."""

    kind: EventKind
    details: Mapping[str, Any]
    film: str = ""
    sha256: str = ""
    who: str = ""
    window: str = ""


class EventStore:
    """The events of one folder of films. Threads share it; other processes may have the same file open."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """Open the file of events, or make it, for this user alone.

        Raises InputError if it cannot be used, is something else, or is not there and `create` is False.
        """
        self.path, self._lock = path, threading.Lock()
        try:
            ensure_private(path, create=create)
            self._store = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._prepare()
        except FileNotFoundError as error:
            raise InputError(f"there is no {path.name} in '{path.parent.name}'; `lennox desk` makes it.") from error
        except (OSError, sqlite3.Error) as error:
            raise InputError(
                f"{path.name} cannot be used ({error}); the desk keeps decisions there, beside the films. "
                "Check the folder's permissions and free space."
            ) from error

    def append(self, *events: NewEvent) -> int:
        """Add events, all or none; they are durable when this returns the last one's number.

        Raises InputError if they cannot be kept.
        """
        rows = [
            (time_text(now()), one.kind, one.film, one.sha256, one.who, one.window, _json(one.details))
            for one in events
            if one.kind in KINDS
        ]
        if len(rows) != len(events) or not rows:
            raise ValueError(f"there must be events, and their kinds must be among {KINDS}")
        try:
            with self._lock:
                self._store.execute("BEGIN IMMEDIATE")
                try:
                    for row in rows:
                        number = self._store.execute(_INSERT, row).lastrowid
                    self._store.execute("COMMIT")
                except BaseException:
                    self._store.execute("ROLLBACK")
                    raise
                return int(number or 0)
        except sqlite3.Error as error:
            raise InputError(
                f"the decision was not kept: {self.path.name} says '{error}'; free space there."
            ) from error

    def since(self, number: int) -> list[Event]:
        """The events after event `number`, in order. Raises InputError if the file is damaged."""
        query = (
            "SELECT number, time, kind, film, sha256, who, window, details FROM event WHERE number > ? ORDER BY number"
        )
        try:
            with self._lock:
                rows = self._store.execute(query, (number,)).fetchall()
            return [_event(row) for row in rows]
        except (sqlite3.Error, ValueError, TypeError, RecursionError) as error:
            raise InputError(f"{self.path.name} is damaged ({error}); restore it from a copy.") from error

    def close(self) -> None:
        """Let go of the file."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._store.close()

    def _prepare(self) -> None:
        found = self._store.execute("PRAGMA application_id").fetchone()[0]
        tables = self._store.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if tables and found != APPLICATION:
            raise sqlite3.DatabaseError("it was not made by lennox desk")
        self._store.execute("PRAGMA journal_mode = WAL")
        self._store.execute("PRAGMA synchronous = FULL")
        self._store.execute(f"PRAGMA application_id = {APPLICATION}")
        self._store.executescript(_TABLE)


def _event(row: Sequence[Any]) -> Event:
    number, time, kind, film, sha256, who, window, details = row
    return Event(number, time, kind, film, sha256, who, window, json.loads(details))


def _json(details: Mapping[str, Any]) -> str:
    return json.dumps(details, allow_nan=False, sort_keys=True)
