"""Groups derived from marks and pixels."""

from pathlib import Path

import numpy as np
import pytest

from lennox.annotations.film import Film
from lennox.annotations.groups import derive_groups, lesion_size, restorations_of, shows_restoration
from lennox.annotations.matching import Truth
from lennox.annotations.shapes import Shape

POINTS_DOWN = np.array([[0, 0], [0, 20], [100, 12], [100, 8]], float)  # wide above: a lower tooth
POINTS_UP = np.array([[0, 8], [0, 12], [100, 20], [100, 0]], float)


def film(*marks):
    return Film(Path("x.png"), "x", 100, 100, Truth(False), marks)


def root(name, ring=POINTS_DOWN):
    return name, Shape.outlined(ring)


@pytest.mark.parametrize(
    ("marks", "jaw"),
    [
        ([root("main root", POINTS_DOWN)], "lower"),
        ([root("main root", POINTS_UP)], "upper"),
        ([root("palatal root", POINTS_DOWN)], "upper"),
        ([root("main root", POINTS_DOWN), root("main root", POINTS_UP)], None),
    ],
)
def test_jaw(marks, jaw):
    assert derive_groups(film(*marks)).get("jaw") == jaw


def test_tooth_and_root_filling():
    assert derive_groups(film(root("mesial root"), root("distal root")))["tooth_type"] == "molar"
    assert derive_groups(film(root("mesial root"), root("distal root")))["molar"] == "molar"
    single = derive_groups(film(root("main root"), root("root canal filling")))
    assert single == {
        "tooth_type": "single-rooted", "molar": "not molar", "root_filled": "root-filled", "jaw": "lower",
        "restored": "restored",
    }  # fmt: skip


def test_a_film_without_marks_has_no_such_groups():
    assert derive_groups(film()) == {}
    assert derive_groups(film(), np.zeros((50, 50), np.uint8)) == {"restored": "unrestored"}


def test_a_bright_blob_clear_of_the_corners_is_a_restoration():
    pixels = np.random.default_rng(0).integers(40, 160, (300, 400)).astype(np.uint8)
    assert not shows_restoration(pixels)
    in_corner = pixels.copy()
    in_corner[:80, :80] = 250
    assert not shows_restoration(in_corner)
    pixels[100:160, 150:210] = 250
    assert shows_restoration(pixels)
    assert shows_restoration(pixels.astype(np.uint16) * 257)


def test_only_restorations_are_painted_as_restorations():
    marks = [root("crown"), root("root canal filling"), root("implant")]
    assert restorations_of(film(*marks)) == [marks[0][1]]


def test_the_size_of_a_lesion_is_a_share_of_its_film():
    assert [lesion_size(area, 100, 80) for area in (10, 51, 200)] == ["small", "medium", "large"]
