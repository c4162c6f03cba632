"""The shipped model gives no answer on what is no film. In grey, the line between films and pictures saw these ones."""

from importlib.resources import files

import pytest

import lennox
from lennox.inference.load import DEFAULT_MODEL, load_candidate

PICTURES = ["astronaut.png", "camera.png", "chelsea.png", "coffee.png", "coins.png", "page.png", "rocket.jpg"]


@pytest.fixture(scope="module")
def model():
    return load_candidate(DEFAULT_MODEL, "test")  # released or not: a test that waits for a release would never run


@pytest.mark.parametrize("grey", [False, True], ids=["as it is", "in grey"])
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_that_is_no_film_is_not_assessable(model, name, grey):
    pytest.importorskip("skimage", reason="the sample pictures come with scikit-image")
    picture = lennox.read_image((files("skimage.data") / name).read_bytes())
    if grey:
        picture = lennox.Image.from_array(picture.grey())
    examination = lennox.diagnose(picture, model, threshold=0.01)
    assert examination.status == "not assessable"
    assert examination.reasons
    assert not examination.findings
