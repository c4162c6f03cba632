"""How fast this computer reads films: the first one, further ones, folders, and the memory that takes.

Everything is measured in processes started for it, on drawn films in a temporary folder, which goes afterwards. No
patient is read, so the model need not be released; what a command writes when it loads one (the log) goes to the
temporary folder, too.
"""

from __future__ import annotations

import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from lennox.bench.computer import BUSY, Computer, Watch, this_computer, versions
from lennox.bench.process_limits import Limit, Limits
from lennox.errors import InputError, LennoxError
from lennox.image import read_image
from lennox.inference.examination import ModelIdentity
from lennox.inference.load import DEFAULT_MODEL, describe
from lennox.inference.processors import processors
from lennox.phantom import write_films

FILMS, SEED = 4, 7
STARTS, MAX_STARTS_S = (3, 5), 6.0  # cold starts: fewest and most, and no new one after so long
SECONDS = 2.5  # for further films, and for folders with each number of threads
MAX_PROCESS_S = 600.0  # a process that takes longer hangs


@dataclass(frozen=True, slots=True)
class Profile:
    """Which kind of computer is measured. not_emulated : how a weaker PC differs besides, in words"""

    name: ProfileName
    limits: Limits
    not_emulated: tuple[str, ...] = ()


ProfileName = Literal["this-pc", "low-cost"]
PROFILES: dict[ProfileName, Profile] = {
    "this-pc": Profile("this-pc", Limits()),
    "low-cost": Profile(
        "low-cost",
        Limits(processors=1, memory_mib=512),
        (
            "instructions older than those this processor has",
            "a slower clock",
            "a smaller cache and slower memory",
            "a slower disk",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Spread:
    """Several measurements of one thing: median, lowest, highest, and how many there were."""

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of at least one measurement."""
        return cls(statistics.median(values), min(values), max(values), len(values))


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured under some limits.

    kernels : the variant of lennox's own loops that ran; provider : ONNX Runtime's
    cold_start_s : the command `lennox diagnose FILM`, from its start to its end, files of lennox read before;
    film_s : a further film in a running program, one thread
    films_a_minute : (threads, spread); peaks in MiB of one film and of a folder on most threads; None: not measured
    """

    limits: tuple[Limit, ...]
    kernels: str
    provider: str
    cold_start_s: Spread
    film_s: Spread
    films_a_minute: tuple[tuple[int, Spread], ...]
    peak_one_film_mib: float | None
    peak_folder_mib: float | None

    @property
    def most_films_a_minute(self) -> tuple[int, Spread]:
        """With the number of threads that is best."""
        return max(self.films_a_minute, key=lambda rate: rate[1].median)


@dataclass(frozen=True, slots=True)
class Bench:
    """A measurement: its conditions and its figures.

    film : rows, columns and bits of the drawn films
    others : share of the computer that other programs took meanwhile
    """

    profile: Profile
    model: ModelIdentity
    film: tuple[int, int, int]
    computer: Computer
    versions: dict[str, str]
    load_average: float
    others: float
    figures: Figures

    @property
    def busy(self) -> bool:
        """Whether others took so much that the figures are worse than this computer's best."""
        return self.others > BUSY


def measure(
    model: str | Path | None = None,
    profile: ProfileName = "this-pc",
    *,
    progress: Callable[[str], object] = lambda step: None,
) -> Bench:
    """Measure this computer with a model, in half a minute or so.

    model : an installed model's name or a folder, released or not; profile : one of PROFILES
    progress : is called with the name of each step before it
    Raises ModelError if there is no such model, InputError if it does not read the drawn films, and LennoxError if a
    process that is measured fails.
    """
    name = str(model if model is not None else DEFAULT_MODEL)
    described, chosen = describe(name), PROFILES[profile]
    identity = ModelIdentity(described.card.name, described.card.version, described.sha256, described.release)
    progress("drawing films")
    with tempfile.TemporaryDirectory(prefix="lennox-bench-") as folder:
        write_films(Path(folder, "films"), FILMS, SEED)
        first = read_image(min(Path(folder, "films").glob("*.png")))
        watch = Watch()
        figures = _Bench(Path(folder), name, chosen.limits, progress).figures()
        others = watch.others()
    film = (*first.pixels.shape[:2], first.bits)
    return Bench(chosen, identity, film, this_computer(), versions(), watch.load_average, others, figures)


def thread_counts(processors: int) -> list[int]:
    """1, 2, 4... and all of them, if that are few enough to be tried in the time."""
    return sorted({1, *(2**power for power in range(1, 4) if 2**power < processors), processors})


class _Bench:
    """The processes that are measured under one set of limits."""

    def __init__(self, folder: Path, model: str, limits: Limits, progress: Callable[[str], object]) -> None:
        self.folder, self.model, self.limits, self.progress = folder, model, limits, progress
        self.films = sorted(str(film) for film in (folder / "films").glob("*.png"))
        self.environment = os.environ | {"LENNOX_LOG": str(folder / "log.sqlite"), "XDG_CONFIG_HOME": str(folder)}

    def figures(self) -> Figures:
        self.progress("further films and folders")
        counts = thread_counts(min(processors(), self.limits.processors or processors()))
        found = self._run("warm", {"films": self.films, "model": self.model, "seconds": SECONDS, "threads": counts})
        if found["unread"] is not None:
            raise InputError(f"the model does not assess the drawn films, so it cannot be timed: {found['unread']}")
        self.progress("cold starts")
        times, peaks = self._cold_starts()
        return Figures(
            tuple(Limit(*limit) for limit in found["limits"]),
            found["kernels"],
            found["provider"],
            Spread.of(times),
            Spread.of(found["film_s"]),
            tuple((int(threads), Spread.of(rates)) for threads, rates in found["films_a_minute"].items()),
            None if None in peaks else max(peaks),
            found["peak_memory_mib"],
        )

    def _cold_starts(self) -> tuple[list[float], list[Any]]:
        tomorrow = datetime.date.today() + datetime.timedelta(days=1)
        why = ("--who", "lennox bench", "--why", "to measure this PC on drawn films", "--until", str(tomorrow))
        command = ("diagnose", self.films[0], "--model", self.model, "--unreleased", *why)
        times: list[float] = []
        peaks: list[Any] = []
        began = time.perf_counter()
        self._run("cold", {}, *command)  # fills the system's caches
        while len(times) < STARTS[0] or (len(times) < STARTS[1] and time.perf_counter() - began < MAX_STARTS_S):
            start = time.perf_counter()
            found = self._run("cold", {}, *command)
            times.append(time.perf_counter() - start)
            peaks.append(found["peak_memory_mib"])
        return times, peaks

    def _run(self, what: str, order: dict[str, Any], *arguments: str) -> dict[str, Any]:
        """Start a process and wait for its report."""
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        order = {"limits": asdict(self.limits), **order}
        command = [sys.executable, "-P", "-m", "lennox.bench.child", what, json.dumps(order), str(report), *arguments]
        try:
            done = subprocess.run(  # noqa: S603 - this Python, and a module of lennox
                command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=MAX_PROCESS_S
            )
        except subprocess.TimeoutExpired as error:
            raise LennoxError("a process that was to be measured did not end in time.") from error
        if done.returncode != 0 or not report.exists():
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["without a message"]
            raise LennoxError(f"a process that was to be measured failed: {lines[-1]}")
        document: dict[str, Any] = json.loads(report.read_bytes())
        return document
