"""Films and both implementations, for the tests of the kernels."""

import numpy as np
import pytest

from lennox import _core
from lennox._core import reference


@pytest.fixture(params=[reference, _core], ids=["reference", "compiled"])
def core(request):
    """Each implementation in turn: what a reader can check with a finger must hold for both."""
    return request.param


@pytest.fixture(scope="session")
def film():
    """A function that draws a film-like image: broad shapes, an edge, grain, some black and some white."""

    def draw(rows, columns, dtype=np.uint8, seed=0):
        rng = np.random.default_rng(seed)
        down, across = np.mgrid[:rows, :columns] / max(rows, columns)
        levels = 120 + 70 * np.sin(7 * down + 3 * across) * np.cos(5 * across) + 40 * (across > down)
        levels += rng.normal(0, 6, levels.shape)
        levels[levels > 215] = 255
        levels[levels < 35] = 0
        full = np.iinfo(dtype).max
        return np.rint(np.clip(levels, 0, 255) * (full / 255)).astype(dtype)

    return draw


@pytest.fixture(params=_core.variants())
def every_variant(request, monkeypatch):
    """Run with each variant that this processor can run."""
    monkeypatch.setattr(_core, "_variant", _core.variants().index(request.param))
    return request.param
