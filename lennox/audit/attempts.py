"""What attempts cost: the chance of a false PASS is spent over all audits of the same data that the log knows.

The first attempt may use four fifths of the policy's alpha, and all later ones share the last fifth: the k-th gets
alpha / (5 k (k - 1)). All shares together are alpha (a spending sequence; Foster & Stine, J. R. Statist. Soc. B 70,
2008), so that a model exactly at a limit passes at any attempt, ever, with a chance of alpha at most. Attempts under a
log that this computer does not know are not paid for; a report names the attempt so that others can count.
"""

from __future__ import annotations

FIRST = 0.8


def spent(alpha: float, attempt: int) -> float:
    """The level of the given attempt, 1 for the first. Raises ValueError below 1."""
    if attempt < 1:
        raise ValueError(f"attempts are counted from 1, got {attempt}")
    return alpha * (FIRST if attempt == 1 else (1.0 - FIRST) / (attempt * (attempt - 1)))
