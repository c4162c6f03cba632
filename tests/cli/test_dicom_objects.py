import json

import pydicom
import pytest

pytest.importorskip("highdicom", reason="needs highdicom, of lennox[interop]")


@pytest.fixture
def results(films, tmp_path, invoke):
    out = tmp_path / "out"
    invoke("diagnose", films, "--dicom=seg,sr,gsps,capture,pdf", "--out", out)
    return out


def test_each_assessed_film_gets_the_objects_that_were_asked_for(results):
    names = sorted(path.relative_to(results).as_posix() for path in results.rglob("*.dcm"))
    assert names
    films = {path.stem for path in (results / "captures").iterdir()}
    for film in films:
        assert {f"dicom/{film}.{kind}.dcm" for kind in ("sr", "gsps", "pdf")} <= set(names)
    for path in results.rglob("*.dcm"):
        assert pydicom.dcmread(path).StudyInstanceUID
        assert path.stat().st_mode & 0o077 == 0  # they may name a patient


def test_another_word_is_refused_with_the_list(films, invoke, tmp_path):
    result = invoke("diagnose", "--dicom", films, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "capture, seg, sr, gsps, pdf" in result.stderr
    assert not (tmp_path / "out").exists()


def test_resuming_writes_what_the_earlier_run_did_not(films, invoke, results):
    gone = sorted((results / "dicom").rglob("*.sr.dcm"))[0]
    before = gone.read_bytes()
    gone.unlink()
    invoke("diagnose", films, "--dicom=seg,sr,gsps,capture,pdf", "--out", results, "--resume")
    assert gone.read_bytes() == before


def test_every_film_gets_a_bundle_also_one_that_was_refused(films, invoke, tmp_path):
    out = tmp_path / "out"
    invoke("diagnose", films, "--fhir", "--out", out)
    records = {path.name for path in (out / "records").iterdir()}
    bundles = {path.name: path.read_bytes() for path in (out / "fhir").iterdir()}
    assert set(bundles) == records
    statuses = {json.loads(data)["entry"][0]["resource"]["status"] for data in bundles.values()}
    assert statuses == {"preliminary", "cancelled"}
    next((out / "fhir").iterdir()).unlink()
    invoke("diagnose", films, "--fhir", "--out", out, "--resume")
    assert {path.name: path.read_bytes() for path in (out / "fhir").iterdir()} == bundles
