import pytest
from hypothesis import given
from hypothesis import strategies as st

from lennox.geometry import Box
from lennox.report.marks import place_numbers, scale_bar, soften


@pytest.mark.parametrize(
    ("spacing_mm", "columns", "expected"),
    [(None, 900, None), ((0.1, 0.1), 900, (20.0, 200.0)), ((0.1, 0.04), 968, (10.0, 250.0)), ((0.01, 0.01), 100, None)],
)
def test_scale_bar(spacing_mm, columns, expected):
    assert scale_bar(spacing_mm, columns) == expected


def test_a_number_stands_right_of_its_lesion():
    assert place_numbers([Box(100, 100, 150, 150)], 400, 400, 20) == [(118.0, 154.0)]


def test_a_number_gives_way_to_another_lesion():
    first, second = Box(100, 100, 150, 150), Box(90, 151, 160, 200)
    (_, column), _ = place_numbers([first, second], 400, 400, 20)
    assert column < 100


edge = st.floats(0, 90)


@given(st.lists(st.tuples(edge, edge, st.floats(1, 10), st.floats(1, 10)), max_size=20))
def test_numbers_stay_in_the_film(corners):
    boxes = [Box(top, left, top + high, left + wide) for top, left, high, wide in corners]
    for row, column in place_numbers(boxes, 100, 100, 5):
        assert 0 <= column <= 100
        assert 0 <= row <= 100


def test_stairs_become_a_slope_and_long_edges_stay():
    stairs = [(0, 0), (0, 8), (1, 8), (1, 9), (2, 9), (2, 10), (8, 10), (8, 0)]
    softened = soften(stairs)
    assert (0.5, 8.0) in softened
    assert (1.0, 8.5) in softened
    assert (1.5, 9.0) in softened  # on one line with the two before
    assert (0.0, 0.5) in softened
    assert (0.0, 7.5) in softened


def test_a_softened_outline_stays_within_half_a_stair():
    square = [(0, 0), (0, 4), (4, 4), (4, 0)]
    assert all(0 <= row <= 4 and 0 <= column <= 4 for row, column in soften(square))
    assert soften([(1.0, 1.0)]) == [(1.0, 1.0)]
