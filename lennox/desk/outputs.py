"""What decisions become: a labelled COCO set, a table, and the records that `lennox monitor` reads.

Only what a person said is truth. A film is labelled once somebody said that it was read; suggestions that were shown
and left open, and decisions that contradict each other, leave it out, and it is said how many were.
"""

from __future__ import annotations

import json
import math
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import lennox
from lennox.annotations.shapes import Shape
from lennox.desk.decided_films import DecidedFilm
from lennox.desk.event_store import Event
from lennox.desk.film_state import DecidedMark
from lennox.errors import InputError
from lennox.files import atomic_write
from lennox.gate.predicates import now, time_text
from lennox.inference.findings import Finding
from lennox.monitoring.use_record import COLUMNS as USE_COLUMNS
from lennox.report.spreadsheet import csv_line
from lennox.system.handles import for_owner_alone

PROVENANCE = {"accept": "model", "edit": "edited", "missed": "added", "reject": "model"}
EDGES = ("top", "left", "bottom", "right")
TABLE_COLUMNS = (
    "film", "sha256", "patient", "status", "read_by", "read_at", "mark", "verdict", "provenance", "probability",
    "tooth_fdi", "surface", "depth_iccms", "note", "decided_by", "decided_at", "differs", "imported",
    *EDGES, "model", "model_version", "model_sha256", "release", "operating_point", "threshold",
)  # fmt: skip


def write_coco(films: Iterable[DecidedFilm], folder: Path) -> Counter[str]:
    """Write a COCO set into a new folder: annotations.json, and copies of the films under names that name nobody.

    Returns how many films are in it ("films"), and why others are not. Raises InputError if the folder holds anything
    or no film can be in it, OSError if it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"'{folder.name}' is not an empty folder; name a new one.")
    counts: Counter[str] = Counter()
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    chosen: list[tuple[DecidedFilm, str]] = []
    for film in films:
        counts["copies of another film"] += film.copies
        why = unfit(film)
        if why:
            counts[why] += 1
            continue
        name = film.state.sha256[:24] + film.path.suffix.lower()
        chosen.append((film, name))
        marks = [mark for mark in film.marks if mark.verdict != "reject"]
        images.append(_image(film, len(images) + 1, name, bool(marks)))
        for mark in marks:
            annotations.append(_annotation(film, mark, len(annotations) + 1, len(images)))
    if not images:
        raise InputError(f"no film can be exported: {summary(counts)}. Mark films as read at the desk first.")
    folder.mkdir(parents=True, exist_ok=True)
    for film, name in chosen:
        shutil.copyfile(film.path, folder / name)
        for_owner_alone(folder / name)
    info = {"description": "Films as read at a desk", "version": lennox.__version__, "date_created": time_text(now())}
    document = {"info": info, "categories": [{"id": 1, "name": "caries"}], "images": images, "annotations": annotations}
    atomic_write(folder / "annotations.json", json.dumps(document, indent=1, allow_nan=False), private=True)
    counts["films"] = len(images)
    return counts


def table_lines(films: Iterable[DecidedFilm]) -> Iterator[str]:
    """The table's lines, header first: a row a mark that was decided, and one for a film without any."""
    yield csv_line(TABLE_COLUMNS)
    for film in films:
        source, read = film.examination, film.state.read
        row: dict[str, object] = {
            "film": film.name,
            "sha256": film.state.sha256,
            "patient": film.patient,
            "status": source.status,
            "read_by": read.who if read else None,
            "read_at": read.time if read else None,
        }
        if not film.marks:
            yield _row(row | _circumstances(read))
        for mark in film.marks:
            yield _row(row | _circumstances(mark.event) | _mark_cells(film, mark))


def _mark_cells(film: DecidedFilm, mark: DecidedMark) -> dict[str, object]:
    finding = _finding(film, mark)
    box = _shape(film, mark).box.as_tuple() if mark.outline or finding is not None else (None,) * 4
    edges = {name: None if edge is None else round(edge, 2) for name, edge in zip(EDGES, box, strict=True)}
    return edges | {
        "mark": mark.key,
        "verdict": mark.verdict,
        "provenance": PROVENANCE[mark.verdict],
        "probability": None if finding is None else round(finding.probability, 6),
        "tooth_fdi": mark.tooth,
        "surface": mark.surface,
        "depth_iccms": mark.depth,
        "note": mark.note,
        "decided_by": mark.event.who,
        "decided_at": mark.event.time,
        "differs": "yes" if mark.is_disputed else "",
    }


def use_lines(films: Iterable[DecidedFilm]) -> Iterator[str]:
    """The lines of a `lennox-use/1` table, header first.

    The model's marks are those from the operating point on that was in use. What a person accepted below it, the model
    had not marked: it counts as missed; what was rejected below it is no mark of the model's either.
    """
    films = list(films)
    features = sorted({name for film in films for name in film.features})
    yield csv_line((*USE_COLUMNS, *features))
    for film in films:
        for time, model, mark, decision in _use_rows(film):
            row = (time, film.patient, film.state.sha256, model, film.examination.status, mark, decision)
            yield csv_line((*row, *(film.features.get(name, "") for name in features)))


def summary(counts: Counter[str]) -> str:
    """What was left out, in words."""
    return "; ".join(f"{count} {why}" for why, count in counts.items() if why != "films" and count) or "nothing"


def unfit(film: DecidedFilm) -> str:
    """Why a film is no truth yet; "" if it is."""
    if film.state.read is None:
        return "not marked as read"
    if film.examination.source.rows is None:
        return "unreadable"
    if any(mark.is_disputed for mark in film.marks):
        return "with decisions that differ"
    if any(mark.verdict in ("edit", "missed") and not mark.outline for mark in film.marks):
        return "with a lesion that nobody outlined"
    if film.state.was_shown and film.open_suggestions(_threshold(film.state.read)):
        return "with suggestions that were left open"
    return ""


def _image(film: DecidedFilm, number: int, name: str, has_caries: bool) -> dict[str, Any]:
    source, read = film.examination.source, film.state.read
    return {
        "id": number,
        "file_name": name,
        "film": film.patient,
        "patient": film.patient,
        "width": source.columns,
        "height": source.rows,
        "kind": source.kind,
        "caries": has_caries,
        "sha256": film.state.sha256,
        "read_by": read.who if read else None,
        "read_at": read.time if read else None,
        **film.features,
    }


def _annotation(film: DecidedFilm, mark: DecidedMark, number: int, image: int) -> dict[str, Any]:
    finding, shape = _finding(film, mark), _shape(film, mark)
    box = shape.box
    said = {"tooth_fdi": mark.tooth, "surface": mark.surface, "depth_iccms": mark.depth, "note": mark.note}
    return {
        "id": number,
        "image_id": image,
        "category_id": 1,
        "bbox": [round(edge, 2) for edge in (box.left, box.top, box.right - box.left, box.bottom - box.top)],
        "area": round(shape.area, 2),
        "segmentation": [
            [round(float(edge), 2) for corner in polygon for edge in corner[::-1]] for polygon in shape.polygons
        ],
        "iscrowd": 0,
        "provenance": PROVENANCE[mark.verdict],
        "probability": None if finding is None else round(finding.probability, 6),
        "decided_by": mark.event.who,
        "decided_at": mark.event.time,
        "model": mark.event.details.get("model"),
        **{name: value for name, value in said.items() if value},
    }


def _finding(film: DecidedFilm, mark: DecidedMark) -> Finding | None:
    return None if mark.key.startswith("h") else film.examination.findings[int(mark.key) - 1]


def _shape(film: DecidedFilm, mark: DecidedMark) -> Shape:
    """As it was drawn, else as the model marked it."""
    import numpy as np

    finding = _finding(film, mark)
    corners = mark.outline or (finding.outline if finding is not None else ())
    return Shape.outlined(np.array(corners, np.float64))


def _use_rows(film: DecidedFilm) -> Iterator[tuple[str, str, str, str]]:
    """(time, model, mark, decision) of each row."""
    state, said_any = film.state, False
    for mark in film.marks:
        if mark.event.details["model"] is None:  # read by eye: no use of a model
            said_any = True
            continue
        finding, threshold = _finding(film, mark), _threshold(mark.event)
        is_earlier = finding is None and mark.verdict in ("accept", "edit")  # on a mark of another model than today's
        is_marked = is_earlier or (finding is not None and finding.probability >= threshold)
        said_any |= is_marked or mark.verdict != "reject"
        if is_marked:
            yield mark.event.time, _model(mark.event), mark.key, mark.verdict
        elif mark.verdict != "reject":
            yield mark.event.time, _model(mark.event), "", "missed"
    if (
        state.read is not None
        and state.read.details["model"] is not None
        and not said_any
        and not film.open_suggestions(_threshold(state.read))
    ):
        yield state.read.time, _model(state.read), "", "none"


def _threshold(event: Event) -> float:
    return float(event.details["operating_point"]["threshold"]) if event.details["model"] else math.inf


def _model(event: Event) -> str:
    return str(event.details["model"]["sha256"])


def _circumstances(event: Event | None) -> dict[str, object]:
    if event is None or event.details["model"] is None:
        return {}
    model, point = event.details["model"], event.details["operating_point"]
    return {
        "model": model["name"],
        "model_version": model["version"],
        "model_sha256": model["sha256"],
        "release": model["release"],
        "operating_point": point["name"],
        "threshold": point["threshold"],
        "imported": event.details.get("imported", {}).get("file"),
    }


def _row(cells: dict[str, object]) -> str:
    return csv_line(cells.get(column) for column in TABLE_COLUMNS)
