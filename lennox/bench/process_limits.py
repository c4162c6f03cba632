"""What a process is held to before it is measured, and what of that this system really enforces.

Imports next to nothing: a fresh process that is timed comes through here.
"""

from __future__ import annotations

from dataclasses import dataclass

from lennox.system.process import bind_processors, is_refused, limit_data, peak_bytes

MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """What a weak PC has. None: whatever this one has."""

    processors: int | None = None
    memory_mib: int | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """One of them as it was found to work. how : by what means, or why not"""

    name: str
    enforced: bool
    how: str


def apply(limits: Limits) -> tuple[Limit, ...]:
    """Hold this process to the limits, as far as the system lets it."""
    applied = []
    if limits.processors is not None:
        applied.append(_hold_processors(limits.processors))
    if limits.memory_mib is not None:
        applied.append(_hold_memory(limits.memory_mib))
    return tuple(applied)


def peak_mib() -> float | None:
    """The most memory this process has had at once; None where it is not measured."""
    peak = peak_bytes()
    return None if peak is None else peak / MEBIBYTE


def _hold_processors(count: int) -> Limit:
    name = "one processor" if count == 1 else f"{count} processors"
    if not bind_processors(count):
        return Limit(name, False, "this system does not let a program choose; one thread is used")
    return Limit(name, True, "CPU affinity")


def _hold_memory(mebibytes: int) -> Limit:
    name = f"{mebibytes} MiB of memory"
    if not limit_data(mebibytes * MEBIBYTE):
        return Limit(name, False, "this system has no such limit; compare the measured peak")
    if is_refused(mebibytes * MEBIBYTE):
        return Limit(name, True, "a resource limit (RLIMIT_DATA), and asking for more was tried and failed")
    return Limit(name, False, "this system does not keep to its limit; compare the measured peak")
