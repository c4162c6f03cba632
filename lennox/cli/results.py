"""A folder of results that is whole at every moment: files appear by rename, and a broken run can go on.

records/<place>.json      one film each, as soon as it is assessed
overlays/<place>.png      if asked for
captures/<place>.dcm      if asked for
examinations.jsonl, examinations.csv or report.html      all films, at the end
.unfinished/              files being written; gone when the run ends
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import lennox
from lennox.card import OperatingPoint
from lennox.errors import InputError
from lennox.files import atomic_write, sha256_of_file
from lennox.inference.examination import Examination
from lennox.inference.model import Model
from lennox.report import from_record, to_json


class Results:
    """Where a run keeps its results."""

    def __init__(self, folder: Path, *, resume: bool) -> None:
        """Open or create the folder.

        resume : go on with what an earlier run left there; else the folder must be new or empty
        Raises InputError for a file, or for a folder in use without `resume`.
        """
        self.folder, self._unfinished = folder, folder / ".unfinished"
        if folder.exists() and not folder.is_dir():
            raise InputError(f"'{folder.name}' is a file; --out wants a folder.")
        if folder.exists() and any(folder.iterdir()) and not resume:
            raise InputError(
                f"the folder '{folder.name}' is not empty; name a new one, or add --resume to go on with a run there."
            )
        shutil.rmtree(self._unfinished, ignore_errors=True)  # what a killed run was writing
        self._unfinished.mkdir(parents=True)

    def write(self, name: str, parts: Iterable[bytes]) -> None:
        """Write a file of the folder; it appears when it is whole. Any thread may."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, parts, drafts=self._unfinished)

    def save(self, place: str, examination: Examination) -> None:
        """Keep the record of a film."""
        self.write(_record(place), [to_json(examination).encode("ascii"), b"\n"])

    def read(self, place: str) -> Examination:
        """The record kept for a film. Raises InputError if there is none that is whole."""
        try:
            return from_record(json.loads((self.folder / _record(place)).read_bytes()))
        except (OSError, ValueError) as error:
            raise InputError("a record of this run is gone or damaged; run again with --resume.") from error

    def finished(self, place: str, path: str, model: Model, point: OperatingPoint, pictures: Iterable[str]) -> bool:
        """Whether the kept results are those that assessing the file again would give, the pictures among them.

        Same bytes of the film, same weights and release, same operating point, same lennox; unreadable films are
        tried again.
        """
        file = self.folder / _record(place)
        try:
            record = json.loads(file.read_bytes())
            kept = from_record(record)
            same_software = record["software"]["version"] == lennox.__version__
            digest = sha256_of_file(Path(path))
        except (OSError, ValueError, LookupError, TypeError, InputError):
            return False
        if kept.status == "assessed" and not all((self.folder / name).is_file() for name in pictures):
            return False
        identity = (kept.model.name, kept.model.sha256, kept.model.release)
        return (
            same_software
            and kept.status != "unreadable"
            and kept.source.sha256 == digest
            and identity == (model.card.name, model.sha256, model.release)
            and kept.operating_point == point
        )

    def close(self) -> None:
        """Remove what only an unfinished run needs."""
        shutil.rmtree(self._unfinished, ignore_errors=True)


def overlay_name(place: str) -> str:
    """Where the overlay of a film lies, below the folder."""
    return f"overlays/{place}.png"


def capture_name(place: str) -> str:
    """Where the DICOM capture of a film lies, below the folder."""
    return f"captures/{place}.dcm"


def _record(place: str) -> str:
    return f"records/{place}.json"
