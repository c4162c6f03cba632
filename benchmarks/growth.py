"""How the cost grows: with pixels, lesions, an audit's rows and groups, and films; one plot, and its numbers.

    python benchmarks/growth.py [docs/contributor/performance.md]

writes results/<processor>.growth.json and docs/images/growth.svg, and the slopes into the page. Each point is the
shortest of a few runs, in CPU time on one thread; the slope is that of a straight line through the upper half of the
points, where what happens once no longer counts: 1 means twice the work in twice the time.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from measuring import HERE, ONE_THREAD, conditions, host

os.environ.update(ONE_THREAD)  # before NumPy is imported, which reads it once

import numpy as np
from bench_lesions import grid_of_lesions
from bench_prepare import Job
from report import digits, fill, growth

from lennox import _core

ENOUGH_S, MAX_RUNS = 0.3, 200
PICTURE = HERE.parent / "docs/images/growth.svg"


@dataclass(frozen=True)
class Curve:
    """work : what is done; unit : what there is more and more of; counts : how many; ms : what each takes"""

    work: str
    unit: str
    counts: tuple[int, ...]
    ms: tuple[float, ...]

    @property
    def slope(self) -> float:
        half = len(self.counts) // 2
        return float(np.polyfit(np.log(self.counts[half:]), np.log(self.ms[half:]), 1)[0])


def measured(work: str, unit: str, jobs: Iterator[tuple[int, Callable[[], object]]]) -> Curve:
    times = {count: shortest_ms(job) for count, job in jobs}
    print(f"{work}: {', '.join(f'{count} {unit} {digits(ms)} ms' for count, ms in times.items())}")  # noqa: T201
    return Curve(work, unit, tuple(times), tuple(times.values()))


def shortest_ms(job: Callable[[], object]) -> float:
    times: list[float] = []
    while len(times) < 2 or (sum(times) < ENOUGH_S and len(times) < MAX_RUNS):
        start = time.process_time()
        job()
        times.append(time.process_time() - start)
    return min(times) * 1e3


def pixels():
    for side in (128, 256, 512, 1024, 2048, 4096):
        yield side * side, Job(side, side, side // 2, np.uint8).lennox


def lesions():
    for count in (1, 4, 16, 64, 256, 1024):
        yield count, partial(find, grid_of_lesions(768, count))


def cells():
    for side in (64, 128, 256, 512, 1024, 2048):
        yield side * side, partial(find, grid_of_lesions(side, 12))


def find(probability_map):
    found = _core.extract_lesions(probability_map, 0.05, 0.3)
    return _core.trace_outlines(found.labels, len(found))


def bootstrap(rows, groups):
    from lennox.statistics.bootstrap import bootstrap_rates

    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(rows // 4), 4)
    group = rng.integers(0, groups, rows // 4)[patient]
    label, flagged = rng.integers(0, 2, (2, rows))
    return lambda: bootstrap_rates(patient, group, label, flagged, resamples=1000, seed=7)


def rows():
    for count in (400, 2_000, 10_000, 50_000, 250_000):
        yield count, bootstrap(count, 8)


def groups():
    for count in (2, 4, 8, 16, 32, 64, 128):
        yield count, bootstrap(10_000, count)


def films():
    from lennox import diagnose_many
    from lennox.inference.load import installed_models, load_candidate
    from lennox.phantom import write_films

    model = load_candidate(next(iter(installed_models())), "benchmark")
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as executor:
        write_films(Path(folder, "films"), 4, 7)
        drawn = sorted(Path(folder, "films").glob("*.png"))
        for count in (1, 2, 4, 8, 16, 32):
            paths = [drawn[number % 4] for number in range(count)]
            yield count, lambda paths=paths: list(diagnose_many(paths, model, executor=executor))


def draw(curves: list[Curve]) -> None:
    """Direct labels, markers and lines that differ without colour, and slope 1 to compare with."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "growth", "font.family": "sans-serif", "font.size": 10}
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8.6, 5.4), layout="constrained")
    for curve, (style, colour, shift, side) in zip(curves, LOOKS, strict=True):
        axes.loglog(curve.counts, curve.ms, style, color=colour, markersize=5.5, linewidth=1.4)
        axes.annotate(
            f"{curve.work}\nslope {curve.slope:.2f} in {curve.unit}", (curve.counts[-1], curve.ms[-1]),
            xytext=shift, textcoords="offset points", va="center", ha=side, color=colour, fontsize=9,
        )  # fmt: skip
    axes.plot([1e6, 1e8], [100, 10_000], ":", color="0.45", linewidth=1.1)
    axes.annotate("slope 1: twice the work,\ntwice the time", (1e8, 10_000), xytext=(-12, 2), ha="right", va="center",
                  textcoords="offset points", color="0.3", fontsize=9)  # fmt: skip
    axes.set_xlim(0.7, 5e8)
    axes.set_ylim(0.03, 2.5e4)
    axes.set_xlabel("how many films, lesions, groups, rows, cells or pixels")
    axes.set_ylabel("CPU time on one thread, ms")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter("{x:,g}")
    axes.set_xticks([1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000])
    axes.minorticks_off()
    axes.grid(True, color="0.9", linewidth=0.7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    figure.savefig(PICTURE, metadata={"Date": None})
    PICTURE.write_text("\n".join(map(str.rstrip, PICTURE.read_text().splitlines())) + "\n")


# How each curve looks, and where its label stands from its last point: marker and line, colour, shift, alignment.
LOOKS = (
    ("o-", "#1b1b1b", (12, -4), "left"), ("s--", "#0b5394", (-44, -36), "right"), ("D-", "#0b5394", (-22, 0), "right"),
    ("^-", "#8a3b12", (-10, 8), "right"), ("v--", "#8a3b12", (0, 20), "center"), ("P-", "#38671f", (12, 0), "left"),
)  # fmt: skip


def main(page: str | None = None) -> None:
    curves = [
        measured("film to tensor", "pixels", pixels()),
        measured("map to lesions and outlines", "lesions", lesions()),
        measured("map to lesions and outlines", "cells", cells()),
        measured("audit bootstrap", "rows", rows()),
        measured("audit bootstrap", "groups", groups()),
        measured("films to findings", "films", films()),
    ]
    document = {"conditions": conditions(), "curves": [asdict(curve) | {"slope": curve.slope} for curve in curves]}
    out = HERE / "results" / f"{host()}.growth.json"
    out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    draw(curves)
    if page:
        fill(Path(page), "growth", growth(document))


if __name__ == "__main__":
    main(*sys.argv[1:])
