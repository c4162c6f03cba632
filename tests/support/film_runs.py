"""A tiny model and drawn films in folders, and the command as people run it."""

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image as Raster
from releasing import make_workshop
from tiny_model import write_tiny_model

from lennox.cli import cli
from lennox.phantom import draw_film

# The tiny model is not released; what the gate does is tested in test_release.py.
UNRELEASED = ("--unreleased", "--who", "a test", "--why", "to test", "--until", str(date.today()))

USE = f"""time,patient,film,model,status,mark,decision,sensor
2026-01-05,p1,f1,{"a" * 64},assessed,,none,wand
"""


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


def command_of(tiny, arguments):
    """The command line of these arguments; `diagnose` gets the tiny model."""
    model = ["--model", tiny, *UNRELEASED] if arguments[0] == "diagnose" else []
    return [sys.executable, "-P", "-m", "lennox", *map(str, arguments[:1]), *model, *map(str, arguments[1:])]


CREATED = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d")  # of a page


def contents(folder):
    """{path: bytes} of everything in a folder of results, times of pages set aside."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: CREATED.sub(b"", data) if name.endswith(".html") else data for name, data in files.items()}


@pytest.fixture
def lennox_process(tiny, tmp_path):
    """Start `lennox` as a process of its own, in `tmp_path`."""

    def start(*arguments, **options):
        command = command_of(tiny, arguments)
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": tmp_path} | options
        return subprocess.Popen(command, env=environment, **options)

    return start


@pytest.fixture
def shop(tmp_path):
    """A model to be released, a film, a table of cases, records of a run."""
    made = make_workshop(tmp_path / "shop")
    made.auditor.write(made.place / "auditor.pem")
    policy = Path(__file__).parents[1] / "audit/data/small.toml"
    shutil.copy(policy, tmp_path / "small.toml")
    rng = np.random.default_rng(0)
    rows = [f"p{n},{n % 2},{0.9 if n % 2 else 0.1},{'abc'[n % 3]}" for n in rng.permutation(600)]
    (tmp_path / "cases.csv").write_text("\n".join(["patient,label,score,group", *rows]))
    source = {"sha256": "f" * 64, "name": "a.png"}
    record = {"source": source, "model": {"sha256": "a" * 64}, "status": "assessed", "findings": [{}] * 40}
    (tmp_path / "records.jsonl").write_text(f"{json.dumps(record)}\n" * 40)
    (tmp_path / "use.csv").write_text(USE)
    return made
