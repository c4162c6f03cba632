import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lennox.geometry import Box, Placement, ProbabilityMap


def test_a_wide_film_is_letterboxed_above_and_below():
    assert Placement.letterbox(50, 100, 64, 64) == Placement(50, 100, 64, 64, top=16, left=0, height=32, width=64)


def test_a_point_by_hand():
    placement = Placement.letterbox(50, 100, 64, 64)
    assert placement.to_image(np.array([16.0, 0.0])).tolist() == [0.0, 0.0]
    assert placement.to_image(np.array([48.0, 64.0])).tolist() == [50.0, 100.0]
    assert placement.to_image(np.array([0.0, 32.0])).tolist() == [0.0, 50.0], "the letterbox is clipped to the film"
    assert placement.to_canvas(np.array([25.0, 50.0])).tolist() == [32.0, 32.0]


@given(st.integers(1, 5000), st.integers(1, 5000), st.floats(0, 1), st.floats(0, 1))
def test_there_and_back(rows, columns, down, across):
    placement = Placement.letterbox(rows, columns, 512, 640)
    point = np.array([down * rows, across * columns])
    np.testing.assert_allclose(placement.to_image(placement.to_canvas(point)), point, atol=1e-6 * max(rows, columns))


@pytest.mark.parametrize("edges", [(0, 0, 0, 1), (2, 0, 1, 1), (0, float("nan"), 1, 1)])
def test_an_empty_box_does_not_exist(edges):
    with pytest.raises(ValueError, match="top < bottom"):
        Box(*edges)


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((2, 4, 4), np.float32),
        np.zeros((1, 4, 4)),
        np.full((1, 4, 4), np.nan, np.float32),
        np.full((1, 4, 4), 1.01, np.float32),
    ],
    ids=["labels", "dtype", "NaN", "above one"],
)
def test_an_impossible_map_does_not_exist(values):
    with pytest.raises(ValueError, match=r"values must be|probabilities must be"):
        ProbabilityMap(values, ("caries",), Placement.letterbox(16, 16, 16, 16))


def test_nothing_is_suspected_on_the_letterbox():
    found = ProbabilityMap.on_image(np.ones((1, 16, 16), np.float32), ("caries",), Placement.letterbox(50, 100, 64, 64))
    assert found.values[0].sum() == 8 * 16
    assert found.values[0, 4:12].all()
    assert not found.values.flags.writeable
