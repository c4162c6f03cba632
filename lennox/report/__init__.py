"""Examinations for people and programs: JSON, CSV, overlay, HTML. One module a format, imported when used.

record      `to_record`, `to_json`, `from_record`: the canonical form, docs/schema/examination-1.json
table       `csv_lines`: one row a finding
overlay     `draw_overlay`: a copy of the film with outlines and legend
run_page    `run_page_parts`: one page a run, complete in itself
reading_view  what the pages on which films are read are given: films, marks, the model; viewer/ is their script
pages       `render`: every page of lennox, from the templates; charts: its plots
wording     `RUN`, `PATIENT`: catalogues of the pages' sentences in other languages
spreadsheet `csv_line`: a line of any table, without formulas
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lennox.lazy import importing

if TYPE_CHECKING:
    from lennox.report.record import from_record, to_json, to_record
    from lennox.report.table import csv_lines

_HOMES = dict.fromkeys(("from_record", "to_json", "to_record"), "lennox.report.record")
__all__ = ["csv_lines", "from_record", "to_json", "to_record"]
__getattr__ = importing(__name__, _HOMES | {"csv_lines": "lennox.report.table"})
