"""Disks that fill up, folders that may not be written, decoders that are ended, clocks that are set back."""

import contextlib
import datetime
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from film_files import data_set, write_dicom
from film_runs import command_of, contents

from lennox.gate.event_log import Log

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="limits and mounts are of Linux")


@pytest.fixture
def started_as(tiny):
    """The command line of these arguments."""
    return lambda *arguments: command_of(tiny, arguments)


WRITING = {
    "phantom": ["phantom", "--out", "out", "--count", "1"],
    "form": ["monitor", "form", "records.jsonl", "--out", "out"],
    "audit": ["audit", "cases.csv", "--policy", "small.toml", "--out", "out"],
    "release": ["release", "shop/tiny", "--audit", "shop/audit.json", "--policy", "shop/policy.toml", "--key",
                "shop/auditor.pem", "--channel", "workshop"],
    "diagnose": ["diagnose", "films", "--out", "out"],
}  # fmt: skip


def said_once(process, status):
    """One sentence, and the status of a file or folder that cannot be used."""
    said = process.communicate(timeout=300)[1].decode()
    assert process.returncode == status, said
    assert said.startswith("lennox: "), said
    assert said.count("\n") == 1 or ":\n- " in said, said  # a refusal lists its reasons
    assert "Traceback" not in said
    return said


def files_in(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@LINUX
@pytest.mark.parametrize("what", WRITING)
def test_a_disk_that_is_full_leaves_nothing_half_written(lennox_process, films, shop, tmp_path, monkeypatch, what):
    """No file may grow beyond 100 bytes, the log among them; what lay there before is as it was."""
    monkeypatch.setenv("LENNOX_TRUST", str(shop.trust_file))
    before = files_in(tmp_path)
    full = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))}
    said = said_once(lennox_process(*WRITING[what], **full), 4 if what == "diagnose" else 2)
    assert "File too large" in said or "cannot be used" in said
    after = files_in(tmp_path)
    assert after.keys() - before.keys() <= {tmp_path / "out/.unfinished/lock"}
    assert all(after[path] == data for path, data in before.items())


def in_namespace(prepare, process_command, **options):
    """Run a shell script as root of a user namespace with mounts of its own; "$@" is the command."""
    command = ["unshare", "-rm", "sh", "-c", prepare, "sh", *process_command]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, **options)


@pytest.fixture(scope="session")
def mounts():
    if shutil.which("unshare") is None or in_namespace("mount -t tmpfs none /mnt", []).returncode != 0:
        pytest.skip("this system lets nobody mount anything of his own")


FULL = """mkdir out && mount -t tmpfs -o size=12k none out; "$@"; status=$?; find out -type f -size +0 > written
mount -o remount,size=64m out; "$@" --resume >&2; cp -r out kept; exit $status"""


@pytest.mark.parametrize("form", ["json", "csv", "html"])
def test_a_disk_that_fills_up_during_a_run_and_is_emptied(mounts, started_as, films, tmp_path, form):
    """Twelve kilobytes are enough for a few records: the run ends in a sentence, and goes on to the same bytes."""
    command = started_as("diagnose", "films", "--format", form, "--overlay", "--threads", "1", "--out")
    assert (
        subprocess.run([*command, "whole"], cwd=tmp_path, check=False, timeout=300, capture_output=True).returncode == 1
    )
    done = in_namespace(FULL, [*command, "out"], cwd=tmp_path)
    said = done.stderr.splitlines()
    assert done.returncode == 2, said
    assert "cannot be used: No space left on device" in said[0]
    written = (tmp_path / "written").read_text().splitlines()
    assert all(".lennox-" not in name for name in written), "a draft is left"
    assert contents(tmp_path / "kept") == contents(tmp_path / "whole")


READ_ONLY = 'mkdir -p locked && mount --bind locked locked && mount -o remount,ro,bind locked; "$@"'


@pytest.mark.parametrize("what", WRITING)
def test_a_folder_that_may_not_be_written_is_one_sentence(mounts, started_as, films, shop, tmp_path, what, monkeypatch):
    monkeypatch.setenv("LENNOX_TRUST", str(shop.trust_file))
    arguments = ["locked/out" if part == "out" else part for part in WRITING[what]]
    script = READ_ONLY
    if what == "release":
        script = script.replace("locked", "shop")
    done = in_namespace(script, started_as(*arguments), cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "Read-only file system" in done.stderr
    assert done.stderr.count("\n") == 1


@LINUX
def test_a_decoder_that_the_system_ends_is_one_film(invoke, films, tmp_path):
    """As by the killer of processes when memory is short."""
    film = data_set(np.random.default_rng(0).integers(0, 4096, (3000, 3000)).astype(np.uint16), BitsStored=12)
    (films / "5.dcm").write_bytes(write_dicom(film, "1.2.840.10008.1.2.4.90"))
    over = threading.Event()

    def end_decoders():
        while not over.wait(0.002):
            children = Path(f"/proc/{os.getpid()}/task").glob("*/children")
            for child in " ".join(path.read_text() for path in children if path.exists()).split():
                with contextlib.suppress(OSError):
                    if b"gdcm_decoder" in Path(f"/proc/{child}/cmdline").read_bytes():
                        os.kill(int(child), signal.SIGKILL)

    killer = threading.Thread(target=end_decoders)
    killer.start()
    try:
        result = invoke("diagnose", films, "--out", tmp_path / "out")
    finally:
        over.set()
        killer.join()
    assert result.exit_code == 1, result.output
    records = [json.loads(line) for line in (tmp_path / "out/examinations.jsonl").read_text().splitlines()]
    reasons = {record["source"]["name"]: record["reasons"] for record in records}
    assert reasons["5.dcm"] == [
        "Decoding the pixels was ended by the system, which may be short of memory. Assess the film again."
    ]
    assert sum(record["status"] == "assessed" for record in records) == 3


def test_with_the_clock_set_back_no_override_loads(invoke, films, monkeypatch):
    """One that is over would be of use again."""
    assert invoke("diagnose", films / "0.png").exit_code == 0
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=20)
    with monkeypatch.context() as patch:
        patch.setattr("lennox.gate.event_log.now", lambda: later)
        Log().append("audit", {})
    result = invoke("diagnose", films / "0.png")
    assert result.exit_code == 4
    assert f"has a record of {later:%Y-%m-%d}: set the clock" in " ".join(result.output.split())
