"""The data ledger: which set may be used for what, by its licence, and which films are held out from training.

Every step that touches a set asks `Ledger.require` first. A set that is for evaluation only never reaches training,
model selection, threshold search or calibration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lennox import toml
from lennox.errors import InputError
from lennox.files import sha256_of, sha256_of_file

FORMAT = "lennox-data-ledger/1"
USES = ("train", "select", "calibrate", "evaluate", "audit")
GROUPING = ("film", "blocks of 5 numbers")


@dataclass(frozen=True, slots=True)
class DataSet:
    """One data set of the ledger.

    name : also the name of its folder
    uses : what it may be used for, out of `USES`
    grouping : how films that may come from one mouth are put together
    same_film : names of films that the leak check found to be near-duplicates, one tuple a film
    sha256 : of the sorted manifest "digest  path" of its files
    document : the whole entry
    """

    name: str
    uses: frozenset[str]
    grouping: str
    same_film: tuple[tuple[str, ...], ...]
    sha256: str
    document: Mapping[str, Any]

    def __post_init__(self) -> None:
        if unknown := self.uses - set(USES):
            raise ValueError(f"{self.name}: unknown uses {sorted(unknown)}; choose from {', '.join(USES)}")
        if self.grouping not in GROUPING:
            raise ValueError(f"{self.name}: grouping must be one of {GROUPING}, got '{self.grouping}'")
        if not self.document.get("licence"):
            raise ValueError(f"{self.name}: the licence must be stated, even if it is 'none stated'")

    def group_of(self, film: str) -> str:
        """The group of a film: what must not be torn apart by a split, nor counted as independent."""
        for duplicates in self.same_film:
            if film in duplicates:
                film = duplicates[0]
        if self.grouping == "blocks of 5 numbers":
            found = re.match(r"(\D*)(\d+)", film)
            if found:
                return f"{found[1].strip('-_ ') or self.name}/{int(found[2]) // 5}"
        return film


class Ledger:
    """The data sets of a ledger file, by name; `leak_check` is what was found between them."""

    def __init__(self, sets: Mapping[str, DataSet], sha256: str, leak_check: Mapping[str, Any]) -> None:
        self._sets, self.sha256, self.leak_check = dict(sets), sha256, dict(leak_check)

    def __iter__(self) -> Iterator[DataSet]:
        return iter(self._sets.values())

    def refuse(self, folder: Path, use: str) -> None:
        """Raise InputError if a folder has the name of a set that must not be used so; other folders are anybody's."""
        if folder.resolve().name in self._sets:
            self.require(folder.resolve().name, use)

    def require(self, name: str, use: str) -> DataSet:
        """The set called `name`, if the ledger permits `use`. Raises InputError if it does not, or does not know it."""
        if use not in USES:
            raise ValueError(f"a use must be one of {USES}, got '{use}'")
        if name not in self._sets:
            raise InputError(
                f"'{name}' is not in the data ledger; enter it with its source, licence and permitted uses first."
            )
        found = self._sets[name]
        if use not in found.uses:
            allowed = ", ".join(sorted(found.uses)) or "nothing"
            raise InputError(
                f"'{name}' must not be used to {use}: its licence ({found.document['licence']}) and the ledger "
                f"permit it to {allowed} only. Take another set for this step."
            )
        return found


def read_ledger(path: Path) -> Ledger:
    """Read a ledger file. Raises InputError if it is missing or not a valid `lennox-data-ledger/1`."""
    try:
        content = path.read_bytes()
        document = toml.loads(content.decode())
        if document["format"] != FORMAT:
            raise ValueError(f"format is '{document['format']}', this version reads '{FORMAT}'")
        sets = {
            name: DataSet(
                name,
                frozenset(entry["uses"]),
                entry["grouping"],
                tuple(tuple(same) for same in entry.get("same_film", [])),
                entry["sha256"],
                entry,
            )
            for name, entry in document["sets"].items()
        }
    except OSError as error:
        raise InputError(f"{path.name}: the data ledger cannot be read ({error.strerror}).") from error
    except KeyError as error:
        raise InputError(f"{path.name}: the data ledger lacks {error}.") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{path.name}: not a valid data ledger: {error}.") from error
    return Ledger(sets, sha256_of(content), document.get("leak_check", {}))


def shipped_ledger() -> Ledger:
    """The ledger of the models that come with lennox."""
    package = Path(__file__).parents[1]
    installed = package / "models" / "ledger.toml"  # in a wheel; in a checkout it lies beside the package
    return read_ledger(installed if installed.parent.is_dir() else package.parent / "models" / "ledger.toml")


def digest_folder(folder: Path) -> str:
    """SHA-256 of the sorted manifest of a folder's files, one line "digest  path" each."""
    lines = [
        f"{sha256_of_file(path)}  {path.relative_to(folder).as_posix()}\n"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    return sha256_of("".join(lines).encode())


def check_files(folder: Path, entry: DataSet) -> None:
    """Raise InputError unless the files of `folder` are those that the ledger describes."""
    if not folder.is_dir():
        raise InputError(f"the folder of '{entry.name}' is missing; put the set there, or change `root` in the recipe.")
    if digest_folder(folder) != entry.sha256:
        raise InputError(
            f"the files of '{entry.name}' are not those of the ledger: their digest differs. "
            "Restore the set, or enter the new version in the ledger."
        )


def is_held_out(group: str, seed: int, share: float, fold: int = 0) -> bool:
    """Whether a group of films belongs to the held-out part: decided by its name alone, so that it never moves.

    fold : which of the parts of this share, from 0; no group is in two of them
    """
    number = int(sha256_of(f"{seed}/{group}".encode())[:16], 16)
    return fold * share * 2**64 <= number < (fold + 1) * share * 2**64
