"""COCO sets of every kind: polygons, masks, boxes, image-level labels; and what cannot be read in one way only."""

import json
from pathlib import Path

import numpy as np
import pytest

from lennox.annotations.coco import read_coco
from lennox.errors import InputError, LeftOutWarning

CATEGORIES = [{"id": 1, "name": "Caries"}, {"id": 2, "name": "main root"}]
SQUARE = [[2, 1, 8, 1, 8, 7, 2, 7]]  # columns 2..8, rows 1..7


def write(folder, images, annotations, **more):
    document = {"images": images, "annotations": annotations, "categories": CATEGORIES, **more}
    (folder / "annotations.json").write_text(json.dumps(document))
    return folder


def image(number, **more):
    return {"id": number, "file_name": f"{number}.png", "width": 20, "height": 10, **more}


def mark(**more):
    return {"image_id": 1, "category_id": 1, **more}


def one_film(folder, *marks, **more):
    return read_coco(write(folder, [image(1)], list(marks), **more)).films[0]


def test_boxes_become_rows_before_columns(tmp_path):
    coco = read_coco(write(tmp_path, [image(1)], [mark(bbox=[3, 1, 5, 2])]))
    assert coco.films[0].truth.lesions[0].box.as_tuple() == (1, 3, 3, 8)
    assert (coco.films[0].rows, coco.films[0].columns, coco.outlines) == (10, 20, "boxes")


def test_polygons_and_other_marks(tmp_path):
    marks = [mark(segmentation=[[1, 2, 5, 2, 5, 6]]), mark(category_id=2, bbox=[0, 0, 4, 4], segmentation=[])]
    film = read_coco(write(tmp_path, [image(1, film="block-0")], marks)).films[0]
    assert film.name == "block-0"
    np.testing.assert_array_equal(film.truth.lesions[0].polygons[0], [[2, 1], [2, 5], [6, 5]])
    assert film.others[0][0] == "main root"


def test_masks_cover_what_pycocotools_says(tmp_path):
    mask_of = pytest.importorskip("pycocotools.mask", reason="needs lennox[evaluate]")
    drawn = np.zeros((10, 20), np.uint8)
    drawn[1:7, 2:8] = drawn[8, 12:19] = 1
    compressed = mask_of.encode(np.asfortranarray(drawn))
    compressed["counts"] = compressed["counts"].decode()
    flat = drawn.T.ravel()
    ends = np.flatnonzero(np.diff(np.r_[0, flat]) != 0)
    plain = {"size": [10, 20], "counts": np.diff(np.r_[0, ends, flat.size]).tolist()}
    for segmentation in (compressed, plain):
        shape = one_film(tmp_path, mark(segmentation=segmentation)).truth.lesions[0]
        np.testing.assert_array_equal(shape.cover(np.arange(10) + 0.5, np.arange(20) + 0.5), drawn)


@pytest.mark.parametrize("seed", range(5))
def test_run_lengths_of_any_mask_are_read_as_pycocotools_reads_them(tmp_path, seed):
    mask_of = pytest.importorskip("pycocotools.mask", reason="needs lennox[evaluate]")
    from lennox.annotations.coco import _mask

    drawn = (np.random.default_rng(seed).random((37, 53)) < [0.01, 0.2, 0.5, 0.9, 1.0][seed]).astype(np.uint8)
    code = mask_of.encode(np.asfortranarray(drawn))
    read, (top, left) = _mask({"size": code["size"], "counts": code["counts"].decode()}, 37, 53)
    assert read[[0, -1]].any(axis=1).all()
    assert read[:, [0, -1]].any(axis=0).all()
    placed = np.zeros_like(drawn)
    placed[int(top) :, int(left) :][: read.shape[0], : read.shape[1]] = read
    np.testing.assert_array_equal(placed, drawn)


@pytest.mark.parametrize("counts", [[0, 0, 200], [200], [60, 0, 140], [3, 0, 0, 0, 197]])
def test_a_mask_of_nothing_is_refused(tmp_path, counts):
    with pytest.raises(InputError, match="nothing is set in its mask"):
        one_film(tmp_path, mark(segmentation={"size": [10, 20], "counts": counts}))


def test_a_mask_beyond_the_limits_is_refused(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="at most 50000000 are read"):
        one_film(tmp_path, mark(segmentation={"size": [10_000, 10_000], "counts": [0, 10**8]}))
    monkeypatch.setattr("lennox.annotations.coco.MAX_MASK_PIXELS", 15)
    marks = [mark(segmentation={"size": [10, 20], "counts": [first, 4, 196 - first]}) for first in range(5)]
    with pytest.raises(InputError, match="its masks cover more than 15 pixels"):
        read_coco(write(tmp_path, [image(1)], marks))
    monkeypatch.setattr("lennox.annotations.coco.MAX_BYTES", 10)
    with pytest.raises(InputError, match="the most that is read; divide the set"):
        read_coco(tmp_path)


@pytest.mark.parametrize(
    ("more", "carious"),
    [
        ({"caries": True}, True), ({"caries": 0}, False), ({"label": "caries"}, True), ({"label": "Healthy"}, False),
        ({"category_id": 1}, True), ({"category": "caries-free"}, False), ({}, False), ({"caries": "yes"}, True),
        ({"caries": None}, False), ({"class": "Deep Caries"}, True), ({"carious": "0"}, False),
    ],
)  # fmt: skip
def test_an_image_may_carry_its_label(tmp_path, more, carious):
    coco = read_coco(write(tmp_path, [image(1, **more)], []))
    assert coco.films[0].truth.carious is carious
    assert (coco.is_outlined, coco.outlines) == (False, "none")


def test_an_annotation_without_a_box_labels_the_entire_film(tmp_path):
    coco = read_coco(write(tmp_path, [image(1), image(2)], [mark()]))
    assert [film.truth.carious for film in coco.films] == [True, False]
    assert [film.truth.is_located for film in coco.films] == [False, True]
    assert not coco.is_outlined


@pytest.mark.parametrize("flag", [{"iscrowd": 1}, {"ignore": True}])
def test_a_region_of_caries_is_no_single_lesion(tmp_path, flag):
    truth = one_film(tmp_path, mark(segmentation=SQUARE, **flag)).truth
    assert (truth.carious, len(truth.lesions), len(truth.regions), truth.is_located) == (True, 0, 1, True)


@pytest.mark.parametrize(
    "name",
    [
        *("Cavity", "Deep Caries", " dentine_caries", "CARIOUS lesion", "decay", "Cáries"),
        *("DeepCaries", "caries:deep", "Caries?", "caries\u200b", "Caries [enamel]", "Cavitated lesion"),
    ],
)
def test_names_of_caries_are_recognised(tmp_path, name):
    assert one_film(tmp_path, mark(segmentation=SQUARE), categories=[{"id": 1, "name": name}]).truth.lesions


@pytest.mark.parametrize("name", ["Non-Caries", "not carious", "caries-free", "No caries"])
def test_names_of_healthy_films_are_recognised(tmp_path, name):
    folder = write(tmp_path, [image(1, label=name)], [], categories=[{"id": 1, "name": "caries"}])
    assert not read_coco(folder).films[0].truth.carious


def test_a_name_that_nobody_knows_is_refused_with_what_was_found_and_may_be_explained(tmp_path):
    folder = write(tmp_path, [image(1)], [mark(segmentation=SQUARE)], categories=[{"id": 1, "name": "lesi gigi"}])
    with pytest.raises(InputError, match=r"'lesi gigi'.*--category 'lesi gigi=caries'"):
        read_coco(folder)
    assert read_coco(folder, {"Lesi  Gigi": "caries"}).films[0].truth.lesions
    with pytest.raises(InputError, match="says of no film whether it shows caries"):
        read_coco(folder, {"lesi gigi": "other"})
    with pytest.raises(InputError, match="cannot mean 'decay'"):
        read_coco(folder, {"lesi gigi": "decay"})


def test_a_set_that_never_speaks_of_caries_is_refused(tmp_path):
    with pytest.raises(InputError, match="its categories are 'implant'"):
        read_coco(write(tmp_path, [image(1)], [], categories=[{"id": 1, "name": "implant"}]))


def test_the_same_mark_written_twice_is_one(tmp_path):
    film = one_film(tmp_path, mark(id=1, segmentation=SQUARE), mark(id=2, segmentation=SQUARE))
    assert len(film.truth.lesions) == 1


@pytest.mark.parametrize(
    "again",
    [{"bbox": [2.0, 1.0, 6.0, 6.0]}, {"bbox": ["2", "1", "6", "6"]}, {"bbox": [2, 1, 6, 6], "category_id": 3},
     {"segmentation": SQUARE}, {"segmentation": [[*SQUARE[0][2:], *SQUARE[0][:2]]], "bbox": [2, 1, 6.0001, 6]}],
)  # fmt: skip
def test_the_same_mark_written_differently_is_one_and_its_outline_counts(tmp_path, again):
    names = [*CATEGORIES, {"id": 3, "name": "caries "}]
    film = one_film(tmp_path, mark(bbox=[2, 1, 6, 6]), mark(**again), categories=names)
    assert len(film.truth.lesions) == 1
    assert bool(film.truth.lesions[0].polygons) == ("segmentation" in again)
    crowd = one_film(tmp_path, mark(bbox=[2, 1, 6, 6]), mark(**again, iscrowd=1), categories=names)
    assert (len(crowd.truth.lesions), len(crowd.truth.regions)) == (1, 1)


def test_a_key_that_is_there_twice_is_refused(tmp_path):
    text = json.dumps({"images": [image(1)], "annotations": [mark(bbox=[2, 1, 6, 6])], "categories": CATEGORIES})
    (tmp_path / "annotations.json").write_text(text[:-1] + ', "annotations": []}')
    with pytest.raises(InputError, match="the key 'annotations' is there twice"):
        read_coco(tmp_path)


def test_a_set_without_annotations_is_not_free_of_caries(tmp_path):
    for images, refused in (([image(1)], True), ([image(1, caries=0)], False)):
        (tmp_path / "annotations.json").write_text(json.dumps({"images": images, "categories": CATEGORIES}))
        if refused:
            with pytest.raises(InputError, match=r"no annotations, and '1\.png' carries no label"):
                read_coco(tmp_path)
        else:
            assert not read_coco(tmp_path).films[0].truth.carious


def test_numbers_written_as_text_and_absent_sizes_are_read(tmp_path):
    entry = {"id": "1", "file_name": "1.png", "width": "20", "height": 10.0}
    film = read_coco(write(tmp_path, [entry], [mark(bbox=["3", 1, "5", 2.0])])).films[0]
    assert (film.rows, film.columns) == (10, 20)
    assert film.truth.lesions[0].box.as_tuple() == (1, 3, 3, 8)
    film = read_coco(write(tmp_path, [{"id": 1, "file_name": "1.png"}], [mark(bbox=[3, 1, 5, 2])])).films[0]
    assert (film.rows, film.columns) == (None, None)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"images": []}', '{"images": [{"id": 1}]}', "[" * 100_000, "7"])
def test_what_is_not_coco_is_refused(tmp_path, content):
    (tmp_path / "annotations.json").write_text(content)
    with pytest.raises(InputError, match="not a valid COCO file"):
        read_coco(tmp_path)


@pytest.mark.parametrize(
    ("images", "marks", "message"),
    [
        ([image(1), image(1, file_name="b.png")], [], "image id 1 is there twice"),
        ([image(1), image("1", file_name="b.png")], [], "image id 1 is there twice"),
        ([image(1), image(2, file_name="1.png")], [], "the file '1.png' is listed twice"),
        ([image(1, file_name=7)], [], "file_name must be a text, found 7"),
        ([image(1, file_name="../1.png")], [], "in the set's own folder"),
        ([image(1, file_name="/etc/1.png")], [], "in the set's own folder"),
        ([image(1, height=float("inf"))], [], "Infinity, which is no number"),
        ([image(1, height="1e999")], [], "must be finite"),
        ([image(1, height=-3)], [], "whole number of pixels"),
        ([image(1, height="tall")], [], "must be a number"),
        ([image(1, height=None)], [], "only one of width and height"),
        ([image(1, caries=False)], [mark(bbox=[1, 1, 5, 5])], "labelled free of caries, and caries is marked"),
        ([image(1, caries=False, label="caries")], [], "labelled free of caries"),
        ([image(1, category_id=9)], [], "of category 9, which is not listed"),
        ([image(1)], ["x"], "'annotations' must be a list of objects"),
        ([image(1)], [mark(image_id=2)], "is of image 2, which is not listed"),
        ([image(1)], [mark(category_id=7)], "is of category 7, which is not listed"),
        ([image(1)], [mark(bbox=[1, 1, 0, 5])], "cannot be used"),
        ([image(1)], [mark(bbox=[0.1, 0.1, 0.3, 0.4])], "less than one pixel"),
        ([image(1)], [mark(bbox=[1, 1, float("nan"), 5])], "NaN, which is no number"),
        ([image(1)], [mark(bbox=[1, 1, 5])], "cannot be used"),
        ([image(1)], [mark(segmentation=[[1, 2, 5, 2]])], "three corners at least"),
        ([image(1)], [mark(segmentation=[[1, 2, 5, 2, 5, 6, 7]])], "three corners at least"),
        ([image(1)], [mark(segmentation="x")], "must be lists"),
        ([image(1)], [mark(segmentation={"size": [9, 20], "counts": [180]})], "has 9 rows and 20 columns"),
        ([image(1)], [mark(segmentation={"size": [10, 20], "counts": [100, 50]})], "do not make 10 x 20"),
        ([image(1)], [mark(segmentation={"size": [10, 20], "counts": [200]})], "cannot be used"),
        ([image(1)], [mark(segmentation={"size": [10, 20], "counts": "\u00ff"})], "damaged"),
    ],
)  # fmt: skip
def test_what_could_be_read_in_two_ways_is_refused_with_a_sentence(tmp_path, images, marks, message):
    with pytest.raises(InputError, match=message):
        read_coco(write(tmp_path, images, marks))


def test_a_category_id_with_two_names_is_refused(tmp_path):
    names = [{"id": 1, "name": "caries"}, {"id": 1, "name": "crown"}]
    with pytest.raises(InputError, match="category id 1 is there twice, as 'caries' and 'crown'"):
        read_coco(write(tmp_path, [image(1)], [], categories=names))


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"holds no annotations\.json"):
        read_coco(tmp_path)


def test_missing_images_are_counted(tmp_path):
    coco = read_coco(write(tmp_path, [image(1), image(2)], []))
    Path(tmp_path / "1.png").touch()
    with pytest.raises(InputError, match=r"1 of 2 images of .* are missing, such as '2\.png'"):
        coco.require_files()


FLAT = ({"bbox": [10, 2, 4, 0]}, {"segmentation": [[10, 2, 14, 2, 12, 2]]}, {"bbox": [10, 2, 0.5, 0.5]})


@pytest.mark.parametrize("shape", FLAT)
def test_a_mark_of_something_else_that_covers_nothing_is_left_out_and_said(tmp_path, shape):
    categories = [{"id": 1, "name": "caries"}, {"id": 2, "name": "main root"}]
    marks = [mark(bbox=[1, 1, 4, 4]), {"id": 2, "image_id": 1, "category_id": 2, **shape}]
    document = {"images": [image(1)], "annotations": marks, "categories": categories}
    (tmp_path / "annotations.json").write_text(json.dumps(document))
    with pytest.warns(LeftOutWarning, match="1 marks of something else than caries cover nothing"):
        (film,) = read_coco(tmp_path).films
    assert len(film.truth.lesions) == 1
    assert film.others == ()
    marks[1]["category_id"] = 1
    (tmp_path / "annotations.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match="cannot be used"):
        read_coco(tmp_path)
