"""Groups derived from marks and pixels."""

from pathlib import Path

import numpy as np
import pytest

from lennox.annotations.coco import Film
from lennox.annotations.groups import derive_groups, shows_restoration
from lennox.annotations.shapes import Shape
from lennox.geometry import Box

POINTS_DOWN = np.array([[0, 0], [0, 20], [100, 12], [100, 8]], float)  # wide above: a lower tooth
POINTS_UP = np.array([[0, 8], [0, 12], [100, 20], [100, 0]], float)


def film(*marks):
    return Film(Path("x.png"), "x", 100, 100, (), marks, False)


def root(name, ring=POINTS_DOWN):
    (top, left), (bottom, right) = ring.min(0), ring.max(0)
    return name, Shape(Box(top, left, bottom, right), (ring,))


@pytest.mark.parametrize(
    ("marks", "jaw"),
    [
        ([root("main root", POINTS_DOWN)], "lower"),
        ([root("main root", POINTS_UP)], "upper"),
        ([root("palatal root", POINTS_DOWN)], "upper"),
        ([root("main root", POINTS_DOWN), root("main root", POINTS_UP)], "undecided"),
    ],
)
def test_jaw(marks, jaw):
    assert derive_groups(film(*marks), None)["jaw"] == jaw


def test_tooth_and_root_filling():
    assert derive_groups(film(root("mesial root"), root("distal root")), None)["tooth"] == "molar"
    single = derive_groups(film(root("main root"), root("root canal filling")), None)
    assert (single["tooth"], single["root filling"]) == ("single-rooted", "root-filled")


def test_a_film_without_marks_has_no_such_groups():
    assert derive_groups(film(), None) == {}


def test_a_bright_blob_clear_of_the_corners_is_a_restoration():
    pixels = np.random.default_rng(0).integers(40, 160, (300, 400)).astype(np.uint8)
    assert not shows_restoration(pixels)
    in_corner = pixels.copy()
    in_corner[:80, :80] = 250
    assert not shows_restoration(in_corner)
    pixels[100:160, 150:210] = 250
    assert shows_restoration(pixels)
    assert shows_restoration(pixels.astype(np.uint16) * 257)
