"""Which files a run is about: the paths that were named, and the images inside folders.

In a folder, a file is taken for an image if its name ends as images do (`ENDINGS`), or if its first bytes are those of
DICOM or of a picture format. Hidden files and DICOMDIR are not images. Whatever is left out is counted, never silent.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lennox.errors import InputError

ENDINGS = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".webp", ".bmp", ".dcm", ".dicom", ".dic", ".ima",
)  # fmt: skip
FIRST_BYTES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"BM")
LONGEST_NAME = 200  # bytes; a file system takes 255, and endings are added


@dataclass(frozen=True, slots=True)
class FoundFilm:
    """One file to assess.

    path : where it is; text, which keeps a list of 100,000 of them small
    place : where its results go, below a results folder; differs from that of every other film of the run
    """

    path: str
    place: str


@dataclass(slots=True)
class FoundFilms:
    """The films of a run in order, and what was left out.

    skipped : files in folders that are not images
    closed : folders that may not be opened
    """

    films: list[FoundFilm] = field(default_factory=list)
    skipped: int = 0
    closed: int = 0


def find_films(paths: Iterable[Path], *, recursive: bool, results: Path | None = None, suffix: str = "") -> FoundFilms:
    """The films that `paths` name, in their order; files of a folder in order of name, before its sub-folders.

    recursive : look into sub-folders too; links to folders are not followed
    results : a folder that is not looked into, as it holds or will hold results
    suffix : added to every place
    Raises InputError for a path that does not exist, and if there is not one image.
    """
    paths = list(paths)
    found, taken = FoundFilms(), set[str]()
    kept_out = None if results is None else os.path.realpath(results)
    for path in paths:
        if not path.exists():
            raise InputError(f"there is no '{path.name or path}'; name a film or a folder of films.")
        if not path.is_dir():
            found.films.append(FoundFilm(str(path), _free_place(path.name + suffix, taken)))
            continue
        root = "" if len(paths) == 1 else _free_place(path.resolve().name or "root", taken)
        for file in _images(path, recursive, kept_out, found):
            place = str(Path(root, os.path.relpath(file, path))) + suffix
            found.films.append(FoundFilm(file, _free_place(place, taken)))
    if not found.films:
        below = not recursive and any(next(_images(path, True, kept_out, FoundFilms()), None) for path in paths)
        raise InputError(_nothing_found(found, below))
    return found


def _images(folder: Path, recursive: bool, kept_out: str | None, found: FoundFilms) -> Iterator[str]:
    def closed(error: OSError) -> None:
        found.closed += 1

    for here, folders, files in os.walk(folder, onerror=closed):
        if not recursive:
            folders.clear()
        folders[:] = sorted(name for name in folders if _may_enter(here, name, kept_out))
        for name in sorted(files):
            file = str(Path(here, name))
            if _is_image(file, name):
                yield file
            else:
                found.skipped += 1


def _may_enter(here: str, name: str, kept_out: str | None) -> bool:
    return not name.startswith(".") and os.path.realpath(Path(here, name)) != kept_out


def _is_image(file: str, name: str) -> bool:
    if name.startswith(".") or name.upper() == "DICOMDIR" or not Path(file).is_file():  # not a pipe: it would block
        return False
    if name.lower().endswith(ENDINGS):
        return True
    try:
        with Path(file).open("rb") as stream:
            start = stream.read(132)
    except OSError:
        return False
    return start[128:] == b"DICM" or start.startswith(FIRST_BYTES) or (start[:4], start[8:12]) == (b"RIFF", b"WEBP")


def _free_place(place: str, taken: set[str]) -> str:
    """The place, or the next one like it that no other film has, also where upper and lower case are the same."""
    folder, slash, name = place.rpartition(os.sep)
    before = folder + slash
    encoded = os.fsencode(name)
    if len(encoded) > LONGEST_NAME:
        name = os.fsdecode(encoded[: LONGEST_NAME - 20]) + "~" + hashlib.sha256(encoded).hexdigest()[:12]
    number, candidate = 1, name
    while (key := unicodedata.normalize("NFC", before + candidate).casefold()) in taken:
        number += 1
        candidate = f"{name}~{number}"
    taken.add(key)
    return before + candidate


def _nothing_found(found: FoundFilms, below: bool) -> str:
    if below:
        return "there is no image in the folder itself, only in its sub-folders; add --recursive."
    if found.closed:
        return "the folder may not be opened by this user; change its permissions."
    return (
        f"there is no image in the folder (other files: {found.skipped}); "
        "wanted PNG, JPEG, TIFF, WebP, BMP or DICOM files."
    )
