"""Names in the place of names: the same for the same under one key, and without the key of no use to anybody."""

from __future__ import annotations

import datetime
import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path

from lennox.files import secret_key

_MAX_SHIFT_DAYS = 3 * 365


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """A secret, and what follows from it by HMAC-SHA256 (RFC 2104)."""

    key: bytes

    @classmethod
    def kept(cls, path: Path) -> Pseudonyms:
        """The key of a file, which is made if there is none. Raises InputError for what is no key."""
        return cls(secret_key(path))

    def code(self, kind: str, value: str, length: int = 12) -> str:
        """Hexadecimal characters for a value of a kind."""
        return self._digest(kind, value).hex()[:length]

    def uid(self, uid: str) -> str:
        """A UID of the form that PS3.5 B.2 gives to UUIDs."""
        return f"2.25.{int.from_bytes(self._digest('uid', uid)[:16])}"

    def date(self, date: str, patient: str) -> str:
        """A DICOM date moved back by up to three years, by as much for every film of a patient; "" for none."""
        try:
            day = datetime.datetime.strptime(date, "%Y%m%d").replace(tzinfo=datetime.UTC)
        except ValueError:
            return ""
        shift = 1 + int.from_bytes(self._digest("days", patient)[:8]) % _MAX_SHIFT_DAYS
        return (day - datetime.timedelta(days=shift)).strftime("%Y%m%d")

    def _digest(self, kind: str, value: str) -> bytes:
        return hmac.digest(self.key, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), hashlib.sha256)
