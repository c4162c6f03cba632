import json
from dataclasses import replace

import pytest
from marked_films import MODEL, examined, png

from lennox.card import OperatingPoint
from lennox.inference.examination import Examination, SourceFile
from lennox.interop.fhir import to_bundle, to_bundle_json

FILM = png()


def of_type(bundle, kind):
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def references(value):
    """Every reference inside a resource."""
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    if not isinstance(value, dict):
        return []
    here = [value["reference"]] if "reference" in value else []
    return here + [found for item in value.values() for found in references(item)]


def refused():
    point, reasons = OperatingPoint("balanced", 0.31), ("This looks like a photograph.",)
    return Examination(SourceFile("Roe^Jane.png"), MODEL, point, "not assessable", reasons)


@pytest.mark.parametrize(
    "examination", [examined(FILM), examined(FILM, ()), refused()], ids=["marks", "none", "refused"]
)
@pytest.mark.parametrize("subject", [None, "Patient/123"])
def test_another_library_takes_every_bundle_and_gives_it_back(examination, subject):
    reader = pytest.importorskip("fhir.resources.R4B.bundle", reason="needs fhir.resources")
    bundle = to_bundle(examination, subject=subject, study_uid="1.2.3.1")
    read = reader.Bundle.model_validate(bundle)
    assert json.loads(read.model_dump_json()) == json.loads(json.dumps(bundle))


def test_every_reference_leads_to_a_resource_of_the_bundle():
    bundle = to_bundle(examined(FILM))
    urls = {entry["fullUrl"] for entry in bundle["entry"]}
    assert len(urls) == len(bundle["entry"]) == 5
    found = [reference for entry in bundle["entry"] for reference in references(entry["resource"])]
    assert len(found) == 7  # two results and the film; of each finding, the device and the film
    assert set(found) <= urls


def test_a_finding_is_a_preliminary_observation_with_its_probability_and_position():
    first, second = of_type(to_bundle(examined(FILM)), "Observation")
    assert first["status"] == "preliminary"
    assert first["code"]["coding"][0]["code"] == "80967001"
    assert (first["valueQuantity"]["value"], second["valueQuantity"]["value"]) == (83.0, 41.0)
    assert [part["valueQuantity"]["value"] for part in first["component"]] == [45.0, 30.0, 6.0]  # column, row, mm2
    assert len(second["component"]) == 2  # no spacing, no area
    assert "30.00 20.00; 60.00 20.00" in first["note"][0]["text"]


def test_without_a_finding_there_is_a_report_and_no_code_of_a_disease():
    bundle = to_bundle(examined(FILM, ()))
    assert not of_type(bundle, "Observation")
    (report,) = of_type(bundle, "DiagnosticReport")
    assert report["status"] == "preliminary"
    assert "No lesion suspected" in report["conclusion"]
    assert "does not mean that there is no caries" in report["conclusion"]
    assert "80967001" not in json.dumps(bundle)


def test_a_film_that_was_not_assessed_has_a_cancelled_report_with_the_reason():
    (report,) = of_type(to_bundle(refused()), "DiagnosticReport")
    assert report["status"] == "cancelled"
    assert "This looks like a photograph." in report["conclusion"]


def test_nobody_is_named_and_an_unreleased_model_is_called_so():
    one = examined(FILM)
    text = to_bundle_json(replace(one, source=replace(one.source, name="Roe^Jane 1999.dcm")))
    assert "Roe" not in text
    assert "subject" not in text
    assert text.count("unreleased") >= 3
    assert (
        json.loads(to_bundle_json(one, subject="Patient/7"))["entry"][0]["resource"]["subject"]["reference"]
        == "Patient/7"
    )


def test_the_same_answer_gives_the_same_bundle_and_another_does_not():
    one = examined(FILM)
    assert to_bundle_json(one) == to_bundle_json(one)
    assert to_bundle(one)["identifier"] != to_bundle(examined(FILM, ()))["identifier"]


@pytest.mark.parametrize(("teeth", "code"), [(("16",), "865995000"), (("16", "17"), None)])
def test_teeth_that_somebody_named_are_the_films_site_and_no_findings(teeth, code):
    reader = pytest.importorskip("fhir.resources.R4B.bundle", reason="needs fhir.resources")
    one = examined(FILM)
    bundle = to_bundle(replace(one, source=replace(one.source, teeth=teeth)))
    reader.Bundle.model_validate(bundle)
    (film,) = of_type(bundle, "Media")
    assert [found["code"] for found in film["bodySite"].get("coding", [])] == ([code] if code else [])
    assert all(tooth in film["bodySite"]["text"] for tooth in teeth)
    assert not any("bodySite" in finding for finding in of_type(bundle, "Observation"))
