"""`lennox diagnose --dicom`: what lies in the folder; what a capture holds is tested in tests/report."""

import numpy as np
import pydicom
import pytest
from film_files import data_set, write_dicom

from lennox.errors import ImageError


@pytest.fixture
def two_frames(drawn, tmp_path):
    """A film of two frames, in a folder that names a patient."""
    made = data_set(drawn, PatientID="7-11", StudyInstanceUID="1.2.3.1", NumberOfFrames=2)
    made["PixelData"].value = np.stack([drawn, np.roll(drawn, 9, 1)]).tobytes()
    folder = tmp_path / "Roe^Jane"
    folder.mkdir()
    (folder / "film-of-jane.dcm").write_bytes(write_dicom(made))
    return folder


def captures(out):
    return {path.name: path.stat().st_mtime_ns for path in (out / "captures").rglob("*") if path.is_file()}


def test_a_capture_for_each_assessed_film(invoke, films, tmp_path):
    result = invoke("diagnose", films, "--dicom", "--out", tmp_path / "out")
    assert result.exit_code == 1  # of the two that cannot be assessed
    assert sorted(captures(tmp_path / "out")) == ["0.png.dcm", "1.png.dcm", "2.png.dcm"]
    assert not (tmp_path / "out/overlays").exists()
    assert len({pydicom.dcmread(path).SOPInstanceUID for path in (tmp_path / "out/captures").iterdir()}) == 3


def test_it_needs_a_folder(invoke, films):
    result = invoke("diagnose", films, "--dicom")
    assert result.exit_code == 2
    assert "--dicom needs --out" in result.stderr


def test_a_resumed_run_adds_what_is_missing_and_keeps_the_rest(invoke, films, tmp_path):
    out = tmp_path / "out"
    invoke("diagnose", films, "--out", out)
    invoke("diagnose", films, "--dicom", "--out", out, "--resume")
    before = captures(out)
    assert len(before) == 3
    content = (out / "captures/1.png.dcm").read_bytes()
    (out / "captures/1.png.dcm").unlink()
    invoke("diagnose", films, "--dicom", "--out", out, "--resume")
    after = captures(out)
    assert {name for name in before if before[name] != after[name]} == {"1.png.dcm"}
    assert (out / "captures/1.png.dcm").read_bytes() == content


def test_a_frame_joins_the_study_of_its_film_and_no_path_is_in_it(invoke, two_frames, tmp_path):
    result = invoke("diagnose", two_frames, "--dicom", "--frame", "1", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    content = (tmp_path / "out/captures/film-of-jane.dcm.frame-1.dcm").read_bytes()
    assert b"jane" not in content.lower()
    capture = pydicom.dcmread(tmp_path / "out/captures/film-of-jane.dcm.frame-1.dcm")
    assert (capture.PatientID, capture.StudyInstanceUID) == ("7-11", "1.2.3.1")
    assert capture.SourceImageSequence[0].ReferencedFrameNumber == 2


@pytest.mark.parametrize("part", ["the film", "its picture"])
def test_a_film_that_is_gone_meanwhile_stops_nothing(invoke, films, tmp_path, monkeypatch, part):
    def gone(*arguments, **options):
        raise ImageError("gone")

    if part == "the film":
        monkeypatch.setattr("lennox.runs.film_work.content_of", gone)
    else:
        monkeypatch.setattr("lennox.report.dicom_capture.capture_of", gone)
    result = invoke("diagnose", films, "--dicom", "--out", tmp_path / "out")
    assert "5 films" in result.stderr
    assert not (tmp_path / "out/captures").exists()
