"""Which files a run is about: the paths that were named, and the images inside folders.

In a folder, a file is taken for an image if its name ends as images do (`ENDINGS`), or if its first bytes are those of
DICOM or of a picture format. Hidden files and DICOMDIR are not images. Whatever is left out is counted, never silent.
"""
# ruff: noqa: PTH113, PTH114, PTH118  # not pathlib, which enters every name in a table of the interpreter, and is slower

from __future__ import annotations

import json
import os
import unicodedata
import weakref
from collections.abc import Iterable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from tempfile import SpooledTemporaryFile

from lennox.errors import InputError
from lennox.files import sha256_of

ENDINGS = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".webp", ".bmp", ".dcm", ".dicom", ".dic", ".ima",
)  # fmt: skip
FIRST_BYTES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"BM")
IN_MEMORY = 1 << 20  # bytes of a list of films, some 25,000 of them
MAX_NAMES_COMPARED = 10_000  # of a folder, with a name that is not in it
LONGEST_NAME = 200  # bytes; a file system takes 255, and endings are added


@dataclass(frozen=True, slots=True)
class FoundFilm:
    """One file to assess.

    path : where it is
    name : under which its results are kept, below a results folder; no other film of the run has it
    """

    path: str
    name: str


class FilmList:
    """The films of a run in order. A long list lies in a temporary file without a name, some 40 bytes a film.

    One list for the whole run: whatever happens in the folders meanwhile, each pass over it sees the same films.
    """

    def __init__(self) -> None:
        """An empty list."""
        self._file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  # open as long as the list lives
        weakref.finalize(self, self._file.close)
        self._count = 0
        self._folders = ("", "")  # of the last film; a film in the same folder is kept as its name alone

    def append(self, film: FoundFilm) -> None:
        """Add a film at the end."""
        folders, names = zip(os.path.split(film.path), os.path.split(film.name), strict=True)
        entry = names if folders == self._folders else names + folders
        self._file.seek(0, os.SEEK_END)
        self._file.write(json.dumps(entry).encode("ascii") + b"\n")
        self._folders, self._count = folders, self._count + 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[FoundFilm]:
        position, folders = 0, ["", ""]
        for _ in range(self._count):
            self._file.seek(position)  # another pass may have moved on
            entry = json.loads(self._file.readline())
            position = self._file.tell()
            folders = entry[2:] or folders
            yield FoundFilm(os.path.join(folders[0], entry[0]), os.path.join(folders[1], entry[1]))


OWN_NAMES = ("annotations.json", "lennox-desk.sqlite", "lennox-desk.sqlite-wal", "lennox-desk.sqlite-shm")
RECORD_START = b'{"schema": "lennox.examination/'


@dataclass(slots=True)
class FoundFilms:
    """The films of a run in order, and what was left out.

    skipped : files in folders that are not images; `OWN_NAMES`, which lennox keeps beside films, are none of them
    closed : folders that may not be opened
    below : sub-folders that were not looked into, as nobody asked for it
    results : sub-folders that were not looked into, as they hold what an earlier run wrote
    """

    films: FilmList = field(default_factory=FilmList)
    skipped: int = 0
    closed: int = 0
    below: int = 0
    results: int = 0


def find_films(paths: Iterable[Path], *, recursive: bool, results: Path | None = None, suffix: str = "") -> FoundFilms:
    """The films that `paths` name, in their order; files of a folder in order of name, before its sub-folders.

    recursive : look into sub-folders too; links to folders are not followed
    results : a folder that is not looked into, as it holds or will hold results
    suffix : added to every name
    Memory is that of the names in the largest folder, and is free again afterwards.
    Raises InputError for a path that does not exist, and if there is not one image.
    """
    paths = list(paths)
    found, taken = FoundFilms(), dict[str, int]()
    kept_out = None if results is None else os.path.realpath(results)
    for path in paths:
        if not path.exists():
            raise InputError(_absent(path))
        if not path.is_dir():
            found.films.append(FoundFilm(str(path), _free_name(path.name + suffix, taken)))
            continue
        root = "" if len(paths) == 1 else _free_name(path.resolve().name or "root", taken)
        for film in _images(path, root, recursive, kept_out, suffix, found):
            found.films.append(film)
    if not found.films:
        below = not recursive and any(
            next(_images(path, "", True, kept_out, suffix, FoundFilms()), None) for path in paths
        )
        raise InputError(_nothing_found(found, below))
    return found


def _images(
    folder: Path, root: str, recursive: bool, kept_out: str | None, suffix: str, found: FoundFilms
) -> Iterator[FoundFilm]:
    """The films of a folder. Names can only collide inside one folder of results, so no more of them are kept."""

    def closed(error: OSError) -> None:
        found.closed += 1

    names = {str(folder): root}  # of the results of the folders still to come
    for here, folders, files in os.walk(folder, onerror=closed):
        below, taken = names.pop(here), dict[str, int]()
        for name in sorted(files):
            file = os.path.join(here, name)
            if is_image(file, name):
                yield FoundFilm(file, os.path.join(below, _free_name(name + suffix, taken)))
            elif name not in OWN_NAMES:
                found.skipped += 1
        folders[:] = sorted(name for name in folders if _may_enter(here, name, kept_out))
        written = {name for name in folders if _holds_results(os.path.join(here, name))}
        found.results += len(written)
        folders[:] = [name for name in folders if name not in written]
        if not recursive:
            found.below += len(folders)
            folders.clear()
        taken = {}
        for name in folders:
            names[os.path.join(here, name)] = os.path.join(below, _free_name(name, taken))


def _may_enter(here: str, name: str, kept_out: str | None) -> bool:
    path = os.path.join(here, name)
    return not name.startswith(".") and not os.path.islink(path) and os.path.realpath(path) != kept_out


def _holds_results(folder: str) -> bool:
    """Whether an earlier run wrote its answers there: the first file below `records` is one of them."""
    for here, _, files in os.walk(os.path.join(folder, "records")):
        for name in files:
            with suppress(OSError), Path(here, name).open("rb") as stream:
                return stream.read(len(RECORD_START)) == RECORD_START
    return False


def is_image(file: str, name: str) -> bool:
    """Whether a file is taken for an image, by its name or by its first bytes."""
    if name.startswith(".") or name.upper() == "DICOMDIR" or not os.path.isfile(file):  # not a pipe: it would block
        return False
    if name.lower().endswith(ENDINGS):
        return True
    try:
        with Path(file).open("rb") as stream:
            start = stream.read(132)
    except OSError:
        return False
    return start[128:] == b"DICM" or start.startswith(FIRST_BYTES) or (start[:4], start[8:12]) == (b"RIFF", b"WEBP")


def result_name(path: str) -> str:
    """Under which name the results of a film are kept, by its path below a folder, whatever else lies there."""
    return os.path.join(*(_free_name(part, {}) for part in Path(path).parts))


def _free_name(name: str, taken: dict[str, int]) -> str:
    """The name, or the next one like it that is not taken, also where upper and lower case are the same.

    taken : folded name -> the highest number tried for it, so that 10,000 names alike take no 10,000 tries each
    """
    encoded = os.fsencode(name)
    if len(encoded) > LONGEST_NAME:
        name = os.fsdecode(encoded[: LONGEST_NAME - 20]) + "~" + sha256_of(encoded)[:12]
    key, candidate = _folded(name), name
    number = taken.get(key, 0)
    while number and _folded(candidate) in taken:
        number += 1
        candidate = f"{name}~{number}"
    taken[_folded(candidate)] = 1
    taken[key] = number or 1
    return candidate


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _absent(path: Path) -> str:
    """What to say of a path that is not there: which folder of it is missing, or what is called nearly so beside it."""
    missing = path
    while not missing.parent.exists():
        missing = missing.parent
    if missing != path:
        return f"there is no folder '{missing}', so no '{path.name}' in it; check the path."
    with os.scandir(path.parent) if path.parent.is_dir() else nullcontext(()) as entries:
        beside = [entry.name for entry in islice(entries, MAX_NAMES_COMPARED) if not entry.name.startswith(".")]
    near = get_close_matches(path.name, beside, 1)
    hint = f"is '{path.parent / near[0]}' meant?" if near else "name a film or a folder of films."
    return f"there is no '{path.name or path}' in '{path.parent.resolve().name or path.parent}'; {hint}"


def _nothing_found(found: FoundFilms, below: bool) -> str:
    if below:
        return "there is no image in the folder itself, only in its sub-folders; add --recursive."
    if found.closed:
        return "the folder may not be opened by this user; change its permissions."
    return (
        f"there is no image in the folder (other files: {found.skipped}); "
        "wanted PNG, JPEG, TIFF, WebP, BMP or DICOM files."
    )
