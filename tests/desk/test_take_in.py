"""Decisions of a saved page are added with where they came from, all or none."""

import pytest
from desk_events import MODEL, SHA256, WINDOW, desk_with, says

from lennox.desk.take_in import take_in
from lennox.errors import InputError

POINT = {"name": "balanced", "threshold": 0.5}
TIME = "2026-11-27T10:00:00Z"


@pytest.fixture
def desk(tmp_path):
    return desk_with(tmp_path / "films", {"a.png": [], "b.png": [says("1", "reject")]})


@pytest.fixture
def saved(desk, tmp_path):
    """A file as the page of a run saves it."""

    def write(*rows, name="decisions.csv"):
        lines = ["time,patient,film,model,status,mark,decision"]
        for film, mark, decision in rows:
            sha256 = desk.state(film).sha256 or film
            lines.append(f'{TIME},,"{sha256}",{MODEL.sha256},assessed,{mark},{decision}')
        path = tmp_path / name
        path.write_text("\n".join([*lines, ""]))
        return path

    return write


@pytest.fixture(autouse=True)
def looked_at(desk):
    desk.index.refresh()
    desk.sync()


def test_decisions_come_in_with_the_file_they_came_from(desk, saved):
    path = saved(("a.png", "1", "accept"), ("a.png", "2", "reject"), ("b.png", "", "missed"), ("a.png", "", "none"))
    assert take_in(desk, path, "CD", POINT) == 4
    mark = desk.state("a.png").marks["1"]
    assert (mark.verdict, mark.event.who) == ("accept", "CD")
    assert mark.event.details["imported"]["file"] == "decisions.csv"
    assert mark.event.details["imported"]["time"] == TIME
    assert desk.state("a.png").read.who == "CD"


def test_what_was_redrawn_and_added_on_a_page_comes_in_as_it_was_said_there(desk, tmp_path):
    more = "who,tooth_fdi,surface,depth_iccms,note,outline,shown_from,read"
    columns = f"time,patient,film,model,status,mark,decision,{more}"
    start = f"{TIME},,{desk.state('a.png').sha256},{MODEL.sha256},assessed"
    path = tmp_path / "decisions.csv"
    path.write_text(
        f"{columns}\n{start},1,edit,EF,16,mesial,RA3,a note,5.0 6.0; 5.0 20.0; 30.0 20.0,0.5,yes\n"
        f"{start},,missed,EF,,,,,40.0 40.0; 40.0 60.0; 60.0 60.0,,yes\n"
    )
    assert take_in(desk, path, "", POINT) == 3
    state = desk.state("a.png")
    edited = state.marks["1"]
    assert (edited.verdict, edited.tooth, edited.surface, edited.depth) == ("edit", "16", "mesial", "RA3")
    assert edited.outline == ((5.0, 6.0), (5.0, 20.0), (30.0, 20.0))
    assert edited.note == "a note"
    assert edited.event.details["shown"] == {"marks": True, "threshold": 0.5}
    drawn = next(mark for key, mark in state.marks.items() if key.startswith("h"))
    assert (len(drawn.outline), drawn.event.details["shown"]) == (3, {"marks": False})
    assert state.read.who == "EF"
    for wrong in ("5 6; 7 8", "a b; c d; e f", "1 2 3; 4 5 6; 7 8 9"):
        path.write_text(f"{columns}\n{start},1,edit,EF,,,,,{wrong},0.5,\n")
        with pytest.raises(InputError, match=r"row 2: .*outline"):
            take_in(desk, path, "", POINT)


def test_who_decided_must_be_known(desk, saved):
    with pytest.raises(InputError, match="row 2: say who decides"):
        take_in(desk, saved(("a.png", "1", "accept")), "", POINT)


def test_what_was_decided_otherwise_at_the_desk_shows_both(desk, saved):
    take_in(desk, saved(("b.png", "1", "accept")), "CD", POINT)
    mark = desk.state("b.png").marks["1"]
    assert mark.is_disputed
    assert [event.window for event in mark.others] == [WINDOW]


def test_a_file_is_imported_once(desk, saved):
    path = saved(("a.png", "1", "accept"))
    take_in(desk, path, "CD", POINT)
    with pytest.raises(InputError, match="imported before"):
        take_in(desk, path, "CD", POINT)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ((SHA256, "1", "accept"), "not in"),
        (("a.png", "3", "accept"), "no mark"),
        (("a.png", "", "accept"), "no mark"),
        (("a.png", "1", "perhaps"), "no decision"),
    ],
)
def test_one_row_that_cannot_be_kept_keeps_all_out_and_is_named(desk, saved, row, why):
    with pytest.raises(InputError, match=rf"row 3.*{why}"):
        take_in(desk, saved(("a.png", "1", "accept"), row), "CD", POINT)
    assert desk.state("a.png").marks == {}


def test_what_is_no_such_file_is_refused(desk, tmp_path):
    for content in (b"", b"\xff\xfe\x00", b"a,b\n1,2\n", b"time,patient,film,model,status,mark,decision\n", b"x" * 10):
        (tmp_path / "f.csv").write_bytes(content)
        with pytest.raises(InputError, match=r"f\.csv"):
            take_in(desk, tmp_path / "f.csv", "CD", POINT)
    with pytest.raises(InputError, match="cannot be read"):
        take_in(desk, tmp_path / "none.csv", "CD", POINT)
