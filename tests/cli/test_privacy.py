"""Commands need no network, and no identifier of a DICOM file reaches an output that was not asked for it."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pydicom
import pytest
from film_files import data_set, write_dicom
from pydicom.datadict import DicomDictionary, dictionary_VR

from lennox.phantom import draw_film

PLANTED = {
    "PatientName": "PLANTED^NAME", "PatientID": "PLANTED-ID", "PatientBirthDate": "19010203",
    "PatientAddress": "PLANTED ROAD", "OtherPatientNames": "PLANTED^OTHER", "PatientComments": "PLANTED COMMENT",
    "AccessionNumber": "PLANTED-ACC", "ReferringPhysicianName": "PLANTED^DOC", "InstitutionName": "PLANTED CLINIC",
    "OperatorsName": "PLANTED^OP", "StudyDescription": "PLANTED STUDY", "ImageComments": "PLANTED IMAGE",
    "PatientTelephoneNumbers": "PLANTED-TEL", "StationName": "PLANTED-STATION", "DeviceSerialNumber": "PLANTED-SN",
}  # fmt: skip
TEXTS = ("LO", "LT", "PN", "SH", "ST", "UC", "UT")


@pytest.fixture
def named_film(tmp_path):
    """A film whose text elements all name somebody, and one that is cut short."""
    folder = tmp_path / "named"
    folder.mkdir()
    data = write_dicom(data_set(draw_film(3).pixels.astype(np.uint8), **PLANTED))
    (folder / "a.dcm").write_bytes(data)
    (folder / "b.dcm").write_bytes(data[: len(data) // 2])
    every = data_set(draw_film(4).pixels.astype(np.uint8))
    for tag, (vr, _, _, _, _) in DicomDictionary.items():
        if vr in TEXTS and tag >> 16 > 2 and tag not in every:
            every.add_new(tag, vr, f"PLANTED {tag:08X}"[:16])
    every.add_new(0x00090010, "LO", "PLANTED PRIVATE")
    every.add_new(0x00091001, "LT", "PLANTED PRIVATE VALUE")
    data = write_dicom(every)
    assert data.count(b"PLANTED") > 700
    (folder / "c.dcm").write_bytes(data)
    (folder / "d.dcm").write_bytes(data[: len(data) - 5000])
    (folder / "e.dcm").write_bytes(data.replace(b"MONOCHROME2 ", b"PLANTED\x1b[1m "))
    return folder


def test_the_planted_names_are_text_of_the_file(named_film):
    data = (named_film / "a.dcm").read_bytes()
    assert all(value.encode() in data for value in PLANTED.values())
    assert all(dictionary_VR(keyword) for keyword in PLANTED)


@pytest.mark.parametrize("form", ["json", "csv", "html"])
def test_identifiers_reach_no_output_and_no_log(invoke, named_film, tmp_path, own_home, form):
    result = invoke("diagnose", named_film, "--format", form, "--overlay", "--out", tmp_path / "out")
    assert result.exit_code == 1, result.output
    written = [path.read_bytes() for root in (tmp_path / "out", own_home) for path in root.rglob("*") if path.is_file()]
    assert len(written) > 3
    for text in (*written, result.output.encode()):
        assert b"PLANTED" not in text
        assert b"19010203" not in text


def test_a_fhir_bundle_names_nobody(invoke, named_film, tmp_path):
    invoke("diagnose", named_film, "--fhir", "--out", tmp_path / "out")
    bundles = list((tmp_path / "out/fhir").iterdir())
    assert len(bundles) == 5
    assert not any(b"PLANTED" in path.read_bytes() or b"19010203" in path.read_bytes() for path in bundles)


def test_a_bundle_refers_to_a_study_only_when_asked(invoke, tmp_path):
    film = data_set(draw_film(3).pixels.astype(np.uint8), StudyInstanceUID="1.2.3.77")
    (tmp_path / "a.dcm").write_bytes(write_dicom(film))
    for options, expected in ((["--fhir"], False), (["--fhir", "--fhir-study"], True)):
        out = tmp_path / f"out{len(options)}"
        invoke("diagnose", tmp_path / "a.dcm", *options, "--out", out)
        assert (b'"urn:oid:1.2.3.77"' in (out / "fhir/a.dcm.json").read_bytes()) is expected
    assert invoke("diagnose", tmp_path / "a.dcm", "--fhir-study", "--out", tmp_path / "o").exit_code == 2


def test_dicom_objects_say_of_the_patient_what_the_film_says_and_nothing_else_of_it(invoke, named_film, tmp_path):
    """They are filed with the film, so patient and study are as it has them (docs/clinic/interop.md); no more is."""
    pytest.importorskip("highdicom", reason="needs highdicom, of lennox[interop]")
    from lennox.report.dicom_file import _ALWAYS, _IF_SAID

    invoke("diagnose", named_film, "--dicom=seg,sr,gsps,capture,pdf", "--out", tmp_path / "out")
    written = list((tmp_path / "out").rglob("*.dcm"))
    assert {path.name.split(".", 2)[2] for path in written} >= {"sr.dcm", "gsps.dcm", "pdf.dcm", "dcm"}
    for path in written:
        data = pydicom.dcmread(path)
        for element in data:
            if element.keyword not in (*_ALWAYS, *_IF_SAID, "Laterality", "ImageLaterality", "SpecificCharacterSet"):
                assert "PLANTED" not in str(element.value), (path.name, element.tag)
        assert "PLANTED" not in str(data.file_meta)
        assert path.read_bytes()[:128] == b"\0" * 128


def alone(command, **options):
    """Run a command in a network namespace without interfaces."""
    return subprocess.run(["unshare", "-rn", *command], capture_output=True, text=True, **options)


@pytest.fixture
def no_network():
    if shutil.which("unshare") is None or alone(["true"]).returncode != 0:
        pytest.skip("this system lets nobody make a network namespace")


def test_there_is_no_network_in_the_namespace(no_network):
    code = "import socket; socket.create_connection(('127.0.0.1', 9), 1)"
    assert "unreachable" in alone([sys.executable, "-c", code]).stderr


@pytest.mark.parametrize(
    "command",
    [
        ["models"], ["phantom", "--out", "drawn", "--count", "1"], ["policy", "new"],
        ["log", "verify"], ["trust", "show"],
        ["diagnose", "films/0.png"],
        ["diagnose", "films", "--format", "html", "--overlay", "--dicom", "--out", "out"],
        ["audit", "cases.csv", "--policy", "small.toml", "--out", "out"],
        ["evaluate", "shop/tiny", "--data", "set", "--out", "out"],
        ["policy", "check", "small.toml"], ["keygen", "somebody", "--out", "key.pem"],
        ["release", "shop/tiny", "--audit", "shop/audit.json", "--policy", "shop/policy.toml", "--key",
         "shop/auditor.pem", "--channel", "workshop"],
        ["verify", "shop/tiny"], ["monitor", "form", "records.jsonl", "--out", "form.csv"],
        ["monitor", "check", "use.csv", "--policy", "shop/policy.toml"],
    ],
    ids=lambda command: " ".join(command[:2]),
)  # fmt: skip
def test_commands_need_no_network(no_network, invoke, films, shop, tiny, unreleased, tmp_path, command, monkeypatch):
    monkeypatch.setenv("LENNOX_TRUST", str(shop.trust_file))
    model = ["--model", tiny, *unreleased] if command[0] == "diagnose" else []
    if command[0] == "evaluate":
        pytest.importorskip("sklearn")
        invoke("phantom", "--out", tmp_path / "set", "--count", "6", "--seed", "21", "--bits", "8")
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = alone([sys.executable, "-P", "-m", "lennox", *command, *model], cwd=tmp_path, env=environment, timeout=300)
    assert done.returncode in {"audit": (0, 10, 11), "verify": (4,)}.get(command[0], (0, 1)), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout or command[0] == "verify" or (tmp_path / "out").exists() or (tmp_path / "drawn").exists(), (
        done.stderr
    )
