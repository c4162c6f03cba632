"""Pooled audits whose truth is known: a short run always, the long one when asked for (docs/auditor/pooling.md)."""

import pytest

from lennox.audit.simulated_sites import (
    EQUAL,
    UNEQUAL,
    Design,
    false_fails,
    false_gap_passes,
    false_passes,
    heterogeneity_found,
)
from lennox.statistics.spending import spent

ALPHA = spent(0.05, 1)
SHORT, LONG = 60, 1000
SIZES = [
    pytest.param(sizes, id=f"{len(sizes)} {name}")
    for name, of in (("equal", EQUAL), ("unequal", UNEQUAL))
    for sizes in of.values()
]


def most(promised, repetitions):
    """A share that exceeds what is promised by chance once in 30,000 runs at most."""
    return promised + 4 * (promised * (1 - promised) / repetitions) ** 0.5


@pytest.mark.parametrize("sizes", SIZES)
def test_a_model_at_the_limit_seldom_passes_wherever_sites_differ(sizes):
    for truth, icc, shape in ((0.75, 0.1, "beta"), (0.9, 0.1, "one in five is worse")):
        assert false_passes(Design(sizes, icc, shape), truth, ALPHA, SHORT, 1) <= most(ALPHA, SHORT)


@pytest.mark.parametrize("sizes", SIZES[2::3])
def test_neither_does_a_gap_at_the_limit_nor_is_a_good_model_failed(sizes):
    assert false_gap_passes(Design(sizes, 0.1), 0.9, 0.2, ALPHA, SHORT, 2) <= most(ALPHA, SHORT)
    assert false_fails(Design(sizes, 0.1), 0.75, 0.05, SHORT, 3) <= most(0.05, SHORT)


def test_without_room_for_sites_the_promise_would_break():
    """What the bound of all patients, as of one place, does: the reason for all of this."""
    import numpy as np

    rng, design = np.random.default_rng(4), Design(EQUAL[5], 0.1)
    passed = np.mean([design.draw(rng, 0.75).low.base.exceeds(0.75, ALPHA) for _ in range(SHORT)])
    assert passed > most(ALPHA, SHORT)


def test_the_test_for_differences_keeps_its_level_and_finds_them():
    assert heterogeneity_found(Design(EQUAL[10], 0.0), 0.75, SHORT, 5) <= most(0.05, SHORT)
    assert heterogeneity_found(Design(EQUAL[10], 0.1), 0.75, SHORT, 6) > 0.8


def test_twenty_sites_show_a_good_model_to_be_good():
    import numpy as np

    rng, design = np.random.default_rng(7), Design(EQUAL[20], 0.03)
    assert np.mean([design.draw(rng, 0.9).low.exceeds(0.75, ALPHA) for _ in range(20)]) > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("truth", [0.35, 0.75, 0.9])
@pytest.mark.parametrize(
    ("icc", "shape"), [(0.0, "beta"), (0.05, "beta"), (0.1, "beta"), (0.1, "one in five is worse")]
)
def test_the_promise_in_a_long_run(sizes, truth, icc, shape):
    assert false_passes(Design(sizes, icc, shape), truth, ALPHA, LONG, 8) <= most(ALPHA, LONG)
