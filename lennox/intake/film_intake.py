"""One film in, its results kept, delivered and remembered: the core of every service that takes films."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from lennox.errors import LennoxError
from lennox.image.limits import MAX_FILE_BYTES
from lennox.inference.examination import Examination
from lennox.inference.model import Model
from lennox.intake.done_films import DoneFilms
from lennox.intake.service_log import SUMMARIZING, ServiceLog
from lennox.report import words
from lennox.runs.films import FilmList, FoundFilm
from lennox.runs.results import OBJECT_ENDINGS, ResultsFolder, object_name
from lennox.runs.run import Format, Outputs, ReadOptions, Run

Outcome = Literal["done", "quarantined", "gone", "changed", "undelivered"]
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Arrival:
    """A film that came.

    path : where it is; name : under which its results are kept
    state : what tells it from a later file of the same name, see `state_of`
    """

    path: str
    name: str
    state: str


class DeliveryError(LennoxError):
    """Results could not be sent now; they are kept, and sent later."""


def state_of(path: str) -> str | None:
    """Size and time of a file, None if it is gone."""
    try:
        found = os.stat(path)  # noqa: PTH116  # of every film of an archive, again and again
    except OSError:
        return None
    return f"{found.st_size}:{found.st_mtime_ns}"


class FilmIntake:
    """A folder of results that films are added to as they come.

    done.jsonl              which films were answered
    quarantine/NAME         a copy of each file that cannot be read, and NAME.reason.txt
    service.log, health.json

    A film is remembered after its record is kept and its results are delivered. If the program ends before that, the
    next one finds the record by the film's digest: nothing is assessed twice, and nothing is left out.
    """

    def __init__(
        self,
        folder: Path,
        model: Model,
        reading: ReadOptions,
        outputs: Outputs,
        *,
        workers: int = 1,
        deliver: Callable[[Examination, list[Path]], None] | None = None,
    ) -> None:
        """Lock the folder; use it as a context.

        deliver : is given each assessed film's examination and its DICOM objects, and raises DeliveryError
        Raises InputError for a folder that another run writes to, an impossible threshold or an unknown point.
        """
        self.folder, self._model, self._reading = folder, model, reading
        self._outputs, self._deliver, self._workers = replace(outputs, resume=True), deliver, workers
        self._run = Run(FilmList(), model, reading, workers=workers)
        self._results = ResultsFolder(folder, resume=True)
        self.done, self.log = DoneFilms(folder / "done.jsonl"), ServiceLog(folder)
        self._refused: dict[str, tuple[str, str]] = {}  # until the program starts again, which tries once more

    def __enter__(self) -> Self:
        self._run.__enter__()
        self.log.say(f"started; {len(self.done)} films were answered before")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run.__exit__(kind, error, trace)
        self.log.say("stopped" if error is None else f"stopped by {type(error).__name__}", warning=error is not None)
        self.log.close()
        self._results.close()

    def is_answered(self, name: str, state: str) -> bool:
        """Whether there is nothing to do for this film."""
        return self.done.is_done(name, state) or self._refused.get(name, ("", ""))[0] == state

    def take(self, arrivals: Iterable[Arrival]) -> Iterator[tuple[Arrival, Outcome]]:
        """Assess films, side by side, and say in order what became of each."""
        arrivals = list(arrivals)
        films = (FoundFilm(arrival.path, arrival.name) for arrival in arrivals)
        kept = self._run.keep_films(self._results, self._outputs, films)
        for arrival, examination in zip(arrivals, kept, strict=True):
            outcome = self._settle(arrival, examination)
            self.log.counts[outcome] += 1
            yield arrival, outcome

    def write_summary(self) -> None:
        """All films in one file or in pages, as a run writes them."""
        films = FilmList()
        refused = ((name, path) for name, (_, path) in self._refused.items())
        for name, path in sorted({**dict(self.done), **dict(refused)}.items()):
            if self._results.has(name):
                films.append(FoundFilm(path, name))
        if not films:
            return
        self.log.beat(SUMMARIZING, now=True)
        with Run(films, self._model, self._reading, workers=self._workers) as run:
            for film in films if self._outputs.format is Format.HTML else ():
                run.outcomes[words.group_of(self._results.read(film.name))] += 1
            run.write_summary(self._results, self._outputs)

    def _settle(self, arrival: Arrival, examination: Examination) -> Outcome:
        now, name = state_of(arrival.path), arrival.name
        if now is None and examination.status == "unreadable":
            self._results.forget(name)
            return "gone"
        if now not in (None, arrival.state):
            return "changed"
        digest = (examination.source.sha256 or "")[:12]
        if examination.status == "unreadable":
            self._refused[name] = (arrival.state, arrival.path)
            self._quarantine(arrival, examination)
            self.log.say(f"film {digest} quarantined: {' '.join(examination.reasons)}", warning=True)
            return "quarantined"
        self._release(name)
        if self._deliver is not None and examination.status == "assessed":
            paths = [self.folder / object_name(name, ending) for ending in OBJECT_ENDINGS]
            try:
                self._deliver(examination, [path for path in paths if path.is_file()])
            except DeliveryError as error:
                self.log.say(f"film {digest} is kept and not delivered yet: {error}", warning=True)
                return "undelivered"
        self.done.add(name, arrival.state, arrival.path)
        self.log.last_film = digest
        self.log.say(f"film {digest} {examination.status}, {len(examination.findings)} suspected")
        return "done"

    def _quarantine(self, arrival: Arrival, examination: Examination) -> None:
        """Copy the file: the original stays where its program expects it."""
        try:
            with Path(arrival.path).open("rb") as stream:
                if os.fstat(stream.fileno()).st_size <= MAX_FILE_BYTES:
                    self._results.write(f"quarantine/{arrival.name}", iter(lambda: stream.read(_CHUNK), b""))
        except OSError:
            pass  # its reason says that it cannot be read
        reason = " ".join(examination.reasons)
        self._results.write(f"quarantine/{arrival.name}.reason.txt", [reason.encode(), b"\n"])

    def _release(self, name: str) -> None:
        """Take back what was quarantined under this name before."""
        if self._refused.pop(name, None) or self.folder.joinpath("quarantine", name + ".reason.txt").exists():
            for path in (name, f"{name}.reason.txt"):
                (self.folder / "quarantine" / path).unlink(missing_ok=True)
