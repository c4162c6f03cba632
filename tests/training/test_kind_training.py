"""The kind network: the line between the jaws, windows beside it, views, and a network that learns."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs lennox[train]")
pytest.importorskip("scipy")
from lennox.inference.kind import SIDE  # noqa: E402
from lennox.training.kind_network import fit, probabilities, to_onnx  # noqa: E402
from lennox.training.kind_views import BITEWING, KINDS, OTHER, KindPictures, disguise, views  # noqa: E402
from lennox.training.occlusal import OcclusalFilm, find_line  # noqa: E402

pytestmark = pytest.mark.training
ROWS, COLUMNS = 300, 600


def jaws(lift=30.0, gap=10):
    """Levels of two rows of bright crowns with roots, a dark gap between them along a curve, and that curve."""
    at = np.arange(COLUMNS)
    line = 160 - lift * ((at / COLUMNS - 0.5) * 2) ** 2
    away = np.arange(ROWS)[:, None] - line[None, :]
    crown = (np.abs(away) > gap / 2) & (np.abs(away) < 40) & (at % 24 > 2)
    root = (np.abs(away) >= 40) & (np.abs(away) < 100) & (at % 24 > 9)
    levels = 0.25 + 0.55 * crown + 0.25 * root - 0.2 * (np.abs(away) <= gap / 2)
    return levels.astype(np.float32), line


@pytest.fixture(scope="module")
def film():
    levels, _ = jaws()
    return OcclusalFilm(levels, *find_line(levels, 160.0))


@pytest.mark.parametrize("lift", [-20.0, 0.0, 45.0])
def test_the_line_between_the_jaws_is_found(lift):
    levels, line = jaws(lift)
    found, clear = find_line(levels, 155.0)
    assert np.abs(found - line)[clear].max() < 8
    assert clear[130:470].mean() > 0.9
    assert not clear[:100].any()  # beyond the teeth nothing is claimed


def test_a_bitewing_window_has_the_gap_in_its_middle_and_a_periapical_one_has_not(film):
    random = np.random.default_rng(0)
    for _ in range(10):
        bitewing, periapical = film.bitewing(random), film.periapical(random)
        rows = bitewing.mean(axis=1)
        assert 0.35 < rows.argmin() / len(rows) < 0.65
        dark = np.flatnonzero(periapical.mean(axis=1) < 0.15) / len(periapical)
        assert ((dark < 0.25) | (dark > 0.75)).all()


def test_no_bitewing_is_taken_where_crowns_lie_on_one_side_only(film):
    lonely = OcclusalFilm(film.levels, film.line, np.zeros_like(film.clear))
    assert lonely.bitewing(np.random.default_rng(0)) is None


@pytest.fixture(scope="module")
def pictures(film):
    random = np.random.default_rng(1)
    periapical = np.concatenate([np.full((40, 90), 0.02), film.levels[130:260, :90]]).astype(np.float32)
    noise = [random.random((120, 160)).astype(np.float32) for _ in range(3)]
    return KindPictures([periapical, periapical[::-1]], [film], [periapical], [film.levels[60:260, 200:460]], noise)


def test_the_same_seed_makes_the_same_views_of_every_kind(pictures):
    first, again = list(views(pictures, 40, 5)), list(views(pictures, 40, 5))
    assert {which for _, which in first} == set(range(len(KINDS)))
    assert all(np.array_equal(one, other) for (one, _), (other, _) in zip(first, again, strict=True))
    assert all(view.shape == (1, SIDE, SIDE) and np.abs(view).max() <= 1.0 for view, _ in first)
    assert not np.array_equal(first[0][0], next(iter(views(pictures, 1, 6)))[0])


def test_disguise_keeps_levels_within_their_range(pictures):
    for seed in range(20):
        shown = disguise(pictures.panoramics[0].levels, np.random.default_rng(seed))
        assert shown.dtype == np.float32
        assert 0.0 <= shown.min() <= shown.max() <= 1.0


def test_a_network_learns_kinds_and_its_export_answers_the_same(pictures):
    import onnxruntime

    made = [(view, which) for view, which in views(pictures, 160, 1) if which in (BITEWING, OTHER)]
    found, kinds = np.stack([view for view, _ in made]), np.array([which for _, which in made])
    networks = [fit(found, kinds, 60, 0), fit(found, kinds, 5, 1)]
    likely = probabilities(networks, found)
    alone = [probabilities([network], found) for network in networks]
    assert np.abs(alone[0] - alone[1]).max() > 0.05
    assert np.log(likely[:, 0] / likely[:, 1]) == pytest.approx(
        np.mean([np.log(one[:, 0] / one[:, 1]) for one in alone], axis=0), abs=1e-3
    )
    assert (likely.argmax(1) == kinds).mean() > 0.9
    session = onnxruntime.InferenceSession(to_onnx(networks))
    (logits,) = session.run(["kinds"], {"view": found[:1]})
    odds = np.exp(logits - logits.max())
    assert odds / odds.sum() == pytest.approx(likely[:1], abs=1e-5)
