"""What a page may say happened: each kind of event checked, field by field, before it is kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from lennox.caries_stages import ICCMS_RADIOGRAPHIC
from lennox.desk.film_state import FilmState, MarkVerdict
from lennox.errors import InputError, one_line
from lennox.tooth_names import NOTATIONS, SURFACES, to_fdi

VERDICTS: tuple[MarkVerdict, ...] = get_args(MarkVerdict)
MAX_NOTE, MAX_CORNERS, MAX_PATIENT, MAX_INITIALS = 2000, 2000, 100, 8
SETTINGS = ("notation", "who")


@dataclass(frozen=True, slots=True)
class FilmSize:
    """Rows and columns of a film, within which outlines lie."""

    rows: int
    columns: int


def initials(value: Any) -> str:
    """Who decides. Raises InputError if that was not said."""
    text = one_line(str(value or "")).strip()
    if not text or len(text) > MAX_INITIALS:
        raise InputError(f"say who decides: initials of 1 to {MAX_INITIALS} characters.")
    return text


def mark_details(said: Mapping[str, Any], state: FilmState) -> dict[str, Any]:
    """A decision on a mark. Raises InputError for a mark that is not there, or a value that is not offered."""
    verdict, key = said.get("verdict"), said.get("mark")
    if verdict not in VERDICTS:
        raise InputError(f"a mark is {', '.join(VERDICTS)}, not {verdict!r:.20}.")
    candidates = len(state.examination.findings) if state.examination is not None else 0
    if key is not None and not (isinstance(key, str) and len(key) < 20):
        raise InputError("a mark is named by a short text; load the page again.")
    is_candidate = key is not None and key.isascii() and key.isdigit() and 1 <= int(key) <= candidates
    if verdict in ("missed", "removed"):
        if not (key is None and verdict == "missed") and (key not in state.marks or is_candidate):
            raise InputError("there is no such drawn mark on this film; load the page again.")
    elif not is_candidate:
        raise InputError("there is no such mark on this film; load the page again.")
    details: dict[str, Any] = {"mark": key, "verdict": verdict, "seen": _count(said.get("seen", 0))}
    outline = said.get("outline") or []
    if outline:
        details["outline"] = _outline(outline, _size_of(state))
    if verdict in ("missed", "edit") and not outline:
        raise InputError("draw the outline of the lesion: three corners at least.")
    if said.get("tooth"):
        notation = said.get("notation")
        if notation not in NOTATIONS:
            raise InputError(f"a tooth is named in one of: {', '.join(NOTATIONS)}.")
        details["tooth"] = to_fdi(str(said["tooth"]), notation)
    for name, offered in (("surface", SURFACES), ("depth", tuple(ICCMS_RADIOGRAPHIC))):
        if said.get(name):
            if said[name] not in offered:
                raise InputError(f"{name} is one of: {', '.join(offered)}.")
            details[name] = said[name]
    if said.get("note"):
        details["note"] = _note(said["note"])
    return details | {"shown": shown_details(said.get("shown"))}


def film_details(said: Mapping[str, Any]) -> dict[str, Any]:
    """That a film was read, or whose it is."""
    details: dict[str, Any] = {}
    if "is_read" in said:
        details |= {"is_read": bool(said["is_read"]), "shown": shown_details(said.get("shown"))}
    if "patient" in said:
        details["patient"] = patient_name(said["patient"], empty=True)
    if not details:
        raise InputError("nothing was said of the film.")
    return details


def shown_details(said: Any) -> dict[str, Any]:
    """What was on the screen: marks or none, and from which probability on."""
    if not isinstance(said, Mapping):
        return {"marks": False}
    threshold = said.get("threshold")
    marks = bool(said.get("marks"))
    if not marks:
        return {"marks": False}
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0.0 < threshold <= 1.0:
        raise InputError("the threshold that marks were shown at is a probability above 0 and up to 1.")
    return {"marks": True, "threshold": round(float(threshold), 6)}


def patient_details(said: Mapping[str, Any], offered: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Features of a patient, with consent. offered : feature of the clinic's policy -> its groups"""
    features = said.get("features") or {}
    consent = said.get("consent") is True
    if not isinstance(features, Mapping) or (features and not consent):
        raise InputError("features of a patient are kept only with the patient's consent: note it first.")
    clean = {}
    for name, group in features.items():
        if name not in offered or (group and group not in offered[name]):
            raise InputError(f"'{one_line(str(group))}' is no group of '{one_line(str(name))}' in the clinic's policy.")
        if group:
            clean[name] = group
    return {"patient": patient_name(said.get("patient")), "consent": consent, "features": clean}


def setting_details(said: Mapping[str, Any]) -> dict[str, str]:
    """A choice of the clinic's."""
    name, value = said.get("name"), said.get("value")
    if name == "notation" and value in NOTATIONS:
        return {"notation": str(value)}
    if name == "who":
        return {"who": initials(value)}
    raise InputError(f"a setting is one of: {', '.join(SETTINGS)}.")


def patient_name(value: Any, *, empty: bool = False) -> str:
    """A patient's name or number, as the clinic writes it."""
    text = one_line(str(value or "")).strip()
    if len(text) > MAX_PATIENT or (not text and not empty):
        raise InputError(f"name the patient in 1 to {MAX_PATIENT} characters.")
    return text


def _note(value: Any) -> str:
    text = "\n".join(map(one_line, str(value).splitlines()))
    if len(text) > MAX_NOTE:
        raise InputError(f"a note has at most {MAX_NOTE} characters, this one {len(text)}.")
    return text


def _outline(corners: Any, size: FilmSize) -> list[list[float]]:
    """Corners (row, column), cut off at the film's edges."""
    try:
        if not isinstance(corners, list) or not 3 <= len(corners) <= MAX_CORNERS:
            raise ValueError
        clean = []
        for row, column in corners:
            if not (math.isfinite(row) and math.isfinite(column)):
                raise ValueError
            clean.append([round(min(max(row, 0.0), size.rows), 2), round(min(max(column, 0.0), size.columns), 2)])
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"an outline has 3 to {MAX_CORNERS} corners, a row and a column each.") from None
    rows, columns = zip(*clean, strict=True)
    if max(rows) - min(rows) < 1.0 or max(columns) - min(columns) < 1.0:
        raise InputError("the outline covers less than one pixel of the film; draw it larger.")
    return clean


def _size_of(state: FilmState) -> FilmSize:
    source = state.examination.source if state.examination is not None else None
    if source is None or source.rows is None or source.columns is None:
        raise InputError("the film was not read yet, so nothing can be drawn on it; wait until it is.")
    return FilmSize(source.rows, source.columns)


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
