"""An examination as a FHIR R4 Bundle: a preliminary DiagnosticReport, an Observation a finding, the Device, the film.

Plain data, so no library is needed to write it. Nothing in it names a patient or a file unless the caller gives a
reference to one: a Bundle is put into a patient's record by whoever knows whose film it is.

Identifiers are made from the content (RFC 9562, version 5), so the same answer gives the same Bundle.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

import lennox
from lennox.inference.examination import Examination
from lennox.inference.findings import Finding
from lennox.interop.coding import CARIES, RADIOGRAPHY_OF_TEETH, body_site
from lennox.report import words
from lennox.report.overlay import result_lines

_UCUM = "http://unitsofmeasure.org"
_SHA256 = "urn:oid:2.16.840.1.101.3.4.2.1"  # the digest's own identifier (NIST), which says what kind of name it is
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:lennox:fhir")
Resource = dict[str, Any]


def to_bundle(examination: Examination, *, subject: str | None = None, study_uid: str | None = None) -> dict[str, Any]:
    """The Bundle of type "collection" that tells of one examination, whatever its status, as plain data.

    subject : a reference to whose film it is, such as "Patient/123"; it stands in every resource
    study_uid : the DICOM Study Instance UID of the film, where it has one
    Resources by FHIR R4 (4.0.1): DiagnosticReport, Observation, Device, Media. Positions are (column, row) in pixels of
    the picture as it is looked at.
    """
    source, model = examination.source, examination.model
    digest = source.sha256 or ""
    made_of = (
        digest,
        model.sha256,
        model.release,
        repr(examination),
        lennox.__version__,
        subject or "",
        study_uid or "",
    )
    names = {what: _urn(what, *made_of) for what in ("device", "film", "report")}
    device: Resource = {
        "resourceType": "Device",
        "identifier": [{"system": _SHA256, "value": model.sha256}],
        "status": "active",
        "deviceName": [{"name": model.name, "type": "model-name"}],
        "version": [{"value": f"{model.version}"}, {"value": f"lennox {lennox.__version__}"}],
        "note": [{"text": words.notice(model.release)}, {"text": f"Release: {model.release}"}],
    }
    film: Resource = {
        "resourceType": "Media",
        "status": "completed",
        **({"identifier": [{"system": _SHA256, "value": digest}]} if digest else {}),
        "content": {"title": "the film that was read"},
        **body_site(source.teeth),
        **({"height": source.rows, "width": source.columns} if source.rows and source.columns else {}),
        **_about(subject),
    }
    observations = [
        _observation(number, finding, names, _about(subject), examination)
        for number, finding in enumerate(examination.findings, 1)
    ]
    results = [_urn("observation", str(number), *made_of) for number in range(1, len(observations) + 1)]
    report: Resource = {
        "resourceType": "DiagnosticReport",
        "status": "preliminary" if examination.status == "assessed" else "cancelled",
        "code": {"coding": [RADIOGRAPHY_OF_TEETH.fhir()], "text": "Suspected caries, by a model; not a diagnosis"},
        **_about(subject),
        **(
            {"imagingStudy": [{"identifier": {"system": "urn:dicom:uid", "value": f"urn:oid:{study_uid}"}}]}
            if study_uid
            else {}
        ),
        "performer": [{"display": f"lennox {lennox.__version__}, {model.name} {model.version} ({model.release})"}],
        **({"result": [{"reference": urn} for urn in results]} if results else {}),
        "media": [{"link": {"reference": names["film"]}}],
        "conclusion": " ".join([_conclusion(examination), words.notice(model.release)]),
    }
    resources = [(names["report"], report), *zip(results, observations, strict=True)]
    resources += [(names["device"], device), (names["film"], film)]
    return {
        "resourceType": "Bundle",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": _urn("bundle", *made_of)},
        "type": "collection",
        "entry": [{"fullUrl": urn, "resource": resource} for urn, resource in resources],
    }


def to_bundle_json(examination: Examination, *, subject: str | None = None, study_uid: str | None = None) -> str:
    """The Bundle as one line of ASCII JSON, without the line's end."""
    return json.dumps(to_bundle(examination, subject=subject, study_uid=study_uid), allow_nan=False)


def _observation(
    number: int, finding: Finding, names: dict[str, str], about: Resource, examination: Examination
) -> Resource:
    coding = {"coding": [CARIES.fhir()]} if finding.label == "caries" else {}
    components = [
        _component("column of the centre", finding.centre[1], "pixels"),
        _component("row of the centre", finding.centre[0], "pixels"),
    ]
    if finding.area_mm2 is not None:
        components.append(_component("area on the receptor", finding.area_mm2, "mm2", ucum="mm2"))
    outline = "; ".join(f"{column:.2f} {row:.2f}" for row, column in finding.outline)
    return {
        "resourceType": "Observation",
        "status": "preliminary",
        "category": [{"coding": [{"system": _CATEGORY, "code": "imaging"}]}],
        "code": {**coding, "text": f"{finding.label} suspected"},
        **about,
        "valueQuantity": _quantity(100.0 * finding.probability, "% probability", "%"),
        "method": {"text": f"Operating point: {words.operating_point(examination)}"},
        "device": {"reference": names["device"]},
        "derivedFrom": [{"reference": names["film"]}],
        "note": [{"text": f"Finding {number}. Outline (column row, pixels of the film): {outline}"}],
        "component": components,
    }


def _component(name: str, value: float, unit: str, *, ucum: str | None = None) -> Resource:
    return {"code": {"text": name}, "valueQuantity": _quantity(value, unit, ucum)}


def _quantity(value: float, unit: str, ucum: str | None) -> Resource:
    coded = {} if ucum is None else {"system": _UCUM, "code": ucum}
    return {"value": round(value, 2), "unit": unit, **coded}


def _conclusion(examination: Examination) -> str:
    if examination.status != "assessed":
        return " ".join([f"{words.result(examination)}.", *examination.reasons])
    return ". ".join(line.rstrip(".") for line in result_lines(examination)) + "."


def _about(subject: str | None) -> Resource:
    return {} if subject is None else {"subject": {"reference": subject}}


def _urn(*parts: str) -> str:
    return uuid.uuid5(_NAMESPACE, "\n".join(parts)).urn
