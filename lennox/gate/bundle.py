"""The files of a model's folder: plain files only, each read once.

What was read is what is checked and handed on, so whoever swaps files meanwhile changes nothing.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lennox.errors import ModelError
from lennox.files import sha256_of
from lennox.system.handles import open_plain

MAX_FILES = 1000
MAX_BYTES = 2 << 30  # ONNX Runtime takes no larger network from memory
MAX_TEXT_BYTES = 32 << 20
TEXT = (".json", ".jsonl", ".toml")  # cards, policies, audits: read as a whole, many times their size in memory


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Files as they were read, by name. data : their bytes; sha256 : lower-case hex of each"""

    data: Mapping[str, bytes]
    sha256: Mapping[str, str]

    @classmethod
    def of(cls, data: Mapping[str, bytes]) -> ModelFiles:
        """Files that were read."""
        return cls(data, {name: sha256_of(read) for name, read in data.items()})


def list_files(folder: Path) -> Iterator[str]:
    """Every file below a folder, as `part/part`, in order. Raises ModelError for a link or anything but a file."""
    count = 0
    for where, folders, names in os.walk(folder, onerror=_cannot_be_listed):
        folders.sort()
        for name in sorted((*folders, *names)):
            path = Path(where) / name
            if path.is_symlink():
                raise ModelError(f"'{name}' is a link; a model's folder holds files only.")
            count += 1
            if count > MAX_FILES:
                raise ModelError(f"the folder holds more than {MAX_FILES} files; a model needs a few.")
        for name in sorted(names):
            yield (Path(where) / name).relative_to(folder).as_posix()


def read_once(folder: Path, name: str) -> bytes:
    """The bytes of one file below `folder`, read in one go.

    Raises ModelError for a link, a `..`, no file, or one that is larger than such a file can be.
    """
    if not is_plain(name):
        raise ModelError(f"'{name[:80]}' does not stay within the model's folder.")
    most = MAX_TEXT_BYTES if name.endswith(TEXT) else MAX_BYTES
    try:
        descriptor = open_plain(folder / name)
        with os.fdopen(descriptor, "rb") as stream:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise ModelError(f"'{name[:80]}' is not a file.")
            if status.st_size > most:
                raise ModelError(f"{name[:80]} has {status.st_size} bytes; {most >> 20} MiB is the most it may have.")
            return stream.read(status.st_size)  # a file that grows or shrinks meanwhile has another digest
    except OSError as error:
        if (folder / name).is_symlink():
            raise ModelError(f"'{name[:80]}' is a link; a model's folder holds files only.") from error
        raise ModelError(f"{name[:80]}: cannot be read ({error.strerror}); install the model again.") from error


def is_plain(name: str) -> bool:
    """Whether a name stays within its folder on every system, and is spelled in one way only."""
    path = PurePosixPath(name)
    return (
        bool(name)
        and name == path.as_posix()
        and name.isprintable()
        and not path.is_absolute()
        and not {"..", "."} & set(name.split("/"))
        and not any(character in name for character in ("\\", ":"))
    )


def _cannot_be_listed(error: OSError) -> None:
    raise ModelError(f"the model's folder cannot be read ({error.strerror}).")
