"""`lennox summary`: a screening day in numbers, and whom to see how soon."""

from __future__ import annotations

from pathlib import Path

import click

from lennox.cli.paths import RESULTS

FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("results", metavar="RESULTS", type=FOLDER)
@click.option("--urgency", type=FILE, metavar="FILE.toml", help="The clinic's rules, as below.")
@click.option("--decisions", type=FILE, metavar="FILE.csv", help="RESULTS/decisions.csv unless given.")
@click.option("--language", type=click.Choice(["en", "es"]), default="en", help="Of the page: English or Spanish.")
@click.option("--out", type=RESULTS, metavar="DIR", help="RESULTS/summary unless given.")
def summary(results: Path, urgency: Path | None, decisions: Path | None, language: str, out: Path | None) -> None:
    """Add up a screening day: counts, plots, and a list of patients by the clinic's own rules of urgency.

    RESULTS is a folder of films that were read at `lennox desk`, or the one that `lennox diagnose --out` wrote, with
    the decisions that were saved from its page. Writes summary.html and referrals.csv.

    \b
    Rules of urgency, in the order in which they count; a patient gets the first whose conditions all hold.
    Conditions: min_places, min_open_marks, min_not_assessed, min_unread:
      [[urgency]]
      name = "this week"
      min_places = 3

    \b
    Example:
      lennox summary results --urgency urgency.toml
    """
    from lennox.cli.reviewed import reviewed
    from lennox.clinic.screening_day import day_lines, day_page, summarise
    from lennox.clinic.urgency import read_urgencies
    from lennox.files import atomic_write
    from lennox.report.wording import RUN
    from lennox.report.words import count_of

    rules = read_urgencies(urgency) if urgency is not None else ()
    day = summarise(reviewed(results, decisions), rules)
    folder = out or results / "summary"
    folder.mkdir(parents=True, exist_ok=True)
    atomic_write(folder / "summary.html", day_page(day, RUN.wording(language)), private=True)
    atomic_write(folder / "referrals.csv", (line.encode() for line in day_lines(day)), private=True)
    counted = f"{count_of(len(day.referrals), 'patient')}, {count_of(len(day.films), 'film')}"
    click.echo(f"lennox: {counted}; summary.html and referrals.csv are in {folder}.", err=True)
