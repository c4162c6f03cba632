"""`lennox diagnose`: films in, findings out."""

from __future__ import annotations

from pathlib import Path

import click

from lennox.cli.gate_options import Passage, passage_options


def _probability(ctx: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    if value is not None and not 0.0 < value <= 1.0:  # refuses NaN too
        raise click.BadParameter(f"{value} is not a probability above 0 and up to 1, such as 0.3.")
    return value


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-r", "--recursive", is_flag=True, help="Look into the sub-folders of a folder, too.")
@click.option("--model", metavar="NAME|DIR", help="An installed model, see `lennox models`, or a folder with one.")
@click.option("--threshold", type=float, callback=_probability, metavar="T", help="Lowest probability to report.")
@click.option("--operating-point", metavar="NAME", help="A threshold of the model's card, such as balanced.")
@click.option("--threads", type=click.IntRange(1, 256), metavar="N", help="Processor threads; all unless given.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "csv", "html"]),
    help="JSON Lines, a table, or a page. Text for one film on a terminal, else JSON, unless given.",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Keep the results in a folder.")
@click.option("--overlay", is_flag=True, help="With --out: also a PNG of each film with outlines.")
@click.option("--dicom", is_flag=True, help="With --out: also a DICOM file of each film with outlines.")
@click.option("--resume", is_flag=True, help="With --out: go on with an interrupted run; finished films are kept.")
@click.option("--frame", type=click.IntRange(0), metavar="N", help="Which image of a file with several, from 0.")
@passage_options
def diagnose(
    paths: tuple[Path, ...],
    recursive: bool,
    model: str | None,
    threshold: float | None,
    operating_point: str | None,
    threads: int | None,
    form: str | None,
    out: Path | None,
    overlay: bool,
    dicom: bool,
    resume: bool,
    frame: int | None,
    passage: Passage,
) -> None:
    """Look for suspected caries on films: files, or folders of them.

    Prints one record a film, in the order given; nothing is changed or sent anywhere. Suspected findings are for a
    clinician to confirm or reject. "Not assessable" and "unreadable" are answers of their own: no result.

    A model must be released for the channel. --unreleased loads one that is not: it is written to the local log, and
    every output says so.

    \b
    Exit status: 0 all assessed; 1 some not assessable or unreadable, the others are reported;
    2 wrong usage; 4 model missing or refused.

    \b
    Examples:
      lennox diagnose film.png
      lennox diagnose films --recursive --format html --overlay --out results
      lennox diagnose films --threshold 0.01 > candidates.jsonl
    """
    if threshold is not None and operating_point is not None:
        raise click.UsageError("--threshold and --operating-point both set the threshold; give one of them.")
    for option, given in (("--overlay", overlay), ("--dicom", dicom), ("--resume", resume)):
        if given and out is None:
            raise click.UsageError(f"{option} needs --out DIR, the folder to keep results in.")

    from lennox.cli.run import Choices, run  # here: they load the model's runtime

    choices = Choices(
        recursive, model, threshold, operating_point, threads, form, out, overlay, dicom, resume, frame, passage
    )
    raise click.exceptions.Exit(run(paths, choices))
