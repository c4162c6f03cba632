"""A run over films: assess each, keep what was asked for, go on where an earlier run stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice, tee
from pathlib import Path
from types import TracebackType
from typing import Self

from lennox.errors import ImageError
from lennox.gate.predicates import local_now
from lennox.image import Image, read_image
from lennox.inference.batch import in_order
from lennox.inference.examination import Examination, choose_point, identify
from lennox.inference.model import Model
from lennox.inference.processors import processors
from lennox.report import csv_lines, to_json, words
from lennox.runs.cluster import Cluster
from lennox.runs.film_work import FilmFiles, FilmWork, Format, Outputs, ReadOptions, files_of
from lennox.runs.films import FilmList, FoundFilm
from lennox.runs.results import ResultsFolder

__all__ = ["Format", "Outputs", "ReadOptions", "Run", "lines", "share_threads"]


def share_threads(films: FilmList, threads: int | None = None) -> tuple[int, int]:
    """Workers, and threads within one film: a film alone gets all of them, films side by side one each.

    threads : of all; the processors of this process unless given
    """
    threads = threads or processors()
    return (1, threads) if len(films) == 1 else (threads, 1)


class Run:
    """One model over a list of films.

    Each film is one task of one worker, from its file to its results; all workers share the model. So every core is
    busy with whichever step its film is at, and only a few films a worker are in memory.
    docs/contributor/performance.md has the numbers, beside other arrangements.

    outcomes : how many films were "suspected", "none" or "refused" so far; see `lennox.report.words.group_of`
    """

    def __init__(
        self,
        films: FilmList,
        model: Model,
        reading: ReadOptions | None = None,
        *,
        workers: int = 1,
        cluster: Cluster | None = None,
    ) -> None:
        """Nothing is read before one of the methods is called. Use it as a context.

        workers : films at a time; see `share_threads`
        cluster : who reads the films instead of this computer; see `lennox.runs.cluster`
        Raises InputError for an impossible threshold or an unknown operating point.
        """
        self.films, self.model, self.reading = films, model, reading or ReadOptions()
        self.outcomes: Counter[str] = Counter()
        self._point = choose_point(model, self.reading.threshold, self.reading.operating_point)
        self._executor, self._cluster = ThreadPoolExecutor(workers), cluster

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._executor.shutdown(wait=kind is None, cancel_futures=True)

    def examinations(self) -> Iterator[Examination]:
        """Each film's examination, in order, as soon as it is there."""
        work = FilmWork(self.model, self.reading)
        if self._cluster is not None:
            answers = in_order(self._cluster, self._cluster.work(work), self.films)
        else:
            answers = in_order(self._executor, work, self.films)
        return self._counted(answer.examination for answer in answers)

    def keep(self, folder: Path, outputs: Outputs) -> Iterator[Examination]:
        """The same, kept in a folder: each film's record and pictures at once, then all of them in one file.

        The run is complete when the iterator is exhausted. Raises InputError if the folder cannot be used, see
        `ResultsFolder`, and OSError if it cannot be written.
        """
        with ResultsFolder(folder, resume=outputs.resume) as results:
            yield from self.keep_films(results, outputs, self.films)
            self.write_summary(results, outputs)

    def keep_films(self, results: ResultsFolder, outputs: Outputs, films: Iterable[FoundFilm]) -> Iterator[Examination]:
        """Each film's examination in order, its record and pictures kept; films may come as they are found."""
        if self._cluster is not None:
            return self._counted(self._keep_sent(self._cluster, results, outputs, films))
        return self._counted(in_order(self._executor, partial(self._keep_one, results, outputs), films))

    def write_summary(self, results: ResultsFolder, outputs: Outputs) -> None:
        """All films in one file or in pages, from the records of a folder that has one of each film of the run."""

        def kept() -> Iterator[Examination]:
            return (results.read(film.name) for film in self.films)

        if outputs.format is Format.HTML:
            pages = 0
            for name, parts in self.pages(kept, outputs.language):
                results.write(name, (part.encode() for part in parts))
                pages += 1
            while (results.folder / _page_name(pages + 1)).exists():  # of a longer run that was here before
                pages += 1
                (results.folder / _page_name(pages)).unlink()
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

    def _counted(self, examinations: Iterable[Examination]) -> Iterator[Examination]:
        for examination in examinations:
            self.outcomes[words.group_of(examination)] += 1
            yield examination

    def _kept(self, results: ResultsFolder, outputs: Outputs, film: FoundFilm) -> Examination | None:
        """What an earlier run left of a film, if it is what assessing it again would give."""
        if not outputs.resume:
            return None
        kept = results.finished(film.name, film.path, self.model, self._point, partial(files_of, film, outputs))
        return kept if kept is not None and self._as_asked(kept) else None

    def _as_asked(self, kept: Examination) -> bool:
        """Whether a record of an earlier run answers what this one asks."""
        explained = all(one.explanation is not None and one.explanation.turned for one in kept.findings)
        return self.reading.teeth in ((), kept.source.teeth) and (explained or not self.reading.explain)

    def _keep_one(self, results: ResultsFolder, outputs: Outputs, film: FoundFilm) -> Examination:
        kept = self._kept(results, outputs, film)
        return kept or _write(results, film, FilmWork(self.model, self.reading, outputs)(film))

    def _keep_sent(
        self, cluster: Cluster, results: ResultsFolder, outputs: Outputs, films: Iterable[FoundFilm]
    ) -> Iterator[Examination]:
        """The same, with what is not kept yet done by a cluster."""
        sent = cluster.work(FilmWork(self.model, self.reading, outputs))
        first, second = tee((film, self._kept(results, outputs, film)) for film in films)
        answers = in_order(cluster, sent, (film for film, kept in first if kept is None))
        for film, kept in second:
            yield kept or _write(results, film, next(answers))

    def _open(self, film: FoundFilm, examination: Examination) -> Image | None:
        """The film's image again; None if it is gone, is another one now, or takes too much memory."""
        try:
            image = read_image(film.path, frame=self.reading.frame)
        except (ImageError, MemoryError):
            return None
        return image if image.sha256 == examination.source.sha256 else None


def _page_name(number: int) -> str:
    return "report.html" if number == 1 else f"report-{number}.html"


def _write(results: ResultsFolder, film: FoundFilm, made: FilmFiles) -> Examination:
    if made.examination.status != "assessed":
        results.remove_pictures(film.name)  # an earlier run's, of what the file held then
    for path, data in made.files.items():
        results.write(path, [data])
    results.save(film.name, made.examination)  # last: what is recorded is finished
    return made.examination


def lines(examinations: Iterable[Examination], form: Format = Format.JSON) -> Iterator[str]:
    """Examinations as the lines of a table (`Format.CSV`), or of JSON Lines, with their ends."""
    return csv_lines(examinations) if form is Format.CSV else (f"{to_json(one)}\n" for one in examinations)
