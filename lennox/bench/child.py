"""The processes that are measured: `python -m lennox.bench.child ORDER REPORT ...`, each leaving a report in JSON.

cold ORDER REPORT ARGUMENTS...    the command line `lennox ARGUMENTS`, as a clinic would start it
warm ORDER REPORT                 a program that has loaded the model and goes on reading films
"""

from __future__ import annotations

import atexit
import json
import runpy
import sys
import time
from pathlib import Path
from typing import Any

from lennox.bench.process_limits import Limits, apply, peak_mib

MIN_FILMS = 5  # measurements of a film that is read after others
ROUNDS = 3  # of a folder, with each number of threads


def cold(limits: Limits, report: Path, arguments: list[str]) -> None:
    """Run the command line; at its end, say how much memory it took."""
    apply(limits)
    atexit.register(lambda: report.write_text(json.dumps({"peak_memory_mib": peak_mib()})))
    sys.argv = ["lennox", *arguments]
    runpy.run_module("lennox", run_name="__main__")


def warm(limits: Limits, report: Path, order: dict[str, Any]) -> None:
    """Read the films one after the other, then as a folder with each number of threads."""
    enforced = apply(limits)
    from lennox import _core
    from lennox.inference.examination import diagnose_file
    from lennox.inference.load import load_candidate

    films, seconds = order["films"], order["seconds"]
    model = load_candidate(order["model"], "benchmark")
    found = [diagnose_file(film, model) for film in films]  # once to warm up
    times: list[float] = []
    began = time.perf_counter()
    while len(times) < MIN_FILMS or time.perf_counter() - began < seconds:
        start = time.perf_counter()
        diagnose_file(films[len(times) % len(films)], model)
        times.append(time.perf_counter() - start)
    rates = {
        threads: _rates(model, films, threads, sorted(times)[len(times) // 2], seconds) for threads in order["threads"]
    }
    document = {
        "limits": [[limit.name, limit.enforced, limit.how] for limit in enforced],
        "unread": next((one.reasons[0] for one in found if one.status != "assessed"), None),
        "kernels": _core.variant(),
        "provider": model._session.get_providers()[0],  # of no interest to anybody else
        "film_s": times,
        "films_a_minute": rates,
        "peak_memory_mib": peak_mib(),
    }
    report.write_text(json.dumps(document))


def _rates(model: Any, films: list[str], threads: int, film_s: float, seconds: float) -> list[float]:
    from concurrent.futures import ThreadPoolExecutor

    from lennox.inference.batch import diagnose_many

    count = max(2 * threads, round(threads * seconds / ROUNDS / film_s))
    rates = []
    with ThreadPoolExecutor(threads) as executor:
        for _ in range(ROUNDS):
            start = time.perf_counter()
            for _ in diagnose_many((films[number % len(films)] for number in range(count)), model, executor=executor):
                pass
            rates.append(60 * count / (time.perf_counter() - start))
    return rates


if __name__ == "__main__":
    _, what, given, report, *arguments = sys.argv
    order = json.loads(given)
    if what == "cold":
        cold(Limits(**order["limits"]), Path(report), arguments)
    else:
        warm(Limits(**order["limits"]), Path(report), order)
