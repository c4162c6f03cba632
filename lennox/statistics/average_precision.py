"""Average precision at IoU 0.5 of boxes, by pycocotools, with a bootstrap over films."""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lennox.geometry import Box

RESAMPLES = 200  # of those offered: each accumulates the entire set


def average_precision(
    candidates: Sequence[Sequence[tuple[float, Box]]],
    lesions: Sequence[Sequence[Box]],
    regions: Sequence[Sequence[Box]],
    weights: Sequence[NDArray[np.float64]] | NDArray[np.float64],
) -> dict[str, Any]:
    """AP50 of (probability, box) a film against its lesions' boxes, with a 95 % interval.

    regions : boxes a film in which a candidate is neither right nor wrong (COCO's `iscrowd`)
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    marked = [
        (film, box, crowd)
        for crowd, kind in enumerate((lesions, regions))
        for film, boxes in enumerate(kind)
        for box in boxes
    ]
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints
        truth = COCO()
        truth.dataset = {
            "images": [{"id": number} for number in range(len(lesions))],
            "categories": [{"id": 1}],
            "annotations": [
                {"id": number, "image_id": film, "category_id": 1, "iscrowd": crowd, "bbox": _coco(box), "area": 1.0}
                for number, (film, box, crowd) in enumerate(marked, 1)
            ],
        }
        truth.createIndex()
        found = [
            {"image_id": film, "category_id": 1, "bbox": _coco(box), "score": probability}
            for film, own in enumerate(candidates)
            for probability, box in own
        ]
        if not found:
            return {"value": 0.0, "interval": [0.0, 0.0]}
        judge = COCOeval(truth, truth.loadRes(found), "bbox")
        judge.params.iouThrs = np.array([0.5])
        judge.params.areaRng, judge.params.areaRngLbl = [[0, 1e10]], ["all"]
        judge.params.maxDets = [100]
        judge.evaluate()
        films = list(judge.evalImgs)

        def area(which: Sequence[int]) -> float:
            judge.evalImgs = [films[number] for number in which]
            judge.params.imgIds = list(range(len(which)))
            judge._paramsEval.imgIds = judge.params.imgIds
            judge.accumulate()
            precision = judge.eval["precision"]
            precision = precision[precision > -1]
            return float(precision.mean()) if precision.size else math.nan

        value = area(range(len(films)))
        drawn = [area(np.repeat(np.arange(len(films)), weight.astype(int)).tolist()) for weight in weights[:RESAMPLES]]
    kept = [one for one in drawn if math.isfinite(one)]
    low, high = np.percentile(kept, [2.5, 97.5]) if kept else (math.nan, math.nan)
    return {"value": value, "interval": [float(low), float(high)]}


def _coco(box: Box) -> list[float]:
    return [box.left, box.top, box.right - box.left, box.bottom - box.top]
