"""Films that a sensor or an archive sends by C-STORE: each becomes a file of the watched folder, complete or none."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom.uid import RE_VALID_UID
from pynetdicom import AE, AllStoragePresentationContexts, evt

from lennox.errors import InputError
from lennox.files import atomic_write
from lennox.image.dicom.codestream import SYNTAXES
from lennox.image.limits import MAX_FILE_BYTES
from lennox.intake.dicom_peer import DicomPeer, TlsFiles

RECEIVED = "received"  # below the watched folder
_SUCCESS, _NOT_AUTHORIZED, _OUT_OF_RESOURCES, _CANNOT_UNDERSTAND = 0x0000, 0x0124, 0xA700, 0xC000
_NATIVE = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99")


@dataclass(frozen=True, slots=True)
class DicomListener:
    """Where films are awaited, under which AE title, and who may send them."""

    host: str
    port: int
    title: str
    senders: Sequence[DicomPeer]
    tls: TlsFiles | None = None


@contextmanager
def listening(listener: DicomListener, folder: Path) -> Iterator[None]:
    """Take films into `folder`/received meanwhile. Raises InputError if the port is in use or nobody may send."""
    if not listener.senders:
        raise InputError("nobody may send films; name who may with --from TITLE@ADDRESS.")
    allowed = {(sender.title, address) for sender in listener.senders for address in _addresses(sender.host)}
    received = folder / RECEIVED
    received.mkdir(exist_ok=True)

    def may_send(event: Any) -> bool:
        peer = event.assoc.requestor
        return (peer.ae_title.strip(), _plain(peer.address)) in allowed

    def accepted(event: Any) -> None:
        if not may_send(event):
            event.assoc.abort()

    def store(event: Any) -> int:
        if not may_send(event):
            return _NOT_AUTHORIZED
        uid = str(event.request.AffectedSOPInstanceUID)
        data = event.encoded_dataset()
        if not re.fullmatch(RE_VALID_UID, uid):
            return _CANNOT_UNDERSTAND
        if len(data) > MAX_FILE_BYTES:
            return _OUT_OF_RESOURCES
        path = received / f"{uid}.dcm"
        try:
            if not path.is_file() or path.read_bytes() != data:  # a sender may repeat itself
                atomic_write(path, data, private=True)  # under a hidden name first, which is not watched
        except OSError:
            return _OUT_OF_RESOURCES
        return _SUCCESS

    entity = AE(ae_title=listener.title)
    entity.require_called_aet = True
    entity.require_calling_aet = sorted({sender.title for sender in listener.senders})
    for context in AllStoragePresentationContexts:
        if context.abstract_syntax is not None and "Image Storage" in context.abstract_syntax.name:
            entity.add_supported_context(context.abstract_syntax, [*_NATIVE, *SYNTAXES])
    entity.add_supported_context("1.2.840.10008.1.1")  # verification: an echo
    try:
        server: Any = entity.start_server(
            (listener.host, listener.port),
            block=False,
            evt_handlers=[(evt.EVT_ACCEPTED, accepted), (evt.EVT_C_STORE, store)],
            ssl_context=None if listener.tls is None else listener.tls.server(),
        )
    except (OSError, ValueError) as error:
        raise InputError(
            f"films cannot be awaited at {listener.host}:{listener.port} ({error}); "
            "name an address of this computer and a port that is free."
        ) from error
    try:
        yield
    finally:
        server.shutdown()


def _addresses(host: str) -> set[str]:
    try:
        return {_plain(found[4][0]) for found in socket.getaddrinfo(host, None)}
    except OSError as error:
        raise InputError(f"there is no computer '{host}' in this network; write its address.") from error


def _plain(address: Any) -> str:
    """An address as text; one of IPv4 inside IPv6 as what it is."""
    found = ipaddress.ip_address(str(address).partition("%")[0])
    return str(getattr(found, "ipv4_mapped", None) or found)
