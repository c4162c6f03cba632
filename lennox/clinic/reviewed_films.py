"""The films of a folder of results, each with what a clinician decided about it.

Decisions come from the file that the page of a run saves, in the columns of `lennox monitor`
(docs/clinic/monitoring.md).
"""

from __future__ import annotations

import csv
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from lennox.card import ModelCard
from lennox.errors import InputError
from lennox.inference.examination import Examination, ModelIdentity
from lennox.inference.load import find_model
from lennox.monitoring.use_record import COLUMNS, DECISIONS
from lennox.report import from_record
from lennox.report.patient_page import AcceptedPlace

RECORDS, DECISIONS_FILE = "records", "decisions.csv"
MAX_BYTES = 64 << 20  # of a file of decisions
MAX_SIDE = 1 << 20  # of a film, in pixels
Corners = tuple[tuple[float, float], ...]
_NEEDED = ("film", "mark", "decision")


@dataclass(frozen=True, slots=True)
class ReviewedFilm:
    """A film of a run.

    examination : what the model suspected; its source has the film's name below the folder of films
    accepted : places that a clinician accepted or drew, in the order of their numbers on the film
    rejected, open_marks : how many of the model's marks a clinician rejected, and about how many nobody decided
    missed : whether a clinician saw a lesion that has no mark, whether or not it was drawn
    is_reviewed : whether anything was decided about this film
    patient : whose film it is: the folder it lies in below the films, a patient of its own in none, unless it was said
    """

    examination: Examination
    accepted: tuple[AcceptedPlace, ...] = ()
    rejected: int = 0
    open_marks: int = 0
    missed: bool = False
    is_reviewed: bool = False
    patient: str = ""

    def __post_init__(self) -> None:
        if not self.patient:
            object.__setattr__(self, "patient", PurePath(self.name).parts[0])

    @property
    def name(self) -> str:
        """The film's path below the folder of films."""
        return self.examination.source.name


def read_results(folder: Path, decisions: Path | None = None) -> list[ReviewedFilm]:
    """The films of a folder that `lennox diagnose --out` wrote, in order of name.

    decisions : the file of decisions; `decisions.csv` in the folder, where there is one, unless given
    Raises InputError if the folder holds no records, or a record or the decisions cannot be read.
    """
    examinations = list(_records(folder))
    if not examinations:
        raise InputError(
            f"'{folder.name}' holds no results; name a folder that `lennox diagnose FILMS --out FOLDER` wrote."
        )
    usual = folder / DECISIONS_FILE
    path = decisions if decisions is not None else usual if usual.is_file() else None
    rows = read_decisions(path, examinations) if path is not None else {}
    return [_reviewed(one, rows.get(key_of(one), Decided())) for one in examinations]


def card_of(model: ModelIdentity, name: str | Path | None = None) -> ModelCard:
    """The card of the model that answered. name : an installed model or a folder; the model's own name unless given

    Raises InputError if there is no such model here, or it is another one.
    """
    card = ModelCard.read(find_model(name if name is not None else model.name) / "card.json")
    if card.files["model.onnx"] != model.sha256:
        raise InputError(
            f"the results are of {model.name} {model.version}, weights {model.sha256[:12]}, and the card here is of "
            f"{card.files['model.onnx'][:12]}; name the folder of that model with --model."
        )
    return card


def key_of(examination: Examination) -> str:
    """What a file of decisions calls a film: by its content, or by its name where it could not be read."""
    return examination.source.sha256 or examination.source.name


@dataclass(slots=True)
class Decided:
    """What a file says of one film.

    verdicts : mark -> decision; the mark is "" for what is said of the film, or of a lesion that was not marked
    outlines : mark -> corners (row, column), where one was redrawn; drawn : those of lesions that were not marked
    """

    verdicts: dict[str, str] = field(default_factory=dict)
    outlines: dict[str, Corners] = field(default_factory=dict)
    drawn: list[Corners] = field(default_factory=list)


def read_decisions(path: Path, examinations: Iterable[Examination]) -> dict[str, Decided]:
    """Decisions by film.

    Raises InputError, naming the row, for a film or mark that the results do not have, a word that is no decision,
    and a mark that is decided twice.
    """
    marks = {key_of(one): len(one.findings) for one in examinations}
    found: dict[str, Decided] = defaultdict(Decided)
    for number, row in _rows(path):
        film, mark, decision = (row[name] for name in _NEEDED)
        where = f"{path.name}: row {number}"
        if film not in marks:
            raise InputError(f"{where} is of a film that is not in these results; name those that were decided on.")
        if decision == "":
            continue  # a form that is not filled in to its end
        if decision not in DECISIONS:
            raise InputError(f"{where}: '{decision:.40}' is not a decision; write one of: {', '.join(DECISIONS)}.")
        numbered = mark.isascii() and mark.isdigit() and 1 <= int(mark) <= marks[film]
        if not numbered and (mark or decision in ("accept", "edit", "reject")):
            raise InputError(f"{where}: '{mark:.20}' is no mark of this film, which has {marks[film]}.")
        if found[film].verdicts.setdefault(mark, decision) != decision:
            raise InputError(f"{where} decides again, and otherwise; keep one of the rows.")
        corners = _corners(row["outline"], where)
        if corners and decision == "missed":
            found[film].drawn.append(corners)
        elif corners:
            found[film].outlines[mark] = corners
    return found


def _reviewed(examination: Examination, decided: Decided) -> ReviewedFilm:
    said = decided.verdicts
    right = [
        AcceptedPlace(decided.outlines.get(str(number), finding.outline))
        for number, finding in enumerate(examination.findings, 1)
        if said.get(str(number)) in ("accept", "edit")
    ]
    rejected = sum(decision == "reject" for decision in said.values())
    open_marks = len(examination.findings) - len(right) - rejected
    places = (*right, *(AcceptedPlace(corners, True) for corners in decided.drawn))
    return ReviewedFilm(examination, places, rejected, open_marks, "missed" in said.values(), bool(said))


def _corners(text: str, where: str) -> Corners:
    """An outline as the page of a run saves it: "row column; row column"."""
    try:
        found = tuple((float(row), float(column)) for row, column in map(str.split, text.split(";"))) if text else ()
    except ValueError:
        found = ((math.nan, 0.0),)
    if found and not (len(found) > 2 and all(0 <= at < MAX_SIDE for corner in found for at in corner)):
        raise InputError(f"{where}: its outline is not three corners or more, 'row column; row column; …'.")
    return found


def _records(folder: Path) -> Iterator[Examination]:
    for path in sorted((folder / RECORDS).rglob("*.json")):
        try:
            one = from_record(json.loads(path.read_text("ascii")))
            where = PurePath(one.source.name)
            if where.is_absolute() or ".." in where.parts:  # it is looked for below the folder of films
                raise ValueError("the name leads out of the folder of films")
            yield one
        except (OSError, ValueError, TypeError, RecursionError, InputError) as error:
            raise InputError(
                f"a record of '{folder.name}' is damaged; run lennox diagnose again with --resume."
            ) from error


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path.name} has more than {MAX_BYTES >> 20} MiB; no file of decisions is so long.")
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(
                    f"{path.name}: there is no column '{missing[0]}'; its columns are {','.join(COLUMNS)}."
                )
            for number, row in enumerate(reader, 2):
                cells: dict[str, Any] = dict(row)
                if any(not isinstance(cells[name], str) for name in _NEEDED):
                    raise InputError(f"{path.name}: row {number} is shorter than the first one; complete it.")
                yield number, {name: str(cells.get(name) or "").strip() for name in (*_NEEDED, "outline")}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path.name} cannot be read ({error}); save the decisions again.") from error
