"""A folder of films on all cores: lennox as it comes beside a sweep of workers x threads, and beside Dask; its memory.

By the clock, since the work is on many threads. Another program's turns count, so run it on a machine that has no
other.
"""

import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from conftest import keep
from measuring import Cold, Paired, Work, extremes, installed
from PIL import Image

import lennox
from lennox.inference.load import load_candidate
from lennox.inference.processors import processors
from lennox.phantom import draw_film

CORES = processors()
COPIES = min(CORES, 4)  # of eight films
COUNT = 8 * COPIES
ROUNDS = 4
FOLDER = "folder of films, a film"
SIZE = f"{COUNT} films of 1152 x 1536 pixels, PNG and JPEG, {CORES} cores"
ARRANGEMENTS = ((1, 1), (1, CORES), (CORES, 1), (CORES, 2), (2 * CORES, 1))
UNRELEASED = ("--unreleased", "--who", "benchmark", "--why", "measuring speed", "--until", str(date.today()))


@pytest.fixture(scope="module")
def paths(tmp_path_factory) -> list[Path]:
    """Eight drawn films, every other one PNG or JPEG, and copies of them: Dask does the same path once only."""
    folder = tmp_path_factory.mktemp("films")
    for seed in range(8):
        film = Image.fromarray(draw_film(seed, rows=1152, columns=1536).pixels)
        for copy in range(COPIES):
            film.save(folder / f"{copy}-{seed}.{'jpg' if seed % 2 else 'png'}", quality=90)
    return sorted(folder.iterdir())


def by_turns(calls: dict[str, Callable[[], None]], rounds: int) -> dict[str, tuple[float, ...]]:
    """Seconds a film of each call, taken in turn after one of each to warm up; who goes first alternates."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(-1, rounds):
        for name in list(calls)[:: 1 if number % 2 else -1]:
            start = time.perf_counter()
            calls[name]()
            if number >= 0:
                times[name].append((time.perf_counter() - start) / COUNT)
    return {name: tuple(seconds) for name, seconds in times.items()}


def over(paths, model, executor=None):
    assert all(one.status == "assessed" for one in lennox.diagnose_many(paths, model, executor=executor))


def test_folder_beside_a_sweep(benchmark, paths, model):
    models = {threads: load_candidate(model, "benchmark", threads=threads) for threads in {1, 2, CORES}}

    def arranged(workers, threads):
        def run():
            with ThreadPoolExecutor(workers) as executor:
                over(paths, models[threads], executor)

        return run

    calls = {f"workers x threads: {w} x {t}": arranged(w, t) for w, t in ARRANGEMENTS}
    for _ in range(2):  # once more if it is far off: something else may have been running
        times = by_turns(calls | {"ours": lambda: over(paths, models[1])}, ROUNDS)
        ours = times.pop("ours")
        best = min(times, key=lambda name: min(times[name]))
        work, result = Work(FOLDER, f"{SIZE}; {best}", "best of the sweep", at_most=1.1), Paired(times[best], ours)
        if not result.far_from(work):
            break
    for name, seconds in times.items():
        keep(benchmark, Paired(seconds, ours).compare(Work(FOLDER, SIZE, name)))
    keep(benchmark, result.compare(work))
    benchmark.pedantic(over, (paths, models[1]), rounds=1)
    assert not result.far_from(work), result.compare(work)


@pytest.mark.skipif(not installed("distributed"), reason="Dask is not installed: pip install 'lennox[dask]'")
def test_folder_beside_dask(benchmark, paths, model):
    from distributed import Client, LocalCluster

    loaded = load_candidate(model, "benchmark")
    with (
        LocalCluster(n_workers=CORES, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster,
        Client(cluster) as client,
    ):
        dask = client.get_executor()
        times = by_turns({"ours": lambda: over(paths, loaded), "dask": lambda: over(paths, loaded, dask)}, ROUNDS)
    work = Work(FOLDER, SIZE, f"the same over Dask, {CORES} workers on this machine")
    keep(benchmark, Paired(times["dask"], times["ours"]).compare(work))
    benchmark.pedantic(over, (paths, loaded), rounds=1)


def test_memory_of_a_long_folder(benchmark, weigh, tmp_path):
    """Films too small to be assessed: all of a run but the network, whose memory is the same for each film."""
    Image.fromarray(np.full((24, 32), 90, np.uint8)).save(tmp_path / "film.png")
    command = Path(sys.executable).parent / "lennox"

    def peak_mb(count, out):
        folder = tmp_path / f"{count}"
        folder.mkdir(exist_ok=True)
        for number in range(len(list(folder.iterdir())), count):
            os.link(tmp_path / "film.png", folder / f"{number:05}.png")
        run = Cold(
            tmp_path, "/bin/sh", "-c", '"$@" || [ $? = 1 ]', "sh",  # 1: some film was not assessed
            command, "diagnose", folder, "--out", tmp_path / out, *UNRELEASED,
        )  # fmt: skip
        run()
        return run.peak_mb

    peak_mb(100, "first")  # which keeps the network as ONNX Runtime optimised it, and the others find it
    few, many = peak_mb(100, "few"), peak_mb(5_000, "many")
    weigh(extremes(Work("folder, peak memory", "5,000 films", "100 films"), "MB", many, few, few + 5))
    benchmark.pedantic(lambda: None, rounds=1)
