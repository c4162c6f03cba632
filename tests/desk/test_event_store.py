"""Decisions are durable, only ever added, and shared by whoever has the file open."""

import sqlite3

import pytest

from lennox.desk.event_store import FILE_NAME, EventStore, NewEvent
from lennox.errors import InputError


@pytest.fixture
def store(tmp_path):
    return EventStore(tmp_path / FILE_NAME)


def test_events_come_back_in_order_with_numbers_and_times(store):
    first = store.append(NewEvent("mark", {"verdict": "accept"}, "ana/1.png", "ab" * 32, "AB", "w"))
    second = store.append(NewEvent("film", {"is_read": True}, "ana/1.png", "ab" * 32, "AB", "w"))
    one, two = store.since(0)
    assert (one.number, two.number) == (first, second) == (1, 2)
    assert one.details == {"verdict": "accept"}
    assert one.time <= two.time
    assert [event.number for event in store.since(1)] == [2]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET who = 'XY'",
        "DELETE FROM event",
        "INSERT OR REPLACE INTO event VALUES (1, '', 'film', '', '', 'XY', '', '{}')",
    ],
)
def test_the_file_itself_refuses_to_change_what_was_said(store, statement):
    store.append(NewEvent("film", {"is_read": True}, who="AB"))
    with sqlite3.connect(store.path) as other, pytest.raises(sqlite3.IntegrityError, match="only added"):
        other.execute(statement)
    assert store.since(0)[0].who == "AB"


def test_two_desks_on_one_folder_lose_nothing_of_each_other(store):
    other = EventStore(store.path)
    for number in range(20):
        (store, other)[number % 2].append(NewEvent("film", {"n": number}))
    assert (
        [event.details["n"] for event in store.since(0)] == list(range(20)) == [e.details["n"] for e in other.since(0)]
    )


def test_each_commit_waits_for_the_disk(store):
    assert store._store.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._store.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_file_is_for_this_user_alone(store):
    assert store.path.stat().st_mode & 0o777 == 0o600


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").touch()
    (tmp_path / FILE_NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="cannot be used"):
        EventStore(tmp_path / FILE_NAME)


def test_a_database_of_something_else_is_left_as_it_is(tmp_path):
    path = tmp_path / FILE_NAME
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE patients (name)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(InputError, match="not made by lennox desk"):
        EventStore(path)
    assert path.read_bytes() == before


def test_a_file_that_must_be_there_is_not_made(tmp_path):
    with pytest.raises(InputError, match="there is no"):
        EventStore(tmp_path / FILE_NAME, create=False)
    assert not list(tmp_path.iterdir())
