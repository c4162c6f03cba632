"""COCO sets of every kind: polygons, boxes, image-level labels, no annotation at all."""

import json

import numpy as np
import pytest

from lennox.annotations.coco import read_coco
from lennox.errors import InputError

CATEGORIES = [{"id": 1, "name": "Caries"}, {"id": 2, "name": "main root"}]


def write(folder, images, annotations, **more):
    document = {"images": images, "annotations": annotations, "categories": CATEGORIES, **more}
    (folder / "annotations.json").write_text(json.dumps(document))
    return folder


def image(number, **more):
    return {"id": number, "file_name": f"{number}.png", "width": 20, "height": 10, **more}


def test_boxes_become_rows_before_columns(tmp_path):
    coco = read_coco(write(tmp_path, [image(1)], [{"image_id": 1, "category_id": 1, "bbox": [3, 1, 5, 2]}]))
    assert coco.films[0].caries[0].box.as_tuple() == (1, 3, 3, 8)
    assert (coco.films[0].rows, coco.films[0].columns, coco.outlines) == (10, 20, "boxes")


def test_polygons_and_other_marks(tmp_path):
    marks = [
        {"image_id": 1, "category_id": 1, "segmentation": [[1, 2, 5, 2, 5, 6]]},
        {"image_id": 1, "category_id": 2, "bbox": [0, 0, 4, 4], "segmentation": []},
    ]
    film = read_coco(write(tmp_path, [image(1, film="block-0")], marks)).films[0]
    assert film.name == "block-0"
    np.testing.assert_array_equal(film.caries[0].polygons[0], [[2, 1], [2, 5], [6, 5]])
    assert film.others[0][0] == "main root"


@pytest.mark.parametrize(
    ("more", "carious"),
    [
        ({"caries": True}, True), ({"caries": 0}, False), ({"label": "caries"}, True), ({"label": "Healthy"}, False),
        ({"category_id": 1}, True), ({"category": "caries-free"}, False), ({}, False),
    ],
)  # fmt: skip
def test_an_image_may_carry_its_label(tmp_path, more, carious):
    coco = read_coco(write(tmp_path, [image(1, **more)], []))
    assert coco.films[0].carious is carious
    assert (coco.outlined, coco.outlines) == (False, "none")


def test_an_annotation_without_a_box_labels_the_whole_film(tmp_path):
    coco = read_coco(write(tmp_path, [image(1), image(2)], [{"image_id": 1, "category_id": 1}]))
    assert [film.carious for film in coco.films] == [True, False]
    assert not coco.outlined


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"images": []}', '{"images": [{"id": 1}]}'])
def test_what_is_not_coco_is_refused(tmp_path, content):
    (tmp_path / "annotations.json").write_text(content)
    with pytest.raises(InputError, match="not a valid COCO file"):
        read_coco(tmp_path)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"holds no annotations\.json"):
        read_coco(tmp_path)
