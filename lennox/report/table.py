"""Examinations as a table for a spreadsheet: one row a finding, and one row for a film without any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from lennox.inference.examination import Examination
from lennox.inference.findings import Finding
from lennox.lazy import missing_extra
from lennox.report import words
from lennox.report.record import to_record
from lennox.report.spreadsheet import csv_line

if TYPE_CHECKING:
    import pandas

COLUMNS = (
    "name", "sha256", "kind", "rows", "columns", "status", "result", "reasons",
    "operating_point", "threshold", "film_probability", "findings",
    "finding", "label", "probability", "top", "left", "bottom", "right", "centre_row", "centre_column",
    "area_px", "area_mm2", "model", "model_version", "model_sha256", "release",
)  # fmt: skip
WHOLE_COLUMNS = ("rows", "columns", "findings", "finding")
REAL_COLUMNS = (
    "threshold", "film_probability", "probability", "top", "left", "bottom", "right", "centre_row", "centre_column",
    "area_px", "area_mm2",
)  # fmt: skip


def csv_lines(examinations: Iterable[Examination]) -> Iterator[str]:
    """The table's lines with their ends, header first; one examination at a time, however many there are."""
    yield csv_line(COLUMNS)
    for row in table_rows(examinations):
        yield csv_line(row.get(column) for column in COLUMNS)


def table_rows(examinations: Iterable[Examination]) -> Iterator[dict[str, object]]:
    """The rows of the table by column, without what does not apply to them."""
    for examination in examinations:
        film = _film_cells(examination)
        findings = to_record(examination)["findings"]  # the same digits in every format
        if not findings:
            yield film
        for number, (finding, entry) in enumerate(zip(examination.findings, findings, strict=True), 1):
            yield film | _finding_cells(number, finding, entry)


def to_frame(examinations: Iterable[Examination]) -> pandas.DataFrame:
    """The table as a pandas frame: a row a finding, and one for a film without any.

    Whole numbers stay whole where cells are empty (`Int64`). Names are as they are, not made inert for a spreadsheet.
    Raises InputError if pandas is not installed.
    """
    try:
        import pandas
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error

    rows = [{column: row.get(column) for column in COLUMNS} for row in table_rows(examinations)]
    frame = pandas.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(WHOLE_COLUMNS, "Int64") | dict.fromkeys(REAL_COLUMNS, "float64"))


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
        "reasons": " ".join((*examination.reasons, *source.illegible)),
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
