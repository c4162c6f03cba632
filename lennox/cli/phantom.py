"""`lennox phantom`: drawn films with known lesions."""

from __future__ import annotations

from pathlib import Path

import click

from lennox.cli.paths import RESULTS


@click.command()
@click.option("--out", required=True, type=RESULTS, metavar="DIR", help="A new or empty folder.")
@click.option("--count", type=click.IntRange(1, 100_000), default=6, show_default=True, help="How many films.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Same seed, same films.")
@click.option("--format", "form", type=click.Choice(["png", "dicom"]), default="png", show_default=True)
@click.option("--kind", type=click.Choice(["periapical", "bitewing", "mixed"]), default="periapical", show_default=True)
@click.option("--bits", type=click.Choice(["8", "12", "16"]), default="8", show_default=True, help="Depth of a pixel.")
def phantom(out: Path, count: int, seed: int, form: str, kind: str, bits: str) -> None:
    """Draw sample films with known lesions.

    Writes the films and a COCO file of the truth. They are drawn, never real: for demonstration, tests and stress
    tests, not as evidence of how well a model reads.

    \b
    Example:
      lennox phantom --out films --count 6 --seed 7
    """
    from lennox.phantom import write_films

    write_films(out, count, seed, format=form, kind=kind, bits=int(bits))
    click.echo(f"lennox: drew {count} films, {kind}, {bits} bit, seed {seed}.", err=True)
