"""What a model said of each film of a set, beside the truth: what evaluation and audit count from.

Films go the route that people use, `diagnose_many`, at a low floor. One that could not be assessed has no candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lennox.annotations.film import CocoSet, Film
from lennox.annotations.matching import Candidate, Matching, score_film
from lennox.inference.batch import diagnose_many
from lennox.inference.examination import Examination
from lennox.inference.model import Model
from lennox.statistics.froc import ScoredFilm

FLOOR = 0.01  # candidates below are not asked for
Progress = Callable[[int, int], None]  # films done, films


@dataclass(frozen=True, slots=True)
class FilmResult:
    """One film of a set, what the model said of it, and how that scored. film : with its marks in the file's pixels"""

    film: Film
    examination: Examination
    candidates: tuple[Candidate, ...]
    scored: ScoredFilm

    @property
    def is_assessed(self) -> bool:
        """Whether the model answered."""
        return self.examination.status == "assessed"

    @property
    def probability(self) -> float:
        """The highest on the film; 0 if it could not be assessed."""
        return self.examination.probability or 0.0


def film_results(
    coco: CocoSet, model: Model, matching: Matching | None = None, progress: Progress | None = None
) -> Iterator[FilmResult]:
    """The results of a set's films, in its order.

    Raises InputError if images are missing, or annotations do not fit theirs (`Film.on_image`).
    """
    coco.require_files()
    examinations = diagnose_many([film.path for film in coco.films], model, threshold=FLOOR)
    for number, (film, examination) in enumerate(zip(coco.films, examinations, strict=True), 1):
        source = examination.source
        on_file = film.on_image(source.rows, source.columns) if source.rows and source.columns else film
        candidates = tuple(map(Candidate.of, examination.findings))
        yield FilmResult(on_file, examination, candidates, score_film(candidates, on_file.truth, matching))
        if progress:
            progress(number, len(coco.films))
