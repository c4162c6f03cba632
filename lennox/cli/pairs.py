"""Options of the form NAME=VALUE, as a mapping."""

from __future__ import annotations

import click


def pairs(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """`NAME=VALUE` options as a mapping; a name that comes twice with two values is refused."""
    found: dict[str, str] = {}
    for value in values:
        name, sign, column = value.partition("=")
        if not sign or not name or not column:
            raise click.BadParameter(f"'{value}' is not {parameter.metavar or 'NAME=VALUE'}.")
        if found.setdefault(name, column) != column:
            raise click.BadParameter(f"'{name}' is given twice, as '{found[name]}' and '{column}'.")
    return found


category_option = click.option(
    "--category",
    "categories",
    multiple=True,
    callback=pairs,
    metavar="NAME=MEANING",
    help="What a category of the films means: caries, healthy or other.",
)
