"""The options by which a service is told who sends it films by DICOM, and where results go."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lennox.cli.extras import installed

if TYPE_CHECKING:
    from lennox.inference.examination import Examination


@dataclass(frozen=True, slots=True)
class DicomOptions:
    """What a service speaks by DICOM, as the user said."""

    serve_dicom: str | None
    ae_title: str
    senders: tuple[str, ...]
    send: str | None
    tls: tuple[Path, Path, Path] | None

    def check(self) -> None:
        """Say what is missing before anything is read."""
        if self.senders and self.serve_dicom is None:
            raise click.UsageError("--from needs --serve-dicom PORT, where films are awaited.")
        if self.serve_dicom is not None or self.send is not None:
            installed("pacs", "pynetdicom")

    def listening(self, folder: Path) -> AbstractContextManager[None]:
        """Films are taken into the folder meanwhile."""
        if self.serve_dicom is None:
            return nullcontext()
        from lennox.intake.dicom_peer import DicomPeer, TlsFiles
        from lennox.intake.dicom_server import DicomListener, listening

        host, _, port = self.serve_dicom.rpartition(":")
        if not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise click.UsageError(
                f"--serve-dicom is a port, or ADDRESS:PORT of this computer, not '{self.serve_dicom}'."
            )
        senders = [DicomPeer.parse(sender, with_port=False) for sender in self.senders]
        tls = None if self.tls is None else TlsFiles(*self.tls)
        return listening(DicomListener(host.strip("[]") or "127.0.0.1", int(port), self.ae_title, senders, tls), folder)

    def sender(self) -> Callable[[Examination, list[Path]], None] | None:
        """What sends the objects of a film."""
        if self.send is None:
            return None
        from lennox.intake.dicom_peer import DicomPeer, TlsFiles
        from lennox.intake.dicom_sender import DicomSender

        tls = None if self.tls is None else TlsFiles(*self.tls)
        return DicomSender(DicomPeer.parse(self.send, with_port=True), self.ae_title, tls)


def with_dicom_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets them as one `dicom_options`."""

    @click.option("--serve-dicom", metavar="[ADDRESS:]PORT",
                  help="Also take films by C-STORE, into FOLDER/received; on 127.0.0.1 unless given.")  # fmt: skip
    @click.option("--from", "senders", multiple=True, metavar="TITLE@ADDRESS", help="Who may send; may be repeated.")
    @click.option("--send", metavar="TITLE@HOST:PORT", help="Send the objects of --dicom there by C-STORE.")
    @click.option("--ae-title", default="LENNOX", show_default=True, metavar="TITLE", help="Ours.")
    @click.option("--tls", nargs=3, type=click.Path(path_type=Path), metavar="CERT KEY CA",
                  help="Speak DICOM over TLS alone, and only to peers with a certificate of CA.")  # fmt: skip
    @functools.wraps(command)
    def with_options(*arguments: Any, **options: Any) -> Any:
        taken = {name: options.pop(name) for name in DicomOptions.__slots__}
        return command(*arguments, dicom_options=DicomOptions(**taken), **options)

    return with_options
