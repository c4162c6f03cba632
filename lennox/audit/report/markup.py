"""HTML by hand: escaping, tables, the one stylesheet. No script, nothing fetched, prints on A4."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

SIGNS = {"PASS": "✔", "FAIL": "✘", "INSUFFICIENT EVIDENCE": "?"}
CLASSES = {"PASS": "pass", "FAIL": "fail", "INSUFFICIENT EVIDENCE": "open"}

# Text on its ground has a contrast of 4.5:1 or more (WCAG AA), which a test computes from these lines.
COLOURS = {
    "ink": "#1c2430",
    "paper": "#ffffff",
    "quiet": "#4d5866",
    "line": "#c3cbd5",
    "pass": "#14602f",
    "pass-ground": "#e6f4ea",
    "fail": "#9b1c1c",
    "fail-ground": "#fdeaea",
    "open": "#5a4500",
    "open-ground": "#fdf3d7",
    "band": "#f3f5f8",
}
CONTRASTS = [
    ("ink", "paper"), ("quiet", "paper"), ("ink", "band"), ("quiet", "band"),
    ("pass", "pass-ground"), ("fail", "fail-ground"), ("open", "open-ground"),
    ("pass", "paper"), ("fail", "paper"), ("open", "paper"),
]  # fmt: skip

STYLE = """
:root { %(variables)s }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 66rem; padding: 1.5rem; color: var(--ink); background: var(--paper);
  font: 15px/1.5 system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .3rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .5rem; border-bottom: 2px solid var(--line); padding-bottom: .2rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
p { margin: .4rem 0; max-width: 46rem; }
.quiet { color: var(--quiet); }
small, .small { font-size: .85em; }
table { border-collapse: collapse; width: 100%%; margin: .5rem 0 1rem; font-size: .86rem;
  font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--quiet); padding: .2rem 0; }
th, td { padding: .25rem .5rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
td { overflow-wrap: break-word; }
td.n, .verdict { white-space: nowrap; }
td:first-child, td.name { min-width: 8rem; }
th { background: var(--band); }
td.n, th.n { text-align: right; }
tr { break-inside: avoid; }
.verdict { display: inline-block; padding: .05rem .5rem; border-radius: .3rem; font-weight: 600; }
.pass { color: var(--pass); background: var(--pass-ground); }
.fail { color: var(--fail); background: var(--fail-ground); }
.open { color: var(--open); background: var(--open-ground); }
.banner { padding: 1rem 1.2rem; border-radius: .5rem; border: 2px solid currentColor; margin: 1rem 0; }
.banner strong { font-size: 1.5rem; }
.banner p { color: var(--ink); }
blockquote { margin: .5rem 0; padding: .5rem 1rem; border-left: 4px solid var(--line); background: var(--band); }
figure { margin: .5rem 0 1rem; }
svg { max-width: 100%%; height: auto; }
svg text { font: 12px system-ui, "DejaVu Sans", sans-serif; }
nav a { margin-right: .9rem; white-space: nowrap; }
a { color: #0b4f9e; }
.wide { overflow-x: auto; }
details { margin: .4rem 0; }
summary { cursor: pointer; }
@page { size: A4; margin: 14mm; }
@media print {
  html { font-size: 11.5px; }
  body { font-size: 1rem; padding: 0; max-width: none; }
  th, td { padding: .15rem .35rem; }
  nav { display: none; }
  h2, h3 { break-after: avoid; }
  figure, blockquote, .banner { break-inside: avoid; }
  .verdict, .banner, th { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
"""


def page(title: str, body: Sequence[str], *, language: str = "en", extra_style: str = "") -> str:
    """A whole document."""
    variables = " ".join(f"--{name}: {value};" for name, value in COLOURS.items())
    style = STYLE % {"variables": variables} + extra_style
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language, quote=True)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def text(value: Any) -> str:
    """A value as escaped text."""
    return escape(str(value), quote=True)


def verdict(value: str) -> str:
    """A verdict as shape, word and colour."""
    return f'<span class="verdict {CLASSES[value]}">{SIGNS[value]} {text(value)}</span>'


def short_verdict(value: str) -> str:
    """The same in a narrow column."""
    return f'<span class="verdict {CLASSES[value]}">{SIGNS[value]} {text(value.split()[0].lower())}</span>'


def table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, caption: str = "", numeric: Sequence[int] = ()
) -> str:
    """A table of cells that are HTML already; `numeric` columns are set flush right."""
    mark = [' class="n"' if column in numeric else "" for column in range(len(headers))]
    head = "".join(f'<th scope="col"{mark[i]}>{cell}</th>' for i, cell in enumerate(headers))
    body = "\n".join(
        "<tr>" + "".join(f"<td{mark[i]}>{cell}</td>" for i, cell in enumerate(row)) + "</tr>" for row in rows
    )
    title = f"<caption>{caption}</caption>" if caption else ""
    return f'<div class="wide"><table>{title}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'


def paragraph(content: str, kind: str = "") -> str:
    """A paragraph of escaped text."""
    mark = f' class="{kind}"' if kind else ""
    return f"<p{mark}>{text(content)}</p>"
