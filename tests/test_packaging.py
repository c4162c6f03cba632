"""What is installed is what lies here: a release binds every file of a model's folder, so none may be left behind."""

import importlib.metadata
import re
from pathlib import Path

import lennox
from lennox.gate.check import list_files
from lennox.inference.load import installed_models

ROOT = Path(__file__).parent.parent
MODELS = ROOT / "models"


def test_every_file_of_a_model_is_installed():
    here = {card.parent.name: sorted(list_files(card.parent)) for card in MODELS.glob("*/card.json")}
    assert here
    assert {folder.name: sorted(list_files(folder)) for folder in installed_models()} == here


def test_the_trust_that_ships_is_installed():
    installed = next(installed_models()).parent / "trust.toml"
    assert installed.read_bytes() == (MODELS / "trust.toml").read_bytes()


def test_there_is_one_version():
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    cited = re.search(r"^version: (\S+)", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE)
    assert newest
    assert cited
    assert {newest[1], cited[1], importlib.metadata.version("lennox")} == {lennox.__version__}
