"""What the figures depend on beside lennox: the processor, the system, the power it runs on, and who else is working.

No host name, no user, no path: what is said here is made to be shared.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

from lennox.bench.limits import MEBIBYTE, processor_flags
from lennox.inference.processors import processors

TOLD = ("sse4_2", "avx", "avx2", "avx_vnni", "avx512f", "avx512_vnni", "amx_int8", "asimd", "asimddp")  # of its flags
BUSY = 0.1  # of the computer's time, taken by others: from here on the figures are not this computer's best
BATTERIES = Path("/sys/class/power_supply")
PACKAGES = ("numpy", "onnxruntime", "Pillow")


@dataclass(frozen=True, slots=True)
class Computer:
    """None: the system does not say.

    processors : that this program may use; instructions : those that matter to it
    governor : how the clock is set; on_battery : whether it runs on one
    """

    processor: str
    architecture: str
    processors: int
    instructions: tuple[str, ...] | None
    memory_mib: int | None
    system: str
    governor: str | None
    on_battery: bool | None


def this_computer() -> Computer:
    """What the system says of itself."""
    flags = processor_flags()
    return Computer(
        _processor_name(),
        platform.machine(),
        processors(),
        None if flags is None else tuple(flag for flag in TOLD if flag in flags),
        _memory_mib(),
        platform.system(),
        _line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        _on_battery(),
    )


def versions() -> dict[str, str]:
    """Of Python and the packages that the time goes to."""
    return {"python": platform.python_version()} | {name.lower(): importlib.metadata.version(name) for name in PACKAGES}


class Watch:
    """How much of the computer others take while something is measured."""

    def __init__(self) -> None:
        """Starts now."""
        self.load_average = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
        self._start, self._busy, self._own = time.monotonic(), _busy_s(), _own_s()

    def others(self) -> float | None:
        """Their share of all processors since the start, 0 to 1; None where the system does not say.

        What a virtual machine's host gives to somebody else is theirs, too.
        """
        busy, processors = _busy_s(), os.cpu_count() or 1
        if busy is None or self._busy is None:
            return None if self.load_average is None else min(1.0, self.load_average / processors)
        taken = busy - self._busy - (_own_s() - self._own)
        return min(1.0, max(0.0, taken / processors / (time.monotonic() - self._start)))


def _busy_s() -> float | None:
    """Seconds that all processors were not idle for, since the system started."""
    line = (_line("/proc/stat") or "").split()
    if len(line) < 9:
        return None
    user, nice, system, _idle, _waiting, interrupts, soft, stolen = map(int, line[1:9])
    return (user + nice + system + interrupts + soft + stolen) / os.sysconf("SC_CLK_TCK")


def _own_s() -> float:
    """Processor seconds of this process and those it has started and seen end."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def _memory_mib() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // MEBIBYTE
    except (AttributeError, ValueError, OSError):
        return None


def _on_battery() -> bool | None:
    states = [_line(str(path)) for path in sorted(BATTERIES.glob("BAT*/status"))]
    return any(state == "Discharging" for state in states) if states else None


def _line(path: str) -> str | None:
    try:
        with Path(path).open(encoding="ascii", errors="replace") as stream:
            return stream.readline().strip()
    except OSError:
        return None
