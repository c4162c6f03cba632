"""Every problem of a file at once: nobody should have to mend a policy one message at a time."""

from __future__ import annotations

from collections.abc import Sequence

from lennox.errors import InputError


class PolicyError(InputError):
    """A policy is refused; `problems` has one line each, `file: path: what is wrong, and what to write`."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(tuple(problems))
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(self.problems)


class TableError(InputError):
    """A table is refused; `problems` has one line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(tuple(problems))
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(self.problems)


class Problems:
    """Collects problems of one file, each under the path of the key it is about."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: list[str] = []

    def add(self, path: str, message: str) -> None:
        line = f"{self.file}: {path}: {message}" if path else f"{self.file}: {message}"
        if line not in self.lines:
            self.lines.append(line)

    def __bool__(self) -> bool:
        return bool(self.lines)
