"""How a kernel is timed beside its peers: in one run, call by call in turn, on one thread."""

import importlib.metadata
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

for library in ("OMP", "OPENBLAS", "MKL"):  # before NumPy or a peer is imported, which reads it once
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

TOLERANCE = 0.85  # a ratio may fall this far below its target before it counts: machines differ, and are shared
PACKAGES = ("numpy", "opencv-python-headless", "scikit-image", "scipy")


@dataclass(frozen=True)
class Paired:
    """Times of two calls taken in turn, in seconds; `ratio` is how many times as long the peer takes."""

    peer_s: tuple[float, ...]
    ours_s: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Of the shortest times: what the gate looks at, since it varies least."""
        return min(self.peer_s) / min(self.ours_s)

    @property
    def pair_ratios(self) -> list[float]:
        return [peer / ours for peer, ours in zip(self.peer_s, self.ours_s, strict=True)]

    def record(self) -> dict[str, float]:
        quarters = statistics.quantiles(self.pair_ratios, n=4) if len(self.peer_s) > 1 else self.pair_ratios * 3
        return {
            "ratio_of_minima": round(self.ratio, 2),
            "median_of_pair_ratios": round(quarters[1], 2),
            "lower_quartile": round(quarters[0], 2),
            "upper_quartile": round(quarters[2], 2),
            "peer_ms": round(min(self.peer_s) * 1e3, 4),
            "ours_ms": round(min(self.ours_s) * 1e3, 4),
        }


def paired(
    peer: Callable[[], object],
    ours: Callable[[], object],
    rounds: int = 41,
    clock: Callable[[], float] = time.perf_counter,
) -> Paired:
    """Time two calls in turn, after one call of each to warm up; who goes first alternates.

    clock : `time.thread_time` for calls that stay on one thread, which leaves out the turns of other programs: on a
    busy machine they hit the longer call more often, and would flatter the shorter one
    """
    times: dict[Callable[[], object], list[float]] = {peer: [], ours: []}
    for number in range(-1, rounds):
        for call in (peer, ours) if number % 2 else (ours, peer):
            start = clock()
            call()
            if number >= 0:
                times[call].append(clock() - start)
    return Paired(tuple(times[peer]), tuple(times[ours]))


def conditions() -> dict[str, object]:
    """What a ratio depends on beside the code."""
    from lennox import _core

    processor = Path("/proc/cpuinfo")
    words = processor.read_text().split() if processor.exists() else []
    return {
        "kernels": _core.variant(),
        "load_average": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "instructions": [name for name in ("avx2", "avx512f", "avx512_vnni", "asimd") if name in words],
        **{name: importlib.metadata.version(name) for name in PACKAGES if installed(name)},
    }


def installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


@pytest.fixture
def beside(benchmark):
    """A function that times ours beside a peer, records the ratio, and fails if it is far below its target.

    Both calls must stay on one thread, unless `clock` is `time.perf_counter`.
    """

    def measure(peer, ours, target=None, rounds=41, clock=time.thread_time):
        result = paired(peer, ours, rounds, clock)
        if target and result.ratio < TOLERANCE * target:
            result = paired(peer, ours, rounds, clock)  # once more: something else may have been running
        benchmark.extra_info.update(conditions() | result.record() | {"target": target})
        benchmark.pedantic(ours, rounds=min(rounds, 11), iterations=1)
        if target:
            assert result.ratio >= TOLERANCE * target, result.record()
        return result

    return measure
