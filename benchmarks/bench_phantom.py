"""Drawn films: a training film at full size, and one at the size of a network's window."""

import itertools

import pytest

from lennox.phantom import draw_film


@pytest.mark.parametrize(("rows", "columns"), [(850, 1200), (384, 512)])
def test_draw_film(benchmark, rows, columns):
    """One film a round, each of another seed, lesions as the seed has them."""
    seeds = itertools.count()
    film = benchmark(lambda: draw_film(next(seeds), rows=rows, columns=columns))
    assert film.pixels.shape == (rows, columns)
