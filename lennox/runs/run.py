"""A run over films: assess each, keep what was asked for, go on where an earlier run stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from lennox.errors import ImageError
from lennox.files import sha256_of
from lennox.gate.predicates import local_now
from lennox.image import Image, read_image
from lennox.image.read import content_of
from lennox.inference.batch import in_order
from lennox.inference.examination import (
    Examination,
    choose_point,
    diagnose,
    identify,
    unreadable,
)
from lennox.inference.model import Model
from lennox.inference.processors import processors
from lennox.report import csv_lines, to_json, words
from lennox.runs.films import FilmList, FoundFilm
from lennox.runs.results import ResultsFolder, bundle_name, object_name, overlay_name


class Format(StrEnum):
    """How all examinations of a run are written."""

    JSON = "json"
    CSV = "csv"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How each film is read; None: as the model's card says, and the only image of a file.

    threshold, operating_point, frame, explain : see `lennox.diagnose_many`
    teeth : FDI numbers of the teeth that somebody says every film shows, instead of what its file says
    """

    threshold: float | None = None
    operating_point: str | None = None
    frame: int | None = None
    teeth: tuple[str, ...] = ()
    explain: bool = False

    @property
    def suffix(self) -> str:
        """What `find_films` is to add to names, so that frames of one file are kept apart."""
        return "" if self.frame is None else f".frame-{self.frame}"


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a folder of results is to hold beside a record a film.

    format : of the one file with all examinations; overlay : a drawn copy of each assessed film
    dicom : DICOM objects of each assessed film, see `lennox.interop.dicom_objects`; "capture" is its drawn copy
    fhir : a FHIR Bundle of every film, also of one that was not assessed
    resume : go on with an earlier run; language : of pages
    """

    format: Format = Format.JSON
    overlay: bool = False
    dicom: tuple[str, ...] = ()
    fhir: bool = False
    resume: bool = False
    language: str = "en"


def share_threads(films: FilmList, threads: int | None = None) -> tuple[int, int]:
    """Workers, and threads within one film: a film alone gets all of them, films side by side one each.

    threads : of all; the processors of this process unless given
    """
    threads = threads or processors()
    return (1, threads) if len(films) == 1 else (threads, 1)


class Run:
    """One model over a list of films.

    Each film is one task of one worker, from its file to its results; all workers share the model. So every core is
    busy with whichever step its film is at, and only a few films a worker are in memory. docs/performance.md has the
    numbers, beside other arrangements.

    outcomes : how many films were "suspected", "none" or "refused" so far; see `lennox.report.words.group_of`
    """

    def __init__(self, films: FilmList, model: Model, reading: ReadOptions | None = None, *, workers: int = 1) -> None:
        """Nothing is read before one of the methods is called. Use it as a context.

        workers : films at a time; see `share_threads`
        Raises InputError for an impossible threshold or an unknown operating point.
        """
        self.films, self.model, self.reading = films, model, reading or ReadOptions()
        self.outcomes: Counter[str] = Counter()
        self._point = choose_point(model, self.reading.threshold, self.reading.operating_point)
        self._executor = ThreadPoolExecutor(workers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._executor.shutdown(wait=kind is None, cancel_futures=True)

    def examinations(self) -> Iterator[Examination]:
        """Each film's examination, in order, as soon as it is there."""
        return self._counted(lambda film: self._examine(film)[0])

    def keep(self, folder: Path, outputs: Outputs) -> Iterator[Examination]:
        """The same, kept in a folder: each film's record and pictures at once, then all of them in one file.

        The run is complete when the iterator is exhausted. Raises InputError if the folder cannot be used, see
        `ResultsFolder`, and OSError if it cannot be written.
        """
        with ResultsFolder(folder, resume=outputs.resume) as results:
            yield from self._counted(partial(self._keep_one, results, outputs))

            def kept() -> Iterator[Examination]:
                return (results.read(film.name) for film in self.films)

            if outputs.format is Format.HTML:
                pages = 0
                for name, parts in self.pages(kept, outputs.language):
                    results.write(name, (part.encode() for part in parts))
                    pages += 1
                while (folder / _page_name(pages + 1)).exists():  # of a longer run that was here before
                    pages += 1
                    (folder / _page_name(pages)).unlink()
            else:
                name = "examinations.csv" if outputs.format is Format.CSV else "examinations.jsonl"
                results.write(name, (line.encode() for line in lines(kept(), outputs.format)))

    def pages(
        self, examinations: Callable[[], Iterable[Examination]], language: str = "en"
    ) -> Iterator[tuple[str, Iterator[str]]]:
        """The names of the run's pages and their parts, once every film is assessed.

        examinations : gives those of all films, each time it is called
        Raises InputError for a language that pages do not have.
        """
        from lennox.report import run_page
        from lennox.report.wording import RUN

        size, say = run_page.FILMS_A_PAGE, RUN.wording(language)
        count = -(-len(self.films) // size)
        names = tuple(_page_name(page + 1) for page in range(count))
        outcomes = {outcome: self.outcomes[outcome] for outcome in ("suspected", "none", "refused")}
        run = run_page.RunSummary(self.model.card, identify(self.model), self._point, local_now(), **outcomes, say=say)
        few = count > 1 and len(self.films) <= run_page.MAX_OVERVIEW
        overview = run_page.overview(examinations(), names, say) if few else None
        shown = zip(self.films, examinations(), strict=True)
        for number, name in enumerate(names):
            entries = [run_page.FilmEntry(one, partial(self._open, film, one)) for film, one in islice(shown, size)]
            page = run_page.Page(number + 1, count, number * size + 1, names, None if number else overview)
            yield name, run_page.run_page_parts(entries, run, page, over=partial(in_order, self._executor))

    def _counted(self, work: Callable[[FoundFilm], Examination]) -> Iterator[Examination]:
        for examination in in_order(self._executor, work, self.films):
            self.outcomes[words.group_of(examination)] += 1
            yield examination

    def _examine(self, film: FoundFilm) -> tuple[Examination, Image | None]:
        """The examination of a film and its image; None if it is unreadable."""
        reading, image = self.reading, None
        try:
            image = read_image(film.path, frame=reading.frame)
            image = replace(image, teeth=reading.teeth) if reading.teeth else image
            examination = diagnose(
                image,
                self.model,
                threshold=reading.threshold,
                operating_point=reading.operating_point,
                explain=reading.explain,
            )
        except (ImageError, MemoryError) as error:
            examination = unreadable(film.path, self.model, self._point, error)
        return _named(film, examination), image

    def _as_asked(self, kept: Examination) -> bool:
        """Whether a record of an earlier run answers what this one asks."""
        explained = all(one.explanation is not None and one.explanation.turned for one in kept.findings)
        return self.reading.teeth in ((), kept.source.teeth) and (explained or not self.reading.explain)

    def _keep_one(self, results: ResultsFolder, outputs: Outputs, film: FoundFilm) -> Examination:
        if outputs.resume:
            kept = results.finished(film.name, film.path, self.model, self._point, partial(_pictures, film, outputs))
            if kept is not None and self._as_asked(kept):
                return kept
        examination, image = self._examine(film)
        if image is not None and examination.status == "assessed":
            try:
                self._draw(film, image, examination, results, outputs)
            except (ImageError, MemoryError) as error:  # one film costs one film, its pictures included
                examination = _named(film, unreadable(film.path, self.model, self._point, error))
        if examination.status != "assessed":
            results.remove_pictures(film.name)  # an earlier run's, of what the file held then
        if outputs.fhir:
            from lennox.interop.fhir import to_bundle_json

            results.write(bundle_name(film.name), [to_bundle_json(examination).encode("ascii"), b"\n"])
        results.save(film.name, examination)  # last: what is recorded is finished
        return examination

    def _draw(
        self, film: FoundFilm, image: Image, examination: Examination, results: ResultsFolder, outputs: Outputs
    ) -> None:
        """The pictures that were asked for. Raises ImageError if the film went away or changed meanwhile."""
        if outputs.overlay:
            from lennox.report.overlay import draw_overlay

            results.write(overlay_name(film.name), [draw_overlay(image, examination)])
        if outputs.dicom:
            for ending, written in self._objects(film, image, examination, outputs.dicom).items():
                results.write(object_name(film.name, ending), [written])

    def _objects(
        self, film: FoundFilm, image: Image, examination: Examination, kinds: Sequence[str]
    ) -> dict[str, bytes]:
        """The DICOM objects of a film; a capture alone needs no highdicom, and no pixels of the file a second time."""
        frame = self.reading.frame
        if tuple(kinds) == ("capture",):
            from lennox.report.dicom_capture import capture_of
            from lennox.report.dicom_file import said_of

            said = said_of(_same_content(film, image))
            return {"capture.dcm": capture_of(image, examination, said, frame or 0)}
        from lennox.interop.dicom_objects import draw_objects

        return draw_objects(_same_content(film, image), examination, kinds, frame=frame, image=image)

    def _open(self, film: FoundFilm, examination: Examination) -> Image | None:
        """The film's image again; None if it is gone, is another one now, or takes too much memory."""
        try:
            image = read_image(film.path, frame=self.reading.frame)
        except (ImageError, MemoryError):
            return None
        return image if image.sha256 == examination.source.sha256 else None


def _pictures(film: FoundFilm, outputs: Outputs, examination: Examination) -> list[str]:
    """The files that belong to a film beside its record; a segmentation only where something is suspected."""
    bundle = [bundle_name(film.name)] * outputs.fhir
    if examination.status != "assessed":
        return bundle
    kinds = [kind for kind in outputs.dicom if kind != "seg" or examination.findings]
    return (
        bundle + [overlay_name(film.name)] * outputs.overlay + [object_name(film.name, f"{kind}.dcm") for kind in kinds]
    )


def _same_content(film: FoundFilm, image: Image) -> bytes:
    """The bytes of the file that the image was read from. Raises ImageError if they are no longer there."""
    try:
        data, _ = content_of(film.path)
    except ImageError:
        raise ImageError("The file went away while it was assessed. Assess it again.") from None
    if sha256_of(data) != image.sha256:
        raise ImageError("The film is not the one that was assessed. Assess it again.")
    return data


def _page_name(number: int) -> str:
    return "report.html" if number == 1 else f"report-{number}.html"


def _named(film: FoundFilm, examination: Examination) -> Examination:
    """Films of many patients often have the same file name: each is named by its path below the folder."""
    return replace(examination, source=replace(examination.source, name=Path(film.name).as_posix()))


def lines(examinations: Iterable[Examination], form: Format = Format.JSON) -> Iterator[str]:
    """Examinations as the lines of a table (`Format.CSV`), or of JSON Lines, with their ends."""
    return csv_lines(examinations) if form is Format.CSV else (f"{to_json(one)}\n" for one in examinations)
