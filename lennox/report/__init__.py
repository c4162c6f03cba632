"""Examinations for people and programs: JSON, CSV, overlay, HTML. One module a format, imported when used.

record      `to_record`, `to_json`, `from_record`: the canonical form, docs/schema/examination-1.json
table       `csv_lines`: one row a finding
overlay     `draw_overlay`: a copy of the film with outlines and legend
run_page    `run_page_parts`: one page a run, complete in itself
pages       `render`: every page of lennox, from the templates; charts: its plots
wording     `RUN`, `PATIENT`: catalogues of the pages' sentences in other languages
spreadsheet `csv_line`: a line of any table, without formulas
"""

from __future__ import annotations

from lennox.report.record import from_record, to_json, to_record
from lennox.report.table import csv_lines

__all__ = ["csv_lines", "from_record", "to_json", "to_record"]
