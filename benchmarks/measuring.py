"""How ours is timed beside a peer: in one run, call by call in turn, who goes first alternating; what is kept of it.

The estimators are fixed beforehand: the ratio of the shortest times, which varies least, and the median of the ratios
of the pairs with its quartiles. A target is met when both reach it.
"""

import importlib.metadata
import importlib.util
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
TOLERANCE = 0.85  # a run fails when a ratio is this far from its target, twice: machines differ, and are shared
PACKAGES = ("numpy", "onnxruntime", "torch", "openvino", "opencv-python-headless", "scikit-image", "scipy", "fairlearn")
INSTRUCTIONS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimd", "asimddp")
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
# As it was before any benchmark: Dask sets how memory is given back, which makes PyTorch twice as slow.
ENVIRONMENT = {**os.environ, **ONE_THREAD}

Call = Callable[[], object]


@dataclass(frozen=True)
class Work:
    """One line of the table: what is done, on what, beside whom, and what was promised.

    at_least : how many times as long as ours the peer takes; at_most : how many times as long as the peer ours takes
    """

    name: str
    size: str
    peer: str
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True)
class Paired:
    """Seconds of two calls taken in turn."""

    peer_s: tuple[float, ...]
    ours_s: tuple[float, ...]

    def compare(self, work: Work) -> dict[str, object]:
        """The line of the table; its ratios are peer / ours, and ours / peer where the target is an `at_most`."""
        above, below = (self.ours_s, self.peer_s) if work.at_most else (self.peer_s, self.ours_s)
        ratios = [one / other for one, other in zip(above, below, strict=True)]
        quartiles = statistics.quantiles(ratios, n=4)
        minima = min(above) / min(below)
        margin, target = None, ""
        if work.at_least:
            margin, target = min(minima, quartiles[1]) / work.at_least, f"≥ {work.at_least:g}"
        if work.at_most:
            margin, target = work.at_most / max(minima, quartiles[1]), f"≤ {work.at_most:g}"
        return {
            "work": work.name, "size": work.size, "peer": work.peer, "unit": "ms", "pairs": len(ratios),
            "ours": min(self.ours_s) * 1e3, "theirs": min(self.peer_s) * 1e3, "ratio_of_minima": minima,
            "median_of_pair_ratios": quartiles[1], "quartiles": [quartiles[0], quartiles[2]],
            "range": [min(ratios), max(ratios)], "target": target, "margin": margin,
        }  # fmt: skip

    def far_from(self, work: Work) -> bool:
        """Whether a target is missed by more than other programs on the machine may explain."""
        ratio = min(self.peer_s) / min(self.ours_s)
        wanted = work.at_least or 1 / (work.at_most or float("inf"))
        return ratio < TOLERANCE * wanted


def on_this_thread(call: Call) -> float:
    """CPU seconds of this thread: for calls that stay on it.

    It leaves out the turns of other programs, which on a busy machine hit the longer call more often.
    """
    start = time.thread_time()
    call()
    return time.thread_time() - start


def by_itself(call: Callable[[], float]) -> float:
    """For calls that answer how long they took, such as an `Engine` and a `Cold` run."""
    return call()


def paired(peer: Call, ours: Call, rounds: int, spent: Callable[[Call], float]) -> Paired:
    """Time two calls in turn, after one call of each to warm up."""
    times: dict[Call, list[float]] = {peer: [], ours: []}
    for number in range(-1, rounds):
        for call in (peer, ours) if number % 2 else (ours, peer):
            seconds = spent(call)
            if number >= 0:
                times[call].append(seconds)
    return Paired(tuple(times[peer]), tuple(times[ours]))


def extremes(work: Work, unit: str, ours: float, theirs: float, limit: float | None = None) -> dict[str, object]:
    """A line of the table with one number a side: a peak of memory, a shortest time; `limit` is on ours."""
    return {
        "work": work.name, "size": work.size, "peer": work.peer, "unit": unit, "ours": ours, "theirs": theirs,
        "ratio_of_minima": theirs / ours, "target": f"ours ≤ {limit:.3g} {unit}" if limit else "",
        "margin": limit / ours if limit else None,
    }  # fmt: skip


class Engine:
    """One engine of peers/engine.py in a process of its own, so that its idle threads disturb no other."""

    def __init__(self, name: str, model: Path, given: Path, answer: Path) -> None:
        command = [sys.executable, HERE / "peers/engine.py", name, model, given, answer]
        self.answer = answer
        self.process = subprocess.Popen(
            [*map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=ENVIRONMENT,
        )  # fmt: skip
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError(f"{name} did not start")

    def __call__(self) -> float:
        """Run once; CPU seconds of the process."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=20)


class Cold:
    """A command in a fresh process each time, its files in the system's cache, one thread; CPU seconds."""

    def __init__(self, home: Path, *command: str | Path) -> None:
        """home : where the command finds and leaves what it keeps for its user"""
        self.command = [sys.executable, "-S", str(HERE / "peers/cold.py"), *map(str, command)]
        kept = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA", "STATE")}
        compiled = {"PYTHONDONTWRITEBYTECODE": ""}  # as modules are where they were installed
        self.environment = ENVIRONMENT | kept | compiled
        self.peak_mb, self.shortest_s = 0.0, float("inf")

    def __call__(self) -> float:
        output = subprocess.run(
            self.command, env=self.environment, stdout=subprocess.PIPE, text=True, check=True
        ).stdout
        wall_s, processor_s, peak_kib = map(float, output.split())
        self.peak_mb = max(self.peak_mb, peak_kib * 1024 / 1e6)
        self.shortest_s = min(self.shortest_s, wall_s)
        return processor_s


def installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def host() -> str:
    """What a machine's results are filed under: its processor and cores, never its own name."""
    information = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", information.read_text()) if information.exists() else None
    name = found[1] if found else platform.processor() or platform.machine()
    plain = re.sub(r"\((r|tm|c)\)|@.*|\bcpu\b", " ", name.lower())
    return "-".join([*re.findall(r"[a-z0-9]+", plain), str(os.cpu_count()), "cores"])


def conditions() -> dict[str, object]:
    """What a ratio depends on beside the code."""
    import onnxruntime

    from lennox import _core

    information = Path("/proc/cpuinfo")
    words = set(information.read_text().split()) if information.exists() else set()
    versions = {distribution.name: distribution.version for distribution in importlib.metadata.distributions()}
    return {
        "host": host(),
        "instructions": [name for name in INSTRUCTIONS if name in words],
        "kernels": _core.variant(),
        "provider": onnxruntime.get_available_providers()[-1],  # the session asks for the CPU's, which is always last
        "libraries": {name: versions[name] for name in PACKAGES if name in versions},
    }
