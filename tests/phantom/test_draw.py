"""Drawn films: the same seed gives the same film, and the truth agrees with the pixels."""

from itertools import pairwise

import numpy as np
import pytest

from lennox.phantom import ARTEFACTS, DEPTHS, Phantom, draw_film
from lennox.phantom.phantom import LESION_KINDS, SURFACES

SMALL = {"rows": 300, "columns": 424}
PERMANENT = {10 * quadrant + position for quadrant in (1, 2, 3, 4) for position in range(1, 9)}


def levels(film: Phantom) -> np.ndarray:
    return film.pixels.astype(np.float64) / np.iinfo(film.pixels.dtype).max


@pytest.mark.parametrize("kind", ["periapical", "bitewing"])
def test_a_seed_is_a_film(kind):
    one, again, other = (draw_film(seed, kind=kind, **SMALL) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.pixels, again.pixels)
    assert [lesion.box for lesion in one.lesions] == [lesion.box for lesion in again.lesions]
    assert one.teeth == again.teeth
    assert not np.array_equal(one.pixels, other.pixels)


def test_a_film_is_what_was_asked_for():
    film = draw_film(3, rows=200, columns=160, bits=16)
    assert film.pixels.shape == (200, 160)
    assert film.pixels.dtype == np.uint16
    assert 29 <= film.spacing_mm[0] * 200 <= 41
    assert film.spacing_mm[0] == film.spacing_mm[1]
    assert (film.bits, film.kind, film.seed) == (16, "periapical", 3)
    assert not film.pixels.flags.writeable


def test_twelve_bits_fill_sixteen_and_come_back():
    film = draw_film(4, bits=12, **SMALL)
    assert film.stored.max() <= 4095
    np.testing.assert_array_equal(film.pixels, (film.stored << 4) | (film.stored >> 8))
    assert film.pixels.max() > 50_000


def test_depths_of_pixel_show_one_film():
    eight, sixteen = draw_film(8, **SMALL), draw_film(8, bits=16, **SMALL)
    assert np.abs(levels(eight) - levels(sixteen)).max() <= 0.5 / 255 + 1e-6


@pytest.mark.parametrize("seed", range(8))
def test_every_lesion_is_true_to_its_mask(seed):
    film = draw_film(seed, lesions=4, **SMALL)
    for lesion in film.lesions:
        rows, columns = np.nonzero(lesion.mask)
        assert lesion.box.as_tuple() == (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
        assert lesion.tooth in film.teeth or lesion.mask.sum() < 500  # a tooth hardly on the film may go unnamed
        assert lesion.tooth in PERMANENT
        assert lesion.depth in DEPTHS
        assert lesion.surface in SURFACES
        assert lesion.kind in LESION_KINDS
        assert lesion.contrast > 0


@pytest.mark.parametrize("seed", range(12))
def test_a_lesion_is_darker_than_the_same_film_without_it(seed):
    carious, sound = (draw_film(seed, lesions=lesions, bits=16, **SMALL) for lesions in (["D2"], 0))
    if not carious.lesions:
        pytest.skip("no room for a lesion on this film")
    (lesion,) = carious.lesions
    fall = levels(sound) - levels(carious)
    assert fall[lesion.mask].mean() > 0.01
    assert np.median(fall[lesion.mask]) > 0


@pytest.mark.parametrize("seed", range(12))
def test_beyond_the_blur_a_lesion_changes_nothing(seed):
    carious, sound = (draw_film(seed, lesions=lesions, bits=16, **SMALL) for lesions in (3, 0))
    reach = int(np.ceil(1.6 / carious.spacing_mm[0]))  # mm: beam and sensor blur, then the display's sharpening
    near = np.zeros_like(carious.pixels, bool)
    for lesion in carious.lesions:
        rows, columns = np.nonzero(lesion.mask)
        top, bottom = max(rows.min() - reach, 0), rows.max() + reach + 1
        left, right = max(columns.min() - reach, 0), columns.max() + reach + 1
        near[top:bottom, left:right] = True
    np.testing.assert_array_equal(carious.pixels[~near], sound.pixels[~near])
    assert carious.lesions == () or (carious.pixels[near] != sound.pixels[near]).any()


def test_at_one_place_contrast_and_area_rise_with_depth():
    compared = 0
    for seed in range(20):
        size = {"rows": 260, "columns": 367}
        deepest = draw_film(seed, lesions=["D3"], **size).lesions
        if not deepest or deepest[0].kind not in ("proximal", "occlusal"):
            continue  # the seed's first place has no enamel for a shallow lesion
        lesions = [draw_film(seed, lesions=[depth], **size).lesions[0] for depth in DEPTHS]
        if len({(lesion.tooth, lesion.surface, lesion.kind) for lesion in lesions}) > 1:
            continue  # too small there to be seen while shallow: drawn elsewhere
        compared += 1
        contrasts = [lesion.contrast for lesion in lesions]
        areas = [int(lesion.mask.sum()) for lesion in lesions]
        assert contrasts == sorted(contrasts)
        assert contrasts[-1] > 2 * contrasts[0]
        assert areas == sorted(areas)
    assert compared >= 3


def test_only_enamel_bears_enamel_lesions():
    for seed in range(8):
        for lesion in draw_film(seed, rows=150, columns=212, lesions=["E1", "E2", "E1"]).lesions:
            assert lesion.kind in ("proximal", "occlusal")
            assert lesion.surface in ("M", "D", "O")


def test_over_many_films_depth_orders_contrast():
    mean = []
    for depth in DEPTHS:
        films = [draw_film(seed, rows=100, columns=140, lesions=[depth]) for seed in range(14)]
        found = [lesion.contrast for film in films for lesion in film.lesions if lesion.kind == "proximal"]
        mean.append(np.median(found))
    assert mean == sorted(mean)
    assert mean[0] < 0.3 < 1.0 < mean[-1]  # nearly invisible to obvious


def test_about_half_of_the_films_are_free_of_caries():
    counts = [len(draw_film(seed, rows=100, columns=140).lesions) for seed in range(40)]
    assert 10 <= counts.count(0) <= 30
    assert max(counts) >= 3


@pytest.mark.parametrize("artefact", ARTEFACTS)
def test_films_with_artefacts_are_free_of_caries(artefact):
    for seed in range(3):
        film = draw_film(seed, artefacts=[artefact], rows=150, columns=212)
        assert film.artefacts == (artefact,)
        assert film.lesions == ()


def test_an_artefact_may_lie_beside_a_lesion_when_both_are_asked_for():
    film = draw_film(1, artefacts=["scratches"], lesions=["D3"], **SMALL)
    assert film.artefacts == ("scratches",)
    assert len(film.lesions) == 1


def test_low_exposure_is_grainy():
    def grain(artefacts: list[str]) -> float:
        roughness = []
        for seed in range(3):
            picture = levels(draw_film(seed, rows=425, columns=600, artefacts=artefacts, lesions=0))
            roughness.append(np.median(np.abs(np.diff(picture, axis=1))))
        return float(np.mean(roughness))

    assert grain(["low exposure"]) > 1.5 * grain([])


def test_overlapping_contacts_overlap():
    from lennox.phantom.mouth import set_scene

    for seed in range(5):
        scene = set_scene(np.random.default_rng(seed), "periapical", 29.0, 41.0, ("overlapping contacts",))
        teeth = scene.jaws[0].teeth
        gaps = [
            right.x - left.x - (left.size.width + right.size.width) / 2
            for left, right in pairwise(teeth)
            if abs(left.fdi - right.fdi) == 1
        ]
        assert max(gaps, default=-1.0) < 3.0
        assert np.median(gaps or [-1.0]) < -0.5


@pytest.mark.parametrize("seed", range(20))
def test_teeth_stand_as_in_a_mouth(seed):
    film = draw_film(seed, rows=100, columns=140)
    assert set(film.teeth) <= PERMANENT
    assert len(set(film.teeth)) == len(film.teeth)
    jaws = {fdi < 30 for fdi in film.teeth}
    assert len(jaws) <= 1  # a periapical film shows one jaw
    order = [*range(18, 10, -1), *range(21, 29)] if True in jaws else [*range(48, 40, -1), *range(31, 39)]
    places = [order.index(fdi) for fdi in film.teeth]
    assert places == sorted(places)


def test_a_bitewing_shows_both_jaws():
    film = draw_film(2, kind="bitewing", **SMALL)
    assert {fdi < 30 for fdi in film.teeth} == {True, False}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "panoramic"}, "kind"),
        ({"rows": 10}, "rows"),
        ({"columns": 10_000}, "columns"),
        ({"bits": 10}, "bits"),
        ({"lesions": -1}, "lesions"),
        ({"lesions": ["D4"]}, "lesions"),
        ({"lesions": "D3"}, "lesions"),
        ({"artefacts": ["ghost"]}, "artefacts"),
        ({"artefacts": "scratches"}, "artefacts"),
    ],
)
def test_what_cannot_be_drawn_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        draw_film(1, **wrong)


@pytest.mark.parametrize("shape", [(64, 64), (64, 400), (500, 70), (301, 203)])
def test_odd_sizes(shape):
    film = draw_film(9, rows=shape[0], columns=shape[1], lesions=2)
    assert film.pixels.shape == shape
    assert film.pixels.std() > 5
