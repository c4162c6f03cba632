"""`lennox watch`: films of a folder, answered as they come."""

from __future__ import annotations

import signal
from pathlib import Path

import click

from lennox.cli.dicom_options import DicomOptions, with_dicom_options
from lennox.cli.extras import installed
from lennox.cli.film_options import DiagnoseOptions, with_film_options
from lennox.cli.gate_options import LoadOptions, with_load_options
from lennox.cli.paths import RESULTS

RESULTS_NAME = "lennox-results"


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", type=RESULTS, metavar="DIR", help=f"Results; FOLDER/{RESULTS_NAME} unless given.")
@click.option("--rest", type=click.FloatRange(0.1, 3600), default=2.0, show_default=True, metavar="SECONDS",
              help="How long size and time of a file have not changed before it is read.")  # fmt: skip
@click.option("--every", type=click.FloatRange(1, 86400), default=60.0, show_default=True, metavar="SECONDS",
              help="Between two looks through the whole folder, for what the system did not say.")  # fmt: skip
@click.option("--poll", is_flag=True, help="Only look every so often: for network drives on which nothing is said.")
@click.option("--once", is_flag=True, help="End when no film is waiting.")
@click.option("--health", is_flag=True, help="Print how the running service is, and end.")
@with_dicom_options
@with_film_options
@with_load_options
def watch(
    folder: Path,
    out: Path | None,
    rest: float,
    every: float,
    poll: bool,
    once: bool,
    health: bool,
    dicom_options: DicomOptions,
    film_options: DiagnoseOptions,
    load_options: LoadOptions,
) -> None:
    """Watch FOLDER and its sub-folders; answer each film that comes into it once, until Ctrl-C or SIGTERM.

    Results lie in the folder that --out names, in the forms of `lennox diagnose`; the film itself is never moved or
    changed. A file that cannot be read gets a copy and a reason in quarantine/ there, and is tried again when it
    changes. A service that was stopped, or killed, goes on where it was. Nothing is sent but where --send says.

    \b
    Exit status: 0 ended as asked; 1 with --health: it is not running; 2 a folder that cannot be used;
    4 model missing or refused.

    \b
    Examples:
      lennox watch exports --unreleased --who "A. Ramos" --why "to try it" --until today
      lennox watch exports --health
      lennox watch drive --model models/mine --poll --every 120 --dicom=seg,sr,gsps --out answered
      lennox watch came --model models/mine --serve-dicom 11112 --from SENSOR@127.0.0.1
      lennox watch exports --model models/mine --dicom=seg,sr --send PACS@127.0.0.1:4242
    """
    out = out or folder / RESULTS_NAME
    if health:
        from lennox.intake.service_log import read_health

        line, alive = read_health(out)
        click.echo(line)
        raise click.exceptions.Exit(0 if alive else 1)
    film_options.check(out)
    dicom_options.check()
    if dicom_options.send and not film_options.dicom:
        raise click.UsageError("--send needs --dicom, the objects to send.")
    if not poll:
        installed("watch", "watchdog")

    from lennox.inference.processors import processors
    from lennox.intake.film_intake import FilmIntake
    from lennox.intake.folder_watch import FolderWatch, WatchOptions

    deliver, listening = dicom_options.sender(), dicom_options.listening(folder)
    model = load_options.load(film_options.model)
    workers = film_options.threads or processors()
    reading, outputs = film_options.reading(), film_options.outputs(resume=True)
    with (
        FilmIntake(out, model, reading, outputs, workers=workers, deliver=deliver) as intake,
        listening,
    ):
        watched = FolderWatch(folder, intake, WatchOptions(True, rest, every, notified=not poll))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: watched.stop())
        click.echo(f"lennox: watching '{folder.name}'; results are in '{out.name}'.", err=True)
        watched.run(until_idle=once)
