"""How many processors there are for this process. Imports next to nothing: `lennox bench` times processes that ask."""

from __future__ import annotations

import math
from pathlib import Path

from lennox.system.process import bound_processors

QUOTA = Path("/sys/fs/cgroup/cpu.max")  # by hand: psutil knows of no container's quota


def processors() -> int:
    """The processors this process may use: those it is bound to, and no more than its container is given."""
    bound = bound_processors()
    try:
        quota, period = QUOTA.read_text("ascii").split()
        return min(bound, max(1, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError):  # there is none, or it says "max"
        return bound
