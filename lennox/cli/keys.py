"""`lennox keygen`: a key for signing, and how the other commands are given one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lennox.gate.statement import PrivateKey

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
PASSPHRASE = "LENNOX_KEY_PASSPHRASE"  # noqa: S105 - the name of an environment variable
KEY_OPTION = click.option(
    "--key", "keys", multiple=True, required=True, type=FILE,
    metavar="FILE", help="A private key of `lennox keygen`; may be given several times.",
)  # fmt: skip


def read_keys(paths: tuple[Path, ...]) -> list[PrivateKey]:
    """The private keys; whoever is at a terminal is asked for a passphrase where one is needed."""
    import os

    from lennox.gate.statement import PrivateKey

    found = []
    for path in paths:
        locked = b"ENCRYPTED" in path.read_bytes()[:64]
        passphrase = None
        if locked:
            passphrase = os.environ.get(PASSPHRASE) or click.prompt(f"Passphrase of {path.name}", hide_input=True)
        found.append(PrivateKey.read(path, passphrase))
    return found


@click.command()
@click.argument("name", required=False)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="~/.config/lennox/keys/NAME.pem unless given."
)
@click.option("--passphrase", "ask", is_flag=True, help=f"Lock it with a passphrase: asked for, or {PASSPHRASE}.")
@click.option("--show", type=FILE, metavar="KEY", help="Print the public half of this private key; makes none.")
def keygen(name: str | None, out: Path | None, ask: bool, show: Path | None) -> None:
    """Make an ed25519 key pair for signing policies and releases.

    The private half is written to a file that only you may read, and never into a repository. The public half is
    printed, and again by --show: it goes into policies and trust files.

    \b
    Examples:
      lennox keygen auditor --passphrase
      lennox keygen --show auditor.pem
    """
    import os

    if show is not None and name is None:
        click.echo(read_keys((show,))[0].public.text)
        return
    if name is None or show is not None:
        raise click.UsageError("give NAME, to make a key, or --show KEY, to see the public half of one.")
    from lennox.release.keys import make_key

    passphrase = None
    if ask:
        passphrase = os.environ.get(PASSPHRASE) or click.prompt("Passphrase", hide_input=True, confirmation_prompt=True)
    public, file = make_key(name, out, passphrase)
    click.echo(f"The private key is in {file}; keep a copy where only you can reach it.", err=True)
    click.echo(public.text)
