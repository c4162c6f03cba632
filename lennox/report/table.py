"""Examinations as a table for a spreadsheet: one row a finding, and one row for a film without any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lennox.inference.examination import Examination
from lennox.inference.findings import Finding
from lennox.report import words
from lennox.report.record import to_record
from lennox.report.spreadsheet import csv_line

COLUMNS = (
    "name", "sha256", "kind", "rows", "columns", "status", "result", "reasons",
    "operating_point", "threshold", "film_probability", "findings",
    "finding", "label", "probability", "top", "left", "bottom", "right", "centre_row", "centre_column",
    "area_px", "area_mm2", "model", "model_version", "model_sha256", "release",
)  # fmt: skip


def csv_lines(examinations: Iterable[Examination]) -> Iterator[str]:
    """The table's lines with their ends, header first; one examination at a time, however many there are."""
    yield csv_line(COLUMNS)
    for examination in examinations:
        film = _film_cells(examination)
        findings = to_record(examination)["findings"]  # the same digits in every format
        if not findings:
            yield _line(film)
        for number, (finding, entry) in enumerate(zip(examination.findings, findings, strict=True), 1):
            yield _line(film | _finding_cells(number, finding, entry))


def _film_cells(examination: Examination) -> dict[str, object]:
    source, model = examination.source, examination.model
    record = to_record(examination)
    return {
        "name": source.name,
        "sha256": source.sha256,
        "kind": source.kind,
        "rows": source.rows,
        "columns": source.columns,
        "status": examination.status,
        "result": words.result(examination),
        "reasons": " ".join(examination.reasons),
        "operating_point": examination.operating_point.name,
        "threshold": examination.operating_point.threshold,
        "film_probability": record["probability"],
        "findings": len(examination.findings) if examination.status == "assessed" else None,
        "model": model.name,
        "model_version": model.version,
        "model_sha256": model.sha256,
        "release": model.release,
    }


def _finding_cells(number: int, finding: Finding, entry: dict[str, Any]) -> dict[str, object]:
    top, left, bottom, right = entry["box"]
    row, column = entry["centre"]
    return {
        "finding": number,
        "label": finding.label,
        "probability": entry["probability"],
        "top": top,
        "left": left,
        "bottom": bottom,
        "right": right,
        "centre_row": row,
        "centre_column": column,
        "area_px": entry["area_px"],
        "area_mm2": entry["area_mm2"],
    }


def _line(cells: dict[str, object]) -> str:
    return csv_line(cells.get(column) for column in COLUMNS)
