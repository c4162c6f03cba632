"""Decisions for other systems: a verified DICOM report or a final FHIR Bundle of each film that a person has read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from lennox.desk.decided_films import DecidedFilm
from lennox.desk.outputs import unfit
from lennox.errors import ImageError, InputError
from lennox.files import atomic_write
from lennox.interop.confirmation import Confirmation, ReportedMark


def write_confirmed(films: Iterable[DecidedFilm], folder: Path, form: str) -> Counter[str]:
    """Write reports into a new folder, under names that name nobody. form : "sr" or "fhir"

    Returns how many films have one ("films"), and why others have none. Raises InputError if the folder holds anything.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"'{folder.name}' is not an empty folder; name a new one.")
    folder.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter()
    for film in films:
        why = unfit(film) or ("" if film.examination.status == "assessed" else "not assessed by the model")
        if why:
            counts[why] += 1
            continue
        try:
            files = _files(film, form)
        except (ImageError, OSError):
            counts["no longer readable"] += 1
            continue
        for ending, data in files.items():
            atomic_write(folder / f"{film.state.sha256[:24]}.{ending}", data, private=True)
        counts["films"] += 1
    return counts


def _files(film: DecidedFilm, form: str) -> dict[str, bytes]:
    confirmation = confirmation_of(film)
    if form == "fhir":
        from lennox.interop.fhir import to_bundle_json

        return {"json": to_bundle_json(film.examination, confirmation=confirmation).encode() + b"\n"}
    from lennox.interop.dicom_objects import draw_objects

    return draw_objects(film.path.read_bytes(), film.examination, ["sr"], confirmation=confirmation)


def confirmation_of(film: DecidedFilm) -> Confirmation:
    """What a person said of a film that was read; rejected marks and those nobody decided are not in it."""
    read, findings, marks = film.state.read, film.examination.findings, list[ReportedMark]()
    assert read is not None
    drawn = len(findings)
    for mark in film.marks:
        if mark.verdict == "reject":
            continue
        found = None if mark.key.startswith("h") else findings[int(mark.key) - 1]
        drawn += found is None
        outline = mark.outline or (found.outline if found is not None else ())
        number = drawn if found is None else int(mark.key)
        label, probability = ("caries", None) if found is None else (found.label, found.probability)
        area, centre = (found.area_mm2, found.centre) if found is not None and not mark.outline else (None, None)
        marks.append(ReportedMark(number, label, outline, probability, area, mark.tooth, centre))
    last = max([read, *(mark.event for mark in film.marks)], key=lambda event: event.number)
    return Confirmation(last.who, last.time, tuple(marks))
