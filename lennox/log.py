"""The local record of what was released, loaded with an override, audited and alarmed: only ever added to.

SQLite; each record holds the hash of the one before, so an edit anywhere breaks the chain. How long the chain is and
where it ends is kept in a second file, so a shortened or replaced log is seen as well. This shows mistakes and quiet
edits; somebody who may write both files can still forge them, unless the head was noted elsewhere (`lennox log show`
prints it, `lennox log verify --head` compares).
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lennox.claims import now, time_text
from lennox.errors import InputError
from lennox.statement import canonical, digest

KINDS = ("release", "revoke", "load", "override", "audit", "alarm")
START = "0" * 64
_TABLE = """
CREATE TABLE IF NOT EXISTS record (
  number INTEGER PRIMARY KEY, time TEXT NOT NULL, kind TEXT NOT NULL, details TEXT NOT NULL,
  previous TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS record_is_not_edited BEFORE UPDATE ON record
  BEGIN SELECT RAISE(ABORT, 'records are only added'); END;
CREATE TRIGGER IF NOT EXISTS record_is_not_removed BEFORE DELETE ON record
  BEGIN SELECT RAISE(ABORT, 'records are only added'); END;
"""


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the log. hash : over the number, time, kind, details and the previous record's hash"""

    number: int
    time: str
    kind: str
    details: Mapping[str, Any]
    previous: str
    hash: str


class Log:
    """The log in one file; opening it reads nothing."""

    def __init__(self, path: Path | None = None) -> None:
        """`path`, else LENNOX_LOG, else ~/.local/state/lennox/log.sqlite."""
        state = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
        self.path = path or Path(os.environ.get("LENNOX_LOG") or state / "lennox" / "log.sqlite")

    @property
    def _head_path(self) -> Path:
        return self.path.with_name(self.path.name + ".head")

    def append(self, kind: str, details: Mapping[str, Any]) -> Record:
        """Add a record. details : without floats. Raises InputError if it cannot be kept."""
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {KINDS}")
        text = canonical(details).decode("utf-8")
        with self._open(write=True) as store:
            row = store.execute("SELECT max(number) FROM record").fetchone()
            number = (row[0] or 0) + 1
            # From the head file and not from the last row: a chain that was cut before this moment stays broken.
            previous = (self._read_head() or "").partition(":")[2] or START
            time = time_text(now())
            found = _hash(number, time, kind, text, previous)
            store.execute("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)", (number, time, kind, text, previous, found))
            self._write_head(number, found)
        return Record(number, time, kind, details, previous, found)

    def records(self, *kinds: str) -> tuple[Record, ...]:
        """Every record, the oldest first; of some kinds only if given. Raises InputError if the log is damaged."""
        if not self.path.exists():
            return ()
        with self._open(write=False) as store:
            rows = store.execute("SELECT number, time, kind, details, previous, hash FROM record ORDER BY number")
            try:
                found = [
                    Record(number, time, name, json.loads(details), previous, own)
                    for number, time, name, details, previous, own in rows
                    if not kinds or name in kinds
                ]
            except (ValueError, TypeError) as error:
                raise InputError(f"the log {self.path.name} is damaged; `lennox log verify` says where.") from error
        return tuple(found)

    def attempts(self, data_sha256: str) -> tuple[Record, ...]:
        """The audits that were made on one data set."""
        return tuple(one for one in self.records("audit") if one.details.get("data") == data_sha256)

    def head(self) -> str:
        """Length and last hash in one line, to be noted elsewhere."""
        records = self.records()
        return f"{len(records)}:{records[-1].hash if records else START}"

    def problems(self, head: str | None = None) -> list[str]:
        """What is wrong with the log, a sentence each; none if it is as it was written.

        head : what `head` gave at an earlier time; the log may have grown since
        """
        try:
            records = self._raw()
        except InputError as error:
            return [str(error)]
        found = []
        previous = START
        for place, (number, time, kind, text, before, stated) in enumerate(records, 1):
            if number != place or before != previous:
                found.append(f"record {place} does not follow the one before it: records were removed or replaced.")
                break
            if _hash(number, time, kind, text, before) != stated:
                found.append(f"record {number} was edited.")
                break
            previous = stated
        for name, kept in (("its head file", self._read_head()), ("the head that was noted", head)):
            if kept is None and not (name == "its head file" and records):
                continue
            length, _, last = (kept or "").partition(":")
            at = int(length) if length.isdigit() else -1
            reached = START if at == 0 else records[at - 1][5] if 0 < at <= len(records) else None
            if reached != last or (name == "its head file" and at != len(records)):
                found.append(f"the log's {len(records)} records do not agree with {name}: it was cut or replaced.")
        return found

    def _raw(self) -> list[tuple[Any, ...]]:
        if not self.path.exists():
            return []
        with self._open(write=False) as store:
            return list(store.execute("SELECT number, time, kind, details, previous, hash FROM record ORDER BY number"))

    @contextlib.contextmanager
    def _open(self, *, write: bool) -> Iterator[sqlite3.Connection]:
        try:
            if write:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                store = sqlite3.connect(self.path, timeout=30, isolation_level=None)
            else:
                store = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", timeout=30, uri=True)
            with contextlib.closing(store):
                if write:
                    store.executescript(_TABLE)
                    store.execute("BEGIN IMMEDIATE")  # one writer at a time, from reading the head to writing it
                yield store
                if write:
                    store.execute("COMMIT")
        except (OSError, sqlite3.Error) as error:
            raise InputError(
                f"the log {self.path.name} cannot be used ({error}); LENNOX_LOG names another place for it."
            ) from error

    def _read_head(self) -> str | None:
        try:
            return self._head_path.read_text("ascii").strip()
        except (OSError, ValueError):
            return None

    def _write_head(self, number: int, found: str) -> None:
        draft = self._head_path.with_name(f".{self._head_path.name}.{os.getpid()}")
        draft.write_text(f"{number}:{found}\n", "ascii")
        draft.replace(self._head_path)


def _hash(number: int, time: str, kind: str, details: str, previous: str) -> str:
    return digest(canonical([number, time, kind, details, previous]))
