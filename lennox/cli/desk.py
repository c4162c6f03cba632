"""`lennox desk`: read films in the browser of this computer, decide, and take the decisions out again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lennox.cli.gate_options import LoadOptions, with_load_options
from lennox.errors import InputError

if TYPE_CHECKING:
    from lennox.inference.model import Model

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
    """


@desk.command("open")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--model", metavar="NAME|DIR", help="An installed model, see `lennox models`, or a folder with one.")
@click.option("--operating-point", metavar="NAME", help="Which point of the card is in use; its default unless given.")
@click.option("--threads", type=click.IntRange(1, 256), metavar="N", help="Processor threads; all unless given.")
@click.option("--no-browser", is_flag=True, help="Print the opening link only.")
@with_load_options
def open_desk(
    folder: Path | None,
    model: str | None,
    operating_point: str | None,
    threads: int | None,
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
    Example:
      lennox desk films
    """
    try:
        from lennox.desk.serve import serve
    except ModuleNotFoundError as error:
        raise InputError(f"the desk needs {error.name}: install lennox[desk].") from error
    from lennox.desk.desk import Desk, own_folder

    def load() -> Model:
        from lennox.inference.processors import processors

        loaded = load_options.load(model, threads or processors())
        loaded.card.operating_point(operating_point)  # a point that the card lacks is said on the page, as a refusal is
        return loaded

    opened = Desk(folder or own_folder(), load, operating_point)
    try:
        serve(opened, {}, lambda link: click.echo(f"The desk is open at {link}"), browser=not no_browser)
    finally:
        opened.close()
    refused = opened.queue is not None and opened.queue.state.status == "refused"
    if refused and opened.queue is not None:
        click.echo(f"lennox: {' '.join(opened.queue.state.reasons)}", err=True)
    raise click.exceptions.Exit(REFUSED if refused else 0)
