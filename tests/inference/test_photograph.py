"""Photographs: their light made neutral, and what keeps one from being read."""

import numpy as np
import pytest

from lennox import Image
from lennox.card import InputContract, ModelCard
from lennox.errors import ModelError
from lennox.gate.behaviour import behaviour_sha256
from lennox.inference.photograph import balanced_grey
from lennox.inference.prepare import prepare
from lennox.inference.quality import assess
from lennox.phantom import Camera, draw_photograph

SETTINGS = {"low_percentile": 0.5, "high_percentile": 99.5, "clip_limit": 0.0, "tiles": 8, "mean": 127.0, "std": 128.0}


def quality_of(seed=1, **camera):
    return assess(Image.from_array(draw_photograph(seed, lesions=2, camera=Camera(**camera)).pixels))


@pytest.mark.parametrize("seed", range(5))
def test_a_usual_photograph_is_one_and_fit(seed):
    quality = quality_of(seed)
    assert (quality.kind, quality.reasons, quality.unfit, quality.illegible) == ("photograph", (), (), ())


@pytest.mark.parametrize(
    ("camera", "said"),
    [
        ({"blur_px": 7}, "too blurred"),
        ({"zoom": 0.45}, "come nearer"),
        ({"cast": (1.0, 0.15, 0.1)}, "take it in white light"),
    ],
)
def test_what_keeps_a_photograph_from_being_read_is_said_with_what_to_do(camera, said):
    from lennox.inference.photograph import photograph_problems

    image = Image.from_array(draw_photograph(1, lesions=2, camera=Camera(**camera)).pixels)
    assert said in " ".join(photograph_problems(image, assess(image).sharpness)[0])


def test_a_photograph_without_colours_is_refused():
    from lennox.image import Modality

    grey = Image.from_array(draw_photograph(1).pixels[..., 1])
    object.__setattr__(grey, "modality", Modality.PHOTOGRAPH)
    assert "has no colours" in assess(grey).unfit[0]


@pytest.mark.parametrize(
    ("camera", "said"), [({"glare": 1.0}, "mirrors the light on saliva"), ({"cast": (1.0, 0.5, 0.35)}, "made neutral")]
)
def test_what_of_a_photograph_cannot_be_read_is_said(camera, said):
    quality = quality_of(**camera)
    assert quality.unfit == ()
    assert said in " ".join(quality.illegible)


def test_one_mouth_in_two_lights_becomes_one_picture():
    white = draw_photograph(4, lesions=3, camera=Camera(noise=0.0)).pixels
    warm = draw_photograph(4, lesions=3, camera=Camera(cast=(1.0, 0.8, 0.6), noise=0.0)).pixels
    plain, balanced = (
        np.abs(convert(white).astype(float) - convert(warm)).mean()
        for convert in (lambda pixels: Image.from_array(pixels).grey(), balanced_grey)
    )
    assert plain > 15
    assert balanced < plain / 3


def test_glare_becomes_no_brighter_than_enamel():
    pixels = draw_photograph(2, camera=Camera(noise=0.0)).pixels.copy()
    pixels[60:70, 100:110] = 255
    grey = balanced_grey(pixels)
    assert (grey[60:70, 100:110] == grey.max()).all()
    assert (grey == grey.max()).mean() > 0.01  # the brightest enamel, too


def test_the_colour_of_a_contract_decides_what_the_network_sees_and_is_audited():
    image = Image.from_array(draw_photograph(3, lesions=1, camera=Camera(cast=(1.0, 0.7, 0.5))).pixels)
    plain, balanced = (
        prepare(image, InputContract(**SETTINGS, rows=64, columns=64, colour=colour)).tensor
        for colour in ("brightness", "balanced")
    )
    assert np.abs(plain - balanced).max() > 0.03
    with pytest.raises(ValueError, match="colour must be one of"):
        InputContract(**SETTINGS, rows=64, columns=64, colour="sepia")


def test_a_card_says_its_colour_and_its_digest_follows(tmp_path):
    import json

    from tiny_model import write_tiny_model

    document = json.loads((write_tiny_model(tmp_path / "tiny") / "card.json").read_text())
    first = ModelCard.from_json(json.dumps(document))
    document["input"]["colour"] = "brightness"
    assert behaviour_sha256(ModelCard.from_json(json.dumps(document))) == behaviour_sha256(first)
    document["input"]["colour"] = "balanced"
    assert behaviour_sha256(ModelCard.from_json(json.dumps(document))) != behaviour_sha256(first)
    document["input"]["colour"] = 3
    with pytest.raises(ModelError, match="colour"):
        ModelCard.from_json(json.dumps(document))
