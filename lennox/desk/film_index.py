"""The films of the folder that a desk has open, by keys that say nothing and lead nowhere else."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lennox.errors import InputError, one_line
from lennox.files import atomic_write, sha256_of, sha256_of_file
from lennox.runs.films import LONGEST_NAME, find_films, is_image
from lennox.system.handles import is_portable, open_new, replace


@dataclass(frozen=True, slots=True)
class DeskFilm:
    """One film of the folder.

    key : its name's digest; the page knows a film by this alone
    name : its path below the folder, with slashes
    stamp : size and time of its file, to see that it changed
    """

    key: str
    name: str
    path: Path
    stamp: str


class FilmIndex:
    """Which films lie in a folder and its sub-folders now; threads share it.

    outside : links that lead out of the folder, which are not followed
    """

    def __init__(self, folder: Path) -> None:
        """Nothing is looked at before `refresh`."""
        self.folder = folder
        self.remark, self.outside = "", 0
        self._films: dict[str, DeskFilm] = {}
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Look again at what lies there."""
        root = os.path.realpath(self.folder)
        films: dict[str, DeskFilm] = {}
        outside, remark = 0, ""
        try:
            for film in find_films([self.folder], recursive=True).films:
                path = Path(film.path)
                if not _inside(os.path.realpath(path), root):
                    outside += 1
                    continue
                try:
                    status = path.stat()
                except OSError:  # it went away meanwhile
                    continue
                raw = os.fsencode(Path(film.name).as_posix())
                key, name = sha256_of(raw)[:20], raw.decode("utf-8", "replace")
                if any(other.name == name for other in films.values() if "\ufffd" in name):
                    name = f"{name}~{key[:6]}"  # two names that differ in what is no text
                films[key] = DeskFilm(key, name, path, f"{status.st_size}-{status.st_mtime_ns}")
        except InputError as error:  # there is no image yet: the page says so
            remark = str(error)
        with self._lock:
            self._films, self.outside, self.remark = films, outside, remark

    def __iter__(self) -> Iterator[DeskFilm]:
        with self._lock:
            return iter(list(self._films.values()))

    def __len__(self) -> int:
        return len(self._films)

    def get(self, key: str) -> DeskFilm:
        """The film of a key. Raises InputError if there is none."""
        with self._lock:
            found = self._films.get(key)
        if found is None:
            raise InputError("there is no such film in the folder now; load the page again.")
        return found

    def add(self, name: str, parts: Iterable[bytes]) -> str:
        """Keep a film that was dropped on the page; returns the name under which it lies in the folder.

        Raises InputError if the name or the content is not that of an image, OSError if it cannot be written.
        """
        wanted = _plain(name)
        draft = self.folder / f".lennox-{secrets.token_hex(8)}"
        try:
            atomic_write(draft, parts, private=True)
            if not is_image(str(draft), wanted):
                raise InputError(f"'{wanted}' is no image; wanted PNG, JPEG, TIFF, WebP, BMP or DICOM files.")
            stem, ending = os.path.splitext(wanted)  # noqa: PTH122  # keeps what pathlib would
            for number in range(1, 10_000):
                path = self.folder / (wanted if number == 1 else f"{stem} ({number}){ending}")
                try:
                    os.close(open_new(path))
                except FileExistsError:  # never over a film that is there
                    if path.is_file() and sha256_of_file(path) == sha256_of_file(draft):
                        return path.name  # the same film, dropped again
                    continue
                replace(draft, path)
                return path.name
        finally:
            draft.unlink(missing_ok=True)
        raise InputError(f"there are too many films called '{wanted}'; rename it.")


def _inside(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def _plain(name: str) -> str:
    """A file name without folders, hidden dots or anything that is not visible text."""
    plain = one_line(name.replace("\\", "/").rsplit("/", 1)[-1]).strip().lstrip(".").replace("\ufffd", "_")
    stem, ending = os.path.splitext(plain)  # noqa: PTH122
    while len(os.fsencode(stem + ending)) > LONGEST_NAME - 20 and stem:
        stem = stem[:-1]
    if not stem or not is_portable(stem + ending):
        raise InputError("the file has no name that a film can be kept under; rename it.")
    return stem + ending
