"""Outlines: points inside, overlap, cover."""

import numpy as np
import pytest

from lennox.annotations.shapes import Shape, box_overlap, cover, overlap
from lennox.geometry import Box

TRIANGLE = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]])
# a C that opens to the right: its middle is outside
CRESCENT = np.array([[0, 0], [0, 10], [2, 10], [2, 2], [8, 2], [8, 10], [10, 10], [10, 0]], float)


def shape(ring):
    (top, left), (bottom, right) = ring.min(0), ring.max(0)
    return Shape(Box(top, left, bottom, right), (ring,))


def test_a_point_is_judged_by_the_outline_not_by_its_box():
    assert shape(CRESCENT).contains(5, 1)
    assert not shape(CRESCENT).contains(5, 6)
    assert Shape(Box(0, 0, 10, 10)).contains(5, 6)


def test_area_of_outline_and_of_box():
    assert shape(TRIANGLE).area == pytest.approx(50)
    assert Shape(Box(0, 0, 10, 10)).area == 100


def test_overlap_of_outlines_by_hand():
    square = shape(np.array([[0, 0], [0, 10], [10, 10], [10, 0]], float))
    assert overlap(shape(TRIANGLE), square) == pytest.approx(0.5, abs=0.01)
    assert overlap(square, Shape(Box(0, 5, 10, 15))) == pytest.approx(1 / 3)  # one has no outline: boxes
    assert box_overlap(Box(0, 0, 1, 1), Box(2, 2, 3, 3)) == 0.0


def test_cover_is_the_union_of_rings():
    rows = columns = np.arange(10) + 0.5
    both = cover((TRIANGLE, TRIANGLE + np.array([0.0, 20.0])), rows, np.arange(40) + 0.5)
    assert both.sum() == 2 * cover((TRIANGLE,), rows, columns).sum()
