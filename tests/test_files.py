"""Files appear complete or not at all; digests; this user's folders."""

import hashlib
import os
import threading

import pytest

from lennox import files
from lennox.errors import InputError
from lennox.files import atomic_write, sha256_of, sha256_of_file, user_folder


def names(folder):
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize(
    ("content", "wanted"),
    [("café\n", b"caf\xc3\xa9\n"), (b"\x00\xff", b"\x00\xff"), ([b"one ", b"two"], b"one two"), ([], b"")],
)
def test_content_of_every_form_is_written(tmp_path, content, wanted):
    path = tmp_path / "file"
    path.write_bytes(b"before")
    atomic_write(path, content)
    assert path.read_bytes() == wanted
    assert names(tmp_path) == ["file"]


def test_a_failure_on_the_way_leaves_what_was_there_and_nothing_else(tmp_path):
    def parts():
        yield b"half"
        raise RuntimeError("the disk is full")

    path = tmp_path / "file"
    path.write_bytes(b"before")
    with pytest.raises(RuntimeError):
        atomic_write(path, parts())
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == ["file"]


def test_a_name_as_long_as_a_name_can_be_is_written(tmp_path):
    path = tmp_path / ("n" * 255)
    atomic_write(path, b"content")
    assert path.read_bytes() == b"content"


def test_a_private_file_is_its_owner_s_alone_and_others_follow_the_umask(tmp_path):
    before = os.umask(0o022)
    try:
        for private, wanted in ((True, 0o600), (False, 0o644)):
            atomic_write(tmp_path / "file", b"content", private=private)
            assert (tmp_path / "file").stat().st_mode & 0o777 == wanted
    finally:
        os.umask(before)


def test_a_draft_lies_where_it_is_wanted(tmp_path):
    (tmp_path / "drafts").mkdir()
    seen = []

    def parts():
        seen.extend(names(tmp_path / "drafts"))
        yield b"content"

    atomic_write(tmp_path / "file", parts(), drafts=tmp_path / "drafts")
    assert len(seen) == 1
    assert names(tmp_path / "drafts") == []


def test_writers_of_one_file_never_mix(tmp_path):
    path = tmp_path / "file"
    contents = [bytes([number]) * 100_000 for number in range(8)]
    writers = [threading.Thread(target=atomic_write, args=(path, content)) for content in contents]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert path.read_bytes() in contents
    assert names(tmp_path) == ["file"]


def test_digests_are_sha256_in_lower_case_hex(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    wanted = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, example B.1
    assert sha256_of(b"abc") == sha256_of_file(tmp_path / "file") == wanted == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize("kind", ["config", "state", "cache"])
def test_user_folders_follow_the_environment(monkeypatch, tmp_path, kind):
    monkeypatch.setenv(f"XDG_{kind.upper()}_HOME", str(tmp_path))
    assert user_folder(kind) == tmp_path / "lennox"


@pytest.mark.parametrize("kind", ["config", "state", "cache"])
@pytest.mark.parametrize("named", [None, "/somewhere", "not/absolute"])
def test_user_folders_are_those_of_platformdirs(monkeypatch, tmp_path, kind, named):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv(f"XDG_{kind.upper()}_HOME", raising=False)
    if named:
        monkeypatch.setenv(f"XDG_{kind.upper()}_HOME", named)
    assert user_folder(kind) == files._usual_folder(kind)


def test_a_user_without_a_home_is_told_so(monkeypatch):
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    with pytest.raises(InputError, match="no home folder"):
        user_folder("config")
