"""The whole measurement with a tiny model, in short: what it says, what it leaves behind, and when it refuses."""

import getpass
import json
import os
import socket
import tempfile
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from tiny_model import write_tiny_model

from lennox.bench import measurements as measuring
from lennox.bench.bench_record import to_record, two_digits, verdict, warnings
from lennox.bench.measurements import Profile, Spread, measure, thread_counts
from lennox.bench.process_limits import Limit, Limits
from lennox.errors import InputError, LennoxError, ModelError

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/bench-1.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(measuring, "SECONDS", 0.02)
    monkeypatch.setattr(measuring, "STARTS", (1, 1))


@pytest.fixture(scope="session")
def found(tiny, tmp_path_factory):
    """A short measurement, and the files that were there before it and after it."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        (home / "tmp").mkdir()
        patch.setattr(measuring, "SECONDS", 0.02)
        patch.setattr(measuring, "STARTS", (2, 2))
        patch.setattr(tempfile, "tempdir", str(home / "tmp"))
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "TMPDIR"):
            patch.setenv(name, str(home / "tmp" if name == "TMPDIR" else home))
        for name in ("LENNOX_LOG", "LENNOX_KERNELS"):
            patch.delenv(name, raising=False)
        bench = measure(tiny)
        return bench, sorted(str(path.relative_to(home)) for path in home.rglob("*"))


def test_the_schema_is_valid_and_every_object_is_closed():
    VALIDATOR.check_schema(SCHEMA)

    def closed(part):
        if isinstance(part, dict):
            assert part.get("type") != "object" or "additionalProperties" in part
            for inner in part.values():
                closed(inner)
        elif isinstance(part, list):
            for inner in part:
                closed(inner)

    closed(SCHEMA)


def test_a_measurement_follows_the_schema(found):
    record = json.loads(json.dumps(to_record(found[0])))
    VALIDATOR.validate(record)
    (figures,) = record["figures"]
    assert figures["limits"] == []
    assert figures["cold_start_s"]["count"] == 2
    assert 0 < figures["film_s"]["median"] < figures["cold_start_s"]["median"]
    assert [rate["threads"] for rate in figures["films_a_minute"]] == thread_counts(record["computer"]["processors"])
    assert record["model"]["release"] == "unreleased"
    assert figures["provider"] == "CPUExecutionProvider"


def test_it_leaves_nothing_behind(found):
    assert found[1] == ["tmp"]


def test_the_record_does_not_say_whose_computer_it_is(found):
    text = json.dumps(to_record(found[0])).replace(found[0].computer.processor, "")  # "w/ Radeon Graphics"
    for name in (socket.gethostname(), getpass.getuser(), str(Path.home()), tempfile.gettempdir(), os.sep + "tmp"):
        assert f'"{name}' not in text
        assert name not in text or len(name) < 6  # a short name may be part of another word
    assert "/" not in text.replace("lennox.bench/1", "")


def test_a_weak_pc_is_emulated_as_far_as_the_system_lets(tiny, short):
    record = to_record(measure(tiny, "low-cost"))
    VALIDATOR.validate(record)
    (figures,) = record["figures"]
    assert [rate["threads"] for rate in figures["films_a_minute"]] == [1]
    assert {"one processor", "512 MiB of memory"} == {limit["name"] for limit in figures["limits"]}
    assert "instructions older than those this processor has" in record["not_emulated"]


def test_a_model_that_is_not_there(short):
    with pytest.raises(ModelError, match="there is no model 'nobody'"):
        measure("nobody")


def test_a_model_that_does_not_read_films_cannot_be_timed(tmp_path, short):
    with pytest.raises(InputError, match="does not assess the drawn films"):
        measure(write_tiny_model(tmp_path / "other", kinds=("panoramic",)))


@pytest.mark.parametrize("cause", ["no report", "no memory"])
def test_a_process_that_fails_is_told(cause, tiny, short, monkeypatch):
    profile = Profile("low-cost", Limits(memory_mib=1) if cause == "no memory" else Limits())
    monkeypatch.setitem(measuring.PROFILES, "hopeless", profile)
    if cause == "no report":
        monkeypatch.setattr(measuring.sys, "executable", "true")
    elif not Path("/proc/self/status").exists():
        pytest.skip("this system has no limit of memory")
    with pytest.raises(LennoxError, match="a process that was to be measured failed"):
        measure(tiny, "hopeless")


# In words


def held(bench, *limits):
    return replace(bench.figures, limits=limits, film_s=Spread(0.31, 0.3, 0.4, 9))


def test_the_verdict_says_what_was_held_and_not_what_was_tried(found):
    figures = held(
        found[0], Limit("one processor", True, "affinity"), Limit("512 MiB of memory", False, "no such limit")
    )
    assert verdict(figures).startswith("As a PC with one processor, it reads a film in about 0.31 s once lennox runs")
    assert verdict(held(found[0])).startswith(
        "This PC reads a film in about 0.31 s once lennox runs, the first one in "
    )


def test_a_busy_computer_is_warned_of(found):
    calm = replace(found[0], others=0.02)
    assert warnings(calm) == []
    busy = replace(calm, others=0.43)
    assert busy.busy
    assert "Other programs took 43% of this PC meanwhile, so it is faster" in warnings(busy)[0]
    battery = replace(calm, computer=replace(calm.computer, on_battery=True, governor="powersave"))
    assert len(warnings(battery)) == 2


@pytest.mark.parametrize(
    ("value", "text"), [(0.0734, "0.073"), (0.52, "0.52"), (1.04, "1.0"), (31.4, "31"), (2449.0, "2,400"), (0.0, "0")]
)
def test_two_digits(value, text):
    assert two_digits(value) == text


def test_thread_counts():
    assert [thread_counts(count) for count in (1, 2, 3, 4, 6, 8, 12, 64)] == [
        [1], [1, 2], [1, 2, 3], [1, 2, 4], [1, 2, 4, 6], [1, 2, 4, 8], [1, 2, 4, 8, 12], [1, 2, 4, 8, 64],
    ]  # fmt: skip
