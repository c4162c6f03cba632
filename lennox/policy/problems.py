"""Every problem of a file at once: nobody should have to correct a policy one message at a time."""

from __future__ import annotations

from collections.abc import Sequence

from lennox.errors import InputError


class ProblemsError(InputError):
    """`problems` has one line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(tuple(problems))
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(self.problems)


class PolicyError(ProblemsError):
    """A policy is refused; `problems` has one line each, `file: path: what is wrong, and what to write`."""


class TableError(ProblemsError):
    """A table is refused; `problems` has one line each."""


class Problems:
    """Collects problems of one file, each once and under the path of the key it is about."""

    MAX = 200  # beyond it a file is something else, and its problems are only counted

    def __init__(self, file: str) -> None:
        self.file = file
        self._lines: dict[str, None] = {}
        self._paths: set[str] = set()  # also of problems that are only counted
        self._more = 0

    @property
    def lines(self) -> list[str]:
        more = [f"{self.file}: and {self._more} more problems"] if self._more else []
        return [*self._lines, *more]

    @property
    def full(self) -> bool:
        return len(self._lines) >= self.MAX

    def add(self, path: str, message: str) -> None:
        line = f"{self.file}: {path}: {message}" if path else f"{self.file}: {message}"
        self._paths.add(path)
        if self.full:
            self._more += line not in self._lines
        else:
            self._lines[line] = None

    def about(self, path: str) -> bool:
        """Whether anything is wrong at `path` itself."""
        return path in self._paths

    def __bool__(self) -> bool:
        return bool(self._lines)
