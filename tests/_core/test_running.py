"""How the kernels run: which variant, without the interpreter's lock, from many threads, in little memory."""

import os
import subprocess
import sys
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from intensity import levels_of

from lennox import _core
from lennox._core import IntensitySettings
from lennox.geometry import Placement

SETTINGS = {"low_percentile": 1.0, "high_percentile": 99.0, "clip_limit": 2.0, "tiles": 8}
MEBIBYTE = 2**20


def test_the_fastest_variant_runs_unless_another_is_forced():
    assert _core.variant() in _core.variants()
    assert _core.variants()[-1] in {"x86-64", "portable"}
    script = "from lennox import _core; print(_core.variant())"
    for forced in ["", *_core.variants()]:
        environment = {**os.environ, "LENNOX_KERNELS": forced}
        done = subprocess.run(
            [sys.executable, "-P", "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == (forced or _core.variants()[0])


def test_an_unknown_variant_is_refused():
    environment = {**os.environ, "LENNOX_KERNELS": "abacus"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", "import lennox._core"], env=environment, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "LENNOX_KERNELS is 'abacus'; this processor runs" in done.stderr
    with pytest.raises(ValueError, match="no variant"):
        _core._window.prepare(
            np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.float32), 0, 0, 2, 2, 0.0, 100.0, 0.0, 1, 0.0, 1.0, 99
        )


def calls():
    """{name: (what must be done before, a call of a compiled function alone, which takes some milliseconds)}."""
    rng, side = np.random.default_rng(0), 2500
    film = rng.integers(0, 65536, (5000, 4000)).astype(np.uint16)
    levels = np.empty((512, 512), np.float32)
    noise, small = rng.random((side, side), np.float32), np.full((400, 400), 0.5, np.float32)
    edges, firsts, highest = np.empty(side + 1, np.int32), np.empty(side + 1, np.int32), np.empty(side, np.float32)
    starts, ends, parents, cells = (np.empty(side * side, np.int32) for _ in range(4))
    lesions = _core._lesions.find_runs(noise, 0.5, edges, firsts, starts, ends, parents)
    joined = parents.copy()
    labels, measures = np.zeros(noise.shape, np.int32), _core._empty_measures(lesions, noise.shape)
    known = _core.label_lesions(noise, 0.5)
    first_cells = np.full(len(known), -1, np.int64)
    assert _core._lesions.find_firsts(known.labels, first_cells)
    one, of_one, centre = np.zeros(small.shape, np.int32), _core._empty_measures(1, small.shape), np.zeros(1, np.int32)
    outline_ends, corners = np.empty(len(known), np.int64), np.empty((0, 2))
    core = _core._lesions
    order = np.argsort(-noise.ravel(), kind="stable").astype(np.int32)
    basins, basin_parents, basin_peaks = np.zeros(noise.shape, np.int32), np.empty_like(order), np.empty_like(order)
    all_one = np.zeros(small.shape, np.int32)

    def nothing():
        pass

    def join_again():
        parents[:] = joined

    def clear():
        one[:] = 0

    return {
        "prepare": (
            nothing,
            lambda: _core._window.prepare(film, levels, 0, 0, 512, 512, 1.0, 99.0, 2.0, 8, 0.0, 1.0, 0),
        ),
        "find_runs": (nothing, lambda: core.find_runs(noise, 0.5, edges, firsts, starts, ends, parents)),
        "fold_runs": (
            join_again,
            lambda: core.fold_runs(noise, firsts, starts, ends, parents, labels, *measures),
        ),
        "find_peaks": (nothing, lambda: core.find_peaks(noise, 0.5, edges, highest, cells)),
        "find_basins": (
            lambda: basins.fill(0),
            lambda: core.find_basins(noise, order, 0.9, basin_parents, basins, basin_peaks),
        ),
        "grow": (clear, lambda: core.grow(small, centre, 0.5, all_one, cells, one, *of_one)),
        "find_firsts": (nothing, lambda: core.find_firsts(known.labels, first_cells)),
        "trace": (nothing, lambda: core.trace(known.labels, first_cells, outline_ends, corners)),
    }


def test_other_threads_run_meanwhile():
    """With no forced switches, this thread gets on during a call of another only if the call lets go of the lock."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000.0)
    try:
        for name, (get_ready, call) in calls().items():
            for _ in range(20):  # on a busy machine this thread may not get a processor in time
                get_ready()
                times, moments = [], []

                def work(call=call, times=times):
                    times.append(time.perf_counter())
                    call()
                    times.append(time.perf_counter())

                thread = threading.Thread(target=work)
                thread.start()
                while len(times) < 2 and thread.is_alive():
                    moments.append(time.perf_counter())
                    time.sleep(0)  # lets go of the lock
                thread.join()
                assert len(times) == 2, f"{name} did not return"
                start, end = times
                quarter = (end - start) / 4  # a call may let go for a moment at its start, to get memory
                meanwhile = any(start + quarter < moment < end - quarter for moment in moments)
                if meanwhile:
                    break
            assert meanwhile, f"{name} holds the lock"
    finally:
        sys.setswitchinterval(before)


def test_threads_do_not_disturb_each_other(film):
    films = [film(211, 307, dtype, seed) for seed in range(4) for dtype in (np.uint8, np.uint16)]
    alone = [levels_of(_core, pixels, 128, 190, **SETTINGS) for pixels in films]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda pixels: levels_of(_core, pixels, 128, 190, **SETTINGS), films * 8))
    for expected, found in zip(alone * 8, together, strict=True):
        np.testing.assert_array_equal(expected, found)


@pytest.mark.parametrize("tiles", [8, 32])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(("rows", "columns"), [(2048, 1536), (1001, 3001)])
def test_scratch_beside_the_output_is_at_most_one_and_a_half_mebibytes(rows, columns, dtype, tiles):
    """NumPy reports its memory to tracemalloc; beside it a call only has a few KiB of stack."""
    pixels, out = np.zeros((rows, columns), dtype), np.empty((512, 512), np.float32)
    settings = IntensitySettings(**SETTINGS | {"tiles": tiles}, mean=0.0, std=1.0)
    placement = Placement(rows, columns, 512, 512, 0, 0, 512, 400)
    _core.prepare_into(pixels, out, placement, settings)
    tracemalloc.start()
    _core.prepare_into(pixels, out, placement, settings)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak <= 1.5 * MEBIBYTE
