"""What a card's figures mean for one mark, as counts out of ten or a hundred (Gigerenzer and Hoffrage 1995)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Share:
    """`count` out of `base`, which is 10, or 100 where 10 would say none or all. Neither is ever said of a share."""

    count: int
    base: int

    @classmethod
    def of(cls, share: float) -> Share:
        """The nearest such count of a share between 0 and 1."""
        for base in (10, 100):
            count = round(share * base)
            if 0 < count < base:
                return cls(count, base)
        return cls(1 if share < 0.5 else 99, 100)


@dataclass(frozen=True, slots=True)
class NaturalFrequencies:
    """films : that the model was tested on; wrong : of its marks; missed : of the marked lesions"""

    films: int
    wrong: Share
    missed: Share


def natural_frequencies(document: Mapping[str, Any], point: str) -> NaturalFrequencies | None:
    """What the sets that the model was tested on say together, at an operating point; None if none says it.

    document : of a card. Held-out films are left out: operating points were chosen on them, so their figures flatter.
    A set counts by its films and lesions, so that the answer is that of all of them in one pile.
    """
    films, lesions, found, false = 0, 0, 0.0, 0.0
    for entry in document.get("figures", {}).values():
        measured = [one for one in entry.get("operating_points", ()) if one.get("name") == point]
        if not measured or not {"lesion_sensitivity", "false_positives_a_film"} <= set(measured[0]):
            continue
        if not (entry.get("films") and entry.get("lesions")):
            continue
        films += entry["films"]
        lesions += entry["lesions"]
        found += _value(measured[0]["lesion_sensitivity"]) * entry["lesions"]
        false += _value(measured[0]["false_positives_a_film"]) * entry["films"]
    if not lesions or not found + false:
        return None
    return NaturalFrequencies(films, Share.of(false / (false + found)), Share.of(1.0 - found / lesions))


def _value(figure: Any) -> float:
    return float(figure["value"] if isinstance(figure, Mapping) else figure)
