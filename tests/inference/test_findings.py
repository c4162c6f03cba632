import numpy as np
import pytest

from lennox.geometry import Box, Placement, ProbabilityMap
from lennox.inference.findings import Finding, find_lesions


def a_map(values, placement=None):
    values = np.asarray(values, np.float32)[None]
    side = 4 * values.shape[1], 4 * values.shape[2]
    return ProbabilityMap(values, ("caries",), placement or Placement.letterbox(*side, *side))


def test_two_lesions_that_touch_are_told_apart_where_the_card_says_so():
    values = np.zeros((16, 16))
    values[8, 3:12] = (0.5, 0.7, 0.9, 0.7, 0.5, 0.7, 0.8, 0.7, 0.5)
    (one,) = find_lesions(a_map(values), 0.1, 0.3)
    first, second = find_lesions(a_map(values), 0.1, 0.3, saddle_share=0.9)
    assert (first.probability, second.probability) == pytest.approx((0.9, 0.8))
    assert first.centre[1] < one.centre[1] < second.centre[1]
    assert first.box.right == second.box.left  # side by side, and nothing in both
    assert first.area_px + second.area_px == one.area_px


def test_one_lesion_by_hand():
    values = np.zeros((16, 16), np.float32)
    values[4:6, 8:11] = [[0.6, 0.8, 0.6], [0.6, 0.6, 0.6]]
    (finding,) = find_lesions(a_map(values), 0.5, 0.7)
    assert finding.probability == pytest.approx(0.8)
    assert finding.box == Box(16, 32, 24, 44)
    assert finding.area_px == 6 * 16
    assert finding.area_mm2 is None
    assert {tuple(point) for point in finding.outline} >= {(16, 32), (16, 44), (24, 44), (24, 32)}
    assert 16 < finding.centre[0] < 24
    assert 32 < finding.centre[1] < 44


def test_area_in_millimetres_follows_the_spacing():
    values = np.zeros((16, 16), np.float32)
    values[4:6, 8:11] = 0.9
    (finding,) = find_lesions(a_map(values), 0.5, 0.7, spacing_mm=(0.1, 0.2))
    assert finding.area_mm2 == pytest.approx(96 * 0.02)


def test_findings_lie_in_the_pixels_of_the_film():
    values = np.zeros((16, 16), np.float32)
    values[6:8, 0:4] = 0.9
    (finding,) = find_lesions(a_map(values, Placement.letterbox(100, 200, 64, 64)), 0.5, 0.7)
    assert finding.box.as_tuple() == pytest.approx((25, 0, 50, 50))
    assert finding.area_px == pytest.approx(25 * 50)


@pytest.mark.parametrize("seed", range(10))
def test_a_lower_threshold_lists_more_and_moves_none(seed):
    probability_map = a_map(np.random.default_rng(seed).random((24, 24), np.float32))
    few, many = find_lesions(probability_map, 0.9, 0.7), find_lesions(probability_map, 0.01, 0.7)
    assert 0 < len(few) <= len(many)
    assert set(few) <= set(many)
    assert [finding.probability for finding in many] == sorted((f.probability for f in many), reverse=True)


def test_nothing_above_the_threshold_gives_no_finding():
    assert find_lesions(a_map(np.full((16, 16), 0.3)), 0.31, 0.7) == ()


def test_an_impossible_probability_does_not_exist():
    with pytest.raises(ValueError, match=r"must be in \[0, 1\]"):
        Finding("caries", float("nan"), Box(0, 0, 1, 1), (0.5, 0.5), (), 1.0, None)
