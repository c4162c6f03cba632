"""A probability map becomes lesions, placed on the image as the reader sees it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lennox import _core
from lennox.geometry import Box, ProbabilityMap

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the network was unsure about at one finding.

    edge_distance_px : from its outline to the nearest edge of the image, in image pixels
    restoration : highest probability, in [0, 1] and not calibrated, of a filling or crown inside its box; None if the
        network does not answer that
    turned : (lowest, highest) of the probabilities that the network gives it over the eight turns and mirrorings of
        the image, each the highest inside its box; None if they were not computed
    """

    edge_distance_px: float
    restoration: float | None = None
    turned: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One suspected lesion, placed on the image as the reader sees it.

    label : what is suspected, spelled as in the model card, e.g. "caries"
    probability : calibrated probability of the lesion, in [0, 1]: the highest inside it
    box : half-open [top, left, bottom, right), in image pixels
    centre : (row, column) in image pixels, weighted by probability
    outline : corners of its closed outline, (row, column) in image pixels
    area_px : area inside the outline, in image pixels
    area_mm2 : the same in square millimetres of the receptor; None when the file gives no pixel spacing
    explanation : what the network was unsure about; None if it was not asked
    """

    label: str
    probability: float
    box: Box
    centre: Point
    outline: tuple[Point, ...]
    area_px: float
    area_mm2: float | None
    explanation: Explanation | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.probability <= 1.0:  # refuses NaN too
            raise ValueError(f"probability must be in [0, 1], got {self.probability}")


def find_lesions(
    probability_map: ProbabilityMap,
    threshold: float,
    region_share: float,
    spacing_mm: tuple[float, float] | None = None,
    saddle_share: float | None = None,
) -> tuple[Finding, ...]:
    """Every lesion of a map whose probability is at least `threshold`, the most probable first.

    A lesion is the connected part above `region_share` of its own peak, so its outline does not depend on the
    threshold: a lower one lists more lesions and moves none.
    saddle_share : what tells two peaks apart, see `ModelCard`
    spacing_mm : (row, column) millimetres per image pixel
    """
    placement = probability_map.placement
    stride = np.array(probability_map.stride)
    pixels_per_cell = float(np.prod(stride)) * placement.rows / placement.height * placement.columns / placement.width
    findings = []
    for label, plane in zip(probability_map.labels, probability_map.values, strict=True):
        lesions = _core.extract_lesions(plane, threshold, region_share, saddle_share)
        outlines = _core.trace_outlines(lesions.labels, len(lesions.areas))
        for which, outline in enumerate(outlines):
            corners = placement.to_image(lesions.boxes[which].reshape(2, 2) * stride)
            area_px = float(lesions.areas[which]) * pixels_per_cell
            findings.append(
                Finding(
                    label=label,
                    probability=float(lesions.peaks[which]),
                    box=Box(*map(float, corners.ravel())),
                    centre=_point(placement.to_image(lesions.centroids[which] * stride)),
                    outline=tuple(map(_point, placement.to_image(outline * stride))),
                    area_px=area_px,
                    area_mm2=None if spacing_mm is None else area_px * spacing_mm[0] * spacing_mm[1],
                )
            )
    return tuple(sorted(findings, key=lambda finding: -finding.probability))


def _point(pair: np.ndarray) -> Point:
    return float(pair[0]), float(pair[1])
