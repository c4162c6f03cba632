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
from lennox.interop.coding import CARIES, RADIOGRAPHY_OF_TEETH, body_site
from lennox.interop.confirmation import Confirmation, ReportedMark, reported_marks
from lennox.report import words
from lennox.report.overlay import result_lines

_UCUM = "http://unitsofmeasure.org"
_SHA256 = "urn:oid:2.16.840.1.101.3.4.2.1"  # the digest's own identifier (NIST), which says what kind of name it is
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:lennox:fhir")
Resource = dict[str, Any]


def to_bundle(
    examination: Examination,
    *,
    subject: str | None = None,
    study_uid: str | None = None,
    confirmation: Confirmation | None = None,
) -> dict[str, Any]:
    """The Bundle of type "collection" that tells of one examination, whatever its status, as plain data.

    subject : a reference to whose film it is, such as "Patient/123"; it stands in every resource
    study_uid : the DICOM Study Instance UID of the film, where it has one
    confirmation : what a person decided; the report is then final, lists that, and a Provenance says who and when
    Resources by FHIR R4 (4.0.1): DiagnosticReport, Observation, Device, Media, Provenance. Positions are
    (column, row) in pixels of the picture as it is looked at.
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
        *([] if confirmation is None else [repr(confirmation)]),
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
        _observation(mark, names, _about(subject), examination, confirmation)
        for mark in reported_marks(examination, confirmation)
    ]
    results = [_urn("observation", str(number), *made_of) for number in range(1, len(observations) + 1)]
    report: Resource = {
        "resourceType": "DiagnosticReport",
        "status": _status(confirmation) if examination.status == "assessed" else "cancelled",
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
        "conclusion": " ".join([_conclusion(examination, confirmation), words.notice(model.release)]),
    }
    resources = [(names["report"], report), *zip(results, observations, strict=True)]
    resources += [(names["device"], device), (names["film"], film)]
    if confirmation is not None:
        resources.append((_urn("provenance", *made_of), _provenance(confirmation, [names["report"], *results])))
    return {
        "resourceType": "Bundle",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": _urn("bundle", *made_of)},
        "type": "collection",
        "entry": [{"fullUrl": urn, "resource": resource} for urn, resource in resources],
    }


def to_bundle_json(examination: Examination, **options: Any) -> str:
    """The Bundle of `to_bundle`, with the same options, as one line of ASCII JSON, without the line's end."""
    return json.dumps(to_bundle(examination, **options), allow_nan=False)


def _observation(
    mark: ReportedMark,
    names: dict[str, str],
    about: Resource,
    examination: Examination,
    confirmation: Confirmation | None,
) -> Resource:
    coding = {"coding": [CARIES.fhir()]} if mark.label == "caries" else {}
    components = []
    if mark.centre is not None:
        components.append(_component("column of the centre", mark.centre[1], "pixels"))
        components.append(_component("row of the centre", mark.centre[0], "pixels"))
    if mark.area_mm2 is not None:
        components.append(_component("area on the receptor", mark.area_mm2, "mm2", ucum="mm2"))
    outline = "; ".join(f"{column:.2f} {row:.2f}" for row, column in mark.outline)
    by_model: Resource = {}
    if mark.probability is not None:
        by_model = {
            "valueQuantity": _quantity(100.0 * mark.probability, "% probability", "%"),
            "method": {"text": f"Operating point: {words.operating_point(examination)}"},
            "device": {"reference": names["device"]},
        }
    return {
        "resourceType": "Observation",
        "status": _status(confirmation),
        "category": [{"coding": [{"system": _CATEGORY, "code": "imaging"}]}],
        "code": {**coding, "text": f"{mark.label} {'suspected' if confirmation is None else 'confirmed'}"},
        **about,
        **by_model,
        **body_site((mark.tooth,) if mark.tooth else ()),
        "derivedFrom": [{"reference": names["film"]}],
        "note": [{"text": f"Finding {mark.number}. Outline (column row, pixels of the film): {outline}"}],
        **({"component": components} if components else {}),
    }


def _status(confirmation: Confirmation | None) -> str:
    return "preliminary" if confirmation is None else "final"


def _provenance(confirmation: Confirmation, targets: list[str]) -> Resource:
    """Who decided, and when."""
    return {
        "resourceType": "Provenance",
        "target": [{"reference": target} for target in targets],
        "recorded": confirmation.time,
        "activity": {"text": "read, and each mark accepted, redrawn, drawn or rejected"},
        "agent": [{"who": {"display": confirmation.who}}],
    }


def _component(name: str, value: float, unit: str, *, ucum: str | None = None) -> Resource:
    return {"code": {"text": name}, "valueQuantity": _quantity(value, unit, ucum)}


def _quantity(value: float, unit: str, ucum: str | None) -> Resource:
    coded = {} if ucum is None else {"system": _UCUM, "code": ucum}
    return {"value": round(value, 2), "unit": unit, **coded}


def _conclusion(examination: Examination, confirmation: Confirmation | None) -> str:
    if examination.status != "assessed":
        return " ".join([f"{words.result(examination)}.", *examination.reasons])
    if confirmation is not None:
        return f"Read by {confirmation.who}: {words.count_of(len(confirmation.marks), 'lesion')} confirmed or drawn."
    return ". ".join(line.rstrip(".") for line in result_lines(examination)) + "."


def _about(subject: str | None) -> Resource:
    return {} if subject is None else {"subject": {"reference": subject}}


def _urn(*parts: str) -> str:
    return uuid.uuid5(_NAMESPACE, "\n".join(parts)).urn
