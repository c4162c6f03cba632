"""What a finding may owe to something else than caries: how it is laid, a restoration, the edge of the film."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lennox.geometry import Box, ProbabilityMap
from lennox.image import Image
from lennox.inference.findings import Explanation, Finding
from lennox.inference.model import Model, Prediction
from lennox.inference.turn import EIGHT_TURNS
from lennox.inference.windows import predict_image


def explained(
    findings: tuple[Finding, ...], image: Image, model: Model, prediction: Prediction, *, over_turns: bool
) -> tuple[Finding, ...]:
    """The findings with an explanation each. over_turns : run the network on all eight turns, eight times the work."""
    if not findings:
        return findings
    maps: list[ProbabilityMap] = []
    if over_turns:
        maps = [predict_image(model, image, turn).probability_map for turn in EIGHT_TURNS]
    return tuple(replace(finding, explanation=_explanation(finding, image, prediction, maps)) for finding in findings)


def _explanation(finding: Finding, image: Image, prediction: Prediction, turned: list[ProbabilityMap]) -> Explanation:
    corners = np.asarray(finding.outline)
    edge = float(min(corners.min(), (np.array([image.rows, image.columns]) - corners).min()))
    beside = prediction.restoration
    values = [highest_inside(one, finding.label, finding.box) for one in turned]
    return Explanation(
        max(edge, 0.0),
        None if beside is None else highest_inside(beside, beside.labels[0], finding.box),
        (min(values), max(values)) if values else None,
    )


def highest_inside(probability_map: ProbabilityMap, label: str, box: Box) -> float:
    """The highest probability of a label among the cells that a box of the image touches."""
    plane = probability_map.values[probability_map.labels.index(label)]
    corners = np.array([[box.top, box.left], [box.bottom, box.right]])
    cells = probability_map.placement.to_canvas(corners) / probability_map.stride
    limits = np.array(plane.shape)
    first = np.clip(np.floor(cells[0]).astype(int), 0, limits - 1)
    last = np.clip(np.ceil(cells[1]).astype(int), first + 1, limits)
    return float(plane[first[0] : last[0], first[1] : last[1]].max())
