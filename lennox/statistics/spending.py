"""What looks cost: the chance of a false PASS is spent over all looks at the same data that the log knows.

What a look is: `gate.looks`. The first may use four fifths of the policy's alpha, and all later ones share the last
fifth: the k-th gets alpha / (5 k (k - 1)). All shares together are alpha (a spending sequence; Foster & Stine, J. R.
Statist. Soc. B 70, 2008), so that a model exactly at a limit passes at any look, ever, with a chance of alpha at most.
Looks under a log that this computer does not know are not paid for; a report names the attempt and the look so that
others can count.
"""

from __future__ import annotations

FIRST = 0.8


def spent(alpha: float, look: int) -> float:
    """The level of the given look, 1 for the first. Raises ValueError below 1."""
    if look < 1:
        raise ValueError(f"looks are counted from 1, got {look}")
    return alpha * (FIRST if look == 1 else (1.0 - FIRST) / (look * (look - 1)))
