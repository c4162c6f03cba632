"""A measurement as JSON (docs/schema/bench-1.json) and in a sentence."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import lennox
from lennox.bench.measurements import FILMS, Bench, Figures, Spread
from lennox.bench.process_limits import Limit

SCHEMA = "lennox.bench/1"


def to_record(bench: Bench) -> dict[str, Any]:
    """Nothing in it says whose computer it is: no host name, user or path."""
    return {
        "schema": SCHEMA,
        "profile": bench.profile.name,
        "verdict": [verdict(bench.figures)],
        "warnings": warnings(bench),
        "figures": [_figures(bench.figures)],
        "not_emulated": list(bench.profile.not_emulated),
        "computer": _computer(bench),
        "software": {"lennox": lennox.__version__} | bench.versions,
        "model": asdict(bench.model),
        "films": {"drawn": True, "count": FILMS} | dict(zip(("rows", "columns", "bits"), bench.film, strict=True)),
    }


def verdict(figures: Figures) -> str:
    """What a technician wants to know, in one sentence."""
    threads, rate = figures.most_films_a_minute
    held = [limit.name for limit in figures.limits if limit.enforced]
    who = f"As a PC with {_listed(held)}, it" if held else "This PC"
    return (
        f"{who} reads a film in about {two_digits(figures.film_s.median)} s once lennox runs, the first one in about "
        f"{two_digits(figures.cold_start_s.median)} s, and about {two_digits(60 * rate.median)} films an hour"
        f"{f' on {threads} threads' if threads > 1 else ''}."
    )


def warnings(bench: Bench) -> list[str]:
    """Why the figures may not be what this computer can do, a sentence each."""
    found = []
    if bench.busy:
        found.append(
            f"Other programs took {bench.others:.0%} of this PC meanwhile, so it is faster than these figures say. "
            "Close them and measure again."
        )
    if bench.computer.on_battery:
        found.append("This PC runs on its battery, which may slow it down. Plug it in and measure again.")
    if bench.computer.governor == "powersave":
        found.append("The processor's clock is set to save power (powersave); some processors are slower so.")
    return found


def two_digits(value: float) -> str:
    """Two digits that count: 0.073, 0.52, 1.3, 2400."""
    if value <= 0:
        return "0"
    digits = 1 - math.floor(math.log10(value))
    return f"{round(value, digits):,.{max(digits, 0)}f}"


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "limits": [asdict(limit) for limit in figures.limits],
        "kernels": figures.kernels,
        "provider": figures.provider,
        "cold_start_s": _spread(figures.cold_start_s),
        "film_s": _spread(figures.film_s),
        "films_a_minute": [{"threads": threads} | _spread(rate) for threads, rate in figures.films_a_minute],
        "peak_memory_mib": {
            "one_film": _rounded(figures.peak_one_film_mib),
            "folder": _rounded(figures.peak_folder_mib),
        },
    }


def _computer(bench: Bench) -> dict[str, Any]:
    known = bench.computer.instructions
    return asdict(bench.computer) | {
        "instructions": None if known is None else list(known),
        "load_average_before": bench.load_average,
        "others_share": _rounded(bench.others),
    }


def _spread(spread: Spread) -> dict[str, Any]:
    values = {"median": spread.median, "lowest": spread.low, "highest": spread.high}
    return {name: _rounded(value) for name, value in values.items()} | {"count": spread.count}


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def not_enforced(figures: Figures) -> list[Limit]:
    """The limits that this system does not enforce."""
    return [limit for limit in figures.limits if not limit.enforced]
