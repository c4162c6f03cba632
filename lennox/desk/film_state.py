"""What the events say of one film: its reading, each mark as it was decided last, and what other windows said of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from lennox.desk.event_store import Event

if TYPE_CHECKING:
    from lennox.inference.examination import Examination

MarkVerdict = Literal["accept", "edit", "reject", "missed", "removed"]
Corners = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class DecidedMark:
    """A mark that somebody decided on.

    key : "3" for the third candidate of the reading; "h17" for one drawn in event 17, or decided there on
        a mark of an earlier reading
    verdict : accept, edit (another outline) or reject of the model's mark; missed: drawn by hand; removed: taken back
    outline : (row, column) corners in pixels of the film where one was drawn, else empty
    tooth : FDI, or "" as everything that nobody said
    others : decisions of other windows that were made without knowing this one, or that this one did not know
    """

    key: str
    verdict: MarkVerdict
    outline: Corners
    tooth: str
    surface: str
    depth: str
    note: str
    event: Event
    others: tuple[Event, ...] = ()

    @property
    def is_disputed(self) -> bool:
        """Whether another window decided otherwise without knowing of this decision."""
        return any(other.details["verdict"] != self.verdict for other in self.others)


@dataclass(slots=True)
class FilmState:
    """One film as it stands. Events of another content under the same name are not of this film.

    examination : by the model, with every candidate; None while it was not read
    identity : by which model, card and version, see `ReadingQueue`; stamp : of which file
    read : the event that says the film was read by a person; None while it was not
    patient : as somebody typed it, "" unless
    was_shown : whether marks were ever shown on the film
    last : number of the newest event
    """

    examination: Examination | None = None
    identity: str = ""
    stamp: str = ""
    sha256: str = ""
    marks: dict[str, DecidedMark] = field(default_factory=dict)
    read: Event | None = None
    patient: str = ""
    was_shown: bool = False
    last: int = 0


def film_state(events: Iterable[Event]) -> FilmState:
    """The state of a film from the events under its name, in order."""
    from lennox.report import from_record  # imports NumPy, which the opening page need not wait for

    events = list(events)
    undone = {event.details["event"] for event in events if event.kind == "undo"}
    state = FilmState()
    for event in events:
        state.last = event.number
        if event.kind == "read":
            if event.sha256 != state.sha256:  # another film under the same name: nothing said of the old one counts
                state = FilmState(last=event.number, sha256=event.sha256)
            examination = from_record(event.details["record"])
            if state.examination is not None:
                state.marks = _carried(state.marks, state.examination, examination)
            state.examination = examination
            state.identity, state.stamp = event.details["identity"], event.details["stamp"]
        elif event.number in undone or event.sha256 != state.sha256:
            continue
        elif event.kind == "mark":
            mark = _decided(event, state.marks)
            state.marks[mark.key] = mark
        elif event.kind == "film":
            if "is_read" in event.details:
                state.read = event if event.details["is_read"] else None
            if "patient" in event.details:
                state.patient = event.details["patient"]
        elif event.kind == "shown":
            state.was_shown |= bool(event.details.get("marks"))
    return state


def last_of_window(events: Iterable[Event], window: str) -> Event | None:
    """What undo takes back: the last decision of a window that was not taken back yet."""
    events = list(events)
    undone = {event.details["event"] for event in events if event.kind == "undo"}
    decisions = [e for e in events if e.kind in ("mark", "film") and e.window == window and e.number not in undone]
    return decisions[-1] if decisions else None


def _carried(marks: Mapping[str, DecidedMark], before: Examination, now: Examination) -> dict[str, DecidedMark]:
    """Decisions after another reading of the same film: on the mark that is the same, else as outlines of their own.

    What a person accepted stays true, whatever another model marks; a rejected mark that is not made again is gone.
    """
    places = {finding.outline: str(number) for number, finding in enumerate(now.findings, 1)}
    carried: dict[str, DecidedMark] = {}
    for key, mark in marks.items():
        if key.startswith("h"):
            carried[key] = mark
            continue
        outline = before.findings[int(key) - 1].outline
        if outline in places:
            carried[places[outline]] = replace(mark, key=places[outline])
        elif mark.verdict != "reject":
            own = f"h{mark.event.number}"
            carried[own] = replace(mark, key=own, outline=mark.outline or outline)
    return carried


def _decided(event: Event, marks: Mapping[str, DecidedMark]) -> DecidedMark:
    said: Mapping[str, Any] = event.details
    key = said["mark"] or f"h{event.number}"
    before = marks.get(key)
    others: tuple[Event, ...] = ()  # whoever knew the decision before settles it
    if before is not None and before.event.window != event.window and before.event.number > said.get("seen", 0):
        others = tuple(one for one in (*before.others, before.event) if one.window != event.window)
    return DecidedMark(
        key,
        said["verdict"],
        tuple((float(row), float(column)) for row, column in said.get("outline", ())),
        said.get("tooth", ""),
        said.get("surface", ""),
        said.get("depth", ""),
        said.get("note", ""),
        event,
        others,
    )
