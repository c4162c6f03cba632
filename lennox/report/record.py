"""An examination as a record, and back: `lennox.examination/1`, published in docs/schema/examination-1.json.

The record is what every other format and every interrupted run starts from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar, get_args

import lennox
from lennox.card import ImageKind, OperatingPoint
from lennox.errors import InputError
from lennox.geometry import Box
from lennox.inference.examination import Examination, ModelIdentity, SourceFile, Status
from lennox.inference.findings import Explanation, Finding
from lennox.report import words
from lennox.tooth_names import TOOTH_CODES

SCHEMA = "lennox.examination/1"
PIXEL_DIGITS = 2  # a hundredth of a pixel
SHARE_DIGITS = 6  # digits of a probability
KINDS: tuple[ImageKind, ...] = get_args(ImageKind)
STATUSES: tuple[Status, ...] = get_args(Status)
Value = TypeVar("Value")


def to_record(examination: Examination) -> dict[str, Any]:
    """The examination as plain data, in the order of the published schema."""
    source, model, point = examination.source, examination.model, examination.operating_point
    return {
        "schema": SCHEMA,
        "source": {
            "name": words.as_text(source.name),
            "sha256": source.sha256,
            "rows": source.rows,
            "columns": source.columns,
            "bits": source.bits,
            "kind": source.kind,
            "spacing_mm": None if source.spacing_mm is None else list(source.spacing_mm),
            **({} if source.note is None else {"note": source.note}),
            **({"teeth": list(source.teeth)} if source.teeth else {}),
            **({"illegible": [words.as_text(part) for part in source.illegible]} if source.illegible else {}),
        },
        "model": {
            "name": model.name,
            "version": model.version,
            "sha256": model.sha256,
            "release": model.release,
        },
        "status": examination.status,
        "reasons": [words.as_text(reason) for reason in examination.reasons],
        "operating_point": {"name": point.name, "threshold": point.threshold},
        "probability": None if examination.probability is None else round(examination.probability, SHARE_DIGITS),
        "findings": [_finding_record(finding) for finding in examination.findings],
        "notice": words.notice(model.release),
        "software": {"name": "lennox", "version": lennox.__version__},
    }


def to_json(examination: Examination) -> str:
    """The record as one line of ASCII JSON, without the line's end."""
    return json.dumps(to_record(examination), allow_nan=False)


def from_record(record: Mapping[str, Any]) -> Examination:
    """The examination that a record describes. Raises InputError if it is not a complete `lennox.examination/1`."""
    try:
        if record["schema"] != SCHEMA:
            raise ValueError(f"schema is {record['schema']!r}")
        source, model, point = record["source"], record["model"], record["operating_point"]
        spacing = source["spacing_mm"]
        return Examination(
            source=SourceFile(
                name=_of_type(str, source["name"]),
                sha256=_or_none(str, source["sha256"]),
                rows=_or_none(int, source["rows"]),
                columns=_or_none(int, source["columns"]),
                bits=_or_none(int, source["bits"]),
                kind=None if source["kind"] is None else _one_of(KINDS, source["kind"]),
                spacing_mm=None if spacing is None else (float(spacing[0]), float(spacing[1])),
                note=_or_none(str, source.get("note")),
                teeth=tuple(_one_of(tuple(TOOTH_CODES), tooth) for tooth in source.get("teeth", ())),
                illegible=tuple(_of_type(str, part) for part in source.get("illegible", ())),
            ),
            model=ModelIdentity(**{name: _of_type(str, value) for name, value in model.items()}),
            operating_point=OperatingPoint(**point),
            status=_one_of(STATUSES, record["status"]),
            reasons=tuple(_of_type(str, reason) for reason in record["reasons"]),
            probability=_or_none(float, record["probability"]),
            findings=tuple(_finding(entry) for entry in record["findings"]),
        )
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise InputError(f"not a record that follows {SCHEMA}: {error}; assess the film again.") from error


def _of_type(kind: type[Value], value: Any) -> Value:
    if type(value) is not kind:  # a bool is no int here
        raise ValueError(f"{value!r:.40} is no {kind.__name__}")
    return value


def _or_none(kind: type[Value], value: Any) -> Value | None:
    return None if value is None else _of_type(kind, value)


def _one_of(known: tuple[Value, ...], value: Any) -> Value:
    if value not in known:
        raise ValueError(f"{value!r:.40} is none of {', '.join(map(str, known))}")
    return known[known.index(value)]


def _finding_record(finding: Finding) -> dict[str, Any]:
    return {
        "label": finding.label,
        "probability": round(finding.probability, SHARE_DIGITS),
        "box": [round(edge, PIXEL_DIGITS) for edge in finding.box.as_tuple()],
        "centre": [round(coordinate, PIXEL_DIGITS) for coordinate in finding.centre],
        "outline": [[round(row, PIXEL_DIGITS), round(column, PIXEL_DIGITS)] for row, column in finding.outline],
        "area_px": round(finding.area_px, PIXEL_DIGITS),
        "area_mm2": None if finding.area_mm2 is None else round(finding.area_mm2, 4),
        **({} if finding.explanation is None else {"explanation": _explanation_record(finding.explanation)}),
    }


def _explanation_record(explanation: Explanation) -> dict[str, Any]:
    restoration, turned = explanation.restoration, explanation.turned
    return {
        "edge_distance_px": round(explanation.edge_distance_px, PIXEL_DIGITS),
        "restoration": None if restoration is None else round(restoration, SHARE_DIGITS),
        "turned": None if turned is None else [round(value, SHARE_DIGITS) for value in turned],
    }


def _finding(entry: Mapping[str, Any]) -> Finding:
    area, explanation = entry["area_mm2"], entry.get("explanation")
    return Finding(
        label=str(entry["label"]),
        probability=float(entry["probability"]),
        box=Box(*map(float, entry["box"])),
        centre=(float(entry["centre"][0]), float(entry["centre"][1])),
        outline=tuple((float(row), float(column)) for row, column in entry["outline"]),
        area_px=float(entry["area_px"]),
        area_mm2=None if area is None else float(area),
        explanation=None if explanation is None else _explanation(explanation),
    )


def _explanation(entry: Mapping[str, Any]) -> Explanation:
    restoration, turned = entry["restoration"], entry["turned"]
    return Explanation(
        float(entry["edge_distance_px"]),
        None if restoration is None else float(restoration),
        None if turned is None else (float(turned[0]), float(turned[1])),
    )
