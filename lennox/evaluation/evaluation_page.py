"""An evaluation as one self-contained page, and a sheet of the films it was made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.evaluation.film_results import FilmResult
from lennox.image import read_image
from lennox.report.charts import Axes, Curve, curves
from lennox.report.pages import render
from lennox.report.pictures import jpeg_uri, shrink, to_picture
from lennox.statistics.froc import UNMARKED

PLOT_SIDE = 230
SHEET_SIDE = 480  # longest side of a film on the sheet, in pixels
EACH = 12  # films of each kind on the sheet
LOWEST = 0.1  # candidates below this probability are not drawn
MAX_FALSE_POSITIVES = 4.0  # across the FROC curve
CALIBRATIONS = {"calibration": "Calibration of candidates", "film_calibration": "Calibration of films"}
POINT_COLUMNS = ("lesion_sensitivity", "false_positives_a_film", "film_sensitivity", "film_specificity", "outline_dice")


def evaluation_page(document: Mapping[str, Any]) -> str:
    """The page of an evaluation document: tables, curves, groups. No picture of a film."""
    return render(
        "evaluation.html",
        document=document,
        plots=_plots(document["figures"]),
        calibrations={title: document["figures"][name] for name, title in CALIBRATIONS.items()
                      if document["figures"].get(name)},
        point_columns=POINT_COLUMNS,
        groups={name: _group_rows(values) for name, values in document["groups"].items()},
        value=_value,
    )  # fmt: skip


def film_sheet(results: Sequence[FilmResult]) -> str:
    """Pictures of films: best, false positives of highest probability, missed lesions. Shows the films."""
    carious = [one for one in results if one.film.truth.lesions]
    best = [one for one in carious if UNMARKED not in one.scored.found]
    best.sort(key=lambda one: -min(one.scored.found) + max(one.scored.false, default=0.0))
    worst = sorted((one for one in results if one.scored.false), key=lambda one: -one.scored.false[0])
    missed = sorted(carious, key=lambda one: min(one.scored.found))
    kinds = {"Best": best, "Worst false positives": worst, "Missed": missed}
    return render("films.html", kinds={title: [_film(one) for one in films[:EACH]] for title, films in kinds.items()})


def _plots(figures: Mapping[str, Any]) -> list[Any]:
    plots = []
    if "froc" in figures:
        axes = Axes("false positives a film", "lesion sensitivity", MAX_FALSE_POSITIVES)
        plots.append(("FROC", axes, [(x, y) for x, y, _ in figures["froc_curve"]]))
    if figures["film_roc_curve"]:
        axes = Axes("1 - specificity", "sensitivity", diagonal=True)
        plots.append(("ROC of films", axes, [(x, y) for x, y, *_ in figures["film_roc_curve"]]))
    for name, title in CALIBRATIONS.items():
        if entry := figures.get(name):
            axes = Axes("mean probability", "share with caries", diagonal=True)
            plots.append((title, axes, [(row["mean_probability"], row["share_true"]) for row in entry["reliability"]]))
    return [curves([Curve(name, points)], axes, title=name, size=PLOT_SIDE, a_row=1) for name, axes, points in plots]


def _group_rows(values: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """The heads and rows of one grouping's table."""
    rows = {key: entry for key, entry in values.items() if key != "cuts"}
    columns = sorted({column for entry in rows.values() for column in entry})
    return (
        ["group", *(column.replace("_", " ") for column in columns)],
        [[key, *(_value(entry.get(column)) for column in columns)] for key, entry in rows.items()],
    )


def _film(one: FilmResult) -> dict[str, Any]:
    image = read_image(one.film.path)
    rows, columns = image.pixels.shape[:2]
    drawn = [ring for shape in one.film.truth.lesions for ring in shape.polygons or (_corners(shape.box.as_tuple()),)]
    candidates = [candidate for candidate in one.candidates if candidate.probability >= LOWEST]
    return {
        "name": one.film.path.name,
        "probability": one.probability,
        "rows": rows,
        "columns": columns,
        "font": max(rows, columns) * 0.03,
        "uri": jpeg_uri(shrink(to_picture(image).convert("L"), SHEET_SIDE)),
        "drawn": [_points(ring) for ring in drawn],
        "candidates": [_points(ring) for candidate in candidates for ring in candidate.shape.polygons],
        "labels": [(*candidate.centre, candidate.probability) for candidate in candidates],
    }


def _corners(box: tuple[float, float, float, float]) -> NDArray[np.float64]:
    top, left, bottom, right = box
    return np.array([[top, left], [top, right], [bottom, right], [bottom, left]])


def _points(ring: NDArray[np.float64]) -> str:
    return " ".join(f"{column:.1f},{row:.1f}" for row, column in ring)


def _value(entry: Any) -> str:
    if isinstance(entry, Mapping) and entry["value"] is None:
        return "–"
    if isinstance(entry, Mapping):
        low, high = entry["interval"]
        return f"{_value(entry['value'])} [{_value(low)}, {_value(high)}]"
    if entry is None or (isinstance(entry, float) and not np.isfinite(entry)):
        return "–"
    return f"{entry:.2f}" if isinstance(entry, float) else str(entry)
