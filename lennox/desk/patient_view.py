"""The page for a patient, of what was accepted or drawn at the desk on the films of one patient."""

from __future__ import annotations

from lennox.clinic.patient_files import patient_pages
from lennox.desk.desk import Desk
from lennox.desk.film_index import DeskFilm
from lennox.desk.reviewed import reviewed_films
from lennox.errors import InputError
from lennox.report.wording import PATIENT


def patient_html(desk: Desk, film: DeskFilm, language: str) -> str:
    """The page as HTML, of every film of the patient whose film this is.

    Raises InputError if nothing was accepted, decisions differ, there are too many films, or there is no such language.
    """
    model = desk.queue.state.model if desk.queue is not None else None
    if model is None:
        raise InputError("the model is not there, so how often it is wrong cannot be said; wait until it is loaded.")
    say = PATIENT.wording(language)
    reviewed = reviewed_films(desk)
    whose = next((one.patient for one in reviewed if one.name == film.name), None)
    names = [one.name for one in reviewed if one.patient == whose]
    for name in names:
        if any(mark.is_disputed for mark in desk.state(name).marks.values()):
            raise InputError(f"decisions on '{name}' differ between two windows; settle them first.")
    if whose is None:
        raise InputError("lennox has not read this film yet, so there is nothing to tell.")
    (_, page), *_ = patient_pages(reviewed, names, desk.folder, model.card, say)
    return page
