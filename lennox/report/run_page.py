"""A run as one page that needs nothing else: its films at a reading desk of their own, on paper, and the model's facts.

In a browser that runs scripts, films are read as at `lennox desk`, by the same script (`viewer/`); on paper and without
script, each film stands beside itself with outlines. Films are embedded as reduced copies, so a page holds at most
`FILMS_A_PAGE` of them; a longer run has several pages, each complete in itself. A page is rendered film by film, so
memory does not grow with the run. A picture is text until it is shown, so that a page of many films opens at once.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from lennox.card import ModelCard, OperatingPoint
from lennox.gate.predicates import local_now
from lennox.image import Image
from lennox.inference.examination import Examination, ModelIdentity, identify
from lennox.inference.findings import Finding
from lennox.inference.model import Model
from lennox.report import pictures, reading_view, words
from lennox.report.facts import read_facts
from lennox.report.marks import place_numbers, scale_bar, soften
from lennox.report.pages import READING_SCRIPTS, READING_STYLES, stream
from lennox.report.wording import RUN, Wording
from lennox.tooth_names import FDI_BY_NAME

Over = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
FILMS_A_PAGE = 100  # some 25 MB, which a browser opens in about a second
MAX_OVERVIEW = 5000  # films in the list of the first page
LONGEST_SIDE = 1100  # of an embedded film, in pixels: sharp at half the width of a large screen


@dataclass(frozen=True, slots=True)
class FilmEntry:
    """One film of a run.

    open : gives the film's image again, or None when it can no longer be read; called once, while rendering
    """

    examination: Examination
    open: Callable[[], Image | None]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What every page of a run says.

    created : when the run ended
    suspected, none, refused : films by result, over all pages
    say : the language of the page
    """

    card: ModelCard
    model: ModelIdentity
    operating_point: OperatingPoint
    created: datetime
    suspected: int
    none: int
    refused: int
    say: Wording = field(default_factory=RUN.wording)


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a run a page shows: `number` of `of`, its first film, and the file names of all pages.

    overview : rows for the list of films, of all pages; those of the page's own films unless given
    """

    number: int = 1
    of: int = 1
    first_film: int = 1
    names: tuple[str, ...] = ("report.html",)
    overview: Sequence[Mapping[str, Any]] | None = None


def run_page_parts(
    films: Sequence[FilmEntry], run: RunSummary, page: Page | None = None, *, over: Over = map
) -> Iterator[str]:
    """The page's text in parts, in order.

    over : `map`, which holds one film's image at a time, or one like it that uses more cores
    """
    page = page or Page()
    numbered, say = list(enumerate(films, page.first_film)), run.say
    return stream(
        "run.html",
        scripts=(*READING_SCRIPTS, "saved_page.js"),
        styles=READING_STYLES,
        at_desk=False,
        sentences=reading_view.sentences(say),
        data=json.dumps(_run_data(run, page, len(films))),
        say=say,
        language=say.language,
        direction=say.direction,
        page=page,
        films_a_page=FILMS_A_PAGE,
        created=run.created.strftime("%Y-%m-%d %H:%M"),
        model=run.model,
        card=run.card,
        facts=read_facts(run.card, run.operating_point.name),
        point=run.operating_point,
        counts={"suspected": run.suspected, "none": run.none, "refused": run.refused},
        unreleased=words.is_unreleased(run.model.release),
        notice=words.notice(run.model.release, say),
        rows=page.overview or [_row(number, film.examination, say) for number, film in numbered],
        refused=sum(map(_refused, films)),
        refusals=over(partial(_refusal, run), (entry for entry in numbered if _refused(entry[1]))),
        films=over(partial(_film, run), (entry for entry in numbered if not _refused(entry[1]))),
    )


def overview(examinations: Iterable[Examination], names: Sequence[str], say: Wording) -> list[dict[str, Any]]:
    """The list of all films of a run, for its first page. names : of the run's pages"""
    rows = [_row(number, one, say) for number, one in enumerate(examinations, 1)]
    for index, row in enumerate(rows[FILMS_A_PAGE:], FILMS_A_PAGE):
        row["page"] = names[index // FILMS_A_PAGE]
        row["data"] = json.dumps(
            {
                "key": str(row["number"]),
                "name": row["name"],
                "status": "assessed" if row["group"] != "refused" else "not assessable",
                "result": row["result"],
                "marks": row["places"] or 0,
                "probability": row["probability"],
                "page": f"{quote(row['page'])}#film-{row['number']}",
            }
        )
    return rows


def _run_data(run: RunSummary, page: Page, here: int) -> dict[str, Any]:
    """What the script is given beside the films; `here` films are on this page."""
    before, after = page.number - 2, page.number
    threshold = run.operating_point.threshold
    return reading_view.terms() | {
        "model": reading_view.model_view(run.model, run.card, threshold, run.say) | {"lowest": threshold},
        "settings": {},
        "teeth": FDI_BY_NAME,
        "before": f"{quote(page.names[before])}#film-{page.first_film - 1}" if before >= 0 else "",
        "after": f"{quote(page.names[after])}#film-{page.first_film + here}" if after < page.of else "",
    }


def _refused(film: FilmEntry) -> bool:
    return film.examination.status != "assessed"


def _row(number: int, examination: Examination, say: Wording) -> dict[str, Any]:
    return {
        "number": number,
        "name": words.readable(examination.source.name),
        "kind": examination.source.kind,
        "group": words.group_of(examination),
        "result": words.result(examination, say),
        "places": len(examination.findings) if examination.status == "assessed" else None,
        "probability": examination.probability,
        "page": "",
        "data": "",
    }


def _view(number: int, examination: Examination, run: RunSummary) -> str:
    """What the script is given of a film."""
    name = examination.source.name
    shown = reading_view.film_row(str(number), examination, run.operating_point.threshold)
    said = {"name": words.readable(name), "patient": words.readable(PurePath(name).parts[0] if name else "")}
    return json.dumps(shown | reading_view.film_view(examination, run.say) | said)


def _refusal(run: RunSummary, numbered: tuple[int, FilmEntry]) -> dict[str, Any]:
    number, film = numbered
    examination = film.examination
    image = film.open() if examination.source.rows else None
    return _row(number, examination, run.say) | {
        "view": _view(number, examination, run),
        "reasons": [words.readable(reason) for reason in examination.reasons],
        "rows": examination.source.rows,
        "columns": examination.source.columns,
        "uri": None if image is None else _uri(image, LONGEST_SIDE),
    }


def _film(run: RunSummary, numbered: tuple[int, FilmEntry]) -> dict[str, Any]:
    number, film = numbered
    source = film.examination.source
    image = film.open()
    rows, columns = source.rows or 1, source.columns or 1
    font = max(rows, columns) / 30
    findings = film.examination.findings
    places = place_numbers([finding.box for finding in findings], rows, columns, font)
    return _row(number, film.examination, run.say) | {
        "view": _view(number, film.examination, run),
        "rows": source.rows,
        "columns": source.columns,
        "bits": source.bits,
        "sha256": source.sha256,
        "spacing_mm": source.spacing_mm,
        "illegible": [words.readable(part) for part in source.illegible],
        "uri": None if image is None else _uri(image, LONGEST_SIDE),
        "font": round(font, 1),
        "bar": scale_bar(source.spacing_mm, columns),
        "findings": [
            _finding(finding)
            | _size(finding, source.spacing_mm)
            | {"text_row": row, "text_column": column, "doubts": words.doubts(finding, source, run.say)}
            for finding, (row, column) in zip(findings, places, strict=True)
        ],
    }


def _uri(image: Image, longest_side: int) -> str:
    return pictures.jpeg_uri(pictures.shrink(pictures.to_picture(image), longest_side))


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "label": finding.label,
        "probability": finding.probability,
        "points": " ".join(f"{column:.1f},{row:.1f}" for row, column in soften(finding.outline)),
    }


def _size(finding: Finding, spacing_mm: tuple[float, float] | None) -> dict[str, str]:
    height, width = finding.box.bottom - finding.box.top, finding.box.right - finding.box.left
    if spacing_mm is None:
        return {"size": f"{height:.0f} × {width:.0f}", "area": f"{finding.area_px:.0f}"}
    area = "–" if finding.area_mm2 is None else f"{finding.area_mm2:.1f}"
    return {"size": f"{height * spacing_mm[0]:.1f} × {width * spacing_mm[1]:.1f}", "area": area}


def draw_page(films: Iterable[tuple[Image | None, Examination]], model: Model, language: str = "en") -> str:
    """HTML page of films, complete in itself, as `lennox diagnose --format html` writes it.

    films : each film with its examination by `model`; None for an image that is not at hand, or could not be read
    language : "en" or "es"
    Raises ValueError for no film, for more than 100, and for an examination by another model; InputError for a language
    that pages do not have.
    """
    pairs = list(films)
    if not 1 <= len(pairs) <= FILMS_A_PAGE:
        raise ValueError(f"a page shows 1 to {FILMS_A_PAGE} films, got {len(pairs)}")
    identity = identify(model)
    if any(examination.model != identity for _, examination in pairs):
        raise ValueError("the page shows examinations by the model that is given")
    say = RUN.wording(language)
    outcomes = Counter(words.group_of(examination) for _, examination in pairs)
    counts = {outcome: outcomes[outcome] for outcome in ("suspected", "none", "refused")}
    run = RunSummary(model.card, identity, pairs[0][1].operating_point, local_now(), **counts, say=say)
    entries = [FilmEntry(examination, partial(lambda image: image, image)) for image, examination in pairs]
    return "".join(run_page_parts(entries, run))
