"""The command with the model that comes with lennox, on drawn films, within the budget of a clinic PC."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from lennox.inference.load import installed_models
from lennox.phantom import write_films

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs/schema/examination-1.json").read_text())
# Needed while no release vouches for the model; a released one takes no notice.
UNRELEASED = ("--unreleased", "--who", "a test", "--why", "to test", "--until", str(date.today()))
pytestmark = pytest.mark.skipif(not any(installed_models()), reason="no model is installed yet")


@pytest.fixture(scope="module")
def drawn_films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn") / "films"
    write_films(folder, 2, 7)
    return folder


def diagnose(*arguments):
    command = [sys.executable, "-P", "-m", "lennox", "diagnose", *map(str, arguments), *UNRELEASED]
    return subprocess.run(command, capture_output=True)


# The command, which at its end writes processor seconds and peak KiB. (The peak that the system reports of a child is
# at least the size of the process that started it, so the child looks at its own.)
MEASURED = """
import atexit, sys, time

def used():
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(time.process_time(), peak.split()[1], file=sys.stderr)

atexit.register(used)
from lennox.cli import main
main()
"""


def test_one_film_from_a_cold_start_is_quick_and_small(drawn_films, tmp_path):
    film, answer = drawn_films / "drawn-0001.png", tmp_path / "answer.json"
    arguments = [film, "--threads", "2", "--threshold", "0.01"]
    with answer.open("wb") as stream:
        command = [sys.executable, "-P", "-c", MEASURED, "diagnose", *map(str, arguments), *UNRELEASED]
        done = subprocess.run(command, stdout=stream, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0
    processor_s, peak_kib = map(float, done.stderr.split()[-2:])
    record = json.loads(answer.read_text())
    jsonschema.validate(record, SCHEMA, jsonschema.Draft202012Validator)
    assert record["status"] == "assessed"
    # Seconds of two processors, of which 2 s make 4; the clock itself is others' business on a busy machine.
    assert processor_s < 3.0
    assert peak_kib < 500_000


def test_a_folder_as_a_page(drawn_films, tmp_path):
    done = diagnose(drawn_films, "--format", "html", "--overlay", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "out/report.html").read_text()
    assert page.count("<article") == 2
    assert "Where it fails and what it cannot see" in page
    assert len(list((tmp_path / "out/overlays").iterdir())) == 2
