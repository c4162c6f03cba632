"""Objects sent to an archive by C-STORE."""

from __future__ import annotations

from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError
from pynetdicom import AE

from lennox.inference.examination import Examination
from lennox.intake.dicom_peer import DicomPeer, TlsFiles
from lennox.intake.film_intake import DeliveryError

_TIMEOUT_S = 30


class DicomSender:
    """One archive, to which the objects of each film are sent in one association."""

    def __init__(self, peer: DicomPeer, title: str, tls: TlsFiles | None = None) -> None:
        """title : our AE title"""
        self._peer, self._title, self._tls = peer, title, tls

    def __call__(self, examination: Examination, paths: list[Path]) -> None:
        """Send the objects of a film. Raises DeliveryError unless the archive took each."""
        if not paths:
            return
        try:
            objects = [pydicom.dcmread(path) for path in paths]
        except (OSError, InvalidDicomError) as error:
            raise DeliveryError("an object that was written cannot be read again.") from error
        entity = AE(ae_title=self._title)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = _TIMEOUT_S
        for kind, syntax in {(one.SOPClassUID, one.file_meta.TransferSyntaxUID) for one in objects}:
            entity.add_requested_context(kind, syntax)
        tls = None if self._tls is None else (self._tls.client(), self._peer.host)
        association = entity.associate(self._peer.host, self._peer.port, ae_title=self._peer.title, tls_args=tls)
        if not association.is_established:
            raise DeliveryError(f"{self._peer.title} does not answer or accept.")
        try:
            for one in objects:
                status = association.send_c_store(one).get("Status")
                if status is None or status >> 12 not in (0x0, 0xB):  # success, or a warning about what was stored
                    raise DeliveryError(f"{self._peer.title} refused an object ({status and hex(status)}).")
        except (ValueError, RuntimeError) as error:  # no context was accepted, or the association ended
            raise DeliveryError(f"{self._peer.title} takes no such objects ({error}).") from error
        finally:
            association.release()
