"""Recipes: every key that the reader takes is documented, and no other is."""

import json
import re
from dataclasses import MISSING
from pathlib import Path

import pytest

from lennox.errors import InputError
from lennox.training.recipe import read_recipe, recipe_keys

PROJECT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `([a-z_.]+)` \| (?:`(.+?)`|(required)) \| ([^|]*) \| ([^|]+) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def documented():
    """key -> its default as printed, None where required, of the table in the documentation."""
    page = (PROJECT / "docs/developer/training.md").read_text(encoding="utf-8")
    section = page.split("## Every key of a recipe")[1].split("\n## ")[0]
    rows = ROW.findall(section)
    assert len(rows) == section.count("\n| `")  # every row was understood
    return {key: None if required else default for key, default, required, _, _ in rows}


def test_the_documentation_has_every_key_of_a_recipe_and_no_other(documented):
    assert sorted(documented) == sorted(recipe_keys())


def test_the_documented_defaults_are_those_of_the_reader(documented):
    wanted = {key: None if default is MISSING else json.dumps(default) for key, default in recipe_keys().items()}
    assert documented == wanted


@pytest.mark.parametrize("path", sorted((PROJECT / "models/recipes").glob("*.toml")), ids=lambda path: path.stem)
def test_every_recipe_of_the_project_is_read(path):
    assert read_recipe(path).sha256


def test_a_required_key_is_required_and_an_unknown_one_is_refused_wherever_it_stands(documented, recipe_text, tmp_path):
    path = tmp_path / "recipe.toml"
    for key in [key for key, default in documented.items() if default is None and not key.startswith("windows.")]:
        path.write_text(re.sub(rf"^{key.split('.')[-1]} = .*$", "", recipe_text, flags=re.MULTILINE))
        with pytest.raises(InputError, match=key.split(".")[-1]):
            read_recipe(path)
    for table in ("", "[input]", "[data]", "[schedule]", "[augment]", "[kind]", "[lesions]"):
        known = f"{table}\nno_such_key = 1\n"
        text = recipe_text.replace(f"{table}\n", known, 1) if table in recipe_text else recipe_text + known
        path.write_text(text)
        with pytest.raises(InputError, match="knows no \\['no_such_key'\\]"):
            read_recipe(path)


def test_drawn_films_alone_need_no_set_but_a_number(recipe_text, tmp_path):
    path = tmp_path / "recipe.toml"
    head, schedule = recipe_text.split("[data]")[0], recipe_text.split("[schedule]")[1]
    data = '[data]\nledger = "ledger.toml"\ndrawn_share = 1.0\n'
    path.write_text(f"{head}{data}drawn_films = 3\n[schedule]{schedule}")
    assert read_recipe(path).is_drawn_only
    path.write_text(f"{head}{data}[schedule]{schedule}")
    with pytest.raises(InputError, match="drawn_films is not at least 1"):
        read_recipe(path)
