"""C-STORE in from dcmtk's storescu, and out to its storescp."""

import shutil
import socket
import subprocess
import threading
import time

import numpy as np
import pydicom
import pytest
from film_files import data_set, write_dicom
from marked_films import STUDY

pytest.importorskip("pynetdicom", reason="needs pynetdicom, of lennox[pacs]")
pytest.importorskip("highdicom", reason="needs highdicom, of lennox[interop]")
from lennox.errors import InputError
from lennox.intake.dicom_peer import DicomPeer, TlsFiles
from lennox.intake.dicom_sender import DicomSender
from lennox.intake.dicom_server import DicomListener, listening
from lennox.intake.film_intake import DeliveryError, FilmIntake
from lennox.intake.folder_watch import FolderWatch, WatchOptions
from lennox.runs.run import Outputs, ReadOptions

pytestmark = pytest.mark.skipif(
    shutil.which("storescu") is None, reason="needs storescu and storescp, of Debian's dcmtk"
)
SENSOR = DicomPeer("SENSOR", "127.0.0.1")


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def film(tmp_path, drawn):
    path = tmp_path / "film.dcm"
    path.write_bytes(write_dicom(data_set(drawn.astype(np.uint8), **STUDY)))
    return path


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / "key.pem",
            "-out", folder / "cert.pem"]  # fmt: skip
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    subprocess.run(made, check=True, capture_output=True)
    return TlsFiles(folder / "cert.pem", folder / "key.pem", folder / "cert.pem")


def send(port, *paths, calling="SENSOR", called="LENNOX", options=()):
    command = ["storescu", *options, "-aet", calling, "-aec", called, "127.0.0.1", str(port), *paths]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def received(folder):
    return sorted((folder / "received").glob("*"))


def test_a_film_is_taken_from_who_may_send_it_and_from_nobody_else(tmp_path, film, port):
    listener = DicomListener("127.0.0.1", port, "LENNOX", [SENSOR, DicomPeer("ELSEWHERE", "192.0.2.1")])
    with listening(listener, tmp_path):
        assert (
            subprocess.run(
                ["echoscu", "-aet", "SENSOR", "-aec", "LENNOX", "127.0.0.1", str(port)], check=False
            ).returncode
            == 0
        )
        for calling, called in (("OTHER", "LENNOX"), ("SENSOR", "PACS"), ("ELSEWHERE", "LENNOX")):
            assert send(port, film, calling=calling, called=called).returncode != 0
        assert received(tmp_path) == []
        assert send(port, film).returncode == 0
        (path,) = received(tmp_path)
        first = path.stat().st_mtime_ns
        assert send(port, film).returncode == 0
        assert received(tmp_path) == [path]
        assert path.stat().st_mtime_ns == first
    assert path.name == f"{pydicom.dcmread(film).SOPInstanceUID}.dcm"
    assert pydicom.dcmread(path).PixelData == pydicom.dcmread(film).PixelData
    assert send(port, film).returncode != 0  # it has ended


def test_over_tls_only_with_a_certificate_of_the_authority(tmp_path, film, port, tls):
    with listening(DicomListener("127.0.0.1", port, "LENNOX", [SENSOR], tls), tmp_path):
        assert send(port, film).returncode != 0
        assert send(port, film, options=["+tla", "+cf", tls.authority]).returncode != 0
        assert received(tmp_path) == []
        own = ["+tls", tls.key, tls.certificate, "+cf", tls.authority]
        assert send(port, film, options=own).returncode == 0
        assert len(received(tmp_path)) == 1


def test_a_film_sent_by_a_sensor_is_answered_and_its_objects_reach_the_archive(tmp_path, model, film, port):
    archive, watched = tmp_path / "archive", tmp_path / "watched"
    archive.mkdir()
    watched.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        archive_port = free.getsockname()[1]
    sender = DicomSender(DicomPeer("PACS", "127.0.0.1", archive_port), "LENNOX")
    outputs = Outputs(dicom=("sr", "gsps", "seg"))
    with (
        FilmIntake(tmp_path / "out", model, ReadOptions(), outputs, deliver=sender) as intake,
        listening(DicomListener("127.0.0.1", port, "LENNOX", [SENSOR]), watched),
    ):
        watch = FolderWatch(watched, intake, WatchOptions(rest_s=0.1, poll_s=0.2, notified=False))
        assert send(port, film).returncode == 0
        with pytest.raises(DeliveryError, match="does not answer"):
            sender(None, [film])
        command = ["storescp", "-aet", "PACS", "-od", archive, "+xa", str(archive_port)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while process.poll() is None:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", archive_port)) == 0:
                        break
                time.sleep(0.05)
            watch.run(until_idle=True)
        finally:
            process.terminate()
            process.wait()
    written = {path.read_bytes() for path in (tmp_path / "out/dicom").rglob("*.dcm")}
    stored = [pydicom.dcmread(path) for path in archive.iterdir()]
    assert len(stored) == len(written) >= 2
    assert {one.SOPInstanceUID for one in stored} == {
        pydicom.dcmread(path).SOPInstanceUID for path in (tmp_path / "out/dicom").rglob("*.dcm")
    }
    assert {str(one.PatientName) for one in stored} == {"Roe^Jane"}
    assert {one.StudyInstanceUID for one in stored} == {"1.2.3.1"}


@pytest.mark.parametrize(
    "text", ["PACS", "PACS@host", "@host:104", "PACS@host:0", "PACS@host:99999", "A" * 17 + "@h:1"]
)
def test_what_is_no_peer_is_refused(text):
    with pytest.raises(InputError, match="no DICOM peer"):
        DicomPeer.parse(text, with_port=True)


def test_a_port_in_use_and_nobody_who_may_send_are_said(tmp_path, port):
    with (
        pytest.raises(InputError, match="nobody may send"),
        listening(DicomListener("127.0.0.1", port, "L", []), tmp_path),
    ):
        pass
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        listener = DicomListener("127.0.0.1", port, "L", [SENSOR])
        with pytest.raises(InputError, match="a port that is free"), listening(listener, tmp_path):
            pass
    assert threading.active_count() < 20
