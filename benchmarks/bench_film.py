"""A film from file to findings: `lennox diagnose` from a cold start, and a program that runs already; one thread.

Beside it: what no reading can do without (peers/floor.py), and the same as usually written with PyTorch and
scikit-image (peers/pytorch_script.py).
"""

import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from measuring import HERE, Cold, Work, by_itself, extremes, installed

SIZE = "850 x 1200 pixels, PNG"
COLD = "one film from a cold start"
CLOCK = "cold start by the clock"
MEMORY = "cold start, peak memory"
SCRIPT = "PyTorch + scikit-image script"
MAX_MB = 150
# Needed while no release vouches for the model; a released one takes no notice.
UNRELEASED = ("--unreleased", "--who", "benchmark", "--why", "measuring speed", "--until", str(date.today()))
needs_torch = pytest.mark.skipif(not installed("torch"), reason="PyTorch is not installed: pip install 'lennox[train]'")


@pytest.fixture
def ours(film, tmp_path):
    command = Path(sys.executable).parent / "lennox"
    return Cold(tmp_path, command, "diagnose", film, "--threads", "1", "--threshold", "0.001", *UNRELEASED)


@pytest.fixture(scope="module")
def network(model, tmp_path_factory):
    """The shipped network as `torch.save` writes it; made in another process, so that PyTorch stays out of this one."""
    path = tmp_path_factory.mktemp("network") / "network.pt"
    subprocess.run([sys.executable, HERE / "peers/pytorch_network.py", model, path], check=True)
    return path


def test_cold_film_beside_its_floor(beside, weigh, ours, model, tensor, tmp_path):
    floor = Cold(tmp_path, sys.executable, HERE / "peers/floor.py", model / "model.onnx", tensor)
    work = Work(COLD, SIZE, "imports + session + network alone", at_most=1.5)
    beside(work, floor, ours, rounds=15, spent=by_itself)
    weigh(extremes(Work(MEMORY, SIZE, work.peer), "MB", ours.peak_mb, floor.peak_mb, MAX_MB))


@needs_torch
def test_cold_film_beside_a_script(beside, weigh, ours, network, film, tmp_path):
    script = Cold(tmp_path, sys.executable, HERE / "peers/pytorch_script.py", film, network)
    work = Work(COLD, SIZE, SCRIPT, at_least=5.0)
    beside(work, script, ours, rounds=9, spent=by_itself)
    weigh(extremes(Work(CLOCK, SIZE, SCRIPT), "ms", ours.shortest_s * 1e3, script.shortest_s * 1e3))
    weigh(extremes(Work(MEMORY, SIZE, SCRIPT), "MB", ours.peak_mb, script.peak_mb, MAX_MB))


@needs_torch
def test_warm_film_beside_a_script(beside, engine, model, network, film):
    script, ours = engine("pytorch-film", network, film), engine("lennox-film", model, film)
    np.testing.assert_allclose(np.load(script.answer), np.load(ours.answer), rtol=0.25)  # another resize, no more
    beside(Work("one film, model loaded", SIZE, SCRIPT), script, ours, rounds=15, spent=by_itself)
