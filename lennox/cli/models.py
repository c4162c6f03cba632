"""`lennox models`: what is installed, and whether a release vouches for it."""

from __future__ import annotations

import json

import click

from lennox.cli.gate_options import channel_option


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="JSON: one line a model, or the whole card of NAME.")
@channel_option
def models(name: str | None, as_json: bool, channel: str) -> None:
    """List installed models, or show the card of one.

    NAME is an installed model or a folder that holds one.

    \b
    Examples:
      lennox models
      lennox models caries-radiograph-2
      lennox models --json
    """
    from lennox.inference.load import describe, installed_models

    chosen = [describe(folder, channel) for folder in ([name] if name else installed_models())]
    if not chosen:
        click.echo("No model is installed; name a folder that holds one with --model.", err=True)
        return
    if as_json:
        for model in chosen:
            listed = {"name": model.card.name, "version": model.card.version, "release": model.release}
            document = dict(model.card.document) if name else {}
            click.echo(json.dumps(listed | {"sha256": model.sha256} | document))
        return
    from rich.console import Console

    from lennox.cli.pretty import show_card, show_models

    console = Console()
    if name:
        show_card(chosen[0], console)
    else:
        show_models(chosen, console)
