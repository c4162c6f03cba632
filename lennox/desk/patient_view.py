"""The page for a patient, of what was accepted or drawn at the desk on the films of one patient."""

from __future__ import annotations

from collections.abc import Iterator

from lennox.clinic.patient_files import MAX_FILMS
from lennox.desk.decided_films import DecidedFilm, decided_films
from lennox.desk.desk import Desk
from lennox.desk.film_index import DeskFilm
from lennox.errors import InputError
from lennox.image import read_image
from lennox.inference.examination import identify
from lennox.report.natural_frequencies import natural_frequencies
from lennox.report.patient_page import AcceptedPlace, PatientFilm, patient_page
from lennox.report.wording import PATIENT


def patient_html(desk: Desk, film: DeskFilm, language: str) -> str:
    """The page as HTML, of every film of the patient whose film this is.

    Raises InputError if nothing was accepted, decisions differ, there are too many films, or there is no such language.
    """
    model = desk.queue.state.model if desk.queue is not None else None
    if model is None:
        raise InputError("the model is not there, so how often it is wrong cannot be said; wait until it is loaded.")
    say = PATIENT.wording(language)
    decided = list(decided_films(desk))
    whose = next((one.patient for one in decided if one.name == film.name), None)
    own = [one for one in decided if one.patient == whose and any(True for _ in _places(one))]
    differing = [one.name for one in own if any(mark.is_disputed for mark in one.marks)]
    if differing:
        raise InputError(f"decisions on '{differing[0]}' differ between two windows; settle them first.")
    if not own or whose is None:
        raise InputError("no mark was accepted or drawn on this patient's films, so there is nothing to tell yet.")
    if len(own) > MAX_FILMS:
        raise InputError(f"{len(own)} films of one patient are too many for a page of at most {MAX_FILMS}.")
    shown = [PatientFilm(one.name, read_image(one.path), tuple(_places(one))) for one in own]
    point = model.card.operating_point(desk.point)
    return patient_page(shown, identify(model), natural_frequencies(model.card.document, point.name), say)


def _places(film: DecidedFilm) -> Iterator[AcceptedPlace]:
    for mark in film.marks:
        if mark.verdict == "reject":
            continue
        finding = None if mark.key.startswith("h") else film.examination.findings[int(mark.key) - 1]
        outline = mark.outline or (finding.outline if finding is not None else ())
        if outline:
            yield AcceptedPlace(outline, by_hand=finding is None)
