"""The one way in which lennox writes a line of a table that somebody may open in a spreadsheet.

A spreadsheet runs a cell that begins with a formula sign, also one that its own rules cut out of the middle of ours:
where a semicolon separates, `x;=1+1` is two cells. Each such sign gets an apostrophe before it, which spreadsheets show
as text (OWASP, CSV injection). Breaks, terminal codes and direction marks become U+FFFD, as in every output.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

from lennox.report.words import readable

# = + - @ in their ASCII, full-width, small and raised forms, where a text begins or after what may separate cells
_FORMULA = re.compile(r"""((?:^|[;,|])[\s"]*)([=+\-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻])""")


def csv_line(cells: Iterable[object]) -> str:
    """One line with its end. Texts are made inert; numbers are written as they are, None as an empty cell."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([inert(cell) if isinstance(cell, str) else cell for cell in cells])
    return out.getvalue()


def inert(text: str) -> str:
    """A text that no spreadsheet runs as a formula, on one line."""
    return _FORMULA.sub(r"\1'\2", readable(text.replace("\t", " ")))
