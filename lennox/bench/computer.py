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

import cpuinfo
import psutil

from lennox.bench.process_limits import MEBIBYTE
from lennox.inference.processors import processors

NOTABLE = (
    "sse4_2",
    "avx",
    "avx2",
    "avx_vnni",
    "avx512f",
    "avx512_vnni",
    "amx_int8",
    "asimd",
    "asimddp",
)  # of its flags
BUSY = 0.1  # of the computer's time, taken by others: from here on the figures are not this computer's best
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
    memory_mib: int
    system: str
    governor: str | None
    on_battery: bool | None


def this_computer() -> Computer:
    """What the system says of itself."""
    known = cpuinfo.get_cpu_info()
    return Computer(
        known.get("brand_raw") or platform.processor() or platform.machine(),
        platform.machine(),
        processors(),
        tuple(flag for flag in NOTABLE if flag in known["flags"]) if known.get("flags") else None,
        psutil.virtual_memory().total // MEBIBYTE,
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
        self.load_average = round(psutil.getloadavg()[0], 2)
        self._start, self._busy, self._own = time.monotonic(), _busy_s(), _own_s()

    def others(self) -> float:
        """Their share of all processors since the start, 0 to 1.

        What a virtual machine's host gives to somebody else is theirs, too.
        """
        taken = _busy_s() - self._busy - (_own_s() - self._own)
        return min(1.0, max(0.0, taken / (psutil.cpu_count() or 1) / (time.monotonic() - self._start)))


def _busy_s() -> float:
    """Seconds that all processors were not idle for, since the system started."""
    spent = psutil.cpu_times()
    return sum(getattr(spent, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq", "steal"))


def _own_s() -> float:
    """Processor seconds of this process and those it has started and seen end."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _on_battery() -> bool | None:
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    return None if battery is None else battery.power_plugged is False


def _line(path: str) -> str | None:
    try:
        with Path(path).open(encoding="ascii", errors="replace") as stream:
            return stream.readline().strip()
    except OSError:
        return None
