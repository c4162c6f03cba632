"""The shipped model: one film in every encoding gets one answer, within 0.01 in probability."""

import numpy as np
import pytest
from film_encodings import LOSSY, encode_film

import lennox
from lennox.errors import ModelError
from lennox.inference.load import DEFAULT_MODEL, load_candidate
from lennox.phantom import draw_film

SEEDS = [2, 7]


@pytest.fixture(scope="module")
def model():
    try:
        return load_candidate(DEFAULT_MODEL, "test")
    except ModelError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module", params=SEEDS)
def answers(request, model):
    """{encoding: examination} of one drawn film with a large lesion."""
    film = draw_film(request.param, rows=510, columns=720, bits=12, lesions=["D3", "D2"]).stored
    return {
        name: lennox.diagnose(lennox.read_image(data), model, threshold=0.05)
        for name, data in encode_film(film).items()
        if name not in LOSSY
    }


def test_every_encoding_gets_the_same_answer(answers):
    expected = answers["png-16"]
    assert expected.status == "assessed"
    assert len(answers) > 60
    off = {
        name: abs(answer.probability - expected.probability)
        for name, answer in answers.items()
        if abs(answer.probability - expected.probability) > 0.01
    }
    assert not off, f"{expected.probability:.3f} as 16-bit PNG, elsewhere off by {off}"


def test_the_same_places_are_found(answers):
    expected = answers["png-16"].findings
    for name, answer in answers.items():
        for finding in expected[:1]:
            nearest = min(np.hypot(*np.subtract(finding.centre, other.centre)) for other in answer.findings)
            assert nearest < 5, name
