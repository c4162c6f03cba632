"""Evaluation by the shipped route, on a tiny network whose answers are known; no PyTorch."""

import json
import re

import numpy as np
import pytest
from PIL import Image as Pillow
from tiny_model import write_tiny_model

from lennox.inference.quality import Quality

pytest.importorskip("sklearn", reason="needs lennox[evaluate]")
pytest.importorskip("pycocotools", reason="needs lennox[evaluate]")
from lennox.errors import InputError
from lennox.evaluation import evaluate, measure_robustness, update_card
from lennox.evaluation.summary import group_weights

# the tiny network calls a cell as probable as it is bright: a bright square is a candidate
SQUARE = {"bbox": [64, 64, 32, 32], "segmentation": [[64, 64, 96, 64, 96, 96, 64, 96]]}


def write_films(folder, films, *, annotate=True):
    """films: (squares as (top, left, level), carious or not) each; a carious film's lesion is SQUARE."""
    folder.mkdir()
    images, annotations = [], []
    random = np.random.default_rng(0)
    for number, (squares, carious) in enumerate(films):
        pixels = random.integers(5, 40, (256, 256)).astype(np.uint8)
        pixels[::8, ::8] = 245  # bright specks, so that the window is the same on every film
        for top, left, level in squares:
            pixels[top : top + 32, left : left + 32] = level
        Pillow.fromarray(pixels).save(folder / f"{number}.png")
        images.append({"id": number, "file_name": f"{number}.png", "width": 256, "height": 256, "film": f"f{number}"})
        if not annotate:
            images[-1]["caries"] = carious
        elif carious:
            annotations.append({"id": number + 1, "image_id": number, "category_id": 1, "iscrowd": 0, **SQUARE})
    document = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "caries"}]}
    (folder / "annotations.json").write_text(json.dumps(document))
    return folder


FILMS = [
    ([(64, 64, 240)], True),  # found
    ([(64, 64, 240), (160, 160, 240)], True),  # found, and one false positive
    ([], True),  # missed
    ([], False),
    ([(160, 64, 240)], False),  # one false positive
]


@pytest.fixture(autouse=True)
def _every_film_is_fit_to_be_read(monkeypatch):
    """These films are squares on noise: whether they look like films is another test's matter."""
    fit = Quality("periapical", (), 0.5, 0.5, 1.0)
    monkeypatch.setattr("lennox.inference.examination.assess", lambda image: fit)


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "tiny"
    write_tiny_model(folder)
    return folder


def test_the_figures_by_hand(model, tmp_path):
    evaluated = evaluate(model, write_films(tmp_path / "films", FILMS), tmp_path / "out", resamples=50)
    document = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert document["films"] == {"assessed": 5, "not assessable": 0, "unreadable": 0}
    assert document["data"]["lesions"] == 3
    bright = [[p for p in one.scored.false if p > 0.5] for one in evaluated.films]
    assert [len(false) for false in bright] == [0, 1, 0, 0, 1]
    assert [one.scored.found[0] > 0.5 for one in evaluated.films[:3]] == [True, True, False]
    at_one = next(row for row in document["figures"]["froc"] if row["false_positives_a_film"] == 1.0)
    assert at_one["sensitivity"] >= 0.6667
    assert document["figures"]["ap50"]["value"] > 0.3
    assert set(document["groups"]["lesion_size"]) == {"cuts", "small", "medium", "large"}


def test_dice_is_of_the_outlines_of_lesions_that_are_found(model, tmp_path):
    def dice(*films):
        document = evaluate(model, write_films(tmp_path / str(len(films)), list(films)), resamples=20).document
        return document["figures"]["operating_points"]["balanced"].get("outline_dice")

    other = ([(160, 160, 240)], True)  # missed, with a false positive: nothing to lay over the lesion
    half = ([(72, 64, 240)], True)  # the network's cells are 16 rows high: it outlines rows 80 to 96 of 64 to 96
    assert dice(half, other, other)["value"] == pytest.approx(2 / 3)
    assert dice(([(64, 64, 240)], True), half)["value"] == pytest.approx((1 + 2 / 3) / 2)
    assert dice(other) is None


def test_the_same_films_give_the_same_bytes_and_nothing_half_written(model, tmp_path):
    films = write_films(tmp_path / "films", FILMS)
    for out in ("a", "b"):
        evaluate(model, films, tmp_path / out, resamples=20)
    for name in ("evaluation.json", "evaluation.html", "films.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert not list((tmp_path / "a").glob("*.part"))


def test_the_pages_need_no_network_and_the_figures_show_no_film(model, tmp_path):
    evaluate(model, write_films(tmp_path / "films", FILMS), tmp_path / "out", resamples=20)
    figures, films = ((tmp_path / "out" / f"{name}.html").read_text() for name in ("evaluation", "films"))
    assert "data:image" not in figures
    assert "data:image/jpeg;base64" in films
    assert not re.search(r"https?:", figures + films)


def test_a_set_with_labels_of_whole_films_only(model, tmp_path):
    films = write_films(tmp_path / "films", FILMS, annotate=False)
    document = evaluate(model, films, tmp_path / "out", resamples=50).document
    assert document["data"] | {"outlines": "none", "carious_films": 3, "lesions": 0} == document["data"]
    assert "froc" not in document["figures"]
    assert 0.0 <= document["figures"]["film_roc_area"]["value"] <= 1.0
    assert (tmp_path / "out" / "evaluation.html").is_file()


def test_films_that_were_not_assessed_are_counted_and_their_lesions_missed(tmp_path):
    write_tiny_model(tmp_path / "shy", distance=99.0)
    evaluated = evaluate(tmp_path / "shy", write_films(tmp_path / "films", FILMS), resamples=20)
    assert evaluated.document["films"]["not assessable"] == 5
    assert sum(evaluated.document["reasons"].values()) == 5
    assert [row["sensitivity"] for row in evaluated.document["figures"]["froc"]] == [0.0] * 6


def test_an_unreadable_film_stops_nothing(model, tmp_path):
    films = write_films(tmp_path / "films", FILMS)
    (films / "3.png").write_bytes(b"not an image")
    assert evaluate(model, films, tmp_path / "out", resamples=20).document["films"]["unreadable"] == 1


def test_a_missing_image_is_said(model, tmp_path):
    films = write_films(tmp_path / "films", FILMS)
    (films / "3.png").unlink()
    with pytest.raises(InputError, match=r"1 of 5 images of 'films' are missing, such as '3\.png'"):
        evaluate(model, films)


def test_annotations_of_another_size_are_scaled(model, tmp_path):
    films = write_films(tmp_path / "films", FILMS)
    document = json.loads((films / "annotations.json").read_text())
    for image in document["images"]:
        image["width"] = image["height"] = 128
    for mark in document["annotations"]:
        mark["bbox"] = [edge / 2 for edge in mark["bbox"]]
        mark["segmentation"] = [[edge / 2 for edge in ring] for ring in mark["segmentation"]]
    (films / "annotations.json").write_text(json.dumps(document))
    found = evaluate(model, films, resamples=20).films[0].scored.found
    assert found[0] > 0.5


def test_whole_groups_are_resampled():
    for weights in group_weights(["a", "a", "b", "c"], 50):
        assert weights[0] == weights[1]
        assert weights[0] + weights[2] + weights[3] == 3


def test_the_card_regenerates_from_its_evaluations(model, tmp_path, monkeypatch):
    monkeypatch.setitem(measure_robustness.__globals__, "CHALLENGE_FILMS", 1)
    films = write_films(tmp_path / "films", FILMS)
    folder = model / "evaluations" / "films"
    evaluate(model, films, folder, resamples=20, sheet=False)
    measure_robustness(model, films, folder, films=3)
    card = update_card(model).read_text()
    assert json.loads(card)["figures"]["films"]["lesions"] == 3
    changes = json.loads(card)["robustness"][0]["changes"]
    assert changes[0]["mean_change_of_film_probability"] == 0.0
    assert {"mirrored", "16 bit", "JPEG quality 30"} <= {row["change"] for row in changes}
    page = (model / "card.md").read_text()
    assert "Generated from `card.json`" in page
    assert "| Mirrored |" in page or "| mirrored |" in page
    assert update_card(model).read_text() == card
    assert (model / "card.md").read_text() == page


def test_an_evaluation_of_other_weights_does_not_enter_the_card(model):
    folder = model / "evaluations" / "other"
    folder.mkdir(parents=True)
    (folder / "evaluation.json").write_text(json.dumps({"model": {"sha256": "0"}}))
    with pytest.raises(InputError, match="other weights"):
        update_card(model)
