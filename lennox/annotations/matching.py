"""Which of a model's candidates hit which lesions: one rule for training, evaluation and audit.

Candidates are taken in falling order of probability, and each finds at most one lesion: the one it overlaps most of
those that nothing has found yet. A further candidate on a lesion that is found already, or on a region that is marked
without its lesions being told apart, is neither a hit nor a false positive.

The usual criterion is that the candidate's centre lies in the outline. Free-response analysis scores marks by where
they point (Chakraborty 2017, ch. 12); overlap would also score how large a model draws its outlines, which is a
setting of the program, and needs a limit that nothing dictates. A policy may still ask for overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from lennox.annotations.shapes import Shape, overlap
from lennox.inference.findings import Finding
from lennox.statistics.froc import UNMARKED, ScoredFilm

Criterion = Literal["centre-in-outline", "iou", "dice"]
FALSE_POSITIVE, NEITHER = -1, -2  # outcomes of a candidate that finds no lesion


@dataclass(frozen=True, slots=True)
class Matching:
    """When a candidate hits a lesion. least : overlap that "iou" and "dice" ask for."""

    criterion: Criterion = "centre-in-outline"
    least: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Matching:
        """From the words of a policy: "centre-in-outline", "iou:0.3" or "dice:0.3". Raises ValueError for others."""
        criterion, _, least = text.partition(":")
        if criterion not in get_args(Criterion) or (criterion == "centre-in-outline") != (least == ""):
            raise ValueError(f"'{text}' is not centre-in-outline, iou:0.3 or dice:0.3")
        value = float(least or 0)
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"the overlap must be in 0..1, got {least}")
        return cls(criterion, value)  # type: ignore[arg-type]  # one of them, as just checked

    def hits(self, candidate: Candidate, lesion: Shape) -> bool:
        """Whether a candidate hits a lesion."""
        if self.criterion == "centre-in-outline":
            return lesion.contains(*candidate.centre)
        shared = overlap(candidate.shape, lesion)
        return (shared if self.criterion == "iou" else 2 * shared / (1 + shared)) >= max(self.least, 1e-9)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A suspected lesion: its probability, its centre (row, column) and its outline."""

    probability: float
    centre: tuple[float, float]
    shape: Shape

    @classmethod
    def of(cls, finding: Finding) -> Candidate:
        """The candidate that a finding is."""
        return cls(finding.probability, finding.centre, Shape(finding.box, (np.array(finding.outline, np.float64),)))


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of a film.

    carious : whether it shows caries
    lesions : those that are marked one by one
    regions : where caries is marked without telling lesions apart (COCO's `iscrowd`)
    """

    carious: bool
    lesions: tuple[Shape, ...] = ()
    regions: tuple[Shape, ...] = ()

    @property
    def is_located(self) -> bool:
        """Whether the marks say where all caries is; a film that is only labelled carious does not."""
        return not self.carious or bool(self.lesions or self.regions)


def score_film(candidates: Sequence[Candidate], truth: Truth, matching: Matching | None = None) -> ScoredFilm:
    """Match the candidates of a film with its lesions; where caries is not located, none is a false positive."""
    matching = matching or Matching()
    order = sorted(range(len(candidates)), key=lambda index: -candidates[index].probability)
    found = [UNMARKED] * len(truth.lesions)
    outcomes = [FALSE_POSITIVE if truth.is_located else NEITHER] * len(candidates)
    for index in order:
        candidate = candidates[index]
        hits = [number for number, lesion in enumerate(truth.lesions) if matching.hits(candidate, lesion)]
        new = [number for number in hits if found[number] == UNMARKED]
        if new:
            best = (
                max(new, key=lambda number: (overlap(candidate.shape, truth.lesions[number]), -number))
                if len(new) > 1
                else new[0]
            )
            outcomes[index], found[best] = best, candidate.probability
        elif hits or any(region.contains(*candidate.centre) for region in truth.regions):
            outcomes[index] = NEITHER
    false = sorted(
        (candidates[index].probability for index in order if outcomes[index] == FALSE_POSITIVE), reverse=True
    )
    return ScoredFilm(tuple(false), tuple(found), tuple(outcomes))
