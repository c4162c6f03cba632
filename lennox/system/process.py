"""Processes as the systems differ in them: processors, memory, how one ended. Imports next to nothing."""

from __future__ import annotations

import contextlib
import mmap
import os
import sys
from pathlib import Path
from typing import IO, Literal

_STATUS = Path("/proc/self/status")


def bound_processors() -> int:
    """The processors this process is bound to; all of them where no process is."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


def bind_processors(count: int) -> bool:
    """Bind this process to so many of its processors; False where the system lets no process choose."""
    if not hasattr(os, "sched_setaffinity"):
        return False
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])
    return True


def limit_data(size_bytes: int) -> bool:
    """Limit the memory that this process may ask for; False where there is no such limit, or it is not to be had."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (size_bytes, size_bytes))
    except (ImportError, AttributeError, OSError, ValueError):
        return False
    return True


def is_refused(size_bytes: int) -> bool:
    """Whether so much private memory is refused to this process; nothing is written to it."""
    try:
        mmap.mmap(-1, size_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except (OSError, MemoryError):
        return True
    return False


def peak_bytes() -> int | None:
    """The most memory this process has had at once; None where it is not measured."""
    try:  # Linux; psutil does not know it, and `resource` would count what the parent had, too
        lines = _STATUS.read_text("ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        pass
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def return_free_memory() -> None:
    """Give the system back what the allocator keeps for later, where it can be asked to (glibc)."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError, TypeError):  # on Windows None names no library
        ctypes.CDLL(None).malloc_trim(0)


def scratch_file() -> IO[bytes]:
    """A file in memory, or where there is none, one that goes when it is closed."""
    import tempfile

    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("lennox"), "w+b")
    return tempfile.TemporaryFile()


def mapped(stream: IO[bytes], size_bytes: int) -> memoryview:
    """What a file holds, read only, and read by the system when it is looked at."""
    return memoryview(mmap.mmap(stream.fileno(), size_bytes, access=mmap.ACCESS_READ) if size_bytes else b"")


def ending(status: int) -> Literal["killed", "out of time", "other"]:
    """How a child process ended, by its exit status; where there are no signals, only that it did."""
    import signal

    if status == -getattr(signal, "SIGKILL", 0) != 0:
        return "killed"
    return "out of time" if status == -getattr(signal, "SIGXCPU", 0) != 0 else "other"
