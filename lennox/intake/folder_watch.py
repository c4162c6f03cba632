"""Films that an imaging program exports into a folder, answered as they come.

The system says what changed (watchdog); a look through the whole folder now and then finds what it did not say, as for
drives of other computers. A file is read once its size and time have rested, or at once when it was renamed to its
name, which is how careful programs finish a file.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lennox.errors import InputError
from lennox.intake.film_intake import Arrival, FilmIntake, state_of
from lennox.runs.films import is_image, result_name

UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", ".download", "~")
_SUMMARY_S = 300.0
_RETRY_S = 30.0  # a film whose results could not be delivered
_TICK_S = 10.0  # longest sleep, so that the health line stays young
_MOST_AT_ONCE = 200  # films between two looks at what changed


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """How a folder is watched.

    recursive : its sub-folders, too
    rest_s : seconds for which size and time of a file have not changed, before it is read
    poll_s : seconds between two looks through the whole folder
    notified : whether the system is asked to say what changes; False for drives on which it cannot
    """

    recursive: bool = True
    rest_s: float = 2.0
    poll_s: float = 60.0
    notified: bool = True


@dataclass(slots=True)
class _Waiting:
    state: str
    due: float


class FolderWatch:
    """A watched folder and the intake that answers its films."""

    def __init__(self, folder: Path, intake: FilmIntake, options: WatchOptions | None = None) -> None:
        """Raises InputError if there is no such folder."""
        if not folder.is_dir():
            raise InputError(f"there is no folder '{folder.name}' to watch; make it, or name another one.")
        self.folder, self._intake, self._options = folder, intake, options or WatchOptions()
        self._results = os.path.realpath(intake.folder)
        self._events: queue.SimpleQueue[tuple[str, bool]] = queue.SimpleQueue()
        self._waiting: dict[str, _Waiting] = {}
        self._known: dict[str, str] = {}  # path -> state of what needs nothing: answered films, files of other kinds
        self._stop = threading.Event()

    def stop(self) -> None:
        """End `run` after the films in work. From any thread or signal handler."""
        self._stop.set()
        self._events.put(("", False))

    def run(self, *, until_idle: bool = False) -> None:
        """Answer films until `stop`. until_idle : or until none is waiting"""
        next_look, next_summary, changed = 0.0, time.monotonic() + _SUMMARY_S, False
        with self._notified():
            while not self._stop.is_set():
                if time.monotonic() >= next_look:
                    self._look()
                    next_look = time.monotonic() + self._options.poll_s
                ready = self._ready()
                changed |= bool(ready)
                self._take(ready)
                self._intake.log.beat("working" if self._waiting else "idle", len(self._waiting))
                if not self._waiting:
                    if changed and (until_idle or time.monotonic() >= next_summary):
                        began, changed = time.monotonic(), False
                        self._intake.write_summary()
                        took = time.monotonic() - began
                        next_summary = time.monotonic() + max(_SUMMARY_S, 10 * took)
                    if until_idle:
                        break
                self._hear(next_look)
        if changed:
            self._intake.write_summary()

    @contextlib.contextmanager
    def _notified(self) -> Iterator[None]:
        """The system says what changes meanwhile."""
        if not self._options.notified:
            yield
            return
        from watchdog.events import FileSystemEvent, FileSystemEventHandler
        from watchdog.observers import Observer

        logging.getLogger("watchdog").setLevel(logging.CRITICAL)  # of changes while it stops it says that they came
        events = self._events

        class Handler(FileSystemEventHandler):
            def on_any_event(self, event: FileSystemEvent) -> None:
                if event.event_type in ("created", "modified", "moved", "closed"):
                    moved = event.event_type == "moved"
                    events.put((os.fsdecode(event.dest_path if moved else event.src_path), moved))

        observer: Any = Observer()
        observer.schedule(Handler(), str(self.folder), recursive=self._options.recursive)
        try:
            observer.start()
        except OSError as error:  # more folders than the system watches
            self._intake.log.say(
                f"the system does not say what changes ({error.strerror}); looking instead", warning=True
            )
            yield
            return
        try:
            yield
        finally:
            observer.stop()
            observer.join()

    def _hear(self, next_look: float) -> None:
        """Sleep until something is due, and note what the system says meanwhile."""
        due = min([next_look, *(one.due for one in self._waiting.values())]) - time.monotonic()
        with contextlib.suppress(queue.Empty):
            path, moved = self._events.get(timeout=min(max(due, 0.01), _TICK_S))
            while True:
                self._note(path, at_once=moved)
                path, moved = self._events.get_nowait()

    def _look(self) -> None:
        """Note every film of the folder; one question to the file system a file."""
        for here, folders, files in os.walk(self.folder):
            folders[:] = [name for name in folders if self._options.recursive and not name.startswith(".")]
            folders[:] = [name for name in folders if os.path.realpath(os.path.join(here, name)) != self._results]  # noqa: PTH118
            for name in files:
                self._note(os.path.join(here, name))  # noqa: PTH118
        self._known = {path: state for path, state in self._known.items() if os.path.exists(path)}  # noqa: PTH110

    def _note(self, path: str, *, at_once: bool = False) -> None:
        """Let a file wait for its rest, unless nothing is to be done for it."""
        name = os.path.basename(path)  # noqa: PTH119
        state = state_of(path) if name else None
        if state is None or self._known.get(path) == state or self._is_outside(path):
            return
        waiting = self._waiting.get(path)
        if waiting is not None and waiting.state == state and not at_once:
            return
        if (
            name.lower().endswith(UNFINISHED)
            or not is_image(path, name)
            or self._intake.is_answered(result_name(os.path.relpath(path, self.folder)), state)
        ):
            self._known[path] = state
            return
        self._waiting[path] = _Waiting(state, time.monotonic() + (0.0 if at_once else self._options.rest_s))

    def _is_outside(self, path: str) -> bool:
        """Whether a path lies among the results, or under a hidden folder."""
        within = Path(os.path.relpath(path, self.folder)).parts
        return (
            any(part.startswith(".") for part in within)
            or (len(within) > 1 and not self._options.recursive)
            or os.path.realpath(path).startswith(self._results + os.sep)
        )

    def _ready(self) -> list[Arrival]:
        """Films that have rested."""
        ready, now = [], time.monotonic()
        for path, waiting in list(self._waiting.items()):
            if waiting.due > now:
                continue
            state = state_of(path)
            if state is None:
                del self._waiting[path]
            elif state != waiting.state:
                self._waiting[path] = _Waiting(state, now + self._options.rest_s)
            else:
                ready.append(Arrival(path, result_name(os.path.relpath(path, self.folder)), state))
            if len(ready) == _MOST_AT_ONCE:
                break
        return ready

    def _take(self, ready: list[Arrival]) -> None:
        for arrival, outcome in self._intake.take(ready):
            if outcome == "undelivered":
                self._waiting[arrival.path] = _Waiting(arrival.state, time.monotonic() + _RETRY_S)
            elif outcome == "changed":
                self._waiting[arrival.path] = _Waiting("", time.monotonic() + self._options.rest_s)
            else:
                self._waiting.pop(arrival.path, None)
                if outcome != "gone":
                    self._known[arrival.path] = arrival.state
            self._intake.log.beat("working", len(self._waiting))
            if self._stop.is_set():
                break
