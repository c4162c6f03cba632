"""`lennox patient`: pages in plain words for patients."""

from __future__ import annotations

from pathlib import Path

import click

from lennox.cli.paths import RESULTS

FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("results", metavar="RESULTS", type=FOLDER)
@click.argument("names", metavar="[FILM]...", nargs=-1)
@click.option("--films", type=FOLDER, metavar="DIR", help="The folder of films that was read; RESULTS unless given.")
@click.option("--decisions", type=FILE, metavar="FILE.csv", help="RESULTS/decisions.csv unless given.")
@click.option("--language", default="en", metavar="CODE", help="en, es, vi or ar; or that of --catalogue.")
@click.option("--catalogue", type=FILE, metavar="FILE.po", help="A language that lennox does not bring.")
@click.option("--model", metavar="NAME|DIR", help="Where the model's card is, if it is not installed.")
@click.option("--pdf", is_flag=True, help="PDF pages; needs lennox[pdf].")
@click.option("--out", type=RESULTS, metavar="DIR", help="RESULTS/patients unless given.")
def patient(
    results: Path,
    names: tuple[str, ...],
    films: Path | None,
    decisions: Path | None,
    language: str,
    catalogue: Path | None,
    model: str | None,
    pdf: bool,
    out: Path | None,
) -> None:
    """Write a page in plain words for a patient, of the marks that a clinician accepted.

    RESULTS is a folder of films that were read at `lennox desk`, or the one that `lennox diagnose --out` wrote, with
    the decisions that were saved from its page; name the folder of films then. Each FILM, or folder of films, goes on
    one page, so name those of one patient; without any, every film has a page of its own.
    The names of the clinic and the patient are typed into the page when it is printed, and kept nowhere.

    \b
    Example:
      lennox patient results ana --films films --language es
    """
    from lennox.cli.reviewed import reviewed
    from lennox.clinic.patient_files import patient_pages
    from lennox.clinic.reviewed_films import card_of
    from lennox.files import atomic_write
    from lennox.report.wording import PATIENT
    from lennox.report.words import count_of

    say = PATIENT.wording(catalogue.stem if catalogue else language, catalogue)
    decided = reviewed(results, decisions)
    card = card_of(decided[0].examination.model, model)
    folder = out or results / "patients"
    count = 0
    for name, page in patient_pages(decided, names, films or results, card, say):
        content: str | bytes = page
        if pdf:
            from lennox.report.pdf import to_pdf

            content = to_pdf(page)
        path = folder / f"{name}.{say.language}.{'pdf' if pdf else 'html'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, content, private=True)
        count += 1
    click.echo(f"lennox: {count_of(count, 'page')} in {folder}.", err=True)
