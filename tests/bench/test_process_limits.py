"""A process is held to its limits, or told that it is not; each is tried in a process of its own."""

import json
import subprocess
import sys

import pytest

from lennox.bench import process_limits
from lennox.bench.process_limits import Limits

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this limit")
APPLY = (
    "import json\nfrom lennox.bench.process_limits import Limits, apply\n"
    "from lennox.inference.processors import processors; "
)


def run(script, held):
    """The JSON lines of a script that applies `held` first: the limits as they were found, then what it prints."""
    code = f"{APPLY}print(json.dumps([[x.name, x.enforced] for x in apply({held!r})]))\n{script}"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@LINUX
def test_one_processor():
    assert run("print(processors())", Limits(processors=1)) == [[["one processor", True]], 1]


@LINUX
def test_memory_ends_where_it_is_said_to():
    script = (
        "held = bytearray(100 * 2**20)\n"
        "try:\n    more = bytearray(300 * 2**20)\n    print(0)\n"
        "except MemoryError:\n    print(1)"
    )
    assert run(script, Limits(memory_mib=300)) == [[["300 MiB of memory", True]], 1]


def test_a_system_without_limits_says_so(monkeypatch):
    monkeypatch.delattr("os.sched_setaffinity", raising=False)
    monkeypatch.setitem(sys.modules, "resource", None)
    found = process_limits.apply(Limits(processors=1, memory_mib=512))
    assert [limit.enforced for limit in found] == [False] * 2
    assert all(limit.how for limit in found)


def test_a_limit_that_the_system_does_not_keep_is_no_limit(monkeypatch):
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "setrlimit", lambda *limit: None)
    assert not process_limits.apply(Limits(memory_mib=64))[0].enforced


def test_memory_that_is_not_measured(monkeypatch, tmp_path):
    assert process_limits.peak_mib() > 10
    monkeypatch.setattr("lennox.system.process._STATUS", tmp_path / "none")
    monkeypatch.setitem(sys.modules, "resource", None)
    assert process_limits.peak_mib() is None
