"""An archive that speaks DICOMweb (PS3.18): films found by QIDO-RS, read by WADO-RS, objects stored by STOW-RS."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pydicom
import requests
from dicomweb_client.api import DICOMwebClient
from pydicom.uid import RE_VALID_UID

from lennox.errors import InputError, LennoxError
from lennox.files import atomic_write
from lennox.inference.examination import Examination
from lennox.intake.film_intake import Arrival, DeliveryError, FilmIntake, Outcome, state_of
from lennox.report.dicom_file import tag_of

MODALITIES = ("IO", "PX", "DX", "CR")
_LEVELS = {"studies": "StudyInstanceUID", "series": "SeriesInstanceUID", "instances": "SOPInstanceUID"}
_PAGE = 500  # what is asked for at a time
_TIMEOUT_S = 60.0
_ANY_SYNTAX = (("application/dicom", "*"),)  # as it is stored


@dataclass(frozen=True, slots=True)
class FilmQuery:
    """Which films are wanted.

    studies : their Study Instance UIDs; or else all of dates, as DICOM writes them ("20260101-20260131"; "" for any)
    modalities : of their series
    """

    studies: tuple[str, ...] = ()
    dates: str = ""
    modalities: tuple[str, ...] = MODALITIES


class ArchiveError(LennoxError):
    """The archive does not answer, or not as DICOMweb."""

    exit_status = 2


class WebArchive:
    """An archive by its address, such as http://127.0.0.1:8042/dicom-web. No other address is ever spoken to."""

    def __init__(self, url: str, *, user: tuple[str, str] | None = None, authority: Path | None = None) -> None:
        """user : name and password; authority : whose certificates count, in PEM, for https.

        Raises InputError for an address that is none, or over which a password would travel openly.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise InputError("write the archive's address as http://HOST:PORT/dicom-web or https://...")
        if user is not None and parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise InputError("a password would travel openly over http; use https, or an archive on this computer.")
        session = requests.Session()
        session.trust_env, session.max_redirects, session.auth = False, 0, user
        session.verify = True if authority is None else str(authority)
        session.request = _with_timeout(session.request)  # type: ignore[method-assign]
        self._client = DICOMwebClient(url, session=session)
        self._client.set_http_retry_params(retry=False)

    def find(self, query: FilmQuery) -> Iterator[tuple[str, str, str]]:
        """(study, series, instance) UIDs of films. Raises ArchiveError."""
        studies = query.studies or self._studies(query)
        for study in studies:
            for series in self._search("series", study_instance_uid=study):
                if _first(series, "Modality") in query.modalities:
                    uid = _uid(series, "SeriesInstanceUID")
                    for instance in self._search("instances", study_instance_uid=study, series_instance_uid=uid):
                        yield study, uid, _uid(instance, "SOPInstanceUID")

    def read(self, study: str, series: str, instance: str) -> bytes:
        """The file of an instance. Raises ArchiveError."""
        try:
            found = self._client.retrieve_instance(study, series, instance, media_types=_ANY_SYNTAX)
            out = pydicom.filebase.DicomBytesIO()
            found.save_as(out, enforce_file_format=True)
        except (requests.RequestException, OSError, ValueError, AttributeError, TypeError) as error:
            raise _unanswered(error) from error
        return out.getvalue()

    def store(self, examination: Examination, paths: list[Path]) -> None:
        """Store the objects of a film. Raises DeliveryError unless the archive took each."""
        if not paths:
            return
        try:
            answer = self._client.store_instances([pydicom.dcmread(path) for path in paths])
        except (requests.RequestException, OSError, ValueError) as error:
            raise DeliveryError(str(_unanswered(error))) from error
        if answer.get("FailedSOPSequence"):
            raise DeliveryError("the archive did not store every object.")

    def _studies(self, query: FilmQuery) -> list[str]:
        found: dict[str, None] = {}
        for modality in query.modalities:
            filters = {"ModalitiesInStudy": modality} | ({"StudyDate": query.dates} if query.dates else {})
            found |= dict.fromkeys(
                _uid(study, "StudyInstanceUID") for study in self._search("studies", search_filters=filters)
            )
        return list(found)

    def _search(self, level: str, **options: Any) -> list[dict[str, Any]]:
        """All that is found, by the page; some archives begin anew at each page, so what is known ends it, too."""
        search, found = getattr(self._client, f"search_for_{level}"), dict[str, dict[str, Any]]()
        while True:
            try:
                page = search(limit=_PAGE, offset=len(found), **options)
            except (requests.RequestException, OSError, ValueError, TypeError) as error:
                raise _unanswered(error) from error
            new = {_uid(one, _LEVELS[level]): one for one in page}
            is_last = len(page) < _PAGE or not new.keys() - found.keys()
            found |= new
            if is_last:
                return list(found.values())


def read_archive(archive: WebArchive, query: FilmQuery, intake: FilmIntake) -> Iterator[Outcome]:
    """Answer the films of an archive that were not answered before. Each is removed here once it is answered."""
    incoming = intake.folder / "incoming"
    incoming.mkdir(mode=0o700, exist_ok=True)
    for study, series, instance in archive.find(query):
        name = f"{instance}.dcm"
        if name in intake.done:
            continue
        path = incoming / name
        atomic_write(path, archive.read(study, series, instance), private=True)
        try:
            for _, outcome in intake.take([Arrival(str(path), name, state_of(str(path)) or "")]):
                yield outcome
        finally:
            path.unlink(missing_ok=True)


def _uid(found: dict[str, Any], keyword: str) -> str:
    uid = _first(found, keyword)
    if not re.fullmatch(RE_VALID_UID, uid):
        raise ArchiveError(f"the archive gave no valid {keyword}; is this the address of its DICOMweb service?")
    return uid


def _first(found: dict[str, Any], keyword: str) -> str:
    values = found.get(f"{tag_of(keyword):08X}", {}).get("Value") or [""]
    return str(values[0])


def _unanswered(error: Exception) -> ArchiveError:
    status = getattr(getattr(error, "response", None), "status_code", None)
    why = f"it answers with HTTP status {status}" if status else type(error).__name__
    return ArchiveError(f"the archive cannot be used ({why}); check its address, and that it speaks DICOMweb.")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _with_timeout(request: Any) -> Any:
    return lambda *arguments, **options: request(*arguments, **{"timeout": _TIMEOUT_S, **options})
