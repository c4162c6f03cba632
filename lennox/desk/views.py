"""What the page is given: films, marks and the model, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lennox.card import ModelCard
from lennox.caries_stages import ICCMS_RADIOGRAPHIC
from lennox.desk.desk import Desk, patient_of
from lennox.desk.event_store import Event
from lennox.desk.events import SETTINGS, SURFACES
from lennox.desk.film_index import DeskFilm
from lennox.desk.film_state import DecidedMark
from lennox.desk.reading_queue import ModelState, identity_of
from lennox.inference.examination import Examination, identify
from lennox.inference.findings import Finding
from lennox.report import to_record, words
from lennox.report.marks import soften
from lennox.report.wording import PATIENT
from lennox.tooth_names import EXAMPLES, NOTATIONS, from_fdi


def desk_view(desk: Desk, features: Mapping[str, tuple[str, ...]], after: int = -1) -> dict[str, Any]:
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
        "model": model_view(queue.state if queue else None, desk.point),
    }
    if after < 0:
        found |= {
            "folder": words.readable(desk.folder.name or str(desk.folder)),
            "surfaces": SURFACES,
            "depths": ICCMS_RADIOGRAPHIC,
            "notations": {name: EXAMPLES[name] for name in NOTATIONS},
            "features": features,
            "languages": PATIENT.languages(),
        }
    return found


def film_row(desk: Desk, film: DeskFilm, identity: str) -> dict[str, Any]:
    """A film in the list."""
    state, queue = desk.state(film.name), desk.queue
    examination = _shown_examination(desk, film, identity)
    point = queue.state.model.card.operating_point(desk.point) if queue and queue.state.model else None
    marked = (
        sum(finding.probability >= point.threshold for finding in examination.findings) if examination and point else 0
    )
    return {
        "key": film.key,
        "name": words.readable(film.name),
        "status": examination.status if examination else "waiting",
        "reasons": list(examination.reasons) if examination else [],
        "marks": marked,
        "decided": sum(mark.verdict != "removed" for mark in state.marks.values()),
        "read": state.read.who if state.read else "",
        "shown": state.was_shown,
        "stamp": film.stamp,
        "last": state.last,
    }


def film_view(desk: Desk, film: DeskFilm) -> dict[str, Any]:
    """A film on the screen: every candidate, every decision."""
    desk.sync()
    state, identity = desk.state(film.name), _identity(desk)
    examination = _shown_examination(desk, film, identity)
    notation = desk.settings.get("notation", "FDI")
    patient = patient_of(film.name, state)
    event = desk.patients.get(patient)
    return film_row(desk, film, identity) | {
        "record": to_record(examination) if examination is not None else None,
        "outlines": [_softened(finding) for finding in examination.findings] if examination is not None else [],
        "decisions": {key: _mark(mark, notation) for key, mark in state.marks.items()},
        "readBy": _said(state.read) if state.read else None,
        "patient": words.readable(patient),
        "patientTyped": bool(state.patient),
        "consent": bool(event and event.details["consent"]),
        "features": dict(event.details["features"]) if event else {},
        "events": sum(one.kind in ("mark", "film", "undo") for one in desk.events(film.name)),
    }


def model_view(state: ModelState | None, point_in_use: str | None = None) -> dict[str, Any]:
    """The model, what a page must say of it, and what each operating point costs."""
    if state is None:
        return {"status": "refused", "reasons": ["The desk was opened without a model."]}
    if state.model is None:
        return {"status": state.status, "reasons": list(state.reasons)}
    model = state.model
    one, in_use = identify(model), model.card.operating_point(point_in_use)
    return {
        "status": state.status,
        "name": f"{one.name} {one.version}",
        "release": one.release,
        "unreleased": words.is_unreleased(one.release),
        "notice": words.notice(one.release),
        "labels": model.card.labels,
        "points": [
            {
                "name": point.name,
                "threshold": point.threshold,
                "inUse": point == in_use,
                "measured": costs(model.card, point.name),
            }
            for point in model.card.operating_points
        ],
    }


def costs(card: ModelCard, point: str) -> list[dict[str, Any]]:
    """What was measured at an operating point, on each set of the card that it was tested on."""
    figures = card.document.get("figures")
    found = []
    for name, entry in figures.items() if isinstance(figures, Mapping) else ():
        for measured in entry.get("operating_points", ()) if isinstance(entry, Mapping) else ():
            if measured.get("name") == point and "lesion_sensitivity" in measured:
                found.append({
                    "set": str(name),
                    "films": entry.get("films"),
                    "lesions": entry.get("lesions"),
                    "found": _figure(measured["lesion_sensitivity"]),
                    "false": _figure(measured.get("false_positives_a_film")),
                })  # fmt: skip
    return found


def _figure(value: Any) -> dict[str, Any] | None:
    if isinstance(value, Mapping):
        interval = value.get("interval") or [value.get(end) for end in ("low", "high") if end in value]
        return {"value": value.get("value"), "interval": interval or None}
    return None if value is None else {"value": value, "interval": None}


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
    if desk.queue is None or desk.queue.state.status == "refused":
        return None
    state = desk.state(film.name)
    is_current = desk.is_current(film, identity) if identity else state.stamp == film.stamp
    return state.examination if is_current else None


def _softened(finding: Finding) -> list[list[float]]:
    return [[round(row, 1), round(column, 1)] for row, column in soften(finding.outline)]


def _identity(desk: Desk) -> str:
    model = desk.queue.state.model if desk.queue else None
    return identity_of(model) if model is not None else ""
