"""What a finding may owe to something else: computed from answers of the network, said in words, kept in the record."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tiny_model import write_tiny_model

from lennox import Image, diagnose
from lennox.geometry import Box, Placement, ProbabilityMap
from lennox.inference.explanation import highest_inside
from lennox.inference.findings import Explanation
from lennox.inference.load import load_candidate
from lennox.phantom import draw_film
from lennox.report import from_record, to_record, words


@pytest.fixture(scope="module")
def slanted(tmp_path_factory):
    """A model that gives less the lower a spot lies on its canvas, and calls what it leaves out a restoration."""
    return load_candidate(write_tiny_model(tmp_path_factory.mktemp("slanted"), slanted=True), purpose="a test")


@pytest.fixture(scope="module")
def film():
    """A drawn film at half its brightness, with one bright spot near the top: a turn moves it to the bottom."""
    pixels = draw_film(3).pixels // 2
    rows, columns = pixels.shape
    pixels[rows // 16 : rows // 6, columns // 2 : columns * 5 // 8] = 255
    return Image.from_array(pixels)


def mirrored(film):
    return Image.from_array(np.ascontiguousarray(film.pixels[::-1]))


def spot(film, model, **options):
    """The finding on the bright spot: the one that lies away from the edges."""
    found = diagnose(film, model, threshold=0.4, **options).findings
    (finding,) = (one for one in found if one.explanation.edge_distance_px > 20)
    return finding


def test_the_range_over_the_turns_is_that_of_the_eight_answers(film, slanted):
    above, below = spot(film, slanted, explain=True), spot(mirrored(film), slanted, explain=True)
    assert below.probability < above.probability - 0.3  # what the network makes of where it lies
    for finding in (above, below):
        assert finding.explanation.turned == pytest.approx((below.probability, above.probability), abs=1e-3)


def test_the_range_is_not_computed_unless_asked(film, slanted):
    assert spot(film, slanted).explanation.turned is None


def test_the_probability_of_a_restoration_is_the_highest_inside_the_box(film, slanted):
    for image in (film, mirrored(film)):
        finding = spot(image, slanted)  # as bright as can be: what the ramp leaves is caries, what it takes a filling
        assert finding.explanation.restoration == pytest.approx(1.0 - finding.probability, abs=0.15)


def test_a_network_without_that_output_says_nothing_of_restorations(film, tmp_path):
    model = load_candidate(write_tiny_model(tmp_path / "tiny"), purpose="a test")
    assert spot(film, model).explanation.restoration is None


def test_the_distance_to_the_edge_is_in_pixels_of_the_image(film, slanted):
    finding = spot(film, slanted)
    corners = np.array(finding.outline)
    beyond = np.array([film.rows, film.columns]) - corners
    assert finding.explanation.edge_distance_px == pytest.approx(min(corners.min(), beyond.min()))
    assert film.rows / 32 < finding.explanation.edge_distance_px < film.rows / 8


def test_the_highest_value_is_looked_for_in_every_cell_that_a_box_touches():
    values = np.zeros((1, 8, 8), np.float32)
    values[0, 2, 3], values[0, 7, 7] = 0.7, 0.9
    found = ProbabilityMap(values, ("caries",), Placement(64, 64, 32, 32, 0, 0, 32, 32))  # a cell is 8 image pixels
    assert highest_inside(found, "caries", Box(16, 24, 17, 25)) == pytest.approx(0.7)
    assert highest_inside(found, "caries", Box(0, 0, 16, 64)) == 0.0
    assert highest_inside(found, "caries", Box(15.9, 31.9, 16.1, 32.1)) == pytest.approx(0.7)
    assert highest_inside(found, "caries", Box(63.5, 63.5, 64, 64)) == pytest.approx(0.9)


def test_the_record_keeps_it_and_gives_it_back(film, slanted):
    for explain in (False, True):
        examination = diagnose(film, slanted, explain=explain)
        record = json.loads(json.dumps(to_record(examination)))
        again = from_record(record)
        assert to_record(again) == to_record(examination)
        assert (again.findings[0].explanation.turned is None) != explain


def test_words_say_what_stands_out_and_nothing_else(film, slanted):
    examination = diagnose(film, slanted)
    finding = spot(film, slanted)
    for explanation, told in (
        (Explanation(30.0, 0.2), []),
        (Explanation(30.0), []),
        (Explanation(1.0, 0.8, (0.25, 0.75)), ["filling", "edge of the film", "0.25 to 0.75"]),
    ):
        said = words.doubts(replace(finding, explanation=explanation), examination.source)
        assert len(said) == len(told)
        assert all(word in sentence for word, sentence in zip(told, said, strict=True))
