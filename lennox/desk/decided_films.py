"""The films of a desk with what was decided, gathered for whatever is made of them."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lennox.desk.desk import Desk, patient_of
from lennox.desk.event_store import NewEvent
from lennox.desk.film_state import DecidedMark, FilmState
from lennox.inference.examination import Examination


@dataclass(frozen=True, slots=True)
class DecidedFilm:
    """A film that the model read, as it stands.

    patient : a pseudonym, the same for all films of a patient in this folder, from which the name cannot be found
    features : of the patient, where consent was noted
    copies : other names of the same file, whose decisions are not used
    """

    name: str
    path: Path
    state: FilmState
    examination: Examination
    patient: str
    features: Mapping[str, str]
    copies: int = 0

    @property
    def marks(self) -> tuple[DecidedMark, ...]:
        """Decided marks, without those that were taken back: the model's first, in the order of its candidates."""
        found = [mark for mark in self.state.marks.values() if mark.verdict != "removed"]
        return tuple(sorted(found, key=lambda mark: (mark.key.startswith("h"), int(mark.key.removeprefix("h")))))

    @property
    def is_by_eye(self) -> bool:
        """Whether no model read the film, or it was read by a person while none did: nothing is known of a model."""
        read = self.state.read
        return not self.examination.model.sha256 or (read is not None and read.details["model"] is None)

    def open_suggestions(self, threshold: float) -> list[int]:
        """Numbers of the candidates from `threshold` on that nobody decided."""
        findings = enumerate(self.examination.findings, 1)
        return [
            number
            for number, finding in findings
            if finding.probability >= threshold and str(number) not in self.state.marks
        ]


def decided_films(desk: Desk) -> Iterator[DecidedFilm]:
    """Every film of the folder that was read by a model and is as it was then, in the order of the list.

    A film that lies there twice comes once: under the name that a person read first.
    """
    desk.index.refresh()
    desk.sync()
    key = _pseudonym_key(desk)
    by_content: dict[str, list[DecidedFilm]] = {}
    for film in desk.index:
        state = desk.state(film.name)
        if state.examination is None or state.stamp != film.stamp or not state.sha256:
            continue
        patient = patient_of(film.name, state)
        consent = desk.patients.get(patient)
        features = dict(consent.details["features"]) if consent and consent.details["consent"] else {}
        one = DecidedFilm(film.name, film.path, state, state.examination, _pseudonym(patient, key), features)
        by_content.setdefault(state.sha256, []).append(one)
    for same in by_content.values():
        first = min(same, key=lambda one: (one.state.read.number if one.state.read else 1 << 62, not one.state.marks))
        yield replace(first, copies=len(same) - 1)


def _pseudonym_key(desk: Desk) -> bytes:
    """A secret of the folder's file, made at the first export."""
    if "pseudonyms" not in desk.settings:
        desk.keep(NewEvent("setting", {"pseudonyms": secrets.token_hex(32)}))
    return bytes.fromhex(desk.settings["pseudonyms"])


def _pseudonym(patient: str, key: bytes) -> str:
    return "p-" + hmac.digest(key, patient.encode("utf-8", "surrogatepass"), "sha256").hex()[:16]
