"""What a person decided about a film, as other systems are told it."""

from __future__ import annotations

from dataclasses import dataclass

from lennox.inference.examination import Examination


@dataclass(frozen=True, slots=True)
class ReportedMark:
    """A mark of a report.

    number : as the examination counts its findings from 1; those drawn by hand follow
    outline : (row, column) corners in pixels of the film
    probability : the model's, None for a mark drawn by hand; area_mm2 : where it is known
    tooth : FDI, where a person said it, else ""; centre : (row, column), for a mark as the model drew it
    """

    number: int
    label: str
    outline: tuple[tuple[float, float], ...]
    probability: float | None
    area_mm2: float | None = None
    tooth: str = ""
    centre: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A film that a person has read: who, when (UTC, ISO 8601), and the lesions that person confirmed or drew."""

    who: str
    time: str
    marks: tuple[ReportedMark, ...]


def reported_marks(examination: Examination, confirmation: Confirmation | None) -> tuple[ReportedMark, ...]:
    """What a report lists: what a person confirmed, or else what the model suspects."""
    if confirmation is not None:
        return confirmation.marks
    return tuple(
        ReportedMark(number, one.label, one.outline, one.probability, one.area_mm2, centre=one.centre)
        for number, one in enumerate(examination.findings, 1)
    )
