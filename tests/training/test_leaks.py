"""Near-duplicates are found whichever way they were turned."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from lennox.annotations.film import Film
from lennox.annotations.matching import Truth
from lennox.phantom import draw_film
from lennox.training.leaks import find_near_duplicates


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    pictures = {f"film {seed}": draw_film(seed, rows=240, columns=320).pixels for seed in range(6)}
    first = pictures["film 0"]
    copies = {
        "turned": np.rot90(first),
        "mirrored and smaller": first[::2, ::-2],
        "darker": (first * 0.6).astype(np.uint8),
    }

    def write(named):
        made = []
        for name, pixels in named.items():
            path = Path(folder / f"{name}.png")
            Pillow.fromarray(np.ascontiguousarray(pixels)).save(path)
            made.append(Film(path, name, *pixels.shape, Truth(False)))
        return made

    return write(pictures), write(copies)


def test_copies_are_found_and_different_films_are_not(films):
    originals, copies = films
    pairs, highest = find_near_duplicates([("train", originals), ("test", copies)])
    across = {pair.second[1] for pair in pairs if pair.first == ("train", "film 0")}
    assert across == {"turned", "mirrored and smaller", "darker"}
    assert all(pair.first[1] == "film 0" or pair.first[0] == "test" for pair in pairs)
    assert highest["train / train"] < 0.8 < highest["train / test"]
