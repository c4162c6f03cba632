"""Pages for patients from decided films: which film goes on which page, and the films themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from lennox.card import ModelCard
from lennox.clinic.reviewed_films import ReviewedFilm
from lennox.errors import ImageError, InputError
from lennox.image import read_image
from lennox.report.natural_frequencies import natural_frequencies
from lennox.report.patient_page import PatientFilm, patient_page
from lennox.report.wording import ENGLISH, Wording

MAX_FILMS = 12  # on one page


def patient_pages(
    decided: Sequence[ReviewedFilm], names: Sequence[str], films: Path, card: ModelCard, say: Wording = ENGLISH
) -> Iterator[tuple[str, str]]:
    """The name of each page and the page, for films with an accepted place.

    names : films of one patient, or folders of them, that go on one page; none: a page for each film
    films : the folder of films; each is read again, and must be the one that was decided about
    card : of the model, whose figures say how often a mark is wrong
    Raises InputError if nothing was accepted on these films, or a film is not there, or another one now.
    """
    chosen = [one for one in decided if one.accepted and (not names or _is_named(one.name, names))]
    for name in names:
        if not any(_is_named(one.name, [name]) for one in decided):
            raise InputError(
                f"these results have no film '{name}'; films are named by their path, such as ana/film1.png."
            )
    if not chosen:
        raise InputError(
            "no mark was accepted on these films, so there is nothing to tell a patient; "
            "decide on the page of the run or at the desk first."
        )
    if names and len(chosen) > MAX_FILMS:
        raise InputError(f"{len(chosen)} films are too many for one page; name at most {MAX_FILMS}, of one patient.")
    for page in [chosen] if names else [[one] for one in chosen]:
        model, point = page[0].examination.model, page[0].examination.operating_point
        shown = [_opened(one, films) for one in page]
        tested = natural_frequencies(card.document, point.name)
        yield ("patient" if names else page[0].name), patient_page(shown, model, tested, say)


def _is_named(film: str, names: Sequence[str]) -> bool:
    return any(film == name or film.startswith(f"{name.rstrip('/')}/") for name in names)


def _opened(one: ReviewedFilm, films: Path) -> PatientFilm:
    try:
        image = read_image(films / one.name)
    except ImageError as error:
        raise InputError(
            f"'{one.name}' cannot be read in '{films.name}': {error} Name the films' folder with --films."
        ) from error
    if image.sha256 != one.examination.source.sha256:
        raise InputError(f"'{one.name}' is not the film that was decided about: it changed since; read it again.")
    return PatientFilm(one.name, image, one.accepted)
