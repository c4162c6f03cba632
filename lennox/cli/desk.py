"""`lennox desk`: read films in the browser of this computer, decide, and take the decisions out again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lennox.cli.ending import OVERRIDE
from lennox.cli.extras import installed, needs
from lennox.cli.gate_options import LoadOptions, with_load_options
from lennox.errors import InputError, ReleaseRefusedError

if TYPE_CHECKING:
    from lennox.desk.desk import Desk
    from lennox.inference.model import Model

ADVICE = "To try it, stamped on every output, end the desk (Ctrl-C) and start it with " + OVERRIDE
REFUSED = 4  # as for every command whose model does not load


class DefaultCommand(click.Group):
    """A group in which `open` may be left out."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["open", *args]
        return super().parse_args(ctx, args)


@click.group(cls=DefaultCommand, context_settings={"help_option_names": ["-h", "--help"]})
def desk() -> None:
    """Read films in the browser, decide on each mark, and take the decisions out.

    `lennox desk [FOLDER]` is short for `lennox desk open [FOLDER]`; see `lennox desk open --help` for its options.

    \b
    Example:
      lennox desk films --unreleased --who "A. Ramos" --why "training course" --until today
    """


@desk.command("open")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--model", metavar="NAME|DIR", help="An installed model, see `lennox models`, or a folder with one.")
@click.option("--operating-point", metavar="NAME", help="Which point of the card is in use; its default unless given.")
@click.option("--threads", type=click.IntRange(1, 256), metavar="N", help="Processor threads; all unless given.")
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Features of this policy can be noted for a patient who agrees.",
)
@click.option("--language", default="en", show_default=True, metavar="CODE", help="Of the page: en or es.")
@click.option("--no-browser", is_flag=True, help="Print the opening link only.")
@with_load_options
@needs("desk", "starlette", "uvicorn")
def open_desk(
    folder: Path | None,
    model: str | None,
    operating_point: str | None,
    threads: int | None,
    policy_file: Path | None,
    language: str,
    no_browser: bool,
    load_options: LoadOptions,
) -> None:
    """Open a folder of films, its sub-folders too, in the browser of this computer.

    Nobody else can reach the page, and nothing is sent anywhere. Films that come into the folder later are read, too;
    without FOLDER, films that are dropped on the page are kept in a folder of lennox's own. Decisions are kept beside
    the films, in lennox-desk.sqlite. Ctrl-C ends it.

    A model that is not released for the channel marks nothing, and the page says so; --unreleased loads it.

    \b
    Exit status: 0 ended; 2 a folder that cannot be used; 4 the model was refused, films could be read by eye.

    \b
    Examples:
      lennox desk open films --unreleased --who "A. Ramos" --why "training course" --until today
      lennox desk open films --model models/mine
    """
    from lennox.desk.app import desk_app
    from lennox.desk.desk import Desk, own_folder
    from lennox.desk.serve import serve

    def load() -> Model:
        from lennox.inference.processors import processors

        try:
            loaded = load_options.load(model, threads or processors())
        except ReleaseRefusedError as error:
            raise ReleaseRefusedError(error.model, error.reasons, ADVICE if error.remedy else "") from error
        loaded.card.operating_point(operating_point)  # a point that the card lacks is said on the page, as a refusal is
        return loaded

    features: dict[str, tuple[str, ...]] = {}
    if policy_file is not None:
        from lennox.policy.reading import read_lapsed

        features = {feature.name: feature.groups for feature in read_lapsed(policy_file).features}
    opened = Desk(folder or own_folder(), load, operating_point)
    try:
        serve(
            opened,
            desk_app(opened, features, language),
            lambda link: click.echo(f"The desk is open at {link}\nCtrl-C ends it."),
            browser=not no_browser,
        )
    finally:
        opened.close()
    refused = opened.queue is not None and opened.queue.state.status == "refused"
    if refused and opened.queue is not None:
        click.echo(f"lennox: {' '.join(opened.queue.state.reasons)}", err=True)
    raise click.exceptions.Exit(REFUSED if refused else 0)


@desk.command("export")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    required=True,
    type=click.Choice(["coco", "csv", "use", "sr", "fhir"]),
    help="Labelled films; a table of decisions; records for `lennox monitor`; confirmed reports.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="coco, sr, fhir: a new folder; else a file.",
)
def export_decisions(folder: Path, form: str, out: Path) -> None:
    """Take the decisions of a folder out. Patients get pseudonyms, the same ones at each export.

    "coco" copies the films that a person has read, with what was accepted, redrawn and added, and where each came from;
    films with open or contradicting decisions are left out, and it says how many. "sr" and "fhir" write a verified
    DICOM report or a final Bundle of each such film; an SR holds patient and study as the film does. Nothing leaves
    this computer.

    \b
    Examples:
      lennox desk export films --format coco --out labelled
      lennox desk export films --format csv --out decisions.csv
      lennox desk export films --format use --out use.csv
      lennox desk export films --format sr --out reports
    """
    if form == "sr":
        installed("interop", "highdicom")

    from lennox.desk import outputs
    from lennox.desk.confirmed import write_confirmed
    from lennox.desk.decided_films import decided_films
    from lennox.files import atomic_write
    from lennox.report.words import count_of

    with opened_desk(folder) as found:
        films = decided_films(found)
        if form in ("coco", "sr", "fhir"):
            counts = write_confirmed(films, out, form) if form != "coco" else outputs.write_coco(films, out)
            click.echo(
                f"{out.name}: {count_of(counts['films'], 'film')}. Left out: {outputs.summary(counts)}.", err=True
            )
            return
        if out.is_dir():
            raise InputError(f"'{out.name}' is a folder; name a file.")
        lines = outputs.table_lines(films) if form == "csv" else outputs.use_lines(films)
        written = list(lines)
        atomic_write(out, "".join(written), private=True)
        click.echo(f"{out.name}: {count_of(len(written) - 1, 'row')}.", err=True)


@desk.command("import")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--who", default="", metavar="INITIALS", help="Who decided, where the file does not say.")
@click.option("--model", metavar="NAME|DIR", help="The model of the page's run, to find its operating point.")
@click.option(
    "--operating-point", metavar="NAME", help="The operating point of the run; the card's default unless given."
)
def import_decisions(folder: Path, file: Path, who: str, model: str | None, operating_point: str | None) -> None:
    """Add the decisions that somebody made on the page of a run and saved there as a file.

    The desk must have read the films before. All decisions are added, each with the file it came from, or none. A mark
    that was decided otherwise at the desk shows both.

    \b
    Example:
      lennox desk import films decisions.csv
    """
    from lennox.desk.events import initials
    from lennox.desk.take_in import take_in
    from lennox.inference.load import DEFAULT_MODEL, describe
    from lennox.report.words import count_of

    point = describe(model or DEFAULT_MODEL).card.operating_point(operating_point)
    with opened_desk(folder) as found:
        count = take_in(found, file, initials(who) if who else "", {"name": point.name, "threshold": point.threshold})
    click.echo(f"{count_of(count, 'decision')} added.", err=True)


@contextlib.contextmanager
def opened_desk(folder: Path) -> Iterator[Desk]:
    """The desk of a folder where one was open before, without a model."""
    from lennox.desk.desk import Desk
    from lennox.desk.event_store import FILE_NAME

    if not (folder / FILE_NAME).is_file():
        raise InputError(f"'{folder.name}' holds no decisions; open it with `lennox desk` first.")
    found = Desk(folder)
    try:
        yield found
    finally:
        found.close()
