"""Fixtures of the benchmarks, and what is kept with their results."""

import contextlib
import ctypes
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # for `measuring`
from measuring import ONE_THREAD, Call, Engine, Paired, Work, conditions, on_this_thread, paired

os.environ.update(ONE_THREAD)  # before NumPy or a peer is imported, which reads it once

# Freed memory stays with this process: whether a call must ask the system again would hang on what ran before it, and
# moved ratios by as much as 1.6. Kind to peers, which take more of it than we do.
with contextlib.suppress(OSError, AttributeError):  # glibc alone has it
    TRIM_ABOVE, MAP_ABOVE = -1, -3
    ctypes.CDLL(None).mallopt(TRIM_ABOVE, 1 << 30)
    ctypes.CDLL(None).mallopt(MAP_ABOVE, 1 << 25)  # the highest it takes

import pytest


@pytest.fixture
def beside(benchmark):
    """A function that times ours beside a peer and keeps the line of the table; far from its target, the test fails."""
    far = []

    def measure(work: Work, peer: Call, ours: Call, *, rounds=41, spent=on_this_thread, scale=1.0) -> None:
        """`scale`: the peer does only one part in so many of the work."""

        def turns() -> Paired:
            result = paired(peer, ours, rounds, spent)
            return Paired(tuple(scale * seconds for seconds in result.peer_s), result.ours_s)

        result = turns()
        if result.far_from(work):
            result = turns()  # once more: something else may have been running
        keep(benchmark, result.compare(work))
        benchmark.pedantic(ours, rounds=5, iterations=1)
        if result.far_from(work):
            far.append(result.compare(work))

    yield measure
    assert not far  # at the end, so that the table has every line


def keep(benchmark, line):
    """Add a line to the table."""
    load = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
    benchmark.extra_info.setdefault("lines", []).append(line | {"load": load})


@pytest.fixture
def weigh(benchmark):
    """A function that keeps a line of one number a side; if ours is above its limit, the test fails."""
    above = []

    def measure(line):
        keep(benchmark, line)
        if line["margin"] is not None and line["margin"] < 1:
            above.append(line)

    yield measure
    assert not above


@pytest.fixture
def engine(tmp_path):
    """A function that starts an engine of peers/engine.py, which ends with the test."""
    running = []

    def start(name, model, given):
        running.append(Engine(name, model, given, tmp_path / f"{name}-{len(running)}.npy"))
        return running[-1]

    yield start
    for one in running:
        one.close()


@pytest.fixture(scope="session")
def model():
    """The folder of the model that comes with lennox."""
    from lennox.inference.load import installed_models

    return next(folder for folder in installed_models() if (folder / "model.onnx").is_file())


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """A drawn periapical film of 850 x 1200 pixels, 8 bits, as PNG."""
    from lennox.phantom import write_films

    folder = tmp_path_factory.mktemp("film") / "films"
    write_films(folder, 1, 7)
    return folder / "drawn-0001.png"


@pytest.fixture(scope="session")
def tensor(tmp_path_factory, film, model):
    """The same film, ready for the network."""
    import numpy as np

    from lennox import read_image
    from lennox.card import ModelCard
    from lennox.inference.prepare import prepare

    path = tmp_path_factory.mktemp("tensor") / "tensor.npy"
    np.save(path, prepare(read_image(film), ModelCard.read(model / "card.json").contract).tensor)
    return path


def pytest_benchmark_update_machine_info(config, machine_info):
    """What the ratios depend on is recorded; the machine's own name is not."""
    machine_info.update(conditions())
    machine_info["node"] = machine_info["host"]
    del machine_info["release"]


def pytest_benchmark_update_json(config, benchmarks, output_json):
    """Without every single time, and without digits that mean nothing."""
    for entry in output_json["benchmarks"]:
        entry["stats"].pop("data", None)
        for part in (entry["stats"], *entry["extra_info"].get("lines", [])):
            for name, value in part.items():
                if isinstance(value, float):
                    part[name] = float(f"{value:.4g}")
                elif isinstance(value, list):
                    part[name] = [float(f"{number:.4g}") for number in value]
