"""The model at work beside the page: films are read one after another in a thread, the film on the screen first."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import lennox
from lennox.desk.event_store import NewEvent
from lennox.desk.film_index import DeskFilm
from lennox.errors import LennoxError, ModelError
from lennox.files import sha256_of, sha256_of_file

if TYPE_CHECKING:
    from lennox.inference.model import Model

LOWEST = 0.01  # every candidate above it is kept, so that the page can show any threshold without reading again
LONGEST_FILM_S = 60.0
LOOK_AGAIN_S = 2.0  # for films that came into the folder


class Readings(Protocol):
    """What the queue needs of a desk."""

    def unread(self, identity: str) -> list[DeskFilm]:
        """The films that no such model has read as they are now, after a look into the folder."""

    def keep(self, *events: NewEvent) -> int:
        """Keep a reading."""


@dataclass(frozen=True, slots=True)
class ModelState:
    """How far the model is. model : once it is "ready"; reasons : why it is "refused", and what may be done"""

    status: Literal["loading", "ready", "refused"] = "loading"
    model: Model | None = None
    reasons: tuple[str, ...] = ()


class ReadingQueue:
    """Reads what is to be read until it is stopped. The model is loaded in the thread: the page need not wait for it.

    wanted : key of the film that is on the screen, to be read first
    reading : name of the film that is being read now; "" if none is
    trouble : why readings cannot be kept, if so
    """

    def __init__(self, readings: Readings, load: Callable[[], Model]) -> None:
        """Nothing is read before `start`."""
        self.state, self.wanted, self.reading, self.trouble = ModelState(), "", "", ""
        self.refused = threading.Event()
        self._readings, self._load = readings, load
        self._stop, self._wake = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="readings", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look into the folder now."""
        self._wake.set()

    def stop(self) -> None:
        """End after the film in hand; waits for it, as the network's own threads must not outlive the program."""
        self._stop.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(LONGEST_FILM_S)

    def _work(self) -> None:
        identity = ""
        try:
            model = self._load()
            self.state = ModelState("ready", model)
            identity = identity_of(model)
        except LennoxError as error:
            self._refuse(error)
        while not self._stop.is_set():
            self._wake.clear()
            model_now = self.state.model
            try:
                films = self._readings.unread(identity)
                if not films or model_now is None:
                    self._wake.wait(LOOK_AGAIN_S)
                    continue
                self._read(next((one for one in films if one.key == self.wanted), films[0]), model_now, identity)
                self.trouble = ""
            except (LennoxError, OSError) as error:
                if isinstance(error, ModelError):
                    self._refuse(error)  # an impossible answer: this model reads nothing more
                self.trouble = str(error)
                self._wake.wait(LOOK_AGAIN_S)
            finally:
                self.reading = ""

    def _refuse(self, error: LennoxError) -> None:
        self.state = ModelState("refused", None, (str(error),))
        self.refused.set()

    def _read(self, film: DeskFilm, model: Model, identity: str) -> None:
        """One film through the route of `lennox diagnose`, kept as an event."""
        from lennox.report import to_record
        from lennox.runs.films import FilmList, FoundFilm
        from lennox.runs.run import ReadOptions, Run

        self.reading = film.name
        films = FilmList()
        films.append(FoundFilm(str(film.path), film.name))
        with Run(films, model, ReadOptions(threshold=LOWEST)) as run:
            examination = next(iter(run.examinations()))
        sha256 = examination.source.sha256 or ""
        with contextlib.suppress(OSError):
            sha256 = sha256 or sha256_of_file(film.path)
        details = {"record": to_record(examination), "identity": identity, "stamp": film.stamp}
        self._readings.keep(NewEvent("read", details, film.name, sha256))


def identity_of(model: Model) -> str:
    """Which answers a reading is: network, card and version of lennox. Whoever released it changes no answer."""
    return sha256_of(" ".join((*model.identity[:2], lennox.__version__)).encode())[:16]
