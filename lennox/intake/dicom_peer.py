"""Who is spoken to by DICOM's own protocol: a name, an address, and TLS where it is asked for."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from pathlib import Path

from lennox.errors import InputError

MAX_TITLE = 16  # characters of an AE title, by PS3.5


@dataclass(frozen=True, slots=True)
class DicomPeer:
    """A program that speaks DICOM: AE title, host, port (0: any)."""

    title: str
    host: str
    port: int = 0

    @classmethod
    def parse(cls, text: str, *, with_port: bool) -> DicomPeer:
        """`TITLE@HOST:PORT`, or `TITLE@ADDRESS` of one that only connects to us. Raises InputError."""
        found = re.fullmatch(r"([^@\\]{1,16})@(\[[0-9a-fA-F:]+\]|[\w.-]+)(?::(\d{1,5}))?", text)
        if (
            found is None
            or bool(found[3]) != with_port
            or not found[1].strip()
            or int(found[3] or 1) not in range(1, 65536)
        ):
            wanted = (
                "TITLE@HOST:PORT, such as PACS@192.168.1.5:104"
                if with_port
                else "TITLE@ADDRESS, such as SENSOR@192.168.1.7"
            )
            raise InputError(f"'{text}' is no DICOM peer; write {wanted}.")
        return cls(found[1].strip(), found[2].strip("[]"), int(found[3] or 0))


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Files in PEM for TLS: our certificate and key, and whose certificates count."""

    certificate: Path
    key: Path
    authority: Path

    def server(self) -> ssl.SSLContext:
        """Peers must show a certificate of the authority. Raises InputError for files that cannot be used."""
        return self._context(ssl.Purpose.CLIENT_AUTH)

    def client(self) -> ssl.SSLContext:
        """The peer must show a certificate of the authority for the host that was named. Raises InputError."""
        return self._context(ssl.Purpose.SERVER_AUTH)

    def _context(self, purpose: ssl.Purpose) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(purpose, cafile=self.authority)
            context.load_cert_chain(self.certificate, self.key)
        except (OSError, ValueError) as error:
            raise InputError(
                f"the files for TLS cannot be used ({error}); give certificate, key and authority in PEM."
            ) from error
        context.verify_mode = ssl.CERT_REQUIRED
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context
