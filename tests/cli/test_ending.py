import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lennox.errors import one_line

FULL = Path("/dev/full")


def finish(process):
    stdout, stderr = process.communicate(timeout=120)
    assert b"Traceback" not in stderr
    return process.returncode, (stdout or b"").decode(), stderr.decode()


def test_statuses_of_the_real_command(lennox_process, films):
    assert finish(lennox_process("diagnose", "films/0.png"))[0] == 0
    assert finish(lennox_process("diagnose", "films"))[0] == 1
    assert finish(lennox_process("diagnose", "nothing"))[0] == 2
    assert finish(lennox_process("diagnose", "films/0.png", "--operating-point", "best"))[0] == 2


def test_a_reader_that_leaves_is_no_error(lennox_process, write_films, tmp_path):
    write_films(tmp_path / "many", 12)
    process = lennox_process("diagnose", "many", "--threads", "1")
    assert process.stdout.readline().startswith(b"{")
    process.stdout.close()
    stderr = process.stderr.read()
    assert process.wait(timeout=120) == 141
    assert stderr == b""


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
@pytest.mark.parametrize("form", ["json", "csv", "html"])
def test_a_full_disk_is_one_sentence(lennox_process, films, form):
    with FULL.open("wb") as full:
        status, _, stderr = finish(lennox_process("diagnose", "films/0.png", "--format", form, stdout=full))
    assert status == 2
    assert stderr == (
        "lennox: the output cannot be used: No space left on device. "
        "Check that it is there, its permissions and free space.\n"
    )


def test_a_disk_that_fills_up_during_a_run(invoke, films, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "patients/draft"))

    monkeypatch.setattr("lennox.runs.results.ResultsFolder.save", full)
    result = invoke("diagnose", films, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "lennox: 'draft' cannot be used: No space left on device." in result.stderr
    assert "patients" not in result.stderr


@pytest.mark.parametrize("out", ["films/0.png/out", "/proc/out"])
def test_a_folder_that_cannot_be_made_is_one_sentence(lennox_process, films, out):
    status, _, stderr = finish(lennox_process("diagnose", "films", "--out", out))
    assert status == 2
    assert stderr.startswith("lennox: ")
    assert stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_ctrl_c_is_130_and_results_so_far_are_whole(lennox_process, write_films, tmp_path):
    write_films(tmp_path / "many", 40)
    listening = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}  # a background job is deaf to it
    process = lennox_process("diagnose", "many", "--threads", "1", "--overlay", "--out", "out", **listening)
    while process.poll() is None and not list((tmp_path / "out").glob("records/*")):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    status, _, stderr = finish(process)
    assert status == 130
    assert stderr == "lennox: stopped.\n"


def test_messages_are_one_line_without_terminal_codes():
    assert one_line("a\nb\x1b[31mc\udcff") == "a b\ufffd[31mc\ufffd"


def test_stdout_that_is_closed(tiny, films, tmp_path):
    command = [sys.executable, "-P", "-m", "lennox", "diagnose", "films/0.png", "--model", tiny]
    done = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *command], cwd=tmp_path, capture_output=True, env=os.environ)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
