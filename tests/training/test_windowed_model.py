"""A model that reads panoramics in windows: chosen on one half of what was held out, reported on the other."""

import json
from dataclasses import replace

import numpy as np
import pytest
from drawn_panoramic import panoramic_like
from PIL import Image as Raster
from tiny_model import GRID, write_tiny_model

from lennox.card import ModelCard
from lennox.errors import InputError
from lennox.inference.load import load_candidate
from lennox.statistics.froc import ScoredFilm
from lennox.training.ledger import digest_folder, read_ledger
from lennox.training.windowed_model import _at, export_windowed, halves

FILMS = 12
RECIPE = f"""
format = "lennox-recipe/1"
name = "drawn-panoramic-1"
version = "0"
seed = 3
operating_point = "sensitive"
[input]
rows = 64
columns = 64
low_percentile = 0.5
high_percentile = 99.5
clip_limit = 0.0
tiles = 8
mean = 0.0
std = 255.0
[data]
root = "."
ledger = "ledger.toml"
films = ""
windows = "drawn"
film_share = 0.0
window_share = 1.0
drawn_share = 0.0
drawn_films = 0
holdout_share = 0.9
[windows]
side = {GRID["side"]}
rows = {GRID["rows"]}
columns = {GRID["columns"]}
down = 2
across = 6
[schedule]
steps = 0
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory, ledger_text):
    """A ledger, a recipe, drawn panoramics, two of three with a bright mark that is caries, and a model of films."""
    folder = tmp_path_factory.mktemp("windowed")
    images = folder / "drawn" / "images"
    images.mkdir(parents=True)
    document = {"images": [], "annotations": [], "categories": [{"id": 1, "name": "caries"}]}
    random = np.random.default_rng(5)
    for number in range(FILMS):
        pixels = panoramic_like()
        name = f"{number}.png"
        if number % 3:
            row, column = int(random.integers(220, 290)), int(random.integers(250, 720))
            pixels[row : row + 24, column : column + 24] = 255
            box = [column - 4, row - 4, 32, 32]
            mark = {"id": number, "image_id": number, "category_id": 1, "bbox": box, "iscrowd": 0}
            document["annotations"].append(mark)
        Raster.fromarray(pixels).save(images / name)
        size = {"height": pixels.shape[0], "width": pixels.shape[1]}
        document["images"].append({"id": number, "file_name": f"images/{name}", "film": str(number), **size})
    (folder / "drawn" / "annotations.json").write_text(json.dumps(document))
    ledger = ledger_text.format(uses=json.dumps(["calibrate"]), sha256=digest_folder(folder / "drawn"))
    (folder / "ledger.toml").write_text(ledger)
    (folder / "recipe.toml").write_text(RECIPE)
    models = folder / "models"
    networks = write_tiny_model(models / "tiny")
    card = json.loads((networks / "card.json").read_text()) | {"data": {"sets": []}}
    (networks / "card.json").write_text(json.dumps(card))
    return folder


def test_the_card_says_where_each_figure_comes_from_and_shares_the_networks(place):
    export_windowed(place / "models/tiny", place / "recipe.toml", place / "models/panoramic")
    document = json.loads((place / "models/panoramic/card.json").read_text())
    assert document["weights_of"] == "tiny"
    assert not (place / "models/panoramic/model.onnx").exists()
    held, reported = document["held_out"], document["figures"]["panoramic-imax, the half that reports"]
    both = {one["name"]: one for one in held["both_ways"]}
    assert held["films"] + reported["films"] == both["sensitive"]["films"] <= FILMS
    points = {one["name"]: one for one in document["operating_points"]}
    for name, most in (("sensitive", 2.0), ("balanced", 1.0), ("specific", 0.5)):
        assert points[name]["false_positives_a_film"]["value"] <= most
        assert points[name]["threshold"] == both[name]["thresholds"][1]
    assert document["intended_use"]["kinds"] == ["panoramic"]
    model = load_candidate(place / "models/panoramic", "test")
    assert model.card.default_operating_point == "sensitive"
    assert "## Windows" in (place / "models/panoramic/card.md").read_text()


def test_elsewhere_the_networks_are_copied(place, tmp_path):
    export_windowed(place / "models/tiny", place / "recipe.toml", tmp_path / "far" / "panoramic")
    card = ModelCard.read(tmp_path / "far/panoramic/card.json")
    assert card.weights_of is None
    assert (tmp_path / "far/panoramic/model.onnx").read_bytes() == (place / "models/tiny/model.onnx").read_bytes()


def test_halves_never_part_a_group(place):
    entry = replace(read_ledger(place / "ledger.toml").require("drawn", "calibrate"), grouping="blocks of 5 numbers")
    from lennox.annotations.coco import read_coco

    films = read_coco(place / "drawn").films
    parts = [{entry.group_of(film.name) for film in half} for half in halves(films, entry)]
    assert not parts[0] & parts[1]


def test_a_recipe_without_windows_and_a_set_that_may_not_calibrate_are_refused(place, tmp_path):
    plain = RECIPE.split("[windows]")[0] + "[schedule]\nsteps = 0\n"
    (place / "plain.toml").write_text(plain)
    with pytest.raises(InputError, match=r"has no \[windows\]"):
        export_windowed(place / "models/tiny", place / "plain.toml", tmp_path / "out")
    ledger = (place / "ledger.toml").read_text()
    (place / "other.toml").write_text(ledger.replace('["calibrate"]', '["evaluate"]'))
    (place / "refused.toml").write_text(RECIPE.replace('"ledger.toml"', '"other.toml"'))
    with pytest.raises(InputError, match="must not be used to calibrate"):
        export_windowed(place / "models/tiny", place / "refused.toml", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_marks_below_the_threshold_do_not_count():
    scored = ScoredFilm((0.9, 0.3), (0.5, 0.2, -np.inf))
    kept = _at(scored, 0.4)
    assert kept.false == (1.0,)
    assert kept.found == (1.0, -np.inf, -np.inf)
