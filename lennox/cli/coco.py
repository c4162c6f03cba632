"""`lennox coco`: films with marks in another layout become a COCO set."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lennox.cli.extras import needs
from lennox.errors import InputError


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--layout", type=click.Choice(["yolo", "folders"]), required=True, help="How the marks are kept.")
@click.option(
    "--name-pattern", metavar="REGEX",
    help="What paths say of images: each named group becomes a field, such as (?P<film>[^/_]+)_.",
)  # fmt: skip
@needs("evaluate", "yaml")
def coco(folder: Path, layout: str, name_pattern: str | None) -> None:
    """Write FOLDER/annotations.json from marks in another layout, for train, evaluate and audit.

    yolo: data.yaml, images/ and labels/, boxes or polygons. folders: a folder a class, which labels whole images.
    Needs lennox[evaluate].

    \b
    Example:
      lennox coco photographs --layout yolo
    """
    from lennox.annotations.layouts import to_coco
    from lennox.files import atomic_write

    out = folder / "annotations.json"
    if out.exists():
        raise InputError("the folder holds an annotations.json already; move it away first.")
    document = to_coco(folder, "yolo" if layout == "yolo" else "folders", name_pattern)
    atomic_write(out, json.dumps(document) + "\n")
    click.echo(f"lennox: {len(document['images'])} images, {len(document['annotations'])} marks.", err=True)
    click.echo(out)
