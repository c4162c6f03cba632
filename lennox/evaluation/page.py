"""An evaluation as one self-contained page, and a sheet of the films it was made of."""

from __future__ import annotations

import base64
import html
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lennox.image import read_image
from lennox.statistics.froc import UNMARKED

if TYPE_CHECKING:
    from lennox.evaluation.evaluate import Judged

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}
td,th{border-bottom:1px solid #ccc;padding:.2rem .7rem;text-align:left}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}figure{display:inline-block;margin:0 1rem 1rem 0}
svg text{font:11px system-ui,sans-serif}.sheet{display:flex;flex-wrap:wrap;gap:1rem}.sheet figure{margin:0;width:18rem}
.sheet svg{width:100%;height:auto;background:#000}figcaption{font-size:.85em}
"""
WIDTH, HEIGHT, MARGIN = 340, 270, 44
SHEET_SIDE = 480
EACH = 12  # films of each kind on the sheet


def evaluation_page(document: Mapping[str, Any]) -> str:
    """The page of an evaluation document: tables, curves, groups. No picture of a film."""
    figures, data, model = document["figures"], document["data"], document["model"]
    parts = [
        f"<h1>{_text(model['name'])} {_text(model['version'])} on {_text(data['set'])}</h1>",
        "<p>A measurement on films of a data set; no clinical claim. "
        f"{data['films']} films ({data['carious_films']} with caries), {data['lesions']} lesions, "
        f"{data['groups_of_films']} groups of films. Assessed: {document['films']['assessed']}, not assessable: "
        f"{document['films']['not assessable']}, unreadable: {document['films']['unreadable']}.</p>",
        f"<p>{_text(document['rule'])} Intervals: {_text(document['intervals'])}.</p>",
    ]
    if document["reasons"]:
        parts.append(_table(["why not assessed", "films"], [[k, v] for k, v in document["reasons"].items()]))
    plots = []
    if "froc" in figures:
        parts.append("<h2>Lesions</h2>")
        parts.append(_table(
            ["false positives a film", "lesion sensitivity"],
            [
                [f"{row['false_positives_a_film']:g}", _shown(row["sensitivity"], row["interval"])]
                for row in figures["froc"]
            ],
        ))  # fmt: skip
        parts.append(_table(["figure", "value"], [
            [f"wAFROC area ({figures['wafroc_area']['films_counted']})", _value(figures["wafroc_area"])],
            [f"AFROC area ({figures['afroc_area']['films_counted']})", _value(figures["afroc_area"])],
            ["AP50 (boxes)", _value(figures["ap50"])],
        ]))  # fmt: skip
        plots.append(_plot(
            [(x, y) for x, y, _ in figures["froc_curve"]], "false positives a film", "lesion sensitivity", 4.0
        ))  # fmt: skip
    parts.append("<h2>Films</h2>")
    parts.append(_table(["figure", "value"], [["ROC area", _value(figures["film_roc_area"])]]))
    if figures["film_roc_curve"]:
        plots.append(_plot([tuple(p) for p in figures["film_roc_curve"]], "1 - specificity", "sensitivity", 1.0, True))
    parts.append("<h2>Operating points</h2>")
    columns = ["lesion_sensitivity", "false_positives_a_film", "film_sensitivity", "film_specificity"]
    parts.append(_table(
        ["point", "threshold", *(name.replace("_", " ") for name in columns)],
        [[name, f"{point['threshold']:.3f}", *(_value(point.get(c)) for c in columns)]
         for name, point in figures["operating_points"].items()],
    ))  # fmt: skip
    for name, title in (("calibration", "Calibration of candidates"), ("film_calibration", "Calibration of films")):
        if entry := figures.get(name):
            parts.append(f"<h2>{title}</h2>")
            parts.append(_table(["figure", "value"], [
                ["slope", _value(entry["slope"])], ["intercept", _value(entry["intercept"])],
                ["Brier score", _number(entry["brier"])], ["expected error", _number(entry["expected_error"])],
            ]))  # fmt: skip
            points = [(row["mean_probability"], row["share_true"]) for row in entry["reliability"]]
            plots.append(_plot(points, "probability said", "share true", 1.0, True, title))
    for name, values in document["groups"].items():
        parts.append(f"<h2>By {_text(name)}</h2>" + _group_table(values))
    parts.insert(3, "".join(plots))
    return _page(f"{model['name']} on {data['set']}", "".join(parts))


def _group_table(values: Mapping[str, Any]) -> str:
    rows = {key: entry for key, entry in values.items() if key != "cuts"}
    columns = sorted({column for entry in rows.values() for column in entry})
    return _table(
        ["group", *(column.replace("_", " ") for column in columns)],
        [[key, *(_value(entry.get(column)) for column in columns)] for key, entry in rows.items()],
    )


def film_sheet(judged: Sequence[Judged]) -> str:
    """Pictures of films: wholly right, false positives of highest probability, missed lesions. Shows the films."""
    carious = [one for one in judged if one.film.caries]
    best = [one for one in carious if UNMARKED not in one.scored.found]
    best.sort(key=lambda one: -min(one.scored.found) + max(one.scored.false, default=0.0))
    worst = sorted((one for one in judged if one.scored.false), key=lambda one: -one.scored.false[0])
    missed = sorted(carious, key=lambda one: min(one.scored.found))
    parts = [
        "<h1>Films: best, worst, missed</h1><p>Green: what the annotators drew. Orange: candidates, with their "
        "probability. Keep this page out of a repository unless the licence of the films allows it.</p>"
    ]
    for title, films in (("Best", best), ("Worst false positives", worst), ("Missed", missed)):
        parts.append(f"<h2>{title}</h2><div class='sheet'>{''.join(_film(one) for one in films[:EACH])}</div>")
    return _page("Films", "".join(parts))


def _film(one: Judged) -> str:
    pixels = read_image(one.film.path).grey()
    step = max(1, round(max(pixels.shape) / SHEET_SIDE))
    small = pixels[::step, ::step]
    grey = small if small.dtype == np.uint8 else small >> 8
    rows, columns = pixels.shape
    width = max(rows, columns) / 200
    marks = []
    for shape in one.film.caries:
        rings = shape.polygons or (_corners(shape.box.as_tuple()),)
        marks += [_ring(ring, "#3c3", width) for ring in rings]
    for candidate in one.candidates:
        if candidate.probability >= 0.1:
            marks += [_ring(ring, "#f90", width) for ring in candidate.shape.polygons]
            row, column = candidate.centre
            marks.append(
                f"<text x='{column:.0f}' y='{row:.0f}' fill='#f90' style='font-size:{6 * width:.0f}px'>"
                f"{candidate.probability:.2f}</text>"
            )
    return (
        f"<figure><svg viewBox='0 0 {columns} {rows}'>"
        f"<image href='{_png(grey.astype(np.uint8))}' width='{columns}' height='{rows}'/>"
        f"{''.join(marks)}</svg><figcaption>{_text(one.film.path.name)}: {one.probability:.2f}</figcaption></figure>"
    )


def _corners(box: tuple[float, float, float, float]) -> NDArray[np.float64]:
    top, left, bottom, right = box
    return np.array([[top, left], [top, right], [bottom, right], [bottom, left]])


def _ring(ring: NDArray[np.float64], colour: str, width: float) -> str:
    points = " ".join(f"{column:.1f},{row:.1f}" for row, column in ring)
    return f"<polygon points='{points}' fill='none' stroke='{colour}' stroke-width='{width:.1f}'/>"


def _png(pixels: NDArray[np.uint8]) -> str:
    rows, columns = pixels.shape
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), pixels], 1).tobytes()

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines, 6)) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(data).decode()


def _plot(
    points: Sequence[tuple[float, ...]], across: str, up: str, widest: float, diagonal: bool = False, title: str = ""
) -> str:
    def at(x: float, y: float) -> str:
        return f"{MARGIN + x / widest * (WIDTH - MARGIN - 10):.1f},{(HEIGHT - MARGIN) - y * (HEIGHT - MARGIN - 10):.1f}"

    shown = [(x, y) for x, y in points if x <= widest]
    line = " ".join(at(x, y) for x, y in shown)
    dots = "".join(
        f"<circle cx='{at(x, y).split(',')[0]}' cy='{at(x, y).split(',')[1]}' r='3' fill='#05c'/>" for x, y in shown
    )
    ticks = "".join(
        f"<text x='{at(widest * k / 4, 0).split(',')[0]}' y='{HEIGHT - MARGIN + 14}' text-anchor='middle'>"
        f"{widest * k / 4:g}</text>"
        f"<text x='{MARGIN - 4}' y='{at(0, k / 4).split(',')[1]}' text-anchor='end'>{k / 4:g}</text>"
        for k in range(5)
    )
    return (
        f"<figure><svg width='{WIDTH}' height='{HEIGHT}' role='img' aria-label='{_text(up)} against {_text(across)}'>"
        f"<rect x='{MARGIN}' y='10' width='{WIDTH - MARGIN - 10}' height='{HEIGHT - MARGIN - 10}' fill='none' "
        "stroke='#999'/>"
        + (f"<polyline points='{at(0, 0)} {at(widest, 1)}' stroke='#bbb' fill='none'/>" if diagonal else "")
        + f"<polyline points='{line}' fill='none' stroke='#05c' stroke-width='2'/>"
        f"{dots if len(shown) <= 12 else ''}{ticks}"
        f"<text x='{WIDTH / 2}' y='{HEIGHT - 8}' text-anchor='middle'>{_text(across)}</text>"
        f"<text transform='translate(12,{HEIGHT / 2}) rotate(-90)' text-anchor='middle'>{_text(up)}</text></svg>"
        + (f"<figcaption>{_text(title)}</figcaption>" if title else "")
        + "</figure>"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    top = "".join(
        f"<th class='n'>{_text(cell)}</th>" if k else f"<th>{_text(cell)}</th>" for k, cell in enumerate(head)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td class='n'>{_text(cell)}</td>" if k else f"<td>{_text(cell)}</td>" for k, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _value(entry: Any) -> str:
    if isinstance(entry, Mapping):
        return _shown(entry["value"], entry["interval"])
    return _number(entry) if isinstance(entry, float) else "–" if entry is None else str(entry)


def _shown(value: float, interval: Sequence[float]) -> str:
    return f"{_number(value)} [{_number(interval[0])}, {_number(interval[1])}]"


def _number(value: float | None) -> str:
    return "–" if value is None or not np.isfinite(value) else f"{value:.2f}"


def _text(value: Any) -> str:
    return html.escape(str(value), quote=True)


def _page(title: str, body: str) -> str:
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{_text(title)}</title>"
        f"<meta name='viewport' content='width=device-width'><style>{STYLE}</style></head><body>{body}</body></html>\n"
    )
