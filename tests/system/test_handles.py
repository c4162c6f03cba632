"""Files as each system has them; what this one is not is played by its module `msvcrt` and the errors it raises."""

import errno
import os
import stat
import subprocess
import sys
import types
from pathlib import Path

import pytest

from lennox.files import atomic_write
from lennox.system import handles

POSIX = pytest.mark.skipif(os.name != "posix", reason="permissions are bits on POSIX alone")


@pytest.fixture
def windows(monkeypatch):
    """Windows: no flock, no O_NOFOLLOW, and a lock of msvcrt that one handle can hold; gives who holds it."""
    held = {}

    def locking(handle, mode, count):
        assert (mode, count) == (2, 1)
        file = os.fstat(handle).st_ino
        if file in held:
            raise PermissionError(errno.EACCES, "Permission denied")
        held[file] = handle

    monkeypatch.setattr(handles, "fcntl", None)
    monkeypatch.setattr(handles, "_NO_LINK", 0)
    monkeypatch.setitem(sys.modules, "msvcrt", types.SimpleNamespace(locking=locking, LK_NBLCK=2))
    return held


@pytest.fixture(params=["this system", "windows"])
def any_system(request):
    if request.param == "windows":
        request.getfixturevalue("windows")


@POSIX
@pytest.mark.parametrize(("private", "mode"), [(True, 0o600), (False, 0o644)])
def test_a_new_file_is_this_user_s_alone_or_follows_the_umask(tmp_path, private, mode):
    before = os.umask(0o022)
    try:
        os.close(handles.open_new(tmp_path / "file", private=private))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


def test_a_new_file_is_never_one_that_was_there(tmp_path):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(FileExistsError):
        handles.open_new(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "kept"


def test_what_is_added_to_a_file_comes_after_what_it_holds(tmp_path):
    for line in (b"one\n", b"two\n"):
        with os.fdopen(handles.open_to_append(tmp_path / "log"), "ab") as stream:
            stream.write(line)
    assert (tmp_path / "log").read_bytes() == b"one\ntwo\n"


@pytest.mark.parametrize("open_it", [handles.open_plain, handles.ensure_private, handles.lock])
def test_links_are_not_followed(any_system, tmp_path, open_it):
    (tmp_path / "file").write_text("elsewhere")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with pytest.raises(OSError, match="symbolic links") as found:
        open_it(tmp_path / "link")
    assert found.value.errno == errno.ELOOP


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_pipe_keeps_nobody_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    os.close(handles.open_plain(tmp_path / "pipe"))


def test_a_private_file_is_made_only_where_it_may_be(tmp_path):
    with pytest.raises(FileNotFoundError):
        handles.ensure_private(tmp_path / "file", create=False)
    handles.ensure_private(tmp_path / "file")
    handles.ensure_private(tmp_path / "file", create=False)


def test_a_lock_has_one_holder_and_leaves_nothing(any_system, tmp_path):
    path = tmp_path / "new" / "lock"
    held = handles.lock(path)
    with pytest.raises(BlockingIOError):
        handles.lock(path)
    handles.unlock(held, path)
    assert not path.parent.exists()


@POSIX
def test_a_lock_is_free_once_its_process_is_killed(tmp_path):
    path = tmp_path / "lock"
    code = (
        "import sys, pathlib; from lennox.system.handles import lock\n"
        "lock(pathlib.Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(path)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "held\n"
    with pytest.raises(BlockingIOError):
        handles.lock(path)
    child.kill()
    child.communicate()
    handles.unlock(handles.lock(path), path)


def test_any_other_error_of_a_lock_is_that_error(windows, monkeypatch, tmp_path):
    def fails(*_):
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(sys.modules["msvcrt"], "locking", fails)
    with pytest.raises(OSError, match="no locks") as found:
        handles.lock(tmp_path / "lock")
    assert not isinstance(found.value, BlockingIOError)


@pytest.fixture
def scanner(monkeypatch):
    """A virus scanner that keeps a file open: so often its renaming is refused. Gives what is left of that."""
    left = [3]
    rename = Path.replace

    def refuse(draft, target):
        if left[0]:
            left[0] -= 1
            raise PermissionError(errno.EACCES, "Access is denied")
        return rename(draft, target)

    monkeypatch.setattr(Path, "replace", refuse)
    monkeypatch.setattr(handles, "_PAUSE_S", 0)
    return left


def test_windows_replaces_a_file_once_a_scanner_has_closed_it(windows, scanner, tmp_path):
    (tmp_path / "file").write_text("old")
    atomic_write(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "new"
    assert scanner == [0]


def test_a_file_that_stays_open_is_an_error_and_no_endless_wait(windows, scanner, monkeypatch, tmp_path):
    scanner[0] = 10**9
    monkeypatch.setattr(handles, "_REPLACING_S", 0)
    (tmp_path / "file").write_text("old")
    with pytest.raises(PermissionError):
        atomic_write(tmp_path / "file", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "old"


@POSIX
def test_elsewhere_a_refusal_is_final(scanner, tmp_path):
    with pytest.raises(PermissionError):
        atomic_write(tmp_path / "file", "new")
    assert scanner == [2]


@pytest.mark.parametrize("name", ["film.png", "CON-1.png", "console.png", "äñ film (2).dcm", "com10.png", ".hidden"])
def test_names_that_every_system_keeps(name):
    assert handles.is_portable(name)


@pytest.mark.parametrize(
    "name",
    ["", "CON", "con.png", "nul.tar.gz", "Aux .png", "COM1.dcm", "lpt³", "film.", "film ", "a:b.png", "a/b", "a\\b",
     "what?.png", "tab\t.png", "CONIN$"],
)  # fmt: skip
def test_names_that_some_system_has_for_itself(name):
    assert not handles.is_portable(name)
