"""A real Orthanc, started here on loopback: films found, read, answered, and findings stored beside them."""

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from film_files import data_set, write_dicom
from marked_films import STUDY

pytest.importorskip("dicomweb_client", reason="needs dicomweb-client, of lennox[pacs]")
pytest.importorskip("highdicom", reason="needs highdicom, of lennox[interop]")
from lennox.errors import InputError
from lennox.intake.web_archive import ArchiveError, FilmQuery, WebArchive

ORTHANC = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
needs_orthanc = pytest.mark.skipif(
    ORTHANC is None or not PLUGIN.exists(),
    reason="needs Orthanc and DICOMweb, of Debian's orthanc and orthanc-dicomweb",
)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory):
    """The address of an Orthanc on loopback that asks for a password."""
    folder, port = tmp_path_factory.mktemp("orthanc"), free_port()
    settings = {
        "StorageDirectory": str(folder / "db"), "IndexDirectory": str(folder / "db"), "HttpPort": port,
        "HttpBindAddresses": ["127.0.0.1"], "RemoteAccessAllowed": False, "DicomServerEnabled": False,
        "AuthenticationEnabled": True, "RegisteredUsers": {"lennox": "open"}, "Plugins": [str(PLUGIN)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }  # fmt: skip
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([ORTHANC, folder / "orthanc.json"], stdout=log, stderr=log)
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(30)


def rest(orthanc, path, data=None):
    import base64

    account = {"Authorization": "Basic " + base64.b64encode(b"lennox:open").decode()}
    with urllib.request.urlopen(urllib.request.Request(orthanc + path, data, account)) as answer:
        return json.loads(answer.read())


@needs_orthanc
def test_films_are_found_read_answered_and_findings_stored_once(
    orthanc, invoke, tiny, unreleased, drawn, tmp_path, monkeypatch
):
    for number, values in enumerate(
        [
            {"Modality": "IO"},
            {"Modality": "IO", "SeriesInstanceUID": "1.2.3.9"},
            {"Modality": "CT", "SeriesInstanceUID": "1.2.3.10"},
            {"Modality": "IO", "StudyInstanceUID": "1.2.9.1", "SeriesInstanceUID": "1.2.9.2", "StudyDate": "20200101"},
        ]
    ):
        film = data_set(
            np.roll(drawn, number, 1).astype(np.uint8), **(STUDY | values), SOPInstanceUID=f"1.2.3.4.{number}"
        )
        rest(orthanc, "/instances", write_dicom(film))
    monkeypatch.setenv("LENNOX_PACS_PASSWORD", "open")
    command = ["pacs", f"{orthanc}/dicom-web", "--date", "2026-11-01..2026-11-30", "--store", "--user", "lennox",
               "--out", tmp_path / "out", "--model", tiny, *unreleased]  # fmt: skip
    first = invoke(*command)
    assert first.exit_code == 0, first.output
    assert "2 films answered, 0 not" in first.stderr
    stored = {
        instance["MainDicomTags"]["SOPInstanceUID"]
        for series in rest(orthanc, "/series?expand")
        if series["MainDicomTags"]["Modality"] in ("SR", "PR", "SEG")
        for instance in rest(orthanc, f"/series/{series['ID']}/instances")
    }
    written = list((tmp_path / "out/dicom").glob("*.dcm"))
    assert len(stored) == len([path for path in written if ".source." not in path.name]) >= 4
    assert len(rest(orthanc, "/studies")) == 2  # all beside their films
    assert {study["PatientMainDicomTags"]["PatientName"] for study in rest(orthanc, "/studies?expand")} == {"Roe^Jane"}
    before = rest(orthanc, "/statistics")["CountInstances"]
    again = invoke(*command)
    assert "0 films answered, 0 not" in again.stderr
    assert rest(orthanc, "/statistics")["CountInstances"] == before
    named = invoke(*command[:2], "--study", "1.2.9.1", *command[4:])
    assert "1 film answered" in named.stderr
    assert not list((tmp_path / "out/incoming").iterdir())


@needs_orthanc
def test_a_wrong_password_is_a_sentence(orthanc, tmp_path):
    with pytest.raises(ArchiveError, match="HTTP status 401"):
        list(WebArchive(f"{orthanc}/dicom-web", user=("lennox", "wrong")).find(FilmQuery(dates="20261120")))
    with pytest.raises(ArchiveError, match="HTTP status 40"):
        list(WebArchive(f"{orthanc}/elsewhere", user=("lennox", "open")).find(FilmQuery(("1.2.3.1",))))


def test_no_archive_no_address_and_an_open_password_are_sentences():
    with pytest.raises(ArchiveError, match="cannot be used"):
        list(WebArchive(f"http://127.0.0.1:{free_port()}/dicom-web").find(FilmQuery(dates="20261120")))
    for url in ("127.0.0.1:8042", "ftp://a/b", "http://me:secret@127.0.0.1/"):
        with pytest.raises(InputError, match="write the archive's address"):
            WebArchive(url)
    with pytest.raises(InputError, match="travel openly"):
        WebArchive("http://192.0.2.1/dicom-web", user=("a", "b"))
