"""What a person decided, as other systems read it: final, by whom, and nothing that was rejected."""

import io
import json
import shutil
import subprocess

import pydicom
import pytest
from desk_events import IS_READ, SHOWN, desk_with, says

from lennox.desk.confirmed import write_confirmed
from lennox.desk.decided_films import decided_films

SQUARE = [[50, 50], [50, 70], [70, 70], [70, 50]]
FILMS = {
    "ana/film.png": [SHOWN, says("1", "accept", tooth="16"), says("2", "reject"), says(None, "missed", outline=SQUARE),
                     IS_READ],
    "cleo.png": [SHOWN, says("1", "reject"), says("2", "reject"), IS_READ],
    "unread.png": [says("1", "accept")],
}  # fmt: skip


@pytest.fixture
def desk(tmp_path):
    return desk_with(tmp_path / "films", FILMS)


def test_a_bundle_is_final_and_says_who_decided(desk, tmp_path):
    reader = pytest.importorskip("fhir.resources.R4B.bundle", reason="needs fhir.resources")
    counts = write_confirmed(decided_films(desk), tmp_path / "out", "fhir")
    assert (counts["films"], counts["not marked as read"]) == (2, 1)
    bundles = [json.loads(path.read_text()) for path in (tmp_path / "out").iterdir()]
    found = sorted(([entry["resource"] for entry in one["entry"]] for one in bundles), key=len, reverse=True)
    for one in bundles:
        assert json.loads(reader.Bundle.model_validate(one).model_dump_json()) == one
        assert "ana" not in json.dumps(one)
    lesions = [one for one in found[0] if one["resourceType"] == "Observation"]
    assert [one["status"] for one in lesions] == ["final", "final"]
    assert [one.get("valueQuantity", {}).get("value") for one in lesions] == [80.0, None]
    assert [one["bodySite"]["coding"][0]["code"] for one in lesions if "bodySite" in one] == ["865995000"]
    for resources in found:
        (provenance,) = [one for one in resources if one["resourceType"] == "Provenance"]
        assert provenance["agent"][0]["who"]["display"]
        assert len(provenance["target"]) == sum(
            one["resourceType"] in ("Observation", "DiagnosticReport") for one in resources
        )
        assert resources[0]["status"] == "final"


def test_a_report_is_verified_and_lists_what_was_accepted_and_drawn(desk, tmp_path):
    pytest.importorskip("highdicom", reason="needs highdicom, of lennox[interop]")
    write_confirmed(decided_films(desk), tmp_path / "out", "sr")
    reports = sorted(
        (pydicom.dcmread(path) for path in (tmp_path / "out").glob("*.sr.dcm")), key=lambda one: len(str(one))
    )
    none, two = reports
    for one in reports:
        assert one.VerificationFlag == "VERIFIED"
        assert one.VerifyingObserverSequence[0].VerificationDateTime.startswith("20")
        assert str(one.VerifyingObserverSequence[0].VerifyingObserverName)
    assert "80967001" not in str(none)
    assert str(two).count("80967001") == 2
    assert str(two).count("865995000") == 1
    assert "suspected" not in str(two.ContentSequence)
    assert two.SOPInstanceUID != none.SOPInstanceUID
    again = io.BytesIO()
    two.save_as(again)
    assert pydicom.dcmread(io.BytesIO(again.getvalue())).SOPInstanceUID == two.SOPInstanceUID


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dciodvfy, of Debian's dicom3tools")
def test_an_independent_judge_finds_no_error_in_a_verified_report(desk, tmp_path):
    pytest.importorskip("highdicom", reason="needs highdicom, of lennox[interop]")
    write_confirmed(decided_films(desk), tmp_path / "out", "sr")
    reports = sorted((tmp_path / "out").glob("*.sr.dcm"))
    assert len(reports) == 2
    for path in reports:
        judged = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False)
        assert "Error" not in judged.stderr + judged.stdout, judged.stderr + judged.stdout
