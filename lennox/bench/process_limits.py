"""What a process is held to before it is measured, and what of that this system really enforces.

Imports next to nothing: a fresh process that is timed comes through here.
"""

from __future__ import annotations

import mmap
import os
import sys
from dataclasses import dataclass
from pathlib import Path

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
    try:  # Linux; psutil does not know it, and `resource` would count what the parent had, too
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        pass
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MEBIBYTE if sys.platform == "darwin" else peak / 1024


def _hold_processors(count: int) -> Limit:
    name = "one processor" if count == 1 else f"{count} processors"
    if not hasattr(os, "sched_setaffinity"):
        return Limit(name, False, "this system does not let a program choose; one thread is used")
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])
    return Limit(name, True, "CPU affinity")


def _hold_memory(mebibytes: int) -> Limit:
    name = f"{mebibytes} MiB of memory"
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (mebibytes * MEBIBYTE, mebibytes * MEBIBYTE))
    except (ImportError, OSError, ValueError):
        return Limit(name, False, "this system has no such limit; compare the measured peak")
    try:
        mmap.mmap(-1, mebibytes * MEBIBYTE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except (OSError, MemoryError):
        return Limit(name, True, "a resource limit (RLIMIT_DATA), and asking for more was tried and failed")
    return Limit(name, False, "this system does not keep to its limit; compare the measured peak")
