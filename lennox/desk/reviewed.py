"""The films of a desk as `lennox.clinic` takes them: pages for patients and the sum of a day are made of these."""

from __future__ import annotations

from dataclasses import replace

from lennox.card import OperatingPoint
from lennox.clinic.reviewed_films import ReviewedFilm
from lennox.desk.decided_films import DecidedFilm, decided_films
from lennox.desk.desk import Desk, patient_of
from lennox.desk.film_state import DecidedMark
from lennox.report.patient_page import AcceptedPlace


def reviewed_films(desk: Desk) -> list[ReviewedFilm]:
    """The films of the folder that a model read and that are as they were then, with what was decided about them.

    A mark that two people decided otherwise without knowing of each other counts as not decided, and so does a lesion
    that was seen and not drawn, apart from `missed`.
    """
    return [_reviewed(film) for film in decided_films(desk)]


def _reviewed(film: DecidedFilm) -> ReviewedFilm:
    settled = [mark for mark in film.marks if not mark.is_disputed]
    accepted = [place for mark in settled if (place := _place(film, mark)) is not None]
    points = [mark.event.details["operating_point"] for mark in settled if "operating_point" in mark.event.details]
    examination = replace(film.examination, source=replace(film.examination.source, name=film.name))
    if points:  # the one in use when it was decided; the reading itself has every candidate
        examination = replace(examination, operating_point=OperatingPoint(**points[-1]))
    return ReviewedFilm(
        examination,
        tuple(accepted),
        sum(mark.verdict == "reject" for mark in settled),
        len(film.open_suggestions(examination.operating_point.threshold)) + len(film.marks) - len(settled),
        any(mark.verdict == "missed" for mark in settled),
        bool(settled) or film.state.read is not None,
        patient_of(film.name, film.state),
    )


def _place(film: DecidedFilm, mark: DecidedMark) -> AcceptedPlace | None:
    if mark.verdict not in ("accept", "edit", "missed"):
        return None
    by_hand = mark.verdict == "missed"
    if mark.outline:
        return AcceptedPlace(mark.outline, by_hand)
    return None if by_hand else AcceptedPlace(film.examination.findings[int(mark.key) - 1].outline)
