"""Which data an audit was of: the SHA-256 of every file that was read, so that other pictures are other data."""

from __future__ import annotations

from dataclasses import dataclass

from lennox.files import sha256_of
from lennox.gate.statement import canonical


@dataclass(frozen=True, slots=True)
class Manifest:
    """Files by name and content.

    entries : (name, SHA-256 in lower-case hex), sorted by name. A film is named by its set and its place in it, as a
        file's own name may name a patient
    """

    entries: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "entries", tuple(sorted(self.entries)))

    @property
    def document(self) -> list[dict[str, str]]:
        """The entries as plain data."""
        return [{"name": name, "sha256": sha256} for name, sha256 in self.entries]

    @property
    def sha256(self) -> str:
        """SHA-256 of the canonical JSON of `document`; empty where nothing was read from a file."""
        return sha256_of(canonical(self.document)) if self.entries else ""
