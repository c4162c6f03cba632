"""Free-response analysis: how many lesions are found at how many false positives.

Curves and areas follow Chakraborty, "Observer Performance Methods for Diagnostic Imaging" (2017), chapters 13 and 14:
FROC, AFROC and weighted AFROC, empirical, with the straight line to (1, 1). Which candidates hit which lesions is
decided before, by `lennox.annotations.matching`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNMARKED = -np.inf
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScoredFilm:
    """One film whose candidates were matched with its lesions.

    false : probabilities of its false positives, falling
    found : the probability of the candidate that found each lesion; -inf for a missed one
    outcomes : of each candidate: index in `found` of its lesion, -1 for a false positive, -2 for neither
    """

    false: tuple[float, ...]
    found: tuple[float, ...]
    outcomes: tuple[int, ...] = ()


class FreeResponse:
    """The marks of a set of films, ready to be resampled: every figure takes a weight for each film."""

    def __init__(
        self, films: Sequence[ScoredFilm], diseased: Sequence[bool], located: Sequence[bool] | None = None
    ) -> None:
        """located : whether the lesions of each film are marked; where they are not, the film has no weight."""
        self.count = len(films)
        self.diseased = np.asarray(diseased, bool)
        self._located = np.ones(self.count) if located is None else np.asarray(located, np.float64)
        marks = [(p, which, 0) for which, film in enumerate(films) for p in film.false]
        marks += [(p, which, 1) for which, film in enumerate(films) for p in film.found if p != UNMARKED]
        marks.sort(key=lambda mark: -mark[0])
        self._probability = np.array([mark[0] for mark in marks], np.float64)
        self._film = np.array([mark[1] for mark in marks], np.int64)
        self._hit = np.array([mark[2] for mark in marks], bool)
        # candidates of equal probability fall under a threshold together
        self._ends = np.append(self._probability[1:] != self._probability[:-1], True) if marks else np.zeros(0, bool)
        self._lesions = np.array([len(film.found) for film in films], np.float64)
        self._highest_false = np.array([film.false[0] if film.false else UNMARKED for film in films])
        self._found = [np.array(film.found, np.float64) for film in films]

    def _weights(self, weights: Floats | None) -> Floats:
        return self._located if weights is None else self._located * weights

    def curve(self, weights: Floats | None = None) -> tuple[Floats, Floats, Floats]:
        """(false positives a film, lesion sensitivity, threshold) at each distinct probability, falling."""
        weights = self._weights(weights)
        each = weights[self._film]
        false = np.cumsum(each * ~self._hit)[self._ends] / max(weights.sum(), 1e-12)
        lesions = float((weights * self._lesions).sum())
        found = np.cumsum(each * self._hit)[self._ends] / lesions if lesions else np.full(false.shape, np.nan)
        return false, found, self._probability[self._ends]

    def sensitivity_at(self, false_a_film: Sequence[float], weights: Floats | None = None) -> Floats:
        """The highest lesion sensitivity at no more than each of these false positives a film."""
        false, found, _ = self.curve(weights)
        if not len(false):
            return np.zeros(len(false_a_film))
        last = np.searchsorted(false, np.asarray(false_a_film) + 1e-9, side="right") - 1
        return np.where(last >= 0, found[np.maximum(last, 0)], 0.0)

    def threshold_at(self, false_a_film: float) -> float:
        """The lowest probability at which there are no more than so many false positives a film."""
        false, _, thresholds = self.curve()
        last = int(np.searchsorted(false, false_a_film + 1e-9, side="right")) - 1
        return float(thresholds[last]) if last >= 0 else 1.0

    def at_threshold(self, threshold: float, weights: Floats | None = None) -> tuple[float, float]:
        """(lesion sensitivity, false positives a film) at a threshold."""
        weights = self._weights(weights)
        each = weights[self._film] * (self._probability >= threshold)
        lesions = float((weights * self._lesions).sum())
        found = float((each * self._hit).sum()) / lesions if lesions else float("nan")
        return found, float((each * ~self._hit).sum() / max(weights.sum(), 1e-12))

    def afroc_area(self, *, weighted: bool, weights: Floats | None = None) -> tuple[float, str]:
        """Area under the (weighted) AFROC curve, and which films its horizontal axis counts.

        A lesion against a film: 1 if the lesion was marked higher than the film's highest false positive, 1/2 if
        equally (an unmarked lesion on an unmarked film too). The films are the caries-free ones ("AFROC"), or, where
        a set has none, all ("AFROC1"). weighted : each film's lesions share a weight of 1, else each lesion has 1.
        """
        weights = self._weights(weights)
        kind = "AFROC" if (weights * ~self.diseased).sum() > 0 else "AFROC1"
        against = ~self.diseased if kind == "AFROC" else np.ones(self.count, bool)
        false, false_weights = self._highest_false[against], weights[against]
        order = np.argsort(false, kind="stable")
        false, running = false[order], np.concatenate([[0.0], np.cumsum(false_weights[order])])
        total = won = 0.0
        for which, found in enumerate(self._found):
            if not len(found) or weights[which] == 0:
                continue
            share = weights[which] / len(found) if weighted else weights[which]
            below = running[np.searchsorted(false, found, side="left")]
            up_to = running[np.searchsorted(false, found, side="right")]
            won += share * float((below + up_to).sum()) / 2
            total += share * len(found)
        return (float(won / (total * running[-1])) if total and running[-1] else float("nan")), kind
