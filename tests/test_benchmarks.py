"""What the benchmarks promise: turns, a strict verdict, no machine's name, and a page that quotes what was measured."""

import json
import platform
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RESULTS = [path for path in sorted((ROOT / "benchmarks/results").glob("*.json")) if ".growth" not in path.name]
PAGE = ROOT / "docs/contributor/performance.md"


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")


def test_calls_take_turns_and_go_first_in_turn():
    from measuring import by_itself, paired

    calls = []
    times = paired(lambda: calls.append("peer") or 2.0, lambda: calls.append("ours") or 1.0, 3, by_itself)
    assert calls == ["peer", "ours", "ours", "peer", "peer", "ours", "ours", "peer"]  # the first two warm up
    assert times.peer_s == (2.0, 2.0, 2.0)
    assert times.ours_s == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("peer", "at_least", "at_most", "good"),
    [
        ((2.0, 4.0, 4.0), 2.0, None, True),
        ((2.0, 4.0, 4.0), 3.0, None, False),  # the median of pairs is 4, the shortest times say 2
        ((3.0, 3.0, 9.0), 3.0, None, True),
        ((0.5, 0.8, 0.8), None, 2.0, True),  # 2 by the shortest times
        ((0.8, 0.8, 0.8), None, 1.2, False),
    ],
)
def test_a_target_is_met_when_both_estimates_reach_it(peer, at_least, at_most, good):
    from measuring import Paired, Work

    line = Paired(peer, (1.0, 1.0, 1.0)).compare(Work("work", "size", "peer", at_least, at_most))
    assert (line["margin"] >= 1) == good


def test_what_one_benchmark_sets_does_not_reach_the_processes_of_the_next(monkeypatch, tmp_path):
    from measuring import Cold

    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "65537")  # as Dask does, which makes PyTorch twice as slow
    assert Cold(tmp_path, "true").environment.get("MALLOC_TRIM_THRESHOLD_") != "65537"


def test_results_are_filed_under_the_processor_not_the_machine():
    from measuring import host

    assert host().endswith("-cores")
    assert platform.node().lower() not in host()


SEEN = "import numpy; print(*(name for f in numpy.show_config(mode='dicts')['SIMD Extensions'].values() for name in f))"
FAULT = "import ctypes; ctypes.string_at(1)"


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_an_older_processor_is_believed_or_refused():
    """And a real fault still ends the process."""

    def run(newest, program):
        command = [sys.executable, ROOT / "benchmarks/older.py", newest, sys.executable, "-c", program]
        return subprocess.run(command, capture_output=True, text=True)

    if run("avx2", "").returncode == 3:
        pytest.skip("this system or processor does not let CPUID be answered for")
    assert "AVX512" not in run("avx2", SEEN).stdout
    assert "V4" not in run("avx2", SEEN).stdout
    assert "AVX" not in run("no-avx", SEEN).stdout
    assert run("no-avx", FAULT).returncode == -signal.SIGSEGV % 256


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_the_table_is_that_of_the_results(path):
    from report import table

    document = json.loads(path.read_text(encoding="utf-8"))
    assert path.with_suffix(".md").read_text(encoding="utf-8") == table(document)
    assert document["machine_info"]["node"] == path.stem


def test_the_page_quotes_the_results():
    from report import costs, growth, promises

    page = PAGE.read_text(encoding="utf-8")
    (path,) = [path for path in RESULTS if path.with_suffix(".growth.json").exists()]  # the machine of the page
    document = json.loads(path.read_text(encoding="utf-8"))
    grown = json.loads(path.with_suffix(".growth.json").read_text(encoding="utf-8"))
    for text in (costs(document), promises(document), growth(grown)):
        assert f" -->\n\n{text}\n<!-- end of " in page, "python benchmarks/report.py and growth.py write the page"
