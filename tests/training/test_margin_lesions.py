"""Crescents drawn at the margins of restorations: on tissue, beside the metal, darker than before."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs lennox[train]")
pytest.importorskip("scipy")
from lennox.training.margin_lesions import draw_margin_lesion

pytestmark = pytest.mark.training


@pytest.fixture
def canvas():
    """(levels, marked restoration): a bright block in even tissue, air above row 100."""
    levels = np.full((256, 256), 120, np.uint8)
    levels[:100] = 5
    levels[110:150, 90:170] = 250
    marked = np.zeros((256, 256), bool)
    marked[105:155, 85:175] = True
    return levels, marked


@pytest.mark.parametrize("seed", range(12))
def test_a_lesion_darkens_tissue_beside_the_metal_and_nothing_else(canvas, seed):
    levels, marked = canvas
    found = draw_margin_lesion(levels, marked, np.zeros_like(marked), np.random.default_rng(seed))
    assert found is not None
    metal = levels == 250
    assert not (found.mask & metal).any()
    assert levels[found.mask].mean() - found.levels[found.mask].mean() > 8
    assert np.array_equal(found.levels[:95], levels[:95])  # the air is left alone
    rows, columns = np.nonzero(found.mask)
    assert found.centre == (rows.mean(), columns.mean())
    reach = np.hypot(
        np.maximum(0, np.maximum(110 - rows, rows - 149)), np.maximum(0, np.maximum(90 - columns, columns - 169))
    )
    assert reach.min() < 4
    assert reach.max() < 40


def test_none_is_drawn_over_a_marked_lesion_or_without_metal(canvas):
    levels, marked = canvas
    random = np.random.default_rng(0)
    assert draw_margin_lesion(levels, marked, np.ones_like(marked), random) is None
    assert draw_margin_lesion(levels, np.zeros_like(marked), np.zeros_like(marked), random) is None
    assert draw_margin_lesion(np.full_like(levels, 5), marked, np.zeros_like(marked), random) is None
