"""The local record of what was released, loaded with an override, audited and alarmed: only ever added to.

SQLite; each record holds the hash of the one before, so an edit anywhere breaks the chain. How long the chain is and
where it ends is kept in a second file, so a shortened or replaced log is seen as well. This shows mistakes and quiet
edits; somebody who may write both files can still forge them, unless the head was noted elsewhere (`lennox log show`
prints it, `lennox log verify --head` compares).

While a record is being added, the second file names two ends, without it and with it: whichever of them a killed
process leaves behind is an honest log, and the next record follows it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from lennox.errors import InputError, one_line
from lennox.files import atomic_write, sha256_of, user_folder
from lennox.gate.predicates import now, time_text
from lennox.gate.statement import canonical

KINDS = ("release", "revoke", "withdraw", "load", "override", "candidate", "audit", "alarm", "resume")
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


class End(NamedTuple):
    """Where the chain ends: how many records, and the last one's hash."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


EMPTY = End(0, START)


class Log:
    """The log in one file; opening it reads nothing."""

    def __init__(self, path: Path | None = None) -> None:
        """`path`, else LENNOX_LOG, else ~/.local/state/lennox/log.sqlite. Raises InputError for a user without home."""
        named = path or Path(os.environ.get("LENNOX_LOG") or _usual_path())
        self.path = named.absolute()  # no name that SQLite would take for something else than a file

    @property
    def _head_path(self) -> Path:
        return self.path.with_name(self.path.name + ".head")

    def append(self, kind: str, details: Mapping[str, Any]) -> Record:
        """Add a record. details : without floats. Raises InputError if it cannot be kept."""
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {KINDS}")
        text = canonical(details).decode("utf-8")
        with self._open(write=True) as store:
            last, ends = _last(store), self._read_ends()
            before = last if last in ends else ends[-1]  # a chain that was cut before this moment stays broken
            number, time = last.number + 1, time_text(now())
            added = End(number, _hash(number, time, kind, text, before.hash))
            store.execute(
                "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)", (number, time, kind, text, before.hash, added.hash)
            )
            self._write_ends(before, added)
        with self._open(write=True) as store:
            if _last(store) == added:  # else somebody has added more, and says so
                self._write_ends(added)
        return Record(number, time, kind, details, before.hash, added.hash)

    def records(self, *kinds: str) -> tuple[Record, ...]:
        """Every record, the oldest first; of some kinds only if given. Raises InputError if the log is damaged."""
        found = []
        for number, time, kind, text, before, own in self._rows(kinds or KINDS):
            try:
                details = json.loads(text)
                if not isinstance(details, dict) or not all(
                    isinstance(part, str) for part in (time, kind, before, own)
                ):
                    raise TypeError("details")
            except (ValueError, TypeError, RecursionError) as error:
                raise InputError(f"the log {self.path.name} is damaged; `lennox log verify` says where.") from error
            found.append(Record(number, time, kind, details, before, own))
        return tuple(found)

    def latest(self) -> str:
        """The latest time of any record, as it is written; "" without one. Raises InputError if the log is damaged."""
        if not self.path.exists():
            return ""
        with self._open(write=False) as store:
            return str(store.execute("SELECT max(time) FROM record").fetchone()[0] or "")

    def head(self) -> str:
        """Length and last hash in one line, to be noted elsewhere."""
        rows = self._rows()
        return str(End(len(rows), rows[-1][5]) if rows else EMPTY)

    def problems(self, head: str | None = None) -> list[str]:
        """What is wrong with the log, a sentence each; none if it is as it was written.

        head : what `head` gave at an earlier time; the log may have grown since
        """
        try:
            rows = self._rows()
            ends = self._read_ends()
        except InputError as error:
            return [str(error)]
        found = []
        previous = START
        for position, (number, time, kind, text, before, stated) in enumerate(rows, 1):
            if number != position or before != previous:
                found.append(f"record {position} does not follow the one before it: records were removed or replaced.")
                break
            if _hash(number, time, kind, text, before) != stated:
                found.append(f"record {number} was edited.")
                break
            previous = stated
        reached = [EMPTY, *(End(position, row[5]) for position, row in enumerate(rows, 1))]
        if reached[-1] not in ends:
            found.append(f"the log's {len(rows)} records do not agree with its head file: it was cut or replaced.")
        if head is not None and head not in map(str, reached):
            found.append(f"the log's {len(rows)} records do not agree with the head noted: it was cut or replaced.")
        return found

    def _rows(self, kinds: Sequence[str] = KINDS) -> list[tuple[Any, ...]]:
        if not self.path.exists():
            return []
        chosen = "" if kinds is KINDS else f"WHERE kind IN ({', '.join('?' * len(kinds))})"
        with self._open(write=False) as store:
            query = f"SELECT number, time, kind, details, previous, hash FROM record {chosen} ORDER BY number"  # noqa: S608
            return list(store.execute(query, () if kinds is KINDS else kinds))

    @contextlib.contextmanager
    def _open(self, *, write: bool) -> Iterator[sqlite3.Connection]:
        try:
            if write:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                store = sqlite3.connect(self.path, timeout=30, isolation_level=None)
            else:
                # "rw" only to finish what a killed process left; no record is written, no file made
                store = sqlite3.connect(f"{self.path.as_uri()}?mode=rw", timeout=30, uri=True)
            with contextlib.closing(store):
                if write:
                    store.executescript(_TABLE)
                    store.execute("BEGIN IMMEDIATE")  # one writer at a time, from reading the head to writing it
                yield store
                if write:
                    store.execute("COMMIT")
        except (OSError, sqlite3.Error, UnicodeDecodeError, MemoryError) as error:  # the last two: a damaged file
            reason = one_line(str(error)) or "it asks for more memory than there is"
            raise InputError(
                f"the log {self.path.name} cannot be used ({reason}); LENNOX_LOG names another file for it."
            ) from error

    def _read_ends(self) -> list[End]:
        """Where the chain may end: one end, or two while a record is being added; its beginning, without a file."""
        try:
            pairs = [line.partition(":") for line in self._head_path.read_text("ascii").splitlines()]
            return [End(int(number), last) for number, _, last in pairs] or [EMPTY]
        except (OSError, ValueError):
            return [EMPTY]

    def _write_ends(self, *ends: End) -> None:
        atomic_write(self._head_path, "".join(f"{end}\n" for end in ends))


def all_logs() -> list[Log]:
    """The log that LENNOX_LOG names, and the computer's own, where they differ; none for a user without a home.

    What must not be forgotten under another LENNOX_LOG is written to both, and read from both.
    """
    found: dict[Path, Log] = {}
    for path in (None, _usual_path):
        with contextlib.suppress(InputError):
            log = Log(path() if path else None)
            found[log.path] = log
    return list(found.values())


def _usual_path() -> Path:
    try:
        return user_folder("state") / "log.sqlite"
    except InputError as error:
        raise InputError("this user has no home for the log; LENNOX_LOG names a file for it.") from error


def _last(store: sqlite3.Connection) -> End:
    row = store.execute("SELECT number, hash FROM record ORDER BY number DESC LIMIT 1").fetchone()
    if row and not isinstance(row[0], int):
        raise sqlite3.DatabaseError("its records have no numbers")
    return End(*row) if row else EMPTY


def _hash(number: int, time: str, kind: str, details: str, previous: str) -> str:
    try:
        return sha256_of(canonical([number, time, kind, details, previous]))
    except ValueError:  # a record that was edited into something else than text
        return ""
