"""A folder of films made nameless, a table for an audit, and what was done to each file."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from lennox.deid.deidentify import FEATURES, DeidProfile, HeldBackError, deidentify
from lennox.deid.pseudonyms import Pseudonyms
from lennox.errors import ImageError, InputError
from lennox.files import atomic_write, sha256_of
from lennox.image.read import content_of
from lennox.report.spreadsheet import csv_line
from lennox.runs.films import find_films

REPORT, TABLE = "deid-report.jsonl", "films.csv"
Done = Literal["written", "held back", "unreadable"]


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file.

    source : its SHA-256 under the key, by which whoever holds key and file finds it again; its name names somebody
    """

    number: int
    source: str
    done: Done
    film: str = ""
    reason: str = ""
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DeidOptions:
    """What films are for, and under which key.

    features : which of `FEATURES` an audit needs
    looked_at : numbers of files, as the report counts, that a person looked at and in which no text stands
    """

    profile: DeidProfile
    key: Path
    features: Collection[str] = FEATURES
    looked_at: Collection[int] = ()


def deidentify_folder(paths: list[Path], out: Path, options: DeidOptions) -> Iterator[FileReport]:
    """Write nameless films into a new folder, with films.csv and deid-report.jsonl at the end.

    Raises InputError for a folder in use, a key inside it, or paths without films; OSError if it cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"'{out.name}' is not an empty folder; name a new one.")
    if out.resolve() in options.key.resolve().parents:
        raise InputError("the key must not lie among the films that are given away; name a file elsewhere.")
    films = find_films(paths, recursive=True, results=out).films
    pseudonyms = Pseudonyms.kept(options.key)
    out.mkdir(parents=True, exist_ok=True)
    rows, reports = [csv_line(("film", "patient", *_kept(options)))], []
    for number, film in enumerate(films, 1):
        source = ""
        try:
            data, _ = content_of(film.path)
            source = pseudonyms.code("source", sha256_of(data), 24)
            folder = os.path.dirname(film.path)  # noqa: PTH120  # films of one folder are taken for one patient's
            made = deidentify(data, options.profile, pseudonyms, patient=folder, looked_at=number in options.looked_at)
        except HeldBackError as error:
            report = FileReport(number, source, "held back", "", str(error), [box.as_tuple() for box in error.boxes])
        except (ImageError, MemoryError) as error:
            report = FileReport(number, source, "unreadable", "", str(error) or "There is not enough memory.")
        else:
            atomic_write(out / made.name, made.data, private=True)
            values = {name: made.features[name] for name in _kept(options)}
            rows.append(csv_line((made.name, made.patient, *values.values())))
            report = FileReport(number, source, "written", made.name, kept=[name for name in values if values[name]])
        reports.append(report)
        yield report
    atomic_write(out / TABLE, "".join(rows), private=True)
    atomic_write(out / REPORT, "".join(json.dumps(asdict(one)) + "\n" for one in reports), private=True)


def _kept(options: DeidOptions) -> list[str]:
    return [name for name in FEATURES if options.profile is DeidProfile.AUDIT and name in options.features]
