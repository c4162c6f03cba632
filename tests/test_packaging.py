"""What is installed is what lies here: a release binds every file of a model's folder, so none may be left behind."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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


@pytest.mark.parametrize(("lock", "extras"), [("dev", ("test", "lint", "docs")), ("clinic", ("desk", "pacs", "watch"))])
def test_what_is_locked_is_what_is_declared(lock, extras):
    """Else `make lock` was not run, and a test may run with a version that nobody named."""
    locked = {}
    for line in (ROOT / f"requirements/{lock}.txt").read_text("utf-8").splitlines():
        if found := re.match(r"([a-z0-9-]+)==(\S+)", line):
            locked.setdefault(found[1], set()).add(found[2])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    waiting, missing = [*project["dependencies"], *(f"lennox[{extra}]" for extra in extras)], []
    while waiting:
        need = Requirement(waiting.pop())
        if need.name == "lennox":
            waiting += [line for extra in need.extras for line in project["optional-dependencies"][extra]]
        elif not any(need.specifier.contains(version) for version in locked.get(canonicalize_name(need.name), ())):
            missing.append(str(need))
    assert not missing, "run `make lock`"


def test_what_is_tested_is_what_is_built_with_and_bundled():
    """So that asking for known faults of the one lock asks for those of all."""

    def pinned(name):
        return set(
            re.findall(r"^[a-z0-9-]+==\S+", (ROOT / f"requirements/{name}.txt").read_text("utf-8"), re.MULTILINE)
        )

    for name in ("build", "clinic", "release"):
        assert pinned(name) <= pinned("dev"), name
