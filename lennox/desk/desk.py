"""One open folder: its films, what the model read, and what people decided."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from lennox.desk.event_store import FILE_NAME, Event, EventStore, NewEvent
from lennox.desk.film_index import DeskFilm, FilmIndex
from lennox.desk.film_state import FilmState, film_state, last_of_window
from lennox.desk.reading_queue import ReadingQueue
from lennox.errors import InputError
from lennox.files import user_folder
from lennox.system.handles import for_owner_alone

if TYPE_CHECKING:
    from lennox.inference.model import Model


class Desk:
    """A folder of films that is open for reading; threads share it.

    point : the operating point in use; None: the card's default
    settings : the newest value of each setting, such as the way teeth are named
    patients : patient -> the newest event on consent and features
    """

    def __init__(
        self, folder: Path, load: Callable[[], Model] | None = None, operating_point: str | None = None
    ) -> None:
        """Open the folder and its events. load : gives the model; None: nothing is read, only looked at.

        operating_point : of the model's card, its default unless given

        Raises InputError if the folder is none, or its events cannot be kept there.
        """
        if not folder.is_dir():
            raise InputError(f"'{folder.name}' is no folder; name a folder of films.")
        self.folder, self.point = folder.resolve(), operating_point
        self.index = FilmIndex(self.folder)
        self.store = EventStore(self.folder / FILE_NAME)
        self.settings: dict[str, str] = {}
        self.patients: dict[str, Event] = {}
        self.last = 0
        self._events: dict[str, list[Event]] = defaultdict(list)
        self._states: dict[str, FilmState] = {}
        self._lock = threading.RLock()
        self.queue = ReadingQueue(self, load) if load is not None else None

    def open(self) -> None:
        """Look at the films and begin to read them."""
        self.index.refresh()
        self.sync()
        if self.queue is not None:
            self.queue.start()

    def close(self) -> None:
        """Stop reading, and let go of the file of events."""
        if self.queue is not None:
            self.queue.stop()
        self.store.close()

    def sync(self) -> int:
        """Take in what was added since, by any window or desk; returns the newest event's number."""
        with self._lock:
            for event in self.store.since(self.last):
                self.last = event.number
                if event.kind == "setting":
                    self.settings.update({str(name): str(value) for name, value in event.details.items()})
                elif event.kind == "patient":
                    self.patients[event.details["patient"]] = event
                if event.film:
                    self._events[event.film].append(event)
                    self._states.pop(event.film, None)
            return self.last

    def state(self, name: str) -> FilmState:
        """A film as it stands."""
        with self._lock:
            found = self._states.get(name)
            if found is None:
                found = self._states[name] = film_state(self._events.get(name, ()))
            return found

    def events(self, name: str) -> list[Event]:
        """What happened to a film, in order."""
        with self._lock:
            return list(self._events.get(name, ()))

    def undo(self, film: DeskFilm, window: str, who: str) -> Event | None:
        """Take back the last decision of a window on a film, by one more event; the decision, None if there is none."""
        self.sync()
        event = last_of_window(self.events(film.name), window)
        if event is not None:
            self.keep(NewEvent("undo", {"event": event.number}, film.name, event.sha256, who, window))
        return event

    def keep(self, *events: NewEvent) -> int:
        """Keep events, all or none; durable when this returns the last one's number."""
        number = self.store.append(*events)
        self.sync()
        return number

    def unread(self, identity: str) -> list[DeskFilm]:
        """The films that no such model has read as they are now, after a look into the folder."""
        self.index.refresh()
        self.sync()
        return [film for film in self.index if not self.is_current(film, identity)]

    def look(self, film: DeskFilm) -> None:
        """Note what a film holds where no model reads it, so that it can be read by eye."""
        from lennox.desk import by_eye

        if not self.is_current(film, by_eye.IDENTITY):
            self.keep(by_eye.look(film))

    def is_current(self, film: DeskFilm, identity: str) -> bool:
        """Whether the film's reading is of this file and by this model."""
        state = self.state(film.name)
        return state.examination is not None and state.stamp == film.stamp and state.identity == identity

    def add(self, name: str, parts: Iterable[bytes]) -> str:
        """Keep a film that was dropped on the page; returns its name. Raises as `FilmIndex.add` does."""
        kept = self.index.add(name, parts)
        self.index.refresh()
        if self.queue is not None:
            self.queue.wake()
        return kept


def own_folder() -> Path:
    """Where films lie that are dropped on a desk without a folder: this user's own. Raises InputError without home."""
    folder = user_folder("state") / "desk"
    folder.mkdir(parents=True, exist_ok=True)
    for_owner_alone(folder)
    return folder


def patient_of(film: str, state: FilmState) -> str:
    """Whose film it is: as somebody typed it, else the folder it lies in, else nobody else's than its own."""
    return state.patient or (Path(film).parts[0] if "/" in film else film)
