"""`lennox adopt`: somebody else's ONNX network under a card."""

from __future__ import annotations

from pathlib import Path

import click

from lennox.cli.extras import needs

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("network", metavar="MODEL.onnx", type=FILE)
@click.option("--card", required=True, type=FILE, metavar="CARD.json", help="A card with a section 'network'.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="A new folder for the model."
)
@needs("adopt", "onnx")
def adopt(network: Path, card: Path, out: Path) -> None:
    """Put an ONNX network that is not ours under a card, so that it can be audited, gated and reported on.

    The result is a model like any other, unreleased until an audit of it has passed.

    \b
    Example:
      lennox adopt theirs.onnx --card theirs.json --out models/theirs
    """
    from lennox.release.adopt import adopt as take_in

    model = take_in(network, card, out)
    click.echo(
        f"{model.card.name} {model.card.version} is in {out.name}: {model.release}, weights {model.sha256[:12]}."
    )
    click.echo(f"Next: lennox audit --model {out.name} --data FILMS --policy POLICY --out AUDIT")
