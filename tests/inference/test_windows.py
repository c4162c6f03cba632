"""An image read in windows: one map without doubles, placed where things are, by a model whose card asks for it."""

import json
import shutil

import numpy as np
import pytest
from drawn_panoramic import panoramic_like
from tiny_model import GRID, write_tiny_model, write_windowed

from lennox import Image, diagnose
from lennox.card import ModelCard, WindowGrid
from lennox.errors import ModelError, ReleaseRefusedError
from lennox.gate.behaviour import behaviour_sha256
from lennox.inference.load import installed_models, load_candidate, load_model
from lennox.inference.turn import EIGHT_TURNS
from lennox.inference.windows import Windows, predict_image
from lennox.release.sign import release


@pytest.fixture(scope="module")
def windowed(tmp_path_factory):
    return load_candidate(write_windowed(tmp_path_factory.mktemp("windowed") / "windowed"), "test")


def spotted(at, radius=14, rows=500, columns=1000):
    """Grey noise with one bright disc, the brightest of every window that shows it."""
    row, column = np.mgrid[:rows, :columns]
    pixels = np.random.default_rng(1).normal(60, 12, (rows, columns))
    pixels[np.hypot(row - at[0], column - at[1]) < radius] = 250
    return Image.from_array(np.clip(pixels, 0, 255).astype(np.uint8))


# Columns of the disc: within one window, on the seam of two, where two windows show it entire.
@pytest.mark.parametrize("at", [(200, 180), (250, 300), (270, 430), (290, 505), (330, 820)])
def test_what_several_windows_show_is_found_once_and_where_it_is(windowed, at):
    image = spotted(at)
    grid = windowed.card.windows
    windows = Windows.on(image, grid, 16)
    shown = sum(
        top <= at[0] < top + windows.side_px and left <= at[1] < left + windows.side_px
        for top, left in map(windows.first_px, windows.starts)
    )
    assert shown >= (1 if at[1] < 240 or at[1] > 800 else 2)
    found = predict_image(windowed, image).probability_map
    values = found.values[0]
    assert (values > 0.8).any()
    cells = np.argwhere(values > 0.8)
    centre = found.placement.to_image((cells.mean(0) + 0.5) * 4)
    assert np.hypot(*(centre - at)) < windows.side_px / 16  # a cell
    spread = np.ptp(cells, axis=0)
    assert spread.max() <= 4  # one disc of 28 pixels, not two beside each other


def test_windows_cover_what_the_card_says_and_nothing_is_suspected_beside_them(windowed):
    image = Image.from_array(np.full((500, 1000), 255, np.uint8) - np.eye(500, 1000, dtype=np.uint8))
    placed = Windows.on(image, windowed.card.windows, 16)
    covered = np.zeros((500, 1000), bool)
    for top, left in map(placed.first_px, placed.starts):
        covered[top : top + placed.side_px, left : left + placed.side_px] = True
    assert covered[int(0.26 * 500) : int(0.78 * 500), int(0.14 * 1000) : int(0.84 * 1000)].all()
    found = predict_image(windowed, spotted((30, 30))).probability_map
    assert found.values[0, :4, :4].max() == 0  # of a bright disc outside of every window


def test_a_blank_border_moves_the_windows_with_the_film(windowed):
    film = panoramic_like()
    plain = Windows.on(Image.from_array(film), windowed.card.windows, 16)
    bordered = Windows.on(Image.from_array(np.pad(film, ((200, 100), (150, 50)))), windowed.card.windows, 16)
    assert abs(bordered.side_px - plain.side_px) <= 4
    for one, other in zip(map(plain.first_px, plain.starts), map(bordered.first_px, bordered.starts), strict=True):
        assert np.abs(np.subtract(other, one) - (200, 150)).max() <= 20  # cells of an overview are 6 pixels


def test_a_panoramic_is_diagnosed_and_explained_and_another_film_is_refused(windowed):
    film = panoramic_like()
    film[250:275, 300:325] = 255
    found = diagnose(Image.from_array(film), windowed, threshold=0.9, explain=True)
    assert found.status == "assessed", found.reasons
    box = next(one.box for one in found.findings if one.box.left < 325 and one.box.right > 300)
    assert box.top < 275
    assert box.bottom > 250
    low, high = found.findings[0].explanation.turned
    assert 0 < low <= high <= 1
    refused = diagnose(Image.from_array(film[:, :500]), windowed)
    assert refused.status == "not assessable"
    assert "made for panoramic radiographs only" in refused.reasons[0]


def test_turned_windows_answer_where_the_image_is(windowed):
    image = spotted((270, 430))
    plain = predict_image(windowed, image).probability_map
    for turn in EIGHT_TURNS:
        turned = predict_image(windowed, image, turn).probability_map
        assert turned.values == pytest.approx(plain.values, abs=0.25)
        assert np.unravel_index(turned.values.argmax(), turned.values.shape) == pytest.approx(
            np.unravel_index(plain.values.argmax(), plain.values.shape), abs=3
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"side": 0.0}, {"side": 1.5}, {"rows": [0.5, 0.2]}, {"columns": [0.0, 1.2]}, {"down": 0}, {"across": 33},
        {"across": 3}, {"rows": [0.2]}, {"side": "a"},
    ],
)  # fmt: skip
def test_impossible_windows_are_refused(wrong, tmp_path):
    with pytest.raises(ModelError, match="not a valid model card"):
        load_candidate(write_windowed(tmp_path / "odd", windows=GRID | wrong), "test")


def test_windows_are_part_of_what_an_audit_binds_and_older_digests_stay(windowed):
    narrower = json.loads(json.dumps(dict(windowed.card.document))) | {"windows": GRID | {"across": 7}}
    other = ModelCard.from_json(json.dumps(narrower))
    assert behaviour_sha256(other) != behaviour_sha256(windowed.card)
    shipped = {folder.name: ModelCard.read(folder / "card.json") for folder in installed_models()}
    assert behaviour_sha256(shipped["caries-radiograph-1"]).startswith("17872e3cf8e437aa")
    assert behaviour_sha256(shipped["caries-radiograph-2"]).startswith("e85f59cf6c0b12a1")


def test_a_model_may_share_the_weights_of_the_one_beside_it(tmp_path):
    write_tiny_model(tmp_path / "first")
    folder = write_windowed(tmp_path / "second", weights_of="first")
    (folder / "model.onnx").unlink()
    assert load_candidate(folder, "test").card.windows == WindowGrid(0.2, (0.24, 0.8), (0.12, 0.86), 2, 6)
    weights = bytearray((tmp_path / "first/model.onnx").read_bytes())
    weights[len(weights) // 2] ^= 1
    (tmp_path / "first/model.onnx").write_bytes(weights)
    with pytest.raises(ModelError, match="has SHA-256"):
        load_candidate(folder, "test")
    shutil.rmtree(tmp_path / "first")
    with pytest.raises(ModelError, match=r"model\.onnx"):
        load_candidate(folder, "test")


def test_a_release_must_hold_its_own_weights(released, tmp_path):
    folder = shutil.copytree(released.folder, tmp_path / "tiny")
    shutil.copytree(folder, tmp_path / "first")
    load_model(folder, trust=released.trust())
    (folder / "model.onnx").unlink()
    with pytest.raises(ReleaseRefusedError, match=r"model\.onnx is missing"):
        load_model(folder, trust=released.trust())


@pytest.mark.parametrize("name", ["../first", "a/b", "", ".", "..", "first\n", 3])
def test_weights_are_shared_with_a_neighbour_only(name, tmp_path):
    with pytest.raises(ModelError, match="weights_of"):
        load_candidate(write_windowed(tmp_path / "second", weights_of=name), "test")


def test_a_model_that_shares_its_weights_is_not_signed(tmp_path):
    write_tiny_model(tmp_path / "first")
    folder = write_windowed(tmp_path / "second", weights_of="first")
    (folder / "model.onnx").unlink()
    with pytest.raises(ModelError, match=r"model\.onnx is not in the model's folder; .* copy it there"):
        release(folder, (), "workshop", ())
    assert not (folder / "release.json").exists()
