"""Films and a model become cases: outlines, matching, groups, and films that could not be read."""

import numpy as np
import pytest

from lennox.annotations.film_groups import film_groups, lesion_size
from lennox.annotations.matching import found_by, inside, outline_of
from lennox.audit.films import film_rows, read_films
from lennox.card import OperatingPoint
from lennox.errors import InputError
from lennox.geometry import Box
from lennox.inference.examination import Examination, ModelIdentity, Source
from lennox.inference.findings import Finding

SQUARE = {"bbox": [10, 20, 10, 10], "segmentation": [[10, 20, 20, 20, 20, 30, 10, 30]]}


def finding(row, column, probability, half=3.0):
    corners = (
        (row - half, column - half),
        (row - half, column + half),
        (row + half, column + half),
        (row + half, column - half),
    )
    box = Box(row - half, column - half, row + half, column + half)
    return Finding("caries", probability, box, (row, column), corners, 4 * half * half, None)


def examination(findings, status="assessed", rows=100, columns=100):
    return Examination(
        Source("film.png", "0" * 64, rows, columns, 8, "periapical"),
        ModelIdentity("test", "1", "0" * 64, "unreleased"),
        OperatingPoint("low", 0.01),
        status,
        () if status == "assessed" else ("Too dark.",),
        0.9 if status == "assessed" else None,
        tuple(findings),
    )


def test_outlines_by_hand():
    shape = outline_of(SQUARE)
    assert shape.area == 100
    assert shape.contains(25, 15)
    assert not shape.contains(15, 25)  # row and column, not x and y
    ellipse = outline_of({"bbox": [0, 0, 20, 10], "segmentation": []})
    assert ellipse.area == pytest.approx(np.pi * 50)
    assert not ellipse.contains(0.3, 0.3)  # the corner of the box
    assert shape.scaled(2, 3).contains(50, 45)


@pytest.mark.parametrize("seed", range(5))
def test_inside_agrees_with_matplotlib(seed):
    path = pytest.importorskip("matplotlib.path")
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 9))
    ring = np.stack([np.sin(angle), np.cos(angle)], 1) * rng.uniform(0.4, 1.0, (9, 1))
    points = rng.uniform(-1, 1, (500, 2))
    np.testing.assert_array_equal(inside((ring,), *points.T), path.Path(ring).contains_points(points))


@pytest.mark.parametrize(
    ("rule", "found"), [("centre-in-outline", True), ("iou:0.3", True), ("iou:0.5", False), ("dice:0.4", True)]
)
def test_matching_rules(rule, found):
    best, false = found_by([finding(25, 15, 0.8)], [outline_of(SQUARE)], rule)  # 36 of 100 pixels
    assert best == ([0.8] if found else [0.0])
    assert false == ([] if found else [0.8])


def test_a_second_mark_on_a_lesion_is_neither_hit_nor_false():
    best, false = found_by(
        [finding(25, 15, 0.8), finding(26, 16, 0.9), finding(80, 80, 0.3)], [outline_of(SQUARE)], "centre-in-outline"
    )
    assert best == [0.9]
    assert false == [0.3]


def test_rows_of_a_film(small_policy):
    film = {"id": 1, "file_name": "f.png", "width": 50, "height": 50, "film": "block-1", "group": "b"}
    marks = (("caries", outline_of(SQUARE)),)
    looked = examination(
        [finding(50, 30, 0.8), finding(90, 90, 0.4), finding(90, 10, 0.2)]
    )  # the file has twice the pixels
    image, lesion = film_rows(film, marks, looked, small_policy, threshold=0.3, where="set", sensor="")
    assert (image["label"], image["score"], image["false_positives"]) == (1, 0.9, 1)
    assert (lesion["unit"], lesion["score"]) == ("lesion", 0.8)
    assert image["cluster"] == lesion["cluster"] == "set/block-1"
    assert image["group"] == "b"
    image, lesion = film_rows(
        film, marks, examination([], "not assessable"), small_policy, threshold=0.3, where="set", sensor=""
    )
    assert np.isnan(image["score"])
    assert np.isnan(lesion["score"])
    healthy = film_rows(film, (), looked, small_policy, threshold=0.3, where="set", sensor="")
    assert [row["label"] for row in healthy] == [0]
    assert healthy[0]["false_positives"] == 2


def root(name, top_width, bottom_width):
    ring = [50 - top_width, 0, 50 + top_width, 0, 50 + bottom_width, 90, 50 - bottom_width, 90]
    return name, outline_of({"bbox": [0, 0, 90, 90], "segmentation": [ring]})


def test_groups_that_a_film_allows():
    assert film_groups(()) == {}
    assert film_groups([root("main root", 20, 5)]) == {
        "tooth_type": "single-rooted",
        "root_filled": "not root-filled",
        "jaw": "lower",
    }
    upper = film_groups([root("mesial root", 5, 20), root("distal root", 5, 20), root("root canal filling", 1, 1)])
    assert upper == {"tooth_type": "molar", "root_filled": "root-filled", "jaw": "upper", "restored": "restored"}
    assert film_groups([root("palatal root", 20, 5)])["jaw"] == "upper"
    assert "jaw" not in film_groups([root("main root", 10, 10)])
    assert [lesion_size(share) for share in (0.001, 0.0051, 0.02)] == ["small", "medium", "large"]


def test_a_folder_that_is_no_set_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no annotations\.json"):
        read_films(tmp_path)
    (tmp_path / "annotations.json").write_text("[]")
    with pytest.raises(InputError, match="is not COCO"):
        read_films(tmp_path)
    (tmp_path / "annotations.json").write_text(
        '{"images": [{"id": 1, "file_name": "a.png"}], "annotations": [], "categories": []}'
    )
    with pytest.raises(InputError, match="1 of 1 films are missing"):
        read_films(tmp_path)
