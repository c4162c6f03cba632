import contextlib
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from lennox.errors import InputError
from lennox.gate.event_log import Log


@pytest.fixture
def log(tmp_path):
    log = Log(tmp_path / "log.sqlite")
    for number in range(6):
        log.append("audit", {"data": "d" * 64, "number": number})
    return log


def edit(log, *statements):
    store = sqlite3.connect(log.path)
    store.execute("DROP TRIGGER IF EXISTS record_is_not_edited")
    store.execute("DROP TRIGGER IF EXISTS record_is_not_removed")
    for statement in statements:
        store.execute(statement)
    store.commit()
    store.close()


def test_a_log_is_whole_and_keeps_every_attempt(log):
    assert log.problems() == []
    assert [record.number for record in log.records()] == [1, 2, 3, 4, 5, 6]
    assert len(log.records("audit")) == 6
    assert log.records("override") == ()
    assert Log(log.path.with_name("other")).records() == ()
    assert Log(log.path.with_name("other")).problems() == []


@pytest.mark.parametrize(
    "statement",
    ["UPDATE record SET details = '{}'", "DELETE FROM record", "DELETE FROM record WHERE number = 6"],
)
def test_the_database_itself_refuses_edits(log, statement):
    with pytest.raises(sqlite3.IntegrityError, match="only added"):
        sqlite3.connect(log.path).execute(statement)


@pytest.mark.parametrize("column", ["time", "kind", "details", "previous", "hash"])
@pytest.mark.parametrize("number", [1, 3, 6])
def test_an_edit_of_any_column_is_detected(log, column, number):
    edit(
        log,
        f"UPDATE record SET {column} = replace({column}, substr({column}, 2, 1), '0') || 'x' WHERE number = {number}",
    )
    assert log.problems()


@pytest.mark.parametrize("number", [1, 3, 6])
def test_a_removed_record_is_detected_and_stays_so(log, number):
    edit(log, f"DELETE FROM record WHERE number = {number}")
    assert log.problems()
    log.append("alarm", {})  # going on does not heal it
    assert log.problems()


def test_swapped_cut_replaced_and_emptied_logs_are_detected(log, tmp_path):
    older = tmp_path / "older.sqlite"
    shutil.copy(log.path, older)
    log.append("alarm", {})
    noted = log.head()
    shutil.copy(older, log.path)  # an older copy put back
    assert log.problems()
    log.append("alarm", {"other": "end"})
    assert log.problems()
    log.path.unlink()
    assert log.problems()
    (tmp_path / "log.sqlite.head").unlink()  # whoever removes both is found by the head that was noted
    assert log.problems() == []
    assert log.problems(noted)


def test_a_forged_end_does_not_agree_with_a_noted_head(log):
    noted = log.head()
    assert log.problems(noted) == []
    log.append("alarm", {})
    assert log.problems(noted) == []  # it has only grown
    other = Log(log.path.with_name("forged.sqlite"))
    for number in range(9):
        other.append("audit", {"number": -number})
    assert other.problems() == []
    assert other.problems(noted)


def test_bytes_cut_off_the_file_are_detected(log):
    whole = log.path.read_bytes()
    for length in (0, 100, len(whole) // 2, len(whole) - 512):
        log.path.write_bytes(whole[:length])
        assert log.problems()


def test_writers_at_once_keep_one_chain(tmp_path):
    def write(number):
        Log(tmp_path / "log.sqlite").append("load", {"number": number})

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(40)))
    log = Log(tmp_path / "log.sqlite")
    assert len(log.records()) == 40
    assert log.problems() == []


def test_what_cannot_be_kept_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="LENNOX_LOG names another file"):
        Log(tmp_path / "file" / "log.sqlite").append("load", {})
    with pytest.raises(ValueError, match="kind must be one of"):
        Log(tmp_path / "log.sqlite").append("party", {})
    with pytest.raises(ValueError, match="no one byte form"):
        Log(tmp_path / "log.sqlite").append("load", {"share": 0.5})


def test_records_follow_the_published_schema(log):
    from pathlib import Path

    import jsonschema

    schema = json.loads((Path(__file__).parents[2] / "docs/schema/log-1.json").read_text())
    for record in log.records():
        fields = ("number", "time", "kind", "details", "previous", "hash")
        jsonschema.validate({name: getattr(record, name) for name in fields}, schema)


KILLED = """
import os, sys
from pathlib import Path
from lennox.gate.event_log import Log
real, renames = Path.replace, 0
def replace(self, target):
    global renames
    renames += 1
    if renames == int(sys.argv[2]) and sys.argv[3] == "before":
        os._exit(9)
    moved = real(self, target)
    if renames == int(sys.argv[2]):
        os._exit(9)
    return moved
Path.replace = replace
Log(Path(sys.argv[1])).append("override", {"who": "somebody"})
"""


@pytest.mark.parametrize("records", [0, 3])
@pytest.mark.parametrize(
    ("rename", "when", "kept"), [(1, "before", 0), (1, "after", 0), (2, "before", 1), (2, "after", 1)]
)
def test_a_process_killed_while_it_writes_leaves_an_honest_log(tmp_path, records, rename, when, kept):
    """Before and after each of the two times that the head file is written; the record is committed between them."""
    log = Log(tmp_path / "log.sqlite")
    for number in range(records):
        log.append("audit", {"number": number})
    command = [sys.executable, "-P", "-c", KILLED, str(log.path), str(rename), when]
    assert subprocess.run(command, check=False).returncode == 9
    assert log.problems() == []
    assert len(log.records()) == records + kept
    log.append("audit", {"number": "next"})
    assert log.problems() == []
    edit(log, f"DELETE FROM record WHERE number = {records + kept + 1}")  # and yet nothing can be cut
    assert log.problems()


def test_a_log_is_read_after_a_kill_that_left_a_journal(log):
    log.path.with_name(log.path.name + "-journal").write_bytes(b"left over" * 100)
    assert len(log.records()) == 6
    assert log.problems() == []


@pytest.mark.parametrize("value", ["x'00ff'", "1.5", "'[1]'", "'1'", "'[[[['", "CAST(x'ff' AS TEXT)"])
def test_records_edited_into_something_else_are_problems_and_no_surprise(log, value):
    edit(log, f"UPDATE record SET details = {value} WHERE number = 3")
    assert log.problems()
    with pytest.raises(InputError, match=r"damaged|cannot be used"):
        log.records()
    log.append("audit", {})
    assert log.problems()


@pytest.mark.parametrize("head", ["", "x", "²:a", "-1:a", ":", "6", "9" * 5000 + ":a"])
def test_a_noted_head_that_is_none_is_a_problem(log, head):
    assert log.problems(head)
    log.path.with_name("log.sqlite.head").write_text(head, "utf-8")
    assert log.problems()


@pytest.mark.parametrize("name", [":memory:", "file:log?mode=memory", ""])
def test_no_name_keeps_the_log_in_memory_only(tmp_path, monkeypatch, name):
    """An override that nobody can look up would not have been written down."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LENNOX_LOG", name)
    Log().append("override", {"who": "somebody"})
    assert len(Log().records()) == 1


@pytest.mark.parametrize("at", range(3))
def test_a_log_with_one_invalid_byte_is_one_sentence(log, at):
    """SQLite names what it does not understand, in bytes that are no text."""
    data = log.path.read_bytes()
    for place in range(at, data.count(b"record_is_not_edited"), 3):
        damaged = bytearray(data)
        start = [found.start() for found in re.finditer(b"record_is_not_edited", data)][place]
        damaged[start - 1 : start + 1] = b"\x87("
        log.path.write_bytes(damaged)
        for ask in (log.problems, log.records, log.head, lambda: log.append("audit", {})):
            with contextlib.suppress(InputError):
                ask()
            assert all(sentence.isprintable() for sentence in log.problems())
