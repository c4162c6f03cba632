"""What is installed is what lies here: a release binds every file of a model's folder, so none may be left behind."""

from pathlib import Path

from lennox.gate.check import list_files
from lennox.inference.load import installed_models

MODELS = Path(__file__).parent.parent / "models"


def test_every_file_of_a_model_is_installed():
    here = {card.parent.name: sorted(list_files(card.parent)) for card in MODELS.glob("*/card.json")}
    assert here
    assert {folder.name: sorted(list_files(folder)) for folder in installed_models()} == here


def test_the_trust_that_ships_is_installed():
    installed = next(installed_models()).parent / "trust.toml"
    assert installed.read_bytes() == (MODELS / "trust.toml").read_bytes()
