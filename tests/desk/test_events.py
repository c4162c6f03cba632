"""What a page may say, and what is refused before it is kept."""

import pytest
from desk_events import decided, read

from lennox.desk.events import (
    film_details,
    initials,
    mark_details,
    patient_details,
    setting_details,
)
from lennox.desk.film_state import film_state
from lennox.errors import InputError

STATE = film_state([read(1), decided(2, None, "missed", outline=[[1, 1], [1, 9], [9, 9]])])
TRIANGLE = [[10, 10], [10, 40], [30, 40]]


def test_a_decision_is_kept_with_everything_that_was_said():
    said = {
        "mark": "1", "verdict": "accept", "seen": 5, "tooth": "3", "notation": "Universal", "surface": "mesial",
        "depth": "RA2", "note": "compare\nnext year", "shown": {"marks": True, "threshold": 0.2015},
    }  # fmt: skip
    assert mark_details(said, STATE) == {
        "mark": "1", "verdict": "accept", "seen": 5, "tooth": "16", "surface": "mesial", "depth": "RA2",
        "note": "compare\nnext year", "shown": {"marks": True, "threshold": 0.2015},
    }  # fmt: skip


def test_what_nobody_said_is_not_there():
    assert mark_details({"mark": "2", "verdict": "reject"}, STATE) == {
        "mark": "2", "verdict": "reject", "seen": 0, "shown": {"marks": False},
    }  # fmt: skip


def test_an_outline_is_cut_at_the_edges_of_the_film():
    details = mark_details({"mark": None, "verdict": "missed", "outline": [[-5, -5], [50, 500], [500, 60]]}, STATE)
    assert details["outline"] == [[0, 0], [50, 120], [100, 60]]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"mark": "3", "verdict": "accept"}, "no such mark"),
        ({"mark": "0", "verdict": "accept"}, "no such mark"),
        ({"mark": "²", "verdict": "accept"}, "no such mark"),
        ({"mark": None, "verdict": "accept"}, "no such mark"),
        ({"mark": "h9", "verdict": "removed"}, "no such drawn mark"),
        ({"mark": ["h9"], "verdict": "missed"}, "short text"),
        ({"mark": "1" * 5000, "verdict": "accept"}, "short text"),
        ({"mark": 1, "verdict": "accept"}, "short text"),
        ({"mark": "1", "verdict": "removed"}, "no such drawn mark"),
        ({"mark": "1", "verdict": "perhaps"}, "a mark is"),
        ({"mark": "1", "verdict": "edit"}, "draw the outline"),
        ({"mark": None, "verdict": "missed", "outline": TRIANGLE[:2]}, "3 to 2000 corners"),
        ({"mark": None, "verdict": "missed", "outline": [[1, 1]] * 2001}, "3 to 2000 corners"),
        ({"mark": None, "verdict": "missed", "outline": [[float("nan"), 1], *TRIANGLE]}, "3 to 2000 corners"),
        ({"mark": None, "verdict": "missed", "outline": [["1", 1], *TRIANGLE]}, "3 to 2000 corners"),
        ({"mark": None, "verdict": "missed", "outline": [[1, 1], [1, 5], [1, 9]]}, "less than one pixel"),
        ({"mark": "1", "verdict": "accept", "tooth": "99", "notation": "FDI"}, "no tooth"),
        ({"mark": "1", "verdict": "accept", "tooth": "16"}, "named in one of"),
        ({"mark": "1", "verdict": "accept", "surface": "inside"}, "surface is one of"),
        ({"mark": "1", "verdict": "accept", "depth": "D3"}, "depth is one of"),
        ({"mark": "1", "verdict": "accept", "note": "x" * 2001}, "at most 2000"),
        ({"mark": "1", "verdict": "accept", "shown": {"marks": True, "threshold": 7}}, "threshold"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(said, why):
    with pytest.raises(InputError, match=why):
        mark_details(said, STATE)


def test_features_are_kept_with_consent_alone():
    offered = {"age_band": ("0-17", "18+")}
    kept = patient_details({"patient": "ana", "consent": True, "features": {"age_band": "18+"}}, offered)
    assert kept == {"patient": "ana", "consent": True, "features": {"age_band": "18+"}}
    with pytest.raises(InputError, match="consent"):
        patient_details({"patient": "ana", "consent": "yes", "features": {"age_band": "18+"}}, offered)
    with pytest.raises(InputError, match="no group"):
        patient_details({"patient": "ana", "consent": True, "features": {"age_band": "old"}}, offered)


@pytest.mark.parametrize("who", ["", "   ", None, "x" * 9])
def test_nobody_decides_without_initials(who):
    with pytest.raises(InputError, match="initials"):
        initials(who)


def test_settings_are_those_that_there_are():
    assert setting_details({"name": "notation", "value": "Palmer"}) == {"notation": "Palmer"}
    with pytest.raises(InputError, match="a setting"):
        setting_details({"name": "folder", "value": "/"})


def test_saying_nothing_of_a_film_is_refused():
    with pytest.raises(InputError, match="nothing was said"):
        film_details({})
