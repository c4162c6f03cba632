"""What is said of a computer, and who else works on it; a system that says nothing is no error."""

import subprocess
import sys
import time
from types import SimpleNamespace

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


def test_a_system_that_says_little_is_no_error(monkeypatch):
    """No flags, no name, no battery, no /sys: as far as it can be had on other systems."""
    monkeypatch.setattr(computer, "_line", lambda path: None)
    monkeypatch.setattr(computer.cpuinfo, "get_cpu_info", dict)
    monkeypatch.delattr(computer.psutil, "sensors_battery")
    found = this_computer()
    assert (found.instructions, found.governor, found.on_battery) == (None, None, None)
    assert found.processor


def test_the_share_of_others_leaves_out_what_was_measured(monkeypatch):
    """Of two processors in 10 s, 15 s were busy, of which our own were 5: the others took half of all."""
    clock, busy, own = iter([0.0, 10.0]), iter([100.0, 115.0]), iter([1.0, 6.0])
    monkeypatch.setattr(computer.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(computer, "_busy_s", lambda: next(busy))
    monkeypatch.setattr(computer, "_own_s", lambda: next(own))
    monkeypatch.setattr(computer.psutil, "cpu_count", lambda: 2)
    assert Watch().others() == pytest.approx(0.5)


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
def test_children_count_as_own_time():
    before, busy = computer._own_s(), computer._busy_s()
    start = time.process_time()
    subprocess.run([sys.executable, "-c", "sum(range(10_000_000))"], check=True)
    assert time.process_time() - start < computer._own_s() - before
    assert computer._busy_s() > busy


def test_a_battery(monkeypatch):
    assert computer._on_battery() in (None, True, False)
    for plugged, said in ((False, True), (True, False), (None, False)):
        battery = SimpleNamespace(power_plugged=plugged)
        monkeypatch.setattr(computer.psutil, "sensors_battery", lambda battery=battery: battery)
        assert computer._on_battery() is said
