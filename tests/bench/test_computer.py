"""What is said of a computer, and who else works on it; a system that says nothing is no error."""

import os
import subprocess
import sys
import time

import pytest

from lennox.bench import computer
from lennox.bench.computer import Watch, this_computer, versions


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
def test_linux_says_what_it_is():
    found = this_computer()
    assert found.processor
    assert found.processors >= 1
    assert found.memory_mib > 100
    assert found.instructions is not None
    assert {"python", "numpy", "onnxruntime", "pillow"} <= set(versions())


@pytest.fixture
def silent(monkeypatch):
    """A system like Windows: no /proc, no /sys, no load average, no sysconf."""
    monkeypatch.setattr(computer, "_line", lambda path: None)
    monkeypatch.setattr(computer, "processor_flags", lambda: None)
    monkeypatch.setattr(computer.Path, "read_text", lambda *_: (_ for _ in ()).throw(OSError()))
    for name in ("getloadavg", "sysconf"):
        monkeypatch.delattr(os, name, raising=False)


def test_a_system_that_says_nothing_is_no_error(silent):
    found = this_computer()
    assert (found.instructions, found.memory_mib, found.governor) == (None, None, None)
    watch = Watch()
    assert watch.load_average is None
    assert watch.others() is None


def test_where_only_the_load_is_known_it_stands_for_the_others(silent, monkeypatch):
    monkeypatch.setattr(os, "getloadavg", lambda: (1.0, 0.0, 0.0), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert Watch().others() == 0.25


def test_the_share_of_others_leaves_out_what_was_measured(monkeypatch):
    """Of two processors in 10 s, 15 s were busy, of which our own were 5: the others took half of all."""
    clock, busy, own = iter([0.0, 10.0]), iter([100.0, 115.0]), iter([1.0, 6.0])
    monkeypatch.setattr(computer.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(computer, "_busy_s", lambda: next(busy))
    monkeypatch.setattr(computer, "_own_s", lambda: next(own))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert Watch().others() == pytest.approx(0.5)


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
def test_children_count_as_own_time():
    before, busy = computer._own_s(), computer._busy_s()
    start = time.process_time()
    subprocess.run([sys.executable, "-c", "sum(range(10_000_000))"], check=True)
    assert time.process_time() - start < computer._own_s() - before
    assert computer._busy_s() > busy


def test_a_battery(tmp_path, monkeypatch):
    assert computer._on_battery() in (None, True, False)
    (tmp_path / "BAT0").mkdir()
    (tmp_path / "BAT0/status").write_text("Discharging\n")
    monkeypatch.setattr(computer, "BATTERIES", tmp_path)
    assert computer._on_battery() is True
