"""Which films were answered: an append-only file that survives the end of the program at any moment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from lennox.files import atomic_write


class DoneFilms:
    """Films by the name of their results, with what tells each from a later one of the same name."""

    def __init__(self, path: Path) -> None:
        """Read the file, if there is one, and write it anew without what was replaced or cut short."""
        self._path, self._films = path, dict[str, tuple[str, str]]()
        for line in path.read_text("utf-8", "replace").splitlines() if path.is_file() else ():
            try:
                entry = json.loads(line)
                self._films[str(entry["name"])] = (str(entry["state"]), str(entry["path"]))
            except (ValueError, TypeError, KeyError):  # the line that was being written when the program ended
                continue
        atomic_write(path, "".join(self._line(name) for name in self._films), private=True)

    def is_done(self, name: str, state: str) -> bool:
        """Whether this film, and no later one of its name, was answered."""
        return self._films.get(name, ("", ""))[0] == state

    def add(self, name: str, state: str, path: str) -> None:
        """Remember a film."""
        self._films[name] = (state, path)
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(self._line(name))

    def __contains__(self, name: object) -> bool:
        return name in self._films

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Names and paths, in the order they came."""
        return ((name, path) for name, (_, path) in self._films.items())

    def __len__(self) -> int:
        return len(self._films)

    def _line(self, name: str) -> str:
        state, path = self._films[name]
        return json.dumps({"name": name, "state": state, "path": path}) + "\n"
