"""What a row of events says of a film."""

import numpy as np
import pytest
from desk_events import OTHER_WINDOW, WINDOW, decided, event, examination, read

from lennox.desk.film_state import film_state, last_of_window
from lennox.report import to_record


def test_a_mark_is_a_suggestion_until_somebody_decides():
    state = film_state([read(1)])
    assert len(state.examination.findings) == 2
    assert state.marks == {}
    assert state.read is None


def test_the_last_decision_on_a_mark_counts():
    state = film_state([read(1), decided(2, "1", "accept"), decided(3, "1", "reject", seen=2)])
    assert state.marks["1"].verdict == "reject"
    assert state.marks["1"].others == ()


def test_another_reading_keeps_what_was_accepted_and_never_moves_a_decision_to_another_mark():
    first = [read(1), decided(2, "1", "accept", tooth="16"), decided(3, "2", "reject")]
    assert film_state([*first, read(4)]).marks["1"].verdict == "accept", "the same marks, read again"
    one = to_record(examination())
    one["findings"] = one["findings"][1:]
    other = event(4, "read", {"record": one, "identity": "another", "stamp": "1-1"}, who="")
    marks = film_state([*first, other]).marks
    assert (marks["1"].verdict, marks["1"].event.number) == ("reject", 3), "its second mark is the first one now"
    assert (marks["h2"].verdict, marks["h2"].tooth) == ("accept", "16")
    assert marks["h2"].outline == examination().findings[0].outline
    assert set(marks) == {"1", "h2"}


def test_two_windows_that_did_not_know_of_each_other_are_both_kept():
    state = film_state([read(1), decided(2, "1", "accept"), decided(3, "1", "reject", window=OTHER_WINDOW, seen=1)])
    mark = state.marks["1"]
    assert (mark.verdict, mark.is_disputed, [one.number for one in mark.others]) == ("reject", True, [2])


def test_who_knows_both_decisions_settles_them():
    rows = [read(1), decided(2, "1", "accept"), decided(3, "1", "reject", window=OTHER_WINDOW, seen=1)]
    state = film_state([*rows, decided(4, "1", "accept", seen=3)])
    assert state.marks["1"].verdict == "accept"
    assert not state.marks["1"].is_disputed


def test_undo_takes_back_the_last_decision_of_its_own_window():
    rows = [read(1), decided(2, "1", "accept"), decided(3, "2", "reject", window=OTHER_WINDOW)]
    assert last_of_window(rows, WINDOW).number == 2
    rows.append(event(4, "undo", {"event": 2}))
    assert set(film_state(rows).marks) == {"2"}
    assert last_of_window(rows, WINDOW) is None


def test_an_undone_decision_uncovers_the_one_before():
    rows = [read(1), decided(2, "1", "accept"), decided(3, "1", "reject", seen=2), event(4, "undo", {"event": 3})]
    assert film_state(rows).marks["1"].verdict == "accept"


def test_a_drawn_lesion_is_called_by_its_event_and_can_be_taken_back():
    outline = [[1, 1], [1, 9], [9, 9]]
    state = film_state([read(1), decided(2, None, "missed", outline=outline)])
    assert np.array_equal(state.marks["h2"].outline, outline)
    state = film_state([read(1), decided(2, None, "missed", outline=outline), decided(3, "h2", "removed", seen=2)])
    assert state.marks["h2"].verdict == "removed"


def test_another_film_under_the_same_name_has_none_of_the_decisions():
    rows = [read(1), decided(2, "1", "accept"), event(3, "film", {"is_read": True}), read(4, sha256="cd" * 32)]
    state = film_state(rows)
    assert (state.marks, state.read, state.sha256) == ({}, None, "cd" * 32)


def test_a_film_read_again_by_a_newer_lennox_keeps_its_decisions():
    assert set(film_state([read(1), decided(2, "1", "accept"), read(3)]).marks) == {"1"}


@pytest.mark.parametrize("is_read", [True, False])
def test_a_film_is_read_when_somebody_said_so_last(is_read):
    rows = [read(1), event(2, "film", {"is_read": not is_read}), event(3, "film", {"is_read": is_read})]
    assert (film_state(rows).read is not None) == is_read
