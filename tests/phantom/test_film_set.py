"""Drawn films as files: what is written is what was drawn, and the COCO file comes last."""

import io
import json

import numpy as np
import pytest

from lennox.errors import InputError
from lennox.image import Modality, read_image
from lennox.phantom import draw_film, film_set, write_films
from lennox.phantom.film_set import encode_png, seed_of


@pytest.fixture(autouse=True)
def small_films(monkeypatch):
    """Write films of a quarter of the size: these tests are about files."""
    real = film_set.draw_film
    monkeypatch.setattr(film_set, "draw_film", lambda seed, **rest: real(seed, rows=212, columns=300, **rest))


def drawn_again(image: dict, bits: int):
    return draw_film(image["seed"], kind=image["kind"], rows=212, columns=300, bits=bits)


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("form", ["png", "dicom"])
def test_films_read_back_as_drawn(tmp_path, form, bits):
    document = json.loads(write_films(tmp_path / "films", 2, 5, format=form, bits=bits).read_text())
    for entry in document["images"]:
        image = read_image(tmp_path / "films" / entry["file_name"])
        film = drawn_again(entry, bits)
        assert image.pixels.shape == film.pixels.shape
        assert image.bits == bits
        full = float(np.iinfo(image.pixels.dtype).max), float(np.iinfo(film.pixels.dtype).max)
        apart = np.abs(image.pixels / full[0] - film.pixels / full[1])
        assert apart.max() <= (1.01 / 65535 if form == "dicom" else 0)  # a window of the whole range may round
        if form == "dicom":
            assert image.modality is Modality.INTRAORAL
            assert image.spacing_mm == pytest.approx(film.spacing_mm, abs=1e-6)


def test_the_coco_file_is_valid_and_true(tmp_path):
    path = write_films(tmp_path, 6, 11, kind="mixed")
    document = json.loads(path.read_text())
    images = {image["id"]: image for image in document["images"]}
    assert len(images) == 6
    assert {image["kind"] for image in images.values()} == {"periapical", "bitewing"}
    assert all((tmp_path / image["file_name"]).is_file() for image in images.values())
    assert document["info"]["drawn"] is True
    assert "not of any patient" in document["info"]["description"]
    numbers = [annotation["id"] for annotation in document["annotations"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert {annotation["category_id"] for annotation in document["annotations"]} <= {
        category["id"] for category in document["categories"]
    }
    for number, image in images.items():
        film = drawn_again(image, 8)
        own = [annotation for annotation in document["annotations"] if annotation["image_id"] == number]
        assert len(own) == len(film.lesions)
        for annotation, lesion in zip(own, film.lesions, strict=True):
            top, left, bottom, right = lesion.box.as_tuple()
            assert annotation["bbox"] == [left, top, right - left, bottom - top]
            assert annotation["area"] == lesion.mask.sum()
            assert (annotation["tooth"], annotation["surface"]) == (lesion.tooth, lesion.surface)
            filled = inside(annotation["segmentation"], lesion.mask.shape)
            assert filled[lesion.mask].all()  # outlines hold the mask, and a hole in it at most beside
            assert filled.sum() <= 1.2 * lesion.mask.sum()


def inside(polygons: list, shape: tuple[int, int]) -> np.ndarray:
    """Pixels whose centre lies in an odd number of turns of the outlines: even-odd rule, edge by edge."""
    filled = np.zeros(shape, bool)
    columns = np.arange(shape[1]) + 0.5
    for polygon in polygons:
        corners = np.array(polygon).reshape(-1, 2)
        part = np.zeros(shape, bool)
        for (x, first), (_, last) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            low, high = int(min(first, last)), int(max(first, last))  # only the upright edges count
            part[low:high] ^= columns > x
        filled |= part
    return filled


def test_pycocotools_reads_it(tmp_path):
    coco = pytest.importorskip("pycocotools.coco", reason="pycocotools comes with lennox[train]")
    path = write_films(tmp_path, 4, 3)
    truth = coco.COCO(str(path))
    for annotation in truth.loadAnns(truth.getAnnIds()):
        assert truth.annToMask(annotation).sum() == pytest.approx(annotation["area"], rel=0.25, abs=30)


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    for form in ("png", "dicom"):
        one, two = (write_films(tmp_path / f"{form}{run}", 2, 9, format=form).parent for run in (1, 2))
        for path in one.iterdir():
            assert path.read_bytes() == (two / path.name).read_bytes()


def test_films_of_one_folder_and_of_the_next_seed_differ():
    seeds = {seed_of(seed, number) for seed in range(20) for number in range(20)}
    assert len(seeds) == 400


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(InputError, match="not empty"):
        write_films(tmp_path, 1, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_in_the_way_is_said_clearly(tmp_path):
    (tmp_path / "films").write_text("a file")
    with pytest.raises(InputError, match="cannot be written"):
        write_films(tmp_path / "films", 1, 1)


def test_interrupted_writing_leaves_no_coco_file(tmp_path, monkeypatch):
    real, drawn = film_set.draw_film, []

    def second_fails(seed, **rest):
        drawn.append(seed)
        if len(drawn) == 2:
            raise KeyboardInterrupt
        return real(seed, **rest)

    monkeypatch.setattr(film_set, "draw_film", second_fails)
    with pytest.raises(KeyboardInterrupt):
        write_films(tmp_path / "films", 3, 1)
    assert [path.name for path in (tmp_path / "films").iterdir()] == ["drawn-0001.png"]


@pytest.mark.parametrize("wrong", [{"format": "bmp"}, {"kind": "panoramic"}, {"bits": 10}, {"count": 0}])
def test_what_cannot_be_written_is_refused(tmp_path, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        write_films(tmp_path, **({"count": 1, "seed": 1} | wrong))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_png_is_read_by_others(dtype):
    pillow = pytest.importorskip("PIL.Image")
    pixels = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, (7, 5), dtype)
    np.testing.assert_array_equal(np.asarray(pillow.open(io.BytesIO(encode_png(pixels)))), pixels)
