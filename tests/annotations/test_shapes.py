"""Outlines: points inside, overlap, cover."""

import numpy as np
import pytest

from lennox.annotations.shapes import Shape, box_overlap, overlap
from lennox.geometry import Box

TRIANGLE = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]])
# a C that opens to the right: its middle is outside
CRESCENT = np.array([[0, 0], [0, 10], [2, 10], [2, 2], [8, 2], [8, 10], [10, 10], [10, 0]], float)


def shape(*rings):
    return Shape.outlined(*rings)


def test_a_point_is_judged_by_the_outline_not_by_its_box():
    assert shape(CRESCENT).contains(5, 1)
    assert not shape(CRESCENT).contains(5, 6)
    assert Shape(Box(0, 0, 10, 10)).contains(5, 6)
    assert not Shape(Box(0, 0, 10, 10)).contains(0.5, 0.5)  # a box stands for the ellipse in it


def test_area_of_outline_and_of_box():
    assert shape(TRIANGLE).area == pytest.approx(50)
    assert Shape(Box(0, 0, 10, 20)).area == pytest.approx(np.pi * 50)


def test_overlap_of_outlines_by_hand():
    square = shape(np.array([[0, 0], [0, 10], [10, 10], [10, 0]], float))
    assert overlap(shape(TRIANGLE), square) == pytest.approx(0.5, abs=0.01)
    assert overlap(square, Shape(Box(0, 0, 10, 10))) == pytest.approx(np.pi / 4, abs=0.01)
    assert box_overlap(Box(0, 0, 1, 1), Box(2, 2, 3, 3)) == 0.0


def test_polygons_of_one_mark_are_united():
    rows = columns = np.arange(10) + 0.5
    apart = shape(TRIANGLE, TRIANGLE + np.array([0.0, 20.0]))
    assert apart.cover(rows, np.arange(40) + 0.5).sum() == 2 * shape(TRIANGLE).cover(rows, columns).sum()
    twice = shape(TRIANGLE, TRIANGLE)
    assert twice.contains(8, 4)
    assert twice.area == pytest.approx(50, rel=0.01)


@pytest.mark.parametrize("seed", range(5))
def test_a_polygon_covers_the_points_that_matplotlib_finds_inside(seed):
    path = pytest.importorskip("matplotlib.path")
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 9))
    ring = np.stack([np.sin(angle), np.cos(angle)], 1) * rng.uniform(0.4, 1.0, (9, 1))
    rows, columns = np.sort(rng.uniform(-1, 1, 25)), rng.uniform(-1, 1, 20)
    grid = np.stack(np.meshgrid(rows, columns, indexing="ij"), -1).reshape(-1, 2)
    expected = path.Path(ring).contains_points(grid).reshape(25, 20)
    np.testing.assert_array_equal(Shape.outlined(ring).cover(rows, columns), expected)


def test_a_mask_becomes_the_outlines_of_its_parts():
    mask = np.zeros((20, 30), bool)
    mask[2:6, 3:9] = mask[10:15, 20:22] = True
    of_mask = Shape.of_mask(mask)
    assert len(of_mask.polygons) == 2
    assert of_mask.box == Box(2, 3, 15, 22)
    np.testing.assert_array_equal(of_mask.cover(np.arange(20) + 0.5, np.arange(30) + 0.5), mask)
