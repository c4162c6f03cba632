"""AP50 by pycocotools, on cases done by hand."""

import numpy as np
import pytest

from lennox.geometry import Box

pytest.importorskip("pycocotools", reason="needs lennox[evaluate]")
from lennox.statistics.average_precision import average_precision

LESION = Box(0, 0, 10, 10)
ELSEWHERE = Box(50, 50, 60, 60)


def test_by_hand():
    weights = [np.ones(2)] * 3
    assert average_precision([[(0.9, LESION)], []], [[LESION], []], [[], []], weights)["value"] == pytest.approx(1.0)
    # a false positive ranks first: precision 1/2 wherever the recall is reached
    found = average_precision([[(0.5, LESION)], [(0.9, ELSEWHERE)]], [[LESION], []], [[], []], weights)
    assert found["value"] == pytest.approx(0.5)
    assert found["interval"] == pytest.approx([0.5, 0.5])


def test_nothing_found():
    assert average_precision([[], []], [[LESION], []], [[], []], [])["value"] == 0.0


def test_a_candidate_on_a_region_of_caries_is_neither_right_nor_wrong():
    found = average_precision([[(0.5, LESION), (0.9, ELSEWHERE)]], [[LESION]], [[ELSEWHERE]], [np.ones(1)])
    assert found["value"] == pytest.approx(1.0)
