"""A tiny model and drawn films in folders, and the command as people run it."""

import os
import subprocess
import sys
from datetime import date

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image as Raster
from tiny_model import write_tiny_model

from lennox.cli import cli
from lennox.phantom import draw_film

# The tiny model is not released; what the gate does is tested in test_release.py.
UNRELEASED = ("--unreleased", "--who", "a test", "--why", "to test", "--until", str(date.today()))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    return str(write_tiny_model(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture(scope="session")
def unreleased():
    """The options that load a model nobody has released."""
    return UNRELEASED


@pytest.fixture(scope="session")
def drawn():
    return draw_film(3).pixels


@pytest.fixture(scope="session")
def write_films(drawn):
    """Write `count` different films into a folder: 0.png, 1.png, ..."""

    def write(folder, count):
        folder.mkdir(parents=True, exist_ok=True)
        width = len(str(count - 1))
        for number in range(count):
            Raster.fromarray(np.roll(drawn, number, 1)).save(folder / f"{number:0{width}}.png")
        return folder

    return write


@pytest.fixture
def films(tmp_path, write_films):
    """Three films, a broken one, a picture in colour and a file that is no image."""
    folder = write_films(tmp_path / "films", 3)
    (folder / "3.png").write_bytes(b"not a picture")
    colours = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
    Raster.fromarray(colours).save(folder / "4.png")
    (folder / "notes.txt").write_text("nothing to see")
    return folder


@pytest.fixture
def invoke(tiny):
    """Run a command within the process; `diagnose` gets the tiny model."""

    def run(*arguments):
        given = arguments[0] != "diagnose" or "--model" in arguments
        model = [] if given else ["--model", tiny, *UNRELEASED]
        return CliRunner().invoke(cli, [*map(str, arguments), *model])

    return run


@pytest.fixture
def lennox_process(tiny, tmp_path):
    """Start `lennox` as a process of its own, in `tmp_path`."""

    def start(*arguments, **options):
        model = ["--model", tiny, *UNRELEASED] if arguments[0] == "diagnose" else []
        command = [sys.executable, "-P", "-m", "lennox", *map(str, arguments), *model]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": tmp_path} | options
        return subprocess.Popen(command, env=environment, **options)

    return start
