"""The nouns of drawn films: valid or absent, read-only, and the same after a pickle."""

import pickle

import numpy as np
import pytest

from lennox.geometry import Box
from lennox.phantom import Lesion, Phantom, draw_film
from lennox.phantom.phantom import polygons, tight_box


def lesion(**changes) -> Lesion:
    mask = np.zeros((6, 8), bool)
    mask[1:3, 2:6] = True
    settings = {
        "mask": mask,
        "box": Box(1, 2, 3, 6),
        "tooth": 46,
        "surface": "D",
        "depth": "D2",
        "kind": "proximal",
        "contrast": 0.4,
    }
    return Lesion(**(settings | changes))


def film(**changes) -> Phantom:
    settings = {
        "pixels": np.zeros((6, 8), np.uint8),
        "bits": 8,
        "kind": "periapical",
        "lesions": (lesion(),),
        "artefacts": (),
        "teeth": (46,),
        "spacing_mm": (0.1, 0.1),
        "seed": 1,
    }
    return Phantom(**(settings | changes))


@pytest.mark.parametrize(
    "wrong",
    [
        {"depth": "D4"},
        {"surface": "X"},
        {"kind": "large"},
        {"box": Box(1, 2, 3, 7)},
        {"mask": np.zeros((6, 8), bool)},
        {"mask": np.ones((6, 8), np.uint8)},
    ],
    ids=str,
)
def test_a_lesion_is_valid_or_absent(wrong):
    with pytest.raises(ValueError, match=r"unknown|mask|box"):
        lesion(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [{"bits": 16}, {"bits": 10}, {"pixels": np.zeros((6, 9), np.uint8)}, {"pixels": np.zeros((6, 8, 3), np.uint8)}],
    ids=["bits of the type", "bits", "size", "colour"],
)
def test_a_film_is_valid_or_absent(wrong):
    with pytest.raises(ValueError, match=r"bits|size"):
        film(**wrong)


def test_the_annotation_by_hand():
    (annotation,) = film().coco_annotations(image_id=4, first_id=9)
    assert (annotation["id"], annotation["image_id"], annotation["category_id"]) == (9, 4, 1)
    assert annotation["bbox"] == [2, 1, 4, 2]
    assert annotation["area"] == 8
    assert sorted(zip(annotation["segmentation"][0][::2], annotation["segmentation"][0][1::2], strict=True)) == [
        (2, 1), (2, 3), (6, 1), (6, 3),
    ]  # fmt: skip
    assert (annotation["tooth"], annotation["surface"], annotation["depth"]) == (46, "D", "D2")


def test_each_part_of_a_mask_has_its_outline():
    mask = np.zeros((9, 9), bool)
    mask[0, 0] = mask[5:8, 4:9] = True
    assert tight_box(mask).as_tuple() == (0, 0, 8, 9)
    assert sorted(len(outline) for outline in polygons(mask)) == [8, 8]


def test_films_survive_a_pickle():
    one = draw_film(1, rows=100, columns=140, lesions=["D3"])
    again = pickle.loads(pickle.dumps(one))
    np.testing.assert_array_equal(one.pixels, again.pixels)
    np.testing.assert_array_equal(one.lesions[0].mask, again.lesions[0].mask)
    assert not again.pixels.flags.writeable
    assert not again.lesions[0].mask.flags.writeable
    assert one.lesions[0].box == again.lesions[0].box
