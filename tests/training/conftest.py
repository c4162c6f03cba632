"""Drawn data sets with a ledger and a recipe: everything that training needs, in seconds and without real films."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image as Pillow

from lennox.phantom import draw_film
from lennox.training.ledger import digest_folder

RECIPE = """
format = "lennox-recipe/1"
name = "drawn-films-1"
version = "0"
seed = 3
[input]
rows = 128
columns = 128
low_percentile = 0.5
high_percentile = 99.5
clip_limit = 0.0
tiles = 8
mean = 127.0
std = 128.0
[data]
root = "."
ledger = "ledger.toml"
films = "drawn"
windows = ""
film_share = 0.7
window_share = 0.0
drawn_share = 0.3
drawn_films = 2
holdout_share = 0.4
[schedule]
steps = 4
batch = 2
crop = 64
warm_up = 1
average = 0.5
validate_every = 0
pretrained = false
"""

LEDGER = """
format = "lennox-data-ledger/1"
[sets.drawn]
source = "lennox.phantom"
licence = "Apache-2.0"
uses = {uses}
films = 10
marks = "drawn"
grouping = "film"
sha256 = "{sha256}"
[sets.everyday-pictures]
licence = "CC0"
source = "scikit-image"
uses = ["train"]
films = 25
marks = "none"
grouping = "film"
sha256 = ""
"""


def write_set(folder: Path, films: int = 10) -> Path:
    """A COCO set of drawn films, two of three with caries."""
    (folder / "images").mkdir(parents=True)
    images, annotations = [], []
    for number in range(films):
        film = draw_film(number, rows=128, columns=160, lesions=["D3", "D3"] if number % 3 else 0)
        name = f"images/{number}.png"
        Pillow.fromarray(film.pixels).save(folder / name)
        images.append({"id": number, "file_name": name, "width": 160, "height": 128, "film": f"film-{number}"})
        annotations += film.coco_annotations(number, len(annotations) + 1)
    document = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "caries"}]}
    (folder / "annotations.json").write_text(json.dumps(document))
    return folder


def write_recipe(folder: Path, uses: list[str], recipe: str = RECIPE) -> Path:
    """A recipe beside its ledger and the set "drawn", which the ledger permits for `uses`."""
    if not (folder / "drawn").is_dir():
        write_set(folder / "drawn")
    ledger = LEDGER.format(uses=json.dumps(uses), sha256=digest_folder(folder / "drawn"))
    (folder / "ledger.toml").write_text(ledger)
    path = folder / "recipe.toml"
    path.write_text(recipe)
    return path


@pytest.fixture(scope="session")
def drawn_recipe(tmp_path_factory):
    """A small recipe whose set may be used for everything but reporting."""
    return write_recipe(tmp_path_factory.mktemp("recipe"), ["train", "select", "calibrate"])


@pytest.fixture
def make_recipe(tmp_path):
    """make_recipe(uses, recipe=text) -> path, in a folder of its own."""

    def make(uses: list[str], recipe: str = RECIPE) -> Path:
        return write_recipe(tmp_path, uses, recipe)

    return make


@pytest.fixture
def recipe_text():
    return RECIPE


@pytest.fixture
def make_set():
    return write_set


@pytest.fixture(scope="session")
def ledger_text():
    return LEDGER
