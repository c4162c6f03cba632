"""Other layouts become COCO, and the one reader of sets takes what comes out."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image as Raster

from lennox.annotations.coco import read_coco
from lennox.cli import cli

pytest.importorskip("yaml")
ROWS, COLUMNS = 100, 200


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Raster.fromarray(np.random.default_rng(1).integers(0, 255, (ROWS, COLUMNS, 3), np.uint8)).save(path)


@pytest.fixture
def yolo(tmp_path):
    folder = tmp_path / "photographs"
    for name in ("train/images/p1_f_a", "train/images/p1_f_b", "test/images/p2_m_a"):
        picture(folder / f"{name}.png")
    labels = folder / "train" / "labels"
    labels.mkdir()
    (labels / "p1_f_a.txt").write_text("1 0.5 0.5 0.25 0.2\n\n0 0.1 0.2 0.3 0.2 0.3 0.6\n")
    (folder / "data.yaml").write_text("names: {0: filling, 1: caries}\n")
    return folder


def run(*arguments):
    return CliRunner().invoke(cli, ["coco", *map(str, arguments)])


def test_boxes_and_polygons_are_where_yolo_says(yolo):
    told = run(yolo, "--layout", "yolo", "--name-pattern", r"(?P<film>p\d+)_(?P<sex>[mf])_")
    assert told.exit_code == 0, told.output
    films = {film.path.name: film for film in read_coco(yolo).films}
    marked = films["p1_f_a.png"]
    assert [shape.box.as_tuple() for shape in marked.truth.lesions] == [pytest.approx((40, 75, 60, 125))]
    ((name, filling),) = marked.others
    assert name == "filling"
    assert filling.polygons[0] == pytest.approx(np.array([[20, 20], [20, 60], [60, 60]]))
    assert not films["p2_m_a.png"].truth.carious  # without a label file: nothing is marked
    document = json.loads((yolo / "annotations.json").read_text())
    assert [(image["film"], image["sex"]) for image in document["images"]] == [("p2", "m"), ("p1", "f"), ("p1", "f")]


def test_a_photograph_that_is_stored_turned_is_marked_upright(tmp_path):
    folder = tmp_path / "set"
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    turned = Raster.fromarray(np.zeros((ROWS, COLUMNS), np.uint8))
    exif = turned.getexif()
    exif[0x0112] = 6  # its rows are the upright picture's columns
    turned.save(folder / "images" / "a.jpg", exif=exif)
    (folder / "labels" / "a.txt").write_text("0 0.25 0.5 0.1 0.1\n")
    (folder / "classes.txt").write_text("caries\n")
    assert run(folder, "--layout", "yolo").exit_code == 0
    (film,) = read_coco(folder).films
    assert (film.rows, film.columns) == (COLUMNS, ROWS)
    assert film.truth.lesions[0].centre == pytest.approx((COLUMNS / 2, ROWS / 4))


def test_a_folder_a_class_labels_whole_images(tmp_path):
    for name in ("caries/a.png", "caries/b.png", "healthy/c.png"):
        picture(tmp_path / "set" / name)
    assert run(tmp_path / "set", "--layout", "folders").exit_code == 0
    films = read_coco(tmp_path / "set").films
    assert [film.truth.carious for film in films] == [True, True, False]
    assert not any(film.truth.lesions for film in films)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2 0.5 0.5 0.2 0.2", "class 2; there are 2"),
        ("0.5 0.5 0.5 0.2 0.2", "class 0.5"),
        ("1 0.5 0.5 0.2", "neither a box"),
        ("1 0.5 0.5 1.5 0.2", "neither a box"),
        ("1 nan 0.5 0.2 0.2", "neither a box"),
        ("nan 0.5 0.5 0.2 0.2", "class nan"),
        ("1 0.1 0.1 0.2 0.2 0.3", "neither a box"),
        ("caries 0.5 0.5 0.2 0.2", "no number"),
    ],
)
def test_a_label_that_is_no_mark_is_refused_with_its_line(yolo, line, reason):
    (yolo / "train" / "labels" / "p1_f_b.txt").write_text(line + "\n")
    told = run(yolo, "--layout", "yolo")
    assert told.exit_code == 2
    assert "line 1" in told.output
    assert reason in told.output
    assert not (yolo / "annotations.json").exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("names: 3", "names"),
        ("train: x", "names"),
        ("names: [1, 2]", "text"),
        ("{", "names"),
        ("names: {1: a}", "names"),
    ],
)
def test_classes_without_names_are_refused(yolo, text, reason):
    (yolo / "data.yaml").write_text(text)
    told = run(yolo, "--layout", "yolo")
    assert told.exit_code == 2
    assert reason in told.output


@pytest.mark.parametrize(
    ("pattern", "reason"), [("(", "no regular expression"), ("p[0-9]", "names nothing"), ("(?P<film>z)", "not found")]
)
def test_a_pattern_that_says_nothing_is_refused(yolo, pattern, reason):
    told = run(yolo, "--layout", "yolo", "--name-pattern", pattern)
    assert told.exit_code == 2
    assert reason in told.output


def test_what_is_there_is_not_overwritten(yolo):
    (yolo / "annotations.json").write_text("mine")
    assert run(yolo, "--layout", "yolo").exit_code == 2
    assert (yolo / "annotations.json").read_text() == "mine"
