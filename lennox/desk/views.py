"""What the page is given: films, marks and the model, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lennox.desk import by_eye
from lennox.desk.desk import Desk, patient_of
from lennox.desk.event_store import Event
from lennox.desk.events import SETTINGS
from lennox.desk.film_index import DeskFilm
from lennox.desk.film_state import DecidedMark
from lennox.desk.reading_queue import ModelState, identity_of
from lennox.inference.examination import Examination, identify
from lennox.report import reading_view, words
from lennox.report.wording import ENGLISH, PATIENT, Wording
from lennox.tooth_names import from_fdi


def desk_view(
    desk: Desk, features: Mapping[str, tuple[str, ...]], after: int = -1, say: Wording = ENGLISH
) -> dict[str, Any]:
    """The desk: what never changes is said once (`after` below 0), and of films those with news after an event."""
    last = desk.sync()
    identity = _identity(desk)
    films = [film_row(desk, film, identity) for film in desk.index]
    queue = desk.queue
    found: dict[str, Any] = {
        "last": last,
        "films": [row for row in films if row["last"] > after or after < 0],
        "keys": [row["key"] for row in films],
        "waiting": sum(row["status"] == "waiting" for row in films),
        "reading": words.readable(queue.reading) if queue else "",
        "trouble": queue.trouble if queue else "",
        "remark": desk.index.remark,
        "outside": desk.index.outside,
        "settings": {name: desk.settings[name] for name in SETTINGS if name in desk.settings},
        "model": model_view(queue.state if queue else None, desk.point, say),
    }
    if after < 0:
        found |= {
            "folder": words.readable(desk.folder.name or str(desk.folder)),
            "features": features,
            "languages": PATIENT.languages(),
        } | reading_view.terms()
    return found


def film_row(desk: Desk, film: DeskFilm, identity: str) -> dict[str, Any]:
    """A film in the list, with how far it was read."""
    state, queue = desk.state(film.name), desk.queue
    point = queue.state.model.card.operating_point(desk.point) if queue and queue.state.model else None
    examination = _shown_examination(desk, film, identity)
    return reading_view.film_row(film.key, examination, point.threshold if point else None) | {
        "name": words.readable(film.name),
        "patient": words.readable(patient_of(film.name, state)),
        "decided": sum(mark.verdict != "removed" for mark in state.marks.values()),
        "read": state.read.who if state.read else "",
        "shown": state.was_shown,
        "stamp": film.stamp,
        "last": state.last,
    }


def film_view(desk: Desk, film: DeskFilm, say: Wording = ENGLISH) -> dict[str, Any]:
    """A film on the screen: every candidate, every decision."""
    desk.sync()
    state, identity = desk.state(film.name), _identity(desk)
    notation = desk.settings.get("notation", "FDI")
    patient = patient_of(film.name, state)
    event = desk.patients.get(patient)
    shown = reading_view.film_view(_shown_examination(desk, film, identity), say)
    return (
        film_row(desk, film, identity)
        | shown
        | {
            "decisions": {key: _mark(mark, notation) for key, mark in state.marks.items()},
            "readBy": _said(state.read) if state.read else None,
            "patient": words.readable(patient),
            "patientTyped": bool(state.patient),
            "consent": bool(event and event.details["consent"]),
            "features": dict(event.details["features"]) if event else {},
        }
    )


def model_view(state: ModelState | None, point_in_use: str | None = None, say: Wording = ENGLISH) -> dict[str, Any]:
    """The model as far as it is."""
    if state is None:
        return {"status": "refused", "reasons": ["The desk was opened without a model."]}
    if state.model is None:
        return {"status": state.status, "reasons": list(state.reasons)}
    card = state.model.card
    threshold = card.operating_point(point_in_use).threshold
    return {"status": state.status} | reading_view.model_view(identify(state.model), card, threshold, say)


def _mark(mark: DecidedMark, notation: str) -> dict[str, Any]:
    return _said(mark.event) | {
        "verdict": mark.verdict,
        "outline": mark.outline,
        "tooth": from_fdi(mark.tooth, notation) if mark.tooth else "",  # type: ignore[arg-type]
        "surface": mark.surface,
        "depth": mark.depth,
        "note": mark.note,
        "disputed": mark.is_disputed,
        "others": [_said(event) | {"verdict": event.details["verdict"]} for event in mark.others],
    }


def _said(event: Event) -> dict[str, Any]:
    return {"who": event.who, "time": event.time, "number": event.number}


def _shown_examination(desk: Desk, film: DeskFilm, identity: str) -> Examination | None:
    """What a model that is in use here said of the film as it is now; an earlier reading while that is being loaded."""
    state = desk.state(film.name)
    if desk.queue is None or desk.queue.state.status == "refused":
        return state.examination if desk.is_current(film, by_eye.IDENTITY) else None
    is_current = desk.is_current(film, identity) if identity else state.stamp == film.stamp
    return state.examination if is_current else None


def _identity(desk: Desk) -> str:
    model = desk.queue.state.model if desk.queue else None
    return identity_of(model) if model is not None else ""
