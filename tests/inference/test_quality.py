"""Kinds and fitness: by hand on made images, on drawn films, and on real ones where they lie beside the project."""

import itertools
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_panoramic import panoramic_like
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFilter, ImageFont

from lennox.card import IMAGE_KINDS
from lennox.image import Image, Modality, read_image
from lennox.inference.quality import Quality, _percentiles, assess
from lennox.phantom import draw_film

FILMS = Path(__file__).parents[3] / "shared" / "data"


pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module")
def film():
    """(480, 640) uint8, a drawn periapical film."""
    return draw_film(11, rows=480, columns=640).pixels


def quality_of(pixels, **values):
    return assess(Image.from_array(np.ascontiguousarray(pixels), **values))


def reason(pixels):
    (only,) = quality_of(pixels).reasons
    assert only.endswith(".")
    return only


# --- Films are films, whatever was done to them ----------------------------------------------------


@pytest.mark.parametrize("seed", range(1000, 1012))
def test_drawn_periapicals_are_fit_to_be_read(seed):
    rows, columns = ((480, 620), (620, 480), (400, 640))[seed % 3]
    quality = quality_of(draw_film(seed, rows=rows, columns=columns).pixels)
    assert (quality.kind, quality.reasons) == ("periapical", ())


def blurred(film, share):
    return np.asarray(Pillow.fromarray(film).filter(ImageFilter.GaussianBlur(share * max(film.shape))))


def compressed(film):
    import io

    out = io.BytesIO()
    Pillow.fromarray(film).save(out, "JPEG", quality=30)
    return np.asarray(Pillow.open(out))


HARMLESS = {
    "mirrored": lambda film: film[:, ::-1],
    "upside down": lambda film: film[::-1],
    "on its side": lambda film: np.rot90(film),
    "inverted": lambda film: 255 - film,
    "compressed": compressed,
    "sharpened": lambda film: np.asarray(Pillow.fromarray(film).filter(ImageFilter.UnsharpMask(3, 200, 0))),
    "noisy": lambda film: np.clip(film + np.random.default_rng(0).normal(0, 12, film.shape), 0, 255).astype(np.uint8),
    "blurred a little": lambda film: blurred(film, 0.008),
    "paler": lambda film: (255 * (film / 255) ** 0.4).astype(np.uint8),
    "darker": lambda film: (255 * (film / 255) ** 2.5).astype(np.uint8),
    "very dark": lambda film: (film * 0.15).astype(np.uint8),
    "very pale": lambda film: (215 + film * 0.15).astype(np.uint8),
    "in a black border": lambda film: np.pad(film, 120),
    "in a white border": lambda film: np.pad(film, 120, constant_values=255),
    "small": lambda film: film[::3, ::3],
    "large": lambda film: np.kron(film, np.ones((4, 4), np.uint8)),
    "one wide": lambda film: np.asarray(Pillow.fromarray(film).resize((700, 430))),
}


@pytest.mark.parametrize("change", HARMLESS)
def test_what_is_done_to_films_does_not_make_them_unfit(change, film):
    quality = quality_of(HARMLESS[change](film))
    assert (quality.kind, quality.reasons) == ("periapical", ())


def test_tint_and_notes_do_not_make_a_film_a_photograph(film):
    level = film / 255
    sepia = np.stack([255 * level**0.8, 230 * level, 190 * level**1.2], -1).astype(np.uint8)
    assert Image.from_array(sepia).pixels.ndim == 3
    assert quality_of(sepia).kind == "periapical"
    noted = Pillow.fromarray(np.repeat(film[..., None], 3, 2))
    draw = ImageDraw.Draw(noted)
    draw.ellipse([50, 60, 160, 170], outline=(255, 0, 0), width=6)
    draw.line([300, 50, 500, 300], fill=(255, 255, 0), width=5)
    draw.text((20, 440), "2020-03-12 tooth 36", fill=(0, 255, 0), font=ImageFont.load_default(size=24))
    assert quality_of(np.asarray(noted)).kind == "periapical"


def test_depth_makes_no_difference(film):
    """The same film in 8, 12 and 16 bits has the same measures, up to the rounding of 8 bits."""
    twelve = film.astype(np.uint16) * 16 + np.random.default_rng(0).integers(0, 16, film.shape, np.uint16)
    shallow = quality_of(np.rint(twelve / 4095 * 255).astype(np.uint8))
    for pixels, bits in ((twelve, 12), (twelve << 4 | twelve >> 8, 16)):
        deep = quality_of(pixels, bits=bits)
        assert (deep.kind, deep.reasons) == (shallow.kind, shallow.reasons)
        assert deep.exposure == pytest.approx(shallow.exposure, abs=0.003)
        assert deep.contrast == pytest.approx(shallow.contrast, abs=0.004)
        assert deep.sharpness == pytest.approx(shallow.sharpness, rel=0.02)


# --- Other kinds -----------------------------------------------------------------------------------


def soft_noise(rng, shape, grain):
    """(rows, columns) in 0..1, random and smooth over `grain` pixels."""
    coarse = rng.random((shape[0] // grain + 2, shape[1] // grain + 2)).astype(np.float32)
    size = (coarse.shape[1] * grain, coarse.shape[0] * grain)
    return np.asarray(Pillow.fromarray(coarse).resize(size, Pillow.Resampling.BICUBIC))[: shape[0], : shape[1]]


@pytest.mark.parametrize("seed", range(5))
def test_colour_is_a_photograph(seed):
    rng = np.random.default_rng(seed)
    colour = np.stack([soft_noise(rng, (400, 500), 40) for _ in range(3)], -1)
    colour += 0.1 * np.stack([soft_noise(rng, (400, 500), 5)] * 3, -1)
    assert quality_of(np.clip(colour * 220, 0, 255).astype(np.uint8)).kind == "photograph"


def test_a_file_that_says_photograph_is_one(film):
    image = replace(Image.from_array(film), modality=Modality.PHOTOGRAPH)
    assert assess(image).kind == "photograph"


def page(seed, dark=False):
    rng = np.random.default_rng(seed)
    sheet = Pillow.new("L", (900, 1200), 20 if dark else 250)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=20)
    for line in range(40):
        words = ("".join(chr(97 + rng.integers(26)) for _ in range(rng.integers(2, 10))) for _ in range(10))
        draw.text((60, 60 + 26 * line), " ".join(words), fill=230 if dark else 10, font=font)
    return np.asarray(sheet)


def drawing():
    sheet = np.full((500, 700), 240, np.uint8)
    for step in range(12):
        sheet[40 * step : 40 * step + 30, 50 * step : 50 * step + 90] = 20 * step
    return sheet


def bricks():
    rows, columns = np.mgrid[:480, :640]
    joints = (rows % 16 < 3) | ((columns + 12 * (rows // 16 % 2)) % 24 < 3)
    grain = np.random.default_rng(0).normal(0, 10, joints.shape)
    return np.clip(np.where(joints, 190, 90) + grain, 0, 255).astype(np.uint8)


OTHERS = {
    "page": lambda: page(0),
    "dark page": lambda: page(1, dark=True),
    "drawing": drawing,
    "bricks": bricks,
    "noise": lambda: np.random.default_rng(0).integers(0, 256, (500, 600), np.uint8),
    "chessboard": lambda: (np.indices((512, 512)) // 64).sum(0).astype(np.uint8) % 2 * 255,
    "bits": lambda: (np.random.default_rng(0).random((400, 400)) < 0.5).astype(np.uint8) * 255,
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_is_no_film_is_something_else(what):
    assert quality_of(OTHERS[what]()).kind == "other"


def test_natural_pictures_that_the_pixels_give_away():
    data = pytest.importorskip("skimage.data")
    for name, kind in {
        "brick": "other", "grass": "other", "gravel": "other", "text": "other", "page": "other",
        "chelsea": "photograph", "astronaut": "photograph", "coffee": "photograph", "rocket": "photograph",
    }.items():  # fmt: skip
        assert quality_of(getattr(data, name)()).kind == kind, name


def test_a_panoramic_is_known_by_its_content_and_not_by_its_width(film):
    whole = panoramic_like()
    assert quality_of(whole).kind == "panoramic"
    assert quality_of(whole[:, :500]).kind == "periapical"  # half of it, as narrow as a film
    assert quality_of(whole[:250, :500]).kind != "panoramic"  # a quarter of it, as wide as all
    wide = np.asarray(Pillow.fromarray(film).resize((960, 480)))
    assert quality_of(wide).kind == "periapical"


@pytest.mark.parametrize("shade", [0, 255])
def test_a_panoramic_in_a_blank_border_is_a_panoramic(shade):
    bordered = np.pad(panoramic_like(), ((280, 230), (10, 60)), constant_values=shade)  # nearly square
    assert quality_of(bordered).kind == "panoramic"


def test_a_file_that_says_intraoral_is_no_panoramic():
    image = replace(Image.from_array(panoramic_like()), modality=Modality.INTRAORAL)
    assert assess(image).kind == "periapical"


def test_drawn_bitewings_are_told_where_they_are_plain_and_periapicals_never_are():
    kinds = [
        quality_of(draw_film(seed, kind="bitewing", rows=480, columns=620).pixels).kind for seed in range(0, 24, 3)
    ]
    assert set(kinds) <= {"bitewing", "periapical"}
    assert kinds.count("bitewing") >= 3
    for seed in range(1100, 1110):
        assert quality_of(draw_film(seed, rows=480, columns=620).pixels).kind == "periapical"


def test_teeth_on_their_side_are_no_bitewing():
    """Two rows of bright teeth with dark bone between them, but far from black."""
    rows, columns = np.mgrid[:400, :500]
    bone = np.abs(rows - 200) < 30
    grain = np.random.default_rng(0).normal(0, 12, rows.shape)
    film = np.where(bone, 90, 190) * (columns < 400) + 10 + grain
    assert quality_of(np.clip(film, 0, 255).astype(np.uint8)).kind == "periapical"


def bitewing_by_hand(gap):
    rows, columns = np.mgrid[:360, :480]
    waves = 8 * np.sin(columns / 30)
    crowns = np.abs(rows - 180 + waves) > 18
    between = np.cos(columns / 480 * 2 * np.pi * 5) > -0.9
    film = np.where(crowns & between, 170, gap) + np.random.default_rng(0).normal(0, 6, rows.shape)
    return np.clip(film - np.abs(rows - 180) * 0.3, 0, 255).astype(np.uint8)


def test_a_bitewing_by_hand():
    assert quality_of(bitewing_by_hand(gap=12)).kind == "bitewing"
    assert quality_of(bitewing_by_hand(gap=90)).kind == "periapical"  # no black gap: not sure, so periapical


# --- Not fit to be read ----------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (127, 500), (500, 100), (1, 4000)])
def test_too_few_pixels(shape):
    assert "too few to show a lesion" in reason(np.random.default_rng(0).integers(0, 256, shape, np.uint8))


def test_blank_black_and_white(film):
    assert "all black" in reason(np.zeros((300, 300), np.uint8))
    assert "all white" in reason(np.full((300, 300), 65535, np.uint16))
    assert "blank" in reason(np.full((300, 300), 128, np.uint8))
    faint = (128 + film / 255 * 5).astype(np.uint8)
    assert "blank" in reason(faint)
    assert quality_of(np.zeros((300, 300), np.uint8)).kind == "other"


def test_a_faint_film_of_16_bits_still_has_its_grey_steps(film):
    deep = (20000 + film.astype(np.uint16) * 4).astype(np.uint16)  # 1.5 % of the range, but 1000 steps
    assert quality_of(deep, bits=16).reasons == ()


def test_too_dark_and_too_pale(film):
    dark = np.where(np.indices(film.shape)[1] < 40, film, 0).astype(np.uint8)
    assert any("too dark" in text and "less exposure" in text for text in quality_of(dark).reasons)
    pale = np.where(np.indices(film.shape)[1] < 40, film, 255).astype(np.uint8)
    assert any("too pale" in text and "more exposure" in text for text in quality_of(pale).reasons)


def test_too_blurred(film):
    assert "too blurred" in reason(blurred(film, 0.08))


def test_a_strip_and_a_film_lost_in_its_border(film):
    assert "a strip of" in reason(film[100:240])
    lost = np.full((1400, 1400), 40, np.uint8)
    lost[100:460, 100:500] = film[:360, :400]
    assert "fills only" in reason(lost)


def test_every_reason_says_what_to_do(film):
    bad = [np.zeros((300, 300), np.uint8), film[:50], blurred(film, 0.08), np.full((300, 300), 99, np.uint8)]
    texts = list(itertools.chain.from_iterable(quality_of(pixels).reasons for pixels in bad))
    assert len(texts) >= 4
    for text in texts:
        assert any(word in text for word in ("export", "retake", "crop", "check"))


# --- At random, at the edge, in time ---------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(1, 300), st.integers(1, 300)),
    st.sampled_from([np.uint8, np.uint16]),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_any_image_has_a_quality(shape, dtype, colour, seed):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, rng.integers(1, np.iinfo(dtype).max + 1), (*shape, 3) if colour else shape).astype(dtype)
    quality = assess(Image(pixels, 8 * pixels.itemsize))
    assert quality.kind in IMAGE_KINDS
    assert 0 <= quality.exposure <= 1
    assert 0 <= quality.contrast <= 1
    assert 0 <= quality.sharpness <= 10


def test_a_quality_has_a_known_kind():
    with pytest.raises(ValueError, match="kind must be one of"):
        Quality("cat", (), 0.5, 0.5, 0.5)


def test_pixels_are_left_as_they_are(film):
    image = Image.from_array(film)
    before = image.pixels.copy()
    assess(image)
    np.testing.assert_array_equal(image.pixels, before)


@pytest.mark.parametrize("shape", [(1024, 1024), (3000, 4000)])
def test_large_images_are_judged_by_a_sample(shape, film):
    """Not a benchmark: this only notices a way of working that touches every pixel many times."""
    tall, wide = -(-shape[0] // film.shape[0]), -(-shape[1] // film.shape[1])
    image = Image.from_array(np.kron(film, np.ones((tall, wide), np.uint8))[: shape[0], : shape[1]])
    assess(image)
    times = []
    for _ in range(5):
        start = time.process_time()
        assess(image)
        times.append(time.process_time() - start)
    assert min(times) < 0.1


# --- Real films ------------------------------------------------------------------------------------


def real(folder, every=1):
    paths = sorted((FILMS / folder / "images").glob("*"))[::every]
    if not paths:
        pytest.skip("the real films are not here (../shared/data)")
    return paths


@pytest.mark.films
@pytest.mark.parametrize(
    ("folder", "kind", "every"),
    [("periapical-rvg", "periapical", 2), ("periapical-nanopix", "periapical", 1), ("panoramic-imax", "panoramic", 29)],
)
def test_real_films_are_what_they_are_and_fit_to_be_read(folder, kind, every):
    for path in real(folder, every):
        quality = assess(read_image(path))
        assert (path.name, quality.kind, quality.reasons) == (path.name, kind, ())


@pytest.mark.films
@pytest.mark.slow
@pytest.mark.parametrize(("folder", "kind"), [("periapical-rvg", "periapical"), ("panoramic-imax", "panoramic")])
def test_all_films_the_limits_were_set_with(folder, kind):
    found = [assess(read_image(path)) for path in real(folder)]
    assert {quality.kind for quality in found} == {kind}
    assert not [quality.reasons for quality in found if quality.reasons]


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=50))
def test_percentiles_are_those_of_numpy(levels):
    levels = np.array(levels, np.float32)
    assert _percentiles(levels, 0, 2, 50, 90, 100) == pytest.approx(
        np.percentile(levels, (0, 2, 50, 90, 100)), abs=1e-7
    )
