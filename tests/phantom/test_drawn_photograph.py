"""Drawn photographs: the same again from the same seed, lesions where their masks are, files that lennox reads."""

import numpy as np
import pytest

from lennox import read_image
from lennox.errors import InputError
from lennox.phantom import Camera, draw_photograph, write_photographs


def test_the_same_seed_draws_the_same_and_another_another():
    first, again, other = (draw_photograph(seed, lesions=2) for seed in (1, 1, 2))
    assert (first.pixels == again.pixels).all()
    assert (first.pixels != other.pixels).any()


def test_a_lesion_is_browner_and_darker_than_the_teeth_and_only_where_its_mask_is():
    camera = Camera(glare=0.0, noise=0.0, blur_px=0.0)
    drawn = draw_photograph(5, lesions=3, camera=camera)
    assert len(drawn.lesions) == 3
    sound = draw_photograph(5, lesions=0, camera=camera)
    assert sound.lesions == ()
    for mask in drawn.lesions:
        red, _, blue = drawn.pixels[mask].mean(0)
        assert red > 1.2 * blue
        assert drawn.pixels[mask].mean() < 0.75 * drawn.pixels[drawn.pixels.min(-1) > 150].mean()


def test_a_folder_holds_what_yolo_asks_for(tmp_path):
    write_photographs(tmp_path / "drawn", 4, 3)
    images = sorted((tmp_path / "drawn/images").iterdir())
    assert len(images) == 4
    for path in images:
        image = read_image(path)
        assert image.pixels.shape[2] == 3
        for line in (tmp_path / "drawn/labels" / f"{path.stem}.txt").read_text().splitlines():
            number, *shares = line.split()
            assert number == "0"
            assert len(shares) % 2 == 0
            assert (np.array(shares, float) >= 0).all()
            assert (np.array(shares, float) <= 1).all()
    with pytest.raises(InputError, match="is not empty"):
        write_photographs(tmp_path / "drawn", 1, 3)
