"""Training, evaluation and audit read one set alike: the same films are carious, the same candidates hit."""

import hashlib
import json

import numpy as np
import pytest
from PIL import Image as Pillow
from tiny_model import write_tiny_model

from lennox.inference.quality import Quality

pytest.importorskip("pycocotools", reason="needs lennox[evaluate]")
from lennox.annotations.coco import read_coco
from lennox.audit import policy_from_bytes
from lennox.audit.film_table import table_from_films
from lennox.audit.manifest import Manifest
from lennox.evaluation import evaluate
from lennox.inference.load import load_candidate

SIDE = 256
LEFT_TOP = [64, 64, 32, 32]  # where lesions are marked: x, y, width, height
RING = [64, 64, 96, 64, 96, 96, 64, 96]
MASK = {"size": [SIDE, SIDE], "counts": [64 * SIDE + 64, *([32, SIDE - 32] * 31), 32, SIDE * SIDE - 95 * SIDE - 96]}
NAMES = ["caries", "Caries", "cavity", "Deep Caries", "restoration"]
# how caries is written: marks of (category, fields), fields of the image, (carious, lesions, found, false) on a film
# with one bright square where the mark is and one elsewhere
WAYS = {
    "polygon": ([("caries", {"segmentation": [RING]})], {}, (True, 1, 1, 1)),
    "box only": ([("Caries", {"bbox": LEFT_TOP})], {}, (True, 1, 1, 1)),
    "mask": ([("cavity", {"segmentation": MASK})], {}, (True, 1, 1, 1)),
    "deep caries": ([("Deep Caries", {"bbox": LEFT_TOP, "segmentation": []})], {}, (True, 1, 1, 1)),
    "overlapping polygons": ([("caries", {"segmentation": [RING, RING]})], {}, (True, 1, 1, 1)),
    "crowd": ([("caries", {"segmentation": MASK, "iscrowd": 1})], {}, (True, 0, 0, 1)),
    "ignored": ([("caries", {"bbox": LEFT_TOP, "ignore": 1})], {}, (True, 0, 0, 1)),
    "label of the image": ([], {"caries": True}, (True, 0, 0, None)),
    "mark without a place": ([("cavity", {})], {}, (True, 0, 0, None)),
    "something else": ([("restoration", {"bbox": LEFT_TOP})], {}, (False, 0, 0, 2)),
    "nothing": ([], {}, (False, 0, 0, 2)),
}


@pytest.fixture(autouse=True)
def _every_film_is_fit_to_be_read(monkeypatch):
    fit = Quality("periapical", (), 0.5, 0.5, 1.0)
    monkeypatch.setattr("lennox.inference.examination.assess", lambda image: fit)


@pytest.fixture
def films(tmp_path):
    folder = tmp_path / "films"
    folder.mkdir()
    images, annotations = [], []
    random = np.random.default_rng(0)
    for number, (marks, fields, _) in enumerate(WAYS.values()):
        pixels = random.integers(5, 40, (SIDE, SIDE)).astype(np.uint8)
        pixels[::8, ::8] = 245  # bright specks, so that the window is the same on every film
        pixels[64:96, 64:96] = pixels[160:192, 160:192] = 240
        Pillow.fromarray(pixels).save(folder / f"{number}.png")
        images.append({"id": number, "file_name": f"{number}.png", "width": SIDE, "height": SIDE, **fields})
        annotations += [{"image_id": number, "category_id": NAMES.index(name), **more} for name, more in marks]
    categories = [{"id": number, "name": name} for number, name in enumerate(NAMES)]
    document = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(document))
    return folder


@pytest.fixture
def model(tmp_path):
    write_tiny_model(tmp_path / "tiny")
    return tmp_path / "tiny"


def policy():
    requirement = """
[[requirement]]
id = "{0}"
metric = "{1}"
criterion = "worst-group"
direction = "{2}"
limit = 0.3
over = ["sensor"]
plain = "a limit of 30 of 100"
"""
    wanted = (
        ("finds", "lesion_sensitivity", "at-least"),
        ("films", "tpr", "at-least"),
        ("marks", "false_positives_per_image", "at-most"),
    )
    text = POLICY + "".join(requirement.format(*names) for names in wanted)
    return policy_from_bytes(text.encode())


POLICY = """
format = "lennox-equity-policy/1"
id = "one-truth"
version = "1.0.0"
title = "One truth"
language = "en"
[ratification]
body = "a test"
date = 2026-01-01
method = "delegated"
next_review = 2099-01-01
[scope]
task = "caries-detection"
unit = "image"
cluster = "film"
modality = ["periapical"]
label = "caries"
threshold_source = "model-manifest"
[evidence]
confidence = 0.95
interval = "cluster"
min_patients = 20
min_cases = 20
min_controls = 20
[unknown]
name = "unknown"
gate = true
max_share = 0.4
[[feature]]
name = "sensor"
source = "record"
groups = ["a", "b"]
why = "test"
[on_fail]
release = "refuse"
report = "publish"
[on_insufficient]
release = "refuse"
[on_override]
allow = false
"""


def test_evaluation_agrees_with_what_was_written(films, model):
    evaluated = evaluate(model, films, resamples=10).films
    for one, expected in zip(evaluated, (way[2] for way in WAYS.values()), strict=True):
        carious, lesions, found, false = expected
        assert (one.film.truth.carious, len(one.film.truth.lesions)) == (carious, lesions)
        assert sum(probability > 0.5 for probability in one.scored.found) == found
        assert sum(probability > 0.5 for probability in one.scored.false) == (false or 0)


def test_the_audit_names_the_content_of_every_file(films, model):
    manifest = table_from_films([films], str(model), policy()).manifest
    names = [name for name, _ in manifest.entries]
    assert names == ["films/annotations.json", *(f"films/film-{number:06}" for number in range(1, len(WAYS) + 1))]
    expected = json.loads((films / "annotations.json").read_bytes())["images"][4]["file_name"]
    assert manifest.entries[5][1] == hashlib.sha256((films / expected).read_bytes()).hexdigest()
    Pillow.new("L", (SIDE, SIDE), 9).save(films / expected)  # another picture under the same annotations
    (films / "5.png").write_bytes(b"no picture")
    other = table_from_films([films], str(model), policy()).manifest
    assert [a == b for a, b in zip(manifest.entries, other.entries, strict=True)].count(False) == 2
    text = '[{"name":"a","sha256":"' + "1" * 64 + '"},{"name":"b","sha256":"' + "2" * 64 + '"}]'
    by_hand = Manifest((("b", "2" * 64), ("a", "1" * 64))).sha256
    assert by_hand == hashlib.sha256(text.encode()).hexdigest()


def test_the_audit_counts_what_the_evaluation_counts(films, model):
    table = table_from_films([films], str(model), policy())
    evaluated = {f"films/{one.film.name}": one for one in evaluate(model, films, resamples=10).films}
    assert table.patients == len(evaluated) == len(WAYS)
    images, lesions = table.rows_of("image"), table.rows_of("lesion")
    names = sorted(evaluated)  # patients are numbered in order of name
    for number, name in enumerate(names):
        one, row = evaluated[name], images & (table.patient == number)
        assert table.label[row].tolist() == [int(one.film.truth.carious)]
        assert table.score[row] == pytest.approx([one.probability])
        expected = sum(probability >= table.threshold for probability in one.scored.false)
        (false,) = table.counts["false_positives"][row]
        assert false == expected if one.film.truth.is_located else np.isnan(false)
        found = table.score[lesions & (table.patient == number)]
        assert found == pytest.approx(np.maximum(one.scored.found, 0.0))


@pytest.mark.training
def test_training_paints_and_scores_what_the_evaluation_counts(films, model):
    pytest.importorskip("torch", reason="training needs lennox[train]")
    from lennox.training.validation import exams_of_films, score_exams

    contract = load_candidate(model, "test").card.contract
    exams = exams_of_films(read_coco(films).films, contract)
    evaluated = evaluate(model, films, resamples=10).films
    bright = [(exam.canvas.levels > 150).reshape(16, 4, 16, 4).mean((1, 3)).astype(np.float32) for exam in exams]
    result, scored = score_exams(bright, exams)
    assert result.films == len(WAYS)
    assert result.lesions == sum(len(one.film.truth.lesions) for one in evaluated)
    for exam, mine, one in zip(exams, scored, evaluated, strict=True):
        assert exam.truth.carious == one.film.truth.carious
        painted = exam.canvas.masks[0].astype(bool)
        assert painted.any() == bool(one.film.truth.lesions)
        assert sum(found > 0.5 for found in mine.found) == sum(found > 0.5 for found in one.scored.found)
        assert sum(false > 0.5 for false in mine.false) == sum(false > 0.5 for false in one.scored.false)


@pytest.mark.training
def test_nobody_learns_from_caries_that_is_not_outlined(films):
    from lennox.errors import InputError
    from lennox.training.split import require_outlines

    with pytest.raises(InputError, match=r"4 of 11 films show caries that is not outlined"):
        require_outlines(read_coco(films).films)
