"""`lennox adopt`: somebody else's ONNX network under a card."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from lennox.cli.extras import needs
from lennox.cli.paths import RESULTS

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
NEW_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("network", metavar="MODEL.onnx", type=FILE)
@click.option("--new-card", type=NEW_FILE, metavar="CARD.json", help="Write a card to fill in, and do nothing else.")
@click.option("--card", type=FILE, metavar="CARD.json", help="The card, filled in.")
@click.option("--out", type=RESULTS, metavar="DIR", help="A new folder for the model.")
@needs("adopt", "onnx")
def adopt(network: Path, new_card: Path | None, card: Path | None, out: Path | None) -> None:
    """Put an ONNX network that is not ours under a card, so that it can be audited, gated and reported on.

    First --new-card writes a card in which everything that the network's file says is given, and the rest is marked
    FILL IN. Then --card and --out make a model of both. It is a model like any other, unreleased until an audit of it
    has passed.

    \b
    Of the card's section "network":
      input, output  the network's own names, where it has several
      channels       1, or 3 for a network made for colour, which gets the grey film three times
      mean, std      a number a channel: (level - mean) / std, after the mean and std of the card's "input"
      activation     none, sigmoid or softmax, which make probabilities of the answer
      planes         which planes of the answer are the card's labels, in order, from 0

    \b
    Examples:
      lennox adopt theirs.onnx --new-card theirs.json
      lennox adopt theirs.onnx --card theirs.json --out models/theirs
    """
    if new_card is not None:
        _write_new_card(network, new_card)
        return
    if card is None or out is None:
        raise click.UsageError("--card and --out make a model; without a card, first --new-card CARD.json.")
    from lennox.release.adopt import adopt as take_in

    model = take_in(network, card, out)
    click.echo(f"{model.card.name} {model.card.version} is in {out}: {model.release}, weights {model.sha256[:12]}.")
    click.echo(f"Next: lennox audit --model {shlex.quote(str(out))} --data FILMS --policy POLICY --out AUDIT")


def _write_new_card(network: Path, new_card: Path) -> None:
    from lennox.errors import InputError
    from lennox.files import atomic_write
    from lennox.release.new_card import FILL_IN
    from lennox.release.new_card import new_card as card_text

    if new_card.exists():
        raise InputError(f"{new_card.name} exists; name a new file.")
    text = card_text(network)
    atomic_write(new_card, text)
    count = text.count(FILL_IN)
    click.echo(f"Wrote {new_card}: replace its {count} texts that begin with {FILL_IN.strip()}, then:")
    click.echo(f"lennox adopt {shlex.quote(str(network))} --card {shlex.quote(str(new_card))} --out DIR")
