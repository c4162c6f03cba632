"""A folder of results that is complete at every moment: files appear by rename, and a run that broke off can go on.

records/<name>.json       one film each, as soon as it is assessed
overlays/<name>.png       if asked for
captures/<name>.dcm       if asked for
dicom/<name>.<kind>.dcm   if asked for: other DICOM objects
fhir/<name>.json          if asked for
examinations.jsonl, examinations.csv or report.html      all films, at the end
.unfinished/              the lock, and files being written; gone when the run ends

File names may name patients, and captures do: every file is for the user alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from lennox.card import OperatingPoint
from lennox.errors import InputError
from lennox.files import atomic_write, sha256_of_file
from lennox.inference.examination import Examination, identify
from lennox.inference.model import Model
from lennox.report import from_record, to_json
from lennox.system.handles import lock, unlock

OBJECT_ENDINGS = tuple(f"{kind}.dcm" for kind in ("capture", "source", "seg", "seg-fractional", "sr", "gsps", "pdf"))


class ResultsFolder:
    """Where a run keeps its results; one run at a time."""

    def __init__(self, folder: Path, *, resume: bool) -> None:
        """Open or create the folder, and lock it until `close`.

        resume : go on with what an earlier run left there; else the folder must be new or empty
        Raises InputError for a file, for a folder in use without `resume`, and while another run writes to it.
        """
        self.folder, self._unfinished = folder, folder / ".unfinished"
        if folder.exists() and not folder.is_dir():
            raise InputError(f"'{folder.name}' is a file; --out wants a folder.")
        if not resume:
            self._check_empty()  # here to write nothing into somebody's folder
        self._lock = self._locked()
        try:
            if not resume:
                self._check_empty()  # here as another run may have been writing until now
            self._remove_drafts()
        except BaseException:
            os.close(self._lock)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.close()

    def write(self, name: str, parts: Iterable[bytes]) -> None:
        """Write a file of the folder; it appears when it is complete. Any thread may."""
        if self._lock < 0:
            raise ValueError("these results are closed")
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, parts, private=True, drafts=self._unfinished)

    def remove_pictures(self, name: str) -> None:
        """Remove the pictures and objects of a film that an earlier run left, if there are any."""
        for path in (overlay_name(name), *(object_name(name, ending) for ending in OBJECT_ENDINGS)):
            (self.folder / path).unlink(missing_ok=True)

    def forget(self, name: str) -> None:
        """Remove all that is kept of a film."""
        self.remove_pictures(name)
        for path in (bundle_name(name), _record(name)):
            (self.folder / path).unlink(missing_ok=True)

    def save(self, name: str, examination: Examination) -> None:
        """Keep the record of a film."""
        self.write(_record(name), [to_json(examination).encode("ascii"), b"\n"])

    def has(self, name: str) -> bool:
        """Whether there is a record of a film."""
        return (self.folder / _record(name)).is_file()

    def read(self, name: str) -> Examination:
        """The record kept for a film. Raises InputError if there is none, or it is not as it was written."""
        try:
            text = (self.folder / _record(name)).read_text("ascii")
            kept = from_record(json.loads(text))
            if text != to_json(kept) + "\n":  # also if it was written by another version of lennox
                raise ValueError("not as it was written")
        except (OSError, ValueError, TypeError, RecursionError, InputError) as error:
            raise InputError("a record of this run is gone or damaged; run again with --resume.") from error
        return kept

    def finished(
        self,
        name: str,
        path: str,
        model: Model,
        point: OperatingPoint,
        pictures: Callable[[Examination], Iterable[str]],
    ) -> Examination | None:
        """The kept examination, if it is what assessing the file again would give, its pictures included; else None.

        pictures : which other files of the folder belong to the film
        Same bytes of the film, same weights and release, same operating point, same lennox; unreadable films are
        tried again.
        """
        try:
            kept = self.read(name)
            digest = sha256_of_file(Path(path))
        except (OSError, InputError):
            return None
        if not all((self.folder / one).is_file() for one in pictures(kept)):
            return None
        same = kept.source.sha256 == digest and kept.model == identify(model) and kept.operating_point == point
        return kept if same and kept.status != "unreadable" else None

    def close(self) -> None:
        """Remove what only an unfinished run needs, and let others write here."""
        if self._lock < 0:
            return
        self._remove_drafts()
        unlock(self._lock, self._lock_file)
        self._lock = -1

    @property
    def _lock_file(self) -> Path:
        return self._unfinished / "lock"

    def _locked(self) -> int:
        """A handle that holds the lock; the system lets go of it however the process ends."""
        try:
            return lock(self._lock_file)
        except BlockingIOError as error:
            raise InputError(
                f"another run is writing to the folder '{self.folder.name}'; wait for its end, or name another folder."
            ) from error

    def _check_empty(self) -> None:
        if self.folder.exists() and any(path != self._unfinished for path in self.folder.iterdir()):
            raise InputError(
                f"the folder '{self.folder.name}' is not empty; "
                "name a new one, or add --resume to go on with a run there."
            )

    def _remove_drafts(self) -> None:
        """What a killed run was writing."""
        for path in self._unfinished.iterdir():
            if path != self._lock_file:
                path.unlink(missing_ok=True)


def overlay_name(name: str) -> str:
    """Where the overlay of a film lies, below the folder."""
    return f"overlays/{name}.png"


def bundle_name(name: str) -> str:
    """Where the FHIR Bundle of a film lies, below the folder."""
    return f"fhir/{name}.json"


def object_name(name: str, ending: str) -> str:
    """Where a DICOM object of a film lies, below the folder. ending : such as `sr.dcm`"""
    return f"captures/{name}.dcm" if ending == "capture.dcm" else f"dicom/{name}.{ending}"


def _record(name: str) -> str:
    return f"records/{name}.json"
