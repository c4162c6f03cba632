"""Outlines of labelled lesions: by hand on both implementations, at random against each other, and at the edge."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lennox import _core
from lennox._core import reference


def labels(*rows):
    return np.array([[int(cell.replace(".", "0")) for cell in row] for row in rows], np.int32)


def enclosed(corners):
    """The area inside a closed outline, by the shoelace formula; positive when it runs clockwise, rows downwards."""
    rows, columns = corners.T
    return float(np.sum(columns * np.roll(rows, -1) - np.roll(columns, -1) * rows)) / 2


def test_a_rectangle_has_four_corners(core):
    (outline,) = core.trace_outlines(labels("....", ".111", ".111", "...."), 1)
    assert outline.tolist() == [[1, 1], [1, 4], [3, 4], [3, 1]]
    assert enclosed(outline) == 6


def test_an_l_has_six_corners(core):
    (outline,) = core.trace_outlines(labels("1..", "1..", "111"), 1)
    assert outline.tolist() == [[0, 0], [0, 1], [2, 1], [2, 3], [3, 3], [3, 0]]


def test_cells_that_touch_by_a_corner_share_one_outline(core):
    (outline,) = core.trace_outlines(labels("1.", ".1"), 1)
    assert outline.tolist() == [[0, 0], [0, 1], [1, 1], [1, 2], [2, 2], [2, 1], [1, 1], [1, 0]]
    (outline,) = core.trace_outlines(labels(".1", "1."), 1)
    assert enclosed(outline) == 2


def test_a_hole_is_not_outlined(core):
    (outline,) = core.trace_outlines(labels("111", "1.1", "111"), 1)
    assert outline.tolist() == [[0, 0], [0, 3], [3, 3], [3, 0]]


def test_each_lesion_has_its_own_outline_and_neighbours_share_an_edge(core):
    first, second = core.trace_outlines(labels("22211", "22211"), 2)
    assert first.tolist() == [[0, 3], [0, 5], [2, 5], [2, 3]]
    assert second.tolist() == [[0, 0], [0, 3], [2, 3], [2, 0]]


def test_only_the_first_part_of_a_label_in_two_parts_is_outlined(core):
    (outline,) = core.trace_outlines(labels("1..1"), 1)
    assert outline.tolist() == [[0, 0], [0, 1], [1, 1], [1, 0]]


def test_no_lesions_have_no_outlines(core):
    assert core.trace_outlines(labels("..", ".."), 0) == []


@pytest.mark.parametrize(
    ("rows", "count"), [(["12"], 1), (["1"], 2), (["."], 1)], ids=["above count", "one absent", "none there"]
)
def test_labels_that_do_not_match_the_count_are_refused(core, rows, count):
    with pytest.raises(ValueError, match=rf"exactly 0\.\.{count}"):
        core.trace_outlines(labels(*rows), count)


def test_negative_labels_and_counts_are_refused():
    with pytest.raises(ValueError, match="exactly"):
        _core.trace_outlines(np.array([[1, -1]], np.int32), 1)
    with pytest.raises(ValueError, match="count"):
        _core.trace_outlines(labels("1"), -1)
    with pytest.raises(TypeError, match="int32"):
        _core.trace_outlines(labels("1").astype(np.int64), 1)


def test_a_way_that_does_not_close_ends_all_the_same():
    """The face finds the first cells itself; from another one, here the hole, the way need not come back."""
    ring, ends = labels("111", "1.1", "111"), np.zeros(1, np.int64)
    assert not _core._lesions.trace(ring, np.array([4], np.int64), ends, np.empty((0, 2)))


@given(
    arrays.arrays(np.float32, st.tuples(st.integers(1, 14), st.integers(1, 14)), elements=st.sampled_from([0.0, 1.0]))
)
def test_outlines_equal_the_reference(probability):
    lesions = _core.label_lesions(probability, 0.5)
    lesions.labels.flags.writeable = False  # inputs may be read-only
    ours = _core.trace_outlines(lesions.labels, len(lesions))
    theirs = reference.trace_outlines(lesions.labels, len(lesions))
    for corners, expected, box, area in zip(ours, theirs, lesions.boxes, lesions.areas, strict=True):
        np.testing.assert_array_equal(corners, expected)
        assert [*corners.min(0), *corners.max(0)] == box.tolist()
        assert enclosed(corners) >= area  # and more only where there are holes
        assert ((np.diff(corners, axis=0, append=corners[:1]) != 0).sum(1) == 1).all()  # along one axis at a time
