"""Processes as each system has them; what this one is not is played by what it lacks."""

import importlib.util
import os
import signal
import sys
import types
from pathlib import Path

import pytest

from lennox.system import process


def test_processors_are_those_that_this_process_is_bound_to(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 5, 7}, raising=False)
    assert process.bound_processors() == 3
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert process.bound_processors() == 1


def test_a_system_that_binds_no_process_says_so(monkeypatch):
    monkeypatch.delattr("os.sched_setaffinity", raising=False)
    assert not process.bind_processors(1)


def test_a_system_without_limits_of_memory_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "resource", None)
    assert not process.limit_data(1 << 30)


@pytest.mark.parametrize(("system", "wanted"), [("darwin", 5000), ("freebsd", 5000 * 1024)])
def test_the_peak_is_in_bytes_whatever_the_system_counts_in(monkeypatch, tmp_path, system, wanted):
    usage = types.SimpleNamespace(ru_maxrss=5000)
    fake = types.SimpleNamespace(getrusage=lambda _: usage, RUSAGE_SELF=0)
    monkeypatch.setattr(process, "_STATUS", tmp_path / "none")
    monkeypatch.setattr(process, "sys", types.SimpleNamespace(platform=system))
    monkeypatch.setitem(sys.modules, "resource", fake)
    assert process.peak_bytes() == wanted
    monkeypatch.setitem(sys.modules, "resource", None)
    assert process.peak_bytes() is None


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_scratch_file_is_read_back_and_mapped(monkeypatch, in_memory):
    if not in_memory:
        monkeypatch.delattr("os.memfd_create", raising=False)
    with process.scratch_file() as stream:
        stream.write(b"pixels")
        stream.flush()
        found = process.mapped(stream, 6)
        assert (bytes(found), found.readonly) == (b"pixels", True)
        assert process.mapped(stream, 0) == b""


@pytest.mark.skipif(os.name != "posix", reason="signals differ")
def test_how_a_process_ended():
    assert process.ending(-signal.SIGKILL) == "killed"
    assert process.ending(-signal.SIGXCPU) == "out of time"
    assert {process.ending(status) for status in (0, 1, -signal.SIGSEGV)} == {"other"}


def test_where_there_are_no_signals_a_process_just_ended(monkeypatch):
    monkeypatch.delattr("signal.SIGKILL", raising=False)
    monkeypatch.delattr("signal.SIGXCPU", raising=False)
    assert {process.ending(status) for status in (0, 1, -9, -24, 3221225477)} == {"other"}


def test_memory_is_given_back_or_not_and_nothing_fails(monkeypatch):
    process.return_free_memory()

    def no_library(name):
        raise TypeError("bad argument type for built-in operation")  # what Windows says to None

    monkeypatch.setattr("ctypes.CDLL", no_library)
    process.return_free_memory()


def test_a_decoder_answers_where_there_are_no_signals_and_no_file_in_memory(tmp_path, monkeypatch):
    from lennox.image.decoder_process import DecodingBudget, run_decoder

    (tmp_path / "decoder.py").write_text("def decode(header, data):\n    yield data[::-1]\n")
    for name in ("os.memfd_create", "signal.SIGKILL", "signal.SIGXCPU"):
        monkeypatch.delattr(name, raising=False)
    answer = run_decoder(str(tmp_path / "decoder.py"), {}, b"abc", DecodingBudget(1000, 0.1))
    assert bytes(answer) == b"cba"


@pytest.fixture
def confined(monkeypatch):
    """Loads the child's program as on another system, without `resource` there if need be."""

    def load(system, resource):
        monkeypatch.setattr("sys.platform", system)
        monkeypatch.setitem(sys.modules, "resource", resource)
        spec = importlib.util.spec_from_file_location("confined", Path(process.__file__).with_name("confined.py"))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


HEADER = {"seconds": 2, "memory": 1 << 20, "output": 1000}


def test_windows_has_none_of_the_limits(confined):
    confined("win32", None).confine(HEADER)


def test_linux_never_goes_without_them(confined):
    with pytest.raises(ImportError):
        confined("linux", None)


class Limits(types.SimpleNamespace):
    """`resource` of a Mac: all names are there, and the limit of address space is refused."""

    RLIMIT_CPU, RLIMIT_AS, RLIMIT_FSIZE, RLIMIT_CORE, RLIMIT_NOFILE, RLIM_INFINITY = range(6)

    def getrlimit(self, what):
        return self.RLIM_INFINITY, self.RLIM_INFINITY

    def setrlimit(self, what, limits):
        if what == self.RLIMIT_AS:
            raise ValueError("current limit exceeds maximum limit")
        self.set.append(what)

    def getpagesize(self):
        return 4096


def test_a_mac_keeps_the_limits_it_has_and_linux_needs_every_one(confined):
    resource = Limits(set=[])
    confined("darwin", resource).confine(HEADER)
    assert resource.set == [resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NOFILE]
    with pytest.raises(ValueError, match="exceeds"):
        confined("linux", resource).confine(HEADER)
