"""What a policy workshop needs to know at once: how many right answers show a limit, by the gate's own bounds.

`policy plan` simulates groups; with one unit a patient the same bounds can be asked of every possible count, so that
the chance that a group passes is a sum of binomial chances, which the page computes itself for any truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

from lennox.audit.planned_groups import Sums
from lennox.statistics.spending import spent

CONFIDENCE = 0.95
MIN_PATIENTS, MIN_UNITS = 30, 60  # of the policy that the page writes
LIMITS = tuple(range(50, 96))  # right answers of 100
SIZES = (60, 70, 80, 95, 110, 130, 150, 175, 205, 240, 280, 330, 390, 460, 540, 640, 760, 900, 1100, 1400, 1800, 2400)


@dataclass(frozen=True, slots=True)
class WorkshopTable:
    """least : for each limit of 100 and each size, the fewest right answers that show it; size + 1 where none do"""

    limits: tuple[int, ...]
    sizes: tuple[int, ...]
    least: tuple[tuple[int, ...], ...]

    def chance(self, limit: int, size: int, truth: float) -> float:
        """The chance that a group of `size` patients with one unit each shows `limit` of 100 where it is `truth`."""
        fewest = self.least[self.limits.index(limit)][self.sizes.index(size)]
        return float(stats.binom.sf(fewest - 1, size, truth))

    def needed(self, limit: int, groups: int, truth: float, share: float = 0.8) -> int | None:
        """The smallest size with which `groups` groups pass together with a chance of `share`; None: no size does."""
        return next((size for size in self.sizes if self.chance(limit, size, truth) ** groups >= share), None)


@cache
def workshop_table() -> WorkshopTable:
    """The table of all limits and sizes, at the level of a first look."""
    alpha = spent(1 - CONFIDENCE, 1)
    return WorkshopTable(LIMITS, SIZES, tuple(_fewest(limit, alpha) for limit in LIMITS))


def _fewest(limit: int, alpha: float) -> tuple[int, ...]:
    """Of each size, by halving: what shows a limit with so many right answers shows it with more, too."""
    sizes = np.array(SIZES)
    low, high = sizes * limit // 100, sizes + 1
    kinds = np.broadcast_to([0.0, 1.0], (len(sizes), 1, 2))
    while (high - low > 1).any():
        middle = np.maximum((low + high) // 2, low)
        times = np.stack([np.maximum(sizes - middle, 0), middle], axis=-1)[:, None].astype(np.float64)
        shown = Sums(kinds, np.ones(kinds.shape), times, 0.0, 1.0).passes(limit / 100, None, alpha)[:, 0]
        narrowing = high - low > 1
        low, high = np.where(narrowing & ~shown, middle, low), np.where(narrowing & shown, middle, high)
    return tuple(int(fewest) for fewest in high)
