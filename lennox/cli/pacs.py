"""`lennox pacs`: films of an archive that speaks DICOMweb, answered there."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from lennox.cli.extras import needs
from lennox.cli.film_options import DiagnoseOptions, with_film_options
from lennox.cli.gate_options import LoadOptions, with_load_options
from lennox.cli.paths import RESULTS

PASSWORD = "LENNOX_PACS_PASSWORD"  # noqa: S105  # the name of the variable
STORED = ("seg", "sr", "gsps")


def _dates(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str:
    """`2026-11-01..2026-11-30` as DICOM writes a range."""
    import datetime

    if value is None:
        return ""
    try:
        days = [datetime.date.fromisoformat(day).strftime("%Y%m%d") for day in value.split("..")]
        if len(days) > 2:
            raise ValueError
    except ValueError:
        raise click.BadParameter(
            f"'{value}' is no day such as 2026-11-28, or two days: 2026-11-01..2026-11-30."
        ) from None
    return "-".join(days)


@click.command()
@click.argument("url")
@click.option("--out", required=True, type=RESULTS, metavar="DIR", help="Results, and what was done.")
@click.option("--study", "studies", multiple=True, metavar="UID", help="A study; may be repeated.")
@click.option("--date", "dates", callback=_dates, metavar="DAY[..DAY]", help="Studies of these days, if none is named.")
@click.option("--modality", default="IO,PX,DX,CR", show_default=True, metavar="LIST", help="Of the series to read.")
@click.option("--store", is_flag=True, help="Store the objects of --dicom in the archive: seg,sr,gsps unless given.")
@click.option("--user", metavar="NAME", help=f"For the archive; the password is in the variable {PASSWORD}.")
@click.option("--ca", type=click.Path(path_type=Path), metavar="FILE", help="Whose certificates count, for https.")
@with_film_options
@with_load_options
@needs("pacs", "dicomweb_client")
def pacs(
    url: str,
    out: Path,
    studies: tuple[str, ...],
    dates: str,
    modality: str,
    store: bool,
    user: str | None,
    ca: Path | None,
    film_options: DiagnoseOptions,
    load_options: LoadOptions,
) -> None:
    """Read the films of an archive at URL by DICOMweb, and store findings there if --store is given.

    A film that was answered into the same --out before is not read again, whatever became of the program. Nothing
    else than URL is spoken to.

    \b
    Exit status: 0 all answered; 1 some could not be read or stored, see service.log; 2 the archive cannot be used;
    4 model missing or refused.

    \b
    Examples:
      lennox pacs http://127.0.0.1:8042/dicom-web --date 2026-11-28 --model models/mine --out answered
      lennox pacs https://pacs.example/web --study 1.2.840.1 --store --model models/mine --ca ca.pem --out stored
    """
    film_options.check(out)
    if not studies and not dates:
        raise click.UsageError("say which films: --study UID or --date DAY.")

    from lennox.intake.film_intake import FilmIntake
    from lennox.intake.web_archive import FilmQuery, WebArchive, read_archive
    from lennox.report.words import count_of

    if store and not film_options.dicom:
        film_options = replace(film_options, dicom=STORED)
        film_options.check(out)
    account = None if user is None else (user, os.environ.get(PASSWORD, ""))
    archive = WebArchive(url, user=account, authority=ca)
    query = FilmQuery(studies, dates, tuple(word.strip().upper() for word in modality.split(",")))
    model = load_options.load(film_options.model)
    deliver = archive.store if store else None
    reading, outputs = film_options.reading(), film_options.outputs(resume=True)
    with FilmIntake(out, model, reading, outputs, deliver=deliver) as intake:
        outcomes = list(read_archive(archive, query, intake))
        intake.write_summary()
    answered = outcomes.count("done")
    click.echo(f"lennox: {count_of(answered, 'film')} answered, {len(outcomes) - answered} not.", err=True)
    raise click.exceptions.Exit(1 if answered < len(outcomes) else 0)
