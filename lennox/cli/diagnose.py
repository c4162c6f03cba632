"""`lennox diagnose`: films in, findings out."""

from __future__ import annotations

import sys
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lennox.cli.extras import installed
from lennox.cli.film_options import DiagnoseOptions, with_film_options
from lennox.cli.gate_options import LoadOptions, with_load_options
from lennox.cli.paths import RESULTS, standard_input_as_file

if TYPE_CHECKING:
    from lennox.inference.examination import Examination
    from lennox.runs.cluster import Cluster
    from lennox.runs.films import FoundFilms
    from lennox.runs.run import Format, Run


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-r", "--recursive", is_flag=True, help="Look into the sub-folders of a folder, too.")
@click.option("--out", type=RESULTS, metavar="DIR", help="Keep the results in a folder.")
@click.option("--resume", is_flag=True, help="With --out: go on with an interrupted run; finished films are kept.")
@click.option("--frame", type=click.IntRange(0), metavar="N", help="Which image of a file with several, from 0.")
@click.option("--dask", metavar="ADDRESS", help="Let the workers of this Dask scheduler read them: tcp://HOST:8786.")
@with_film_options
@with_load_options
def diagnose(
    paths: tuple[Path, ...],
    recursive: bool,
    out: Path | None,
    resume: bool,
    frame: int | None,
    dask: str | None,
    film_options: DiagnoseOptions,
    load_options: LoadOptions,
) -> None:
    """Look for suspected caries on films: files, folders of them, or - for an image from standard input.

    Prints one record a film, in the order given; nothing is changed or sent anywhere. Suspected findings are for a
    clinician to confirm or reject. "Not assessable" and "unreadable" are answers of their own: no result.

    A model must be released for the channel, which `lennox models` says. --unreleased loads one that is not: it is
    written to the local log, and every output says so.

    \b
    Exit status: 0 all assessed; 1 some not assessable or unreadable, the others are reported;
    2 wrong usage; 4 model missing or refused.

    \b
    Examples:
      lennox diagnose film.png --unreleased --who "your name" --why "to try it" --until today
      lennox diagnose films --model models/mine --recursive --format html --overlay --out results
      lennox diagnose films --model models/mine --dicom=seg,sr,gsps --out findings
      lennox diagnose films --model models/mine --threshold 0.01 > candidates.jsonl
      lennox diagnose - --model models/mine --format html < film.png > film.html
    """
    film_options.check(out)
    if resume and out is None:
        raise click.UsageError("--resume needs --out DIR, the folder to keep results in.")
    if dask is not None:
        installed("dask", "distributed")

    from lennox.runs.films import find_films  # here and below: they load the model's runtime
    from lennox.runs.run import Format, Run, share_threads

    reading, form = film_options.reading(frame), film_options.form
    with standard_input_as_file(paths) as files:
        found = find_films(files, recursive=recursive, results=out, suffix=reading.suffix)
        workers, within_a_film = share_threads(found.films, film_options.threads)
        named_one = len(files) == 1 and not files[0].is_dir()
        loaded = load_options.load(film_options.model, within_a_film)
        with _cluster(dask) as cluster, Run(found.films, loaded, reading, workers=workers, cluster=cluster) as run:
            if out is not None:
                deque(_watched(run.keep(out, film_options.outputs(resume=resume)), len(found.films)), maxlen=0)
            elif form == "html":
                _print_page(run, film_options.language)
            elif form is None and named_one and sys.stdout.isatty():
                _print_text(run)
            else:
                _print_lines(run, Format(form or "json"))
    if not named_one or out is not None:
        click.echo(f"lennox: {summary(run.outcomes, found)}", err=True)
    raise click.exceptions.Exit(1 if run.outcomes["refused"] or found.closed else 0)


def _cluster(address: str | None) -> AbstractContextManager[Cluster | None]:
    if address is None:
        return nullcontext()
    from lennox.runs.cluster import connected

    return connected(address)


def summary(outcomes: Counter[str], found: FoundFilms) -> str:
    """How many films had which answer, and what was left out."""
    from lennox.report.words import count_of

    text = (
        f"{count_of(outcomes.total(), 'film')}: {outcomes['suspected']} with a suspected lesion, "
        f"{outcomes['none']} with none suspected at this operating point, {outcomes['refused']} not assessed."
    )
    if found.skipped:
        text += (
            f" Left out {count_of(found.skipped, 'file')} that {'is' if found.skipped == 1 else 'are'} not an image."
        )
    if found.results:
        text += f" Left out {count_of(found.results, 'folder')} of earlier results."
    if found.below:
        text += f" {count_of(found.below, 'sub-folder').capitalize()} not looked into; add --recursive for that."
    if found.closed:
        text += f" {count_of(found.closed, 'folder').capitalize()} may not be opened by this user."
    return text


def _print_text(run: Run) -> None:
    """One film as text, for a terminal."""
    from rich.console import Console  # here and below: slow to import, and for terminals only

    from lennox.cli.pretty import show

    for examination in run.examinations():
        show(examination, Console())


def _print_lines(run: Run, form: Format) -> None:
    """JSON Lines or a table on stdout, each film as soon as it is assessed."""
    from lennox.runs.run import lines

    examinations = run.examinations()
    for line in lines(examinations if sys.stdout.isatty() else _watched(examinations, len(run.films)), form):
        _emit(line)


def _print_page(run: Run, language: str) -> None:
    """The page on stdout, if it is one page."""
    from lennox.report.run_page import FILMS_A_PAGE

    if len(run.films) > FILMS_A_PAGE or sys.stdout.isatty():
        raise click.UsageError(
            "a page goes to a file: add --out DIR"
            + (" (or > page.html)." if sys.stdout.isatty() else f", as these are more than {FILMS_A_PAGE} films.")
        )
    examinations = list(_watched(run.examinations(), len(run.films)))
    for _, parts in run.pages(lambda: examinations, language):
        for part in parts:
            _emit(part)


def _watched(examinations: Iterator[Examination], count: int) -> Iterator[Examination]:
    """The same examinations; a bar on stderr grows meanwhile, if people are looking there."""
    if sys.stderr is None or not sys.stderr.isatty() or count == 1:  # None: it was closed
        yield from examinations
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("films"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield from progress.track(examinations, count, description="films")


def _emit(text: str) -> None:
    stream = sys.stdout.buffer
    stream.write(text.encode())
    stream.flush()  # whoever reads the pipe gets each film at once
