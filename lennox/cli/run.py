"""A run of `lennox diagnose` over films: find them, assess them, write what was asked for."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path

import click

from lennox.card import OperatingPoint
from lennox.cli.films import FilmList, FoundFilm, find_films
from lennox.cli.gate_options import Passage
from lennox.cli.results import Results, capture_name, overlay_name
from lennox.errors import ImageError
from lennox.image import Image, read_image
from lennox.inference.examination import CUSTOM, Examination, ModelIdentity, diagnose_file, in_order, processors
from lennox.inference.model import Model
from lennox.report import csv_lines, to_json, words


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user asked for; None where nothing was said."""

    recursive: bool
    model: str | None
    threshold: float | None
    operating_point: str | None
    threads: int | None
    form: str | None
    out: Path | None
    overlay: bool
    dicom: bool
    resume: bool
    frame: int | None
    passage: Passage


def run(paths: Sequence[Path], choices: Choices) -> int:
    """Assess the films and write their results; returns the exit status."""
    suffix = "" if choices.frame is None else f".frame-{choices.frame}"
    found = find_films(paths, recursive=choices.recursive, results=choices.out, suffix=suffix)
    alone = len(found.films) == 1
    threads = choices.threads or processors()
    model = choices.passage.load(choices.model, threads if alone else 1)
    executor = ThreadPoolExecutor(1 if alone else threads)
    work = Run(found.films, choices, model, _operating_point(model, choices), executor)
    named_one = len(paths) == 1 and not paths[0].is_dir()
    try:
        if choices.out is not None:
            work.keep(choices.out)
        elif choices.form == "html":
            work.print_page()
        elif choices.form is None and named_one and sys.stdout.isatty():
            work.print_text()
        else:
            work.print_lines()
    finally:
        executor.shutdown(cancel_futures=True)
    if not named_one or choices.out is not None:
        click.echo(f"lennox: {summary(work.groups, found.skipped, found.closed)}", err=True)
    return 1 if work.groups["refused"] or found.closed else 0


def summary(groups: Counter[str], skipped: int, closed: int) -> str:
    """How many films had which answer, and what was left out."""
    text = (
        f"{words.count_of(groups.total(), 'film')}: {groups['suspected']} with a suspected lesion, "
        f"{groups['none']} with none suspected at this operating point, {groups['refused']} not assessed."
    )
    if skipped:
        text += f" Left out {words.count_of(skipped, 'file')} that {'is' if skipped == 1 else 'are'} not an image."
    if closed:
        text += f" {words.count_of(closed, 'folder').capitalize()} may not be opened by this user."
    return text


class Run:
    """One model over a list of films.

    Each film is one task of one worker, from its file to its results; all workers share the model. So every core is
    busy with whichever step its film is at, and only a few films a worker are in memory. docs/performance.md has the
    numbers, beside other arrangements.
    """

    def __init__(
        self,
        films: FilmList,
        choices: Choices,
        model: Model,
        point: OperatingPoint,
        executor: ThreadPoolExecutor,
    ) -> None:
        """Nothing is read before one of the methods is called."""
        self.films, self.choices, self.model, self.point, self.executor = films, choices, model, point, executor
        self.groups: Counter[str] = Counter()

    def print_text(self) -> None:
        """One film as text, for a terminal."""
        from rich.console import Console  # here and below: slow to import, and for terminals only

        from lennox.cli.pretty import show

        for examination in self._assess(self._examine):
            show(examination, Console())

    def print_lines(self) -> None:
        """JSON Lines or a table on stdout, each film as soon as it is assessed."""
        examinations = self._assess(self._examine)
        if self.choices.form == "csv":
            for line in csv_lines(examinations):
                _emit(line)
        else:
            for examination in examinations:
                _emit(to_json(examination) + "\n")

    def print_page(self) -> None:
        """The page on stdout, if it is one page."""
        from lennox.report.html import FILMS_A_PAGE

        if len(self.films) > FILMS_A_PAGE or sys.stdout.isatty():
            raise click.UsageError(
                "a page goes to a file: add --out DIR"
                + (" (or > page.html)." if sys.stdout.isatty() else f", as these are more than {FILMS_A_PAGE} films.")
            )
        for _, parts in self._pages(list(self._assess(self._examine))):
            for part in parts:
                _emit(part)

    def keep(self, out: Path) -> None:
        """Each film's record and pictures in a folder as soon as they are there, then all of them in one file."""
        results = Results(out, resume=self.choices.resume)
        for _ in self._assess(partial(self._keep_one, results)):
            pass
        examinations = (results.read(film.place) for film in self.films)
        if self.choices.form == "html":
            for name, parts in self._pages(examinations):
                results.write(name, (part.encode() for part in parts))
        elif self.choices.form == "csv":
            results.write("examinations.csv", (line.encode() for line in csv_lines(examinations)))
        else:
            results.write("examinations.jsonl", (f"{to_json(one)}\n".encode() for one in examinations))
        results.close()

    def _examine(self, film: FoundFilm) -> Examination:
        choices = self.choices
        return diagnose_file(
            film.path,
            self.model,
            threshold=choices.threshold,
            operating_point=choices.operating_point,
            frame=choices.frame,
        )

    def _keep_one(self, results: Results, film: FoundFilm) -> Examination:
        asked = ((self.choices.overlay, overlay_name), (self.choices.dicom, capture_name))
        pictures = [name(film.place) for wanted, name in asked if wanted]
        if self.choices.resume and results.finished(film.place, film.path, self.model, self.point, pictures):
            return results.read(film.place)
        examination = self._examine(film)
        if examination.status == "assessed":
            self._draw(film, examination, results)
        results.save(film.place, examination)  # last: what is recorded is finished
        return examination

    def _assess(self, work: Callable[[FoundFilm], Examination]) -> Iterator[Examination]:
        for examination in self._watched(in_order(self.executor, work, self.films)):
            self.groups[words.group_of(examination)] += 1
            yield examination

    def _watched(self, examinations: Iterator[Examination]) -> Iterator[Examination]:
        """The same examinations; a bar on stderr grows meanwhile, if people are looking there."""
        if not sys.stderr.isatty() or len(self.films) == 1 or (self.choices.out is None and sys.stdout.isatty()):
            yield from examinations
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("films"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            yield from progress.track(examinations, len(self.films), description="films")

    def _draw(self, film: FoundFilm, examination: Examination, results: Results) -> None:
        """The pictures that were asked for; none if the film is gone or no longer the one that was assessed."""
        if self.choices.overlay:
            from lennox.report.overlay import draw_overlay

            image = self._open(film, examination)
            if image is not None:
                results.write(overlay_name(film.place), [draw_overlay(image, examination)])
        if self.choices.dicom:
            from lennox.report.dicom_capture import draw_capture

            try:
                capture = draw_capture(Path(film.path).read_bytes(), examination, frame=self.choices.frame)
            except (ImageError, OSError):
                return
            results.write(capture_name(film.place), [capture])

    def _pages(self, examinations: Iterable[Examination]) -> Iterator[tuple[str, Iterator[str]]]:
        from lennox.report import html

        size = html.FILMS_A_PAGE
        count = -(-len(self.films) // size)
        names = tuple("report.html" if page == 0 else f"report-{page + 1}.html" for page in range(count))
        identity = ModelIdentity(self.model.card.name, self.model.card.version, self.model.sha256, self.model.release)
        run = html.Run(self.model.card, identity, self.point, datetime.now().astimezone(), **_by_group(self.groups))
        shown = zip(self.films, examinations, strict=True)
        for number, name in enumerate(names):
            entries = [html.Film(one, partial(self._open, film, one)) for film, one in islice(shown, size)]
            page = html.Page(number + 1, count, number * size + 1, names)
            yield name, html.html_parts(entries, run, page, over=partial(in_order, self.executor))

    def _open(self, film: FoundFilm, examination: Examination) -> Image | None:
        """The film's image again; None if it is gone or is no longer the film that was assessed."""
        try:
            image = read_image(film.path, frame=self.choices.frame)
        except ImageError:
            return None
        return image if image.sha256 == examination.source.sha256 else None


def _by_group(groups: Counter[str]) -> dict[str, int]:
    return {group: groups[group] for group in ("suspected", "none", "refused")}


def _operating_point(model: Model, choices: Choices) -> OperatingPoint:
    if choices.threshold is not None:
        return OperatingPoint(CUSTOM, choices.threshold)
    names = [point.name for point in model.card.operating_points]
    if choices.operating_point is not None and choices.operating_point not in names:
        raise click.UsageError(
            f"{model.card.name} has no operating point '{choices.operating_point}'; choose one of: {', '.join(names)}."
        )
    return model.card.operating_point(choices.operating_point)


def _emit(text: str) -> None:
    stream = sys.stdout.buffer
    stream.write(text.encode())
    stream.flush()  # whoever reads the pipe gets each film at once
