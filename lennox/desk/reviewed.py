"""The films of a desk as `lennox.clinic` takes them: pages for patients and the sum of a day are made of these."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import replace

from lennox.card import OperatingPoint
from lennox.clinic.reviewed_films import ReviewedFilm, card_of
from lennox.desk.decided_films import DecidedFilm, decided_films
from lennox.desk.desk import Desk, patient_of
from lennox.desk.event_store import Event
from lennox.desk.film_state import DecidedMark
from lennox.errors import LennoxError
from lennox.report.patient_page import AcceptedPlace


def reviewed_films(desk: Desk) -> list[ReviewedFilm]:
    """The films of the folder that a model read and that are as they were then, with what was decided about them.

    A mark that two people decided otherwise without knowing of each other counts as not decided, and so does a lesion
    that was seen and not drawn, apart from `missed`.

    The desk's readings hold every candidate; suspected is what reaches the operating point in use when the film was
    decided on. Where nobody decided on it, it is that of the folder's latest decision, else the default of the card.
    """
    films = list(decided_films(desk))
    events = sorted((event for film in films for event in _decisions(film)), key=lambda event: event.number)
    usual = _point_of(events) or _default_point(films)
    return [_reviewed(film, usual) for film in films]


def _decisions(film: DecidedFilm) -> list[Event]:
    settled = [mark.event for mark in film.marks if not mark.is_disputed]
    return settled if film.state.read is None else [film.state.read, *settled]


def _point_of(events: Iterable[Event]) -> OperatingPoint | None:
    """The operating point of the last of these decisions for which a model was in use."""
    points = [event.details["operating_point"] for event in events if "operating_point" in event.details]
    return OperatingPoint(**points[-1]) if points else None


def _default_point(films: Iterable[DecidedFilm]) -> OperatingPoint | None:
    """Of the card of the model that read the films; None without such a model here."""
    for film in films:
        if film.examination.model.sha256:
            with contextlib.suppress(LennoxError):
                return card_of(film.examination.model).operating_point()
    return None


def _reviewed(film: DecidedFilm, usual: OperatingPoint | None) -> ReviewedFilm:
    settled = [mark for mark in film.marks if not mark.is_disputed]
    accepted = [place for mark in settled if (place := _place(film, mark)) is not None]
    examination = replace(film.examination, source=replace(film.examination.source, name=film.name))
    if point := _point_of(_decisions(film)) or usual:
        marked = tuple(finding for finding in examination.findings if finding.probability >= point.threshold)
        examination = replace(examination, operating_point=point, findings=marked)
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
