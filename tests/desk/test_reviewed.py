"""What the desk hands to pages for patients: what people settled, and nothing else."""

from desk_events import IS_READ, OTHER_WINDOW, SHOWN, desk_with, says

from lennox.card import ModelCard
from lennox.desk.reviewed import reviewed_films
from lennox.inference.examination import ModelIdentity
from lennox.inference.load import find_model

SQUARE = [[50, 50], [50, 70], [70, 70], [70, 50]]
TRIANGLE = [[10, 10], [10, 40], [30, 40]]


def corners(outline):
    return tuple((float(row), float(column)) for row, column in outline)


def test_what_was_accepted_redrawn_or_added_has_its_outline(tmp_path):
    desk = desk_with(
        tmp_path / "films",
        {
            "ana/film.png": [SHOWN, says("1", "accept"), says("2", "reject"), IS_READ],
            "ben/film.png": [says("1", "edit", outline=TRIANGLE), says(None, "missed", outline=SQUARE)],
            "cleo.png": [IS_READ],
            "dan.png": [],
        },
    )
    films = {film.name: film for film in reviewed_films(desk)}
    assert sorted(films) == ["ana/film.png", "ben/film.png", "cleo.png", "dan.png"]
    assert films["ana/film.png"].patient == "ana"
    ana, ben = films["ana/film.png"], films["ben/film.png"]
    assert [place.outline for place in ana.accepted] == [ana.examination.findings[0].outline]
    assert (ana.rejected, ana.missed) == (1, False)
    assert [(place.outline, place.by_hand) for place in ben.accepted] == [
        (corners(TRIANGLE), False), (corners(SQUARE), True),
    ]  # fmt: skip
    assert ben.missed
    assert [films[name].is_reviewed for name in ("cleo.png", "dan.png")] == [True, False]


def test_suspected_is_what_reaches_the_operating_point_decided_on_or_not(tmp_path):
    """The readings of the desk hold a candidate of 0.3, below the point of 0.5 that is in use."""
    desk = desk_with(tmp_path / "films", {"a.png": [says("1", "reject")], "b.png": [IS_READ], "c.png": []})
    films = reviewed_films(desk)
    assert [[finding.probability for finding in film.examination.findings] for film in films] == [[0.8]] * 3
    assert [film.open_marks for film in films] == [0, 1, 1]
    assert {film.examination.operating_point.name for film in films} == {"balanced"}


def test_where_nobody_decided_the_default_point_of_the_card_says_what_is_suspected(tmp_path, monkeypatch):
    card = ModelCard.read(find_model("caries-radiograph-2") / "card.json")
    identity = ModelIdentity(card.name, card.version, card.files["model.onnx"], "unreleased")
    monkeypatch.setattr("desk_events.MODEL", identity)
    (film,) = reviewed_films(desk_with(tmp_path / "films", {"a.png": []}))
    assert film.examination.operating_point == card.operating_point()
    assert film.open_marks == len(film.examination.findings) == 2


def test_what_two_people_decided_otherwise_is_not_told_to_a_patient(tmp_path):
    desk = desk_with(tmp_path / "films", {"a.png": [says("1", "reject"), says("1", "accept", OTHER_WINDOW)]})
    (film,) = reviewed_films(desk)
    assert film.accepted == ()
