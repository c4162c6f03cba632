"""`lennox man`: the help of every command as a manual page, in roff."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click

from lennox import __version__
from lennox.cli.paths import RESULTS

SECTIONS = {"Example": "EXAMPLES", "Exit status": "EXIT STATUS"}  # what a paragraph of help begins with


@click.command()
@click.argument("names", metavar="[COMMAND]...", nargs=-1)
@click.option("--out", type=RESULTS, metavar="DIR", help="Write the pages of all commands into this folder.")
@click.pass_context
def man(ctx: click.Context, names: tuple[str, ...], out: Path | None) -> None:
    """Print the manual page of a command, or write those of all.

    `man` finds those in ~/.local/share/man/man1, or in share/man/man1 of a virtual environment that is active.

    \b
    Examples:
      lennox man diagnose > diagnose.1
      lennox man policy check > policy-check.1
      lennox man --out ~/.local/share/man/man1
    """
    pages = {("lennox",): ctx.find_root().command} | {("lennox", *path): one for path, one in commands(ctx.find_root())}
    if out is None:
        wanted = ("lennox", *names)
        if wanted not in pages:
            raise click.UsageError(f"there is no command '{' '.join(names)}'; `lennox --help` lists them.")
        click.echo(page(wanted, pages[wanted]), nl=False)
        return
    if names:
        raise click.UsageError("--out writes the pages of all commands; name none.")
    from lennox.files import atomic_write

    out.mkdir(parents=True, exist_ok=True)
    for path, command in pages.items():
        atomic_write(out / f"{'-'.join(path)}.1", page(path, command))
    click.echo(f"lennox: {len(pages)} pages in {out}.", err=True)


def commands(root: click.Context) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command below `lennox` by its words, sub-commands after their group."""
    from lennox.cli.compare import compare

    group = root.command
    assert isinstance(group, click.Group)
    waiting: list[tuple[tuple[str, ...], click.Command | None]]
    waiting = [((name,), group.get_command(root, name)) for name in group.list_commands(root)]
    while waiting:
        path, command = waiting.pop(0)
        if command is None:
            continue
        yield path, command
        if isinstance(command, click.Group):
            waiting[:0] = [((*path, name), inner) for name, inner in command.commands.items()]
        elif path == ("audit",):  # which takes a table, and leads there by its name
            waiting.insert(0, (("audit", "compare"), compare))


def page(path: tuple[str, ...], command: click.Command) -> str:
    """The manual page of one command. path : its words, `lennox` first"""
    name, words = "-".join(path), " ".join(path)
    ctx = click.Context(command, info_name=words)
    paragraphs = re.split(r"\n\s*\n", inspect.cleandoc(command.help or ""))
    lines = [
        f'.TH "{name.upper()}" "1" "" "lennox {__version__}" "lennox manual"',
        ".SH NAME", f"{_roff(name)} \\- {_roff(' '.join(paragraphs[0].split()))}",
        ".SH SYNOPSIS", f".B {_roff(words)}", _roff(" ".join(command.collect_usage_pieces(ctx))),
        ".SH DESCRIPTION",
    ]  # fmt: skip
    ends: list[str] = []
    for paragraph in paragraphs:
        section = next((title for start, title in SECTIONS.items() if _begins(paragraph, start)), None)
        (ends if section else lines).extend(_paragraph(paragraph, section))
    options = [one for one in command.get_params(ctx) if isinstance(one, click.Option)]
    records = [record for record in (one.get_help_record(ctx) for one in options) if record]
    if records:
        lines.append(".SH OPTIONS")
        for flags, said in records:
            lines += [".TP", f".B {_roff(flags)}", _roff(said)]
    if isinstance(command, click.Group):
        lines.append(".SH COMMANDS")
        for inner in command.list_commands(ctx):
            found = command.get_command(ctx, inner)
            lines += [".TP", f".B {_roff(f'{words} {inner}')}", _roff(found.get_short_help_str(90) if found else "")]
    also = [] if len(path) == 1 else [".SH SEE ALSO", f".BR {_roff('-'.join(path[:-1]))} (1)"]
    return "\n".join([*lines, *ends, *also]) + "\n"


def _begins(paragraph: str, start: str) -> bool:
    return paragraph.removeprefix("\b").lstrip().startswith(start)


def _paragraph(paragraph: str, section: str | None) -> list[str]:
    r"""Flowing text, or lines as they stand after a \b; the heading takes the place of a paragraph's first words."""
    as_it_stands = paragraph.startswith("\b")
    lines = [line.rstrip() for line in paragraph.removeprefix("\b").strip("\n").splitlines()]
    head = [f".SH {section}"] if section else [".PP"]
    if section:
        first = re.sub(r"^[^:]*:\s*", "", lines[0].strip())
        lines = ([first] if first else []) + lines[1:]
    if not as_it_stands:
        return [*head, *(_roff(line.strip()) for line in lines)]
    return [*head, ".nf", *(_roff(line) for line in lines), ".fi"]


def _roff(text: str) -> str:
    """Text in which roff sees no command of its own: backslashes, hyphens, and a dot or quote that begins a line."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text
