"""Evaluate a model on a set of films, by the route that people use: `lennox.diagnose` on the shipped network.

Everything is computed from the candidates above a low floor. Intervals are 95 % percentile intervals of a bootstrap
that resamples groups of films (`images[].film` in the COCO file), not films.

Not called `evaluate`: a module of that name would hide the function `lennox.evaluation.evaluate`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lennox.annotations.coco import read_coco
from lennox.annotations.film import CocoSet
from lennox.evaluation.by_group import figures_by_group
from lennox.evaluation.evaluation_page import evaluation_page, film_sheet
from lennox.evaluation.figure_text import document_text
from lennox.evaluation.film_results import FilmResult, Progress, film_results
from lennox.evaluation.summary import ScoredFilms, counts_of, figures_of
from lennox.files import atomic_write
from lennox.inference.load import load_candidate
from lennox.inference.model import Model

FORMAT = "lennox-evaluation/1"
RESAMPLES = 500
RULE = (
    "A candidate hits a lesion if its centre lies in the lesion's outline, or in the ellipse in its box where only a "
    "box was drawn. Candidates are taken in falling order of probability; each finds at most one lesion. A further "
    "candidate on an already found lesion, and one on a region of caries whose lesions are not told apart, is neither "
    "a hit nor a false positive. False positives a film are counted over all films but those that are only labelled "
    "carious. A film that could not be assessed counts as a film without marks; how many there were is stated."
)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A finished evaluation: `document` is what evaluation.json holds."""

    document: Mapping[str, Any]
    films: tuple[FilmResult, ...]
    folder: Path | None = None


def evaluate(
    model: str | Path | Model,
    data: Path | CocoSet,
    out: Path | None = None,
    *,
    resamples: int = RESAMPLES,
    sheet: bool = True,
    progress: Progress | None = None,
) -> Evaluated:
    """Evaluate a model on a COCO set; leaves evaluation.json and evaluation.html in `out`.

    data : a set's folder, or a set that was read (`read_coco`, with what its categories mean)
    sheet : whether to leave films.html too, pictures of the best, the worst and the missed. It shows films: keep it
        out of a repository unless their licence allows it.
    progress : called with (films done, films)
    Raises InputError for a folder that is not a COCO set, ModelError for a model that cannot be used.
    """
    model = model if isinstance(model, Model) else load_candidate(model, "evaluation")
    coco = data if isinstance(data, CocoSet) else read_coco(Path(data))
    films = tuple(film_results(coco, model, progress=progress))
    document = summarise(coco, model, films, resamples)
    if out is not None:
        out = Path(out)
        out.mkdir(parents=True, exist_ok=True)
        atomic_write(out / "evaluation.json", document_text(document))
        atomic_write(out / "evaluation.html", evaluation_page(document))
        if sheet:
            atomic_write(out / "films.html", film_sheet(films))
    return Evaluated(document, films, out)


def summarise(coco: CocoSet, model: Model, films: Sequence[FilmResult], resamples: int = RESAMPLES) -> dict[str, Any]:
    """Every figure of an evaluation, with its interval, overall and by group."""
    results = ScoredFilms.of(films, resamples)
    figures = figures_of(results, model.card)
    thresholds = {name: figures["threshold_at"][name] for name in ("0.5", "1")} if results.is_outlined else {}
    return {
        "format": FORMAT,
        "rule": RULE,
        "intervals": f"95 %, percentile bootstrap of {resamples} resamples over groups of films",
        "model": {"name": model.card.name, "version": model.card.version, "sha256": model.sha256},
        **counts_of(coco, films),
        "figures": figures,
        "groups": figures_by_group(results, thresholds),
    }
