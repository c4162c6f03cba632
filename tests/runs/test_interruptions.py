"""Runs that are killed at any moment: nothing lost, doubled or half-written, and the rest is as if undisturbed."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from film_runs import contents

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGKILL)
FORMS = {
    "json": ["--overlay"],
    "csv": ["--dicom"],
    "html": ["--overlay", "--dicom", "--format", "html"],
}


def arguments(form):
    return ["diagnose", "films", "--threads", "2", "--format", form, *FORMS[form]]


@pytest.fixture
def started(lennox_process):
    """Start a run that listens to Ctrl-C, as a job in the background does not."""

    def start(*given):
        return lennox_process(*given, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))

    return start


def disturb(started, form, folder, whole, kills, seed):
    """Start the run again and again, and end it at a random moment; `whole` is what it comes to when left alone."""
    rng, longest = random.Random(seed), 3.0
    for _ in range(kills):
        began = time.monotonic()
        process = started(*arguments(form), "--out", folder.name, "--resume")
        sent = rng.choice(SIGNALS)
        try:
            process.wait(rng.uniform(0, longest))
            longest = time.monotonic() - began  # it was done: kill the next one sooner
        except subprocess.TimeoutExpired:
            process.send_signal(sent)
        said = process.communicate(timeout=120)[1].decode()
        assert process.returncode in {1, 130, -sent}, said  # 1: done, and one film is unreadable
        assert "Traceback" not in said or "__main__.py" not in said, said  # else Python was still looking for lennox
        kept = contents(folder) if folder.exists() else {}
        for name, data in kept.items():
            if not name.startswith(".unfinished/"):
                assert data == whole[name], f"{name} is not what an undisturbed run writes"
        if kept.keys() == whole.keys():
            for name in rng.sample(sorted(whole), len(whole) // 2):  # begin again, from somewhere in the middle
                (folder / name).unlink()


@pytest.mark.parametrize(("form", "kills"), [("json", 3), ("csv", 3), ("html", 4)])
def test_a_run_that_is_killed_ends_as_if_it_had_not_been(started, invoke, films, tmp_path, form, kills):
    check(started, tmp_path, form, kills)


@pytest.mark.slow
@pytest.mark.parametrize(("form", "kills"), [("json", 66), ("csv", 66), ("html", 68)])
def test_two_hundred_kills(started, films, tmp_path, form, kills):
    check(started, tmp_path, form, kills)


def check(started, tmp_path, form, kills):
    assert started(*arguments(form), "--out", "whole").wait(300) == 1
    whole, folder = contents(tmp_path / "whole"), tmp_path / "killed"
    disturb(started, form, folder, whole, kills, seed=kills)
    last = started(*arguments(form), "--out", "killed", "--resume")
    said = last.communicate(timeout=300)[1].decode()
    assert last.returncode == 1, said
    assert contents(folder) == whole
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()} == {0o600}


def test_two_runs_into_one_folder_do_not_meet(started, films, tmp_path):
    """One of them writes, the other one is refused in a sentence, or they follow each other."""
    assert started(*arguments("json"), "--out", "whole").wait(300) == 1
    runs = [started(*arguments("json"), "--out", "shared", "--resume") for _ in range(2)]
    said = [run.communicate(timeout=300)[1].decode() for run in runs]
    statuses = sorted(run.returncode for run in runs)
    assert statuses in ([1, 1], [1, 2]), said
    if 2 in statuses:
        assert any("another run is writing to the folder 'shared'" in text for text in said)
    assert contents(tmp_path / "shared") == contents(tmp_path / "whole")


def test_ctrl_c_does_not_wait_for_a_slow_film(started, films, tmp_path):
    """Reading sleeps for a minute, as a decoder that hangs would."""
    code = (
        "import sys, time\nfrom lennox.runs import film_work as run\n"
        "run.read_image = lambda *_, **__: (print('reading', flush=True), time.sleep(60))\n"
        "from lennox.__main__ import main\nmain()"
    )
    model = started("diagnose").args[5:]  # the options that any run of these tests has
    command = [sys.executable, "-P", "-c", code, "diagnose", "films", "--out", "slow", *model]
    listening = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.default_int_handler)}
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **listening
    )
    assert process.stdout.readline().startswith("reading")  # two workers may say it at once
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said == "lennox: stopped.\n"


DAMAGE = {
    "cut": lambda record: json.dumps(record)[:100],
    "empty": lambda record: "",
    "no object": lambda record: "[]",
    "deep": lambda record: "[" * 100_000,
    "rows are text": lambda record: json.dumps(record | {"source": record["source"] | {"rows": "many"}}),
    "an odd status": lambda record: json.dumps(record | {"status": "fine"}),
    "reasons are numbers": lambda record: json.dumps(record | {"status": "unreadable", "reasons": [1]}),
    "infinite": lambda record: json.dumps(record | {"probability": float("inf")}),
    "an odd kind": lambda record: json.dumps(record | {"source": record["source"] | {"kind": []}}),
    "a finding of nothing": lambda record: json.dumps(record | {"findings": [None]}),
    "not ASCII": lambda record: json.dumps(record, ensure_ascii=False) + "é",
    "another notice": lambda record: json.dumps(record | {"notice": "This is a diagnosis."}) + "\n",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_record_is_made_anew(invoke, films, tmp_path, damage):
    out = tmp_path / "out"
    invoke("diagnose", films, "--out", out)
    whole, path = contents(out), out / "records/1.png.json"
    path.write_text(damage(json.loads(path.read_bytes())), encoding="utf-8")
    result = invoke("diagnose", films, "--out", out, "--resume", "--format", "json")
    assert result.exit_code == 1, result.output
    assert contents(out) == whole


def test_pictures_of_what_a_file_held_before_go(invoke, films, tmp_path):
    out = tmp_path / "out"
    invoke("diagnose", films, "--out", out, "--overlay", "--dicom")
    assert (out / "overlays/1.png.png").exists()
    (films / "1.png").write_bytes(b"no longer a film")
    invoke("diagnose", films, "--out", out, "--overlay", "--dicom", "--resume")
    assert not (out / "overlays/1.png.png").exists()
    assert not (out / "captures/1.png.dcm").exists()


def test_a_film_that_goes_away_while_it_is_drawn_is_one_unreadable_film(invoke, films, tmp_path, monkeypatch):
    from lennox.runs import film_work as run

    read = run.read_image

    def vanishing(path, **options):
        image = read(path, **options)
        if str(path).endswith("1.png"):
            Path(path).unlink()
        return image

    monkeypatch.setattr(run, "read_image", vanishing)
    result = invoke("diagnose", films, "--out", tmp_path / "out", "--dicom")
    assert result.exit_code == 1
    record = json.loads((tmp_path / "out/records/1.png.json").read_bytes())
    assert record["status"] == "unreadable"
    assert "went away" in record["reasons"][0]


def test_a_closed_standard_error_changes_nothing(started, films, tmp_path):
    assert started(*arguments("json"), "--out", "whole").wait(300) == 1
    run = started(*arguments("json"), "--out", "silent")
    run.kill()
    run.wait()
    done = subprocess.run(["sh", "-c", '"$@" 2>&- 0<&-', "sh", *run.args, "--resume"], cwd=tmp_path, timeout=300)
    assert done.returncode == 1
    assert contents(tmp_path / "silent") == contents(tmp_path / "whole")


@pytest.mark.parametrize("zone", ["XXX-25:00", "<+9999>-167", ":/etc/passwd", "No/Where", "AAA+200"])
def test_an_odd_time_zone_costs_nothing(started, films, zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    run = started("diagnose", "films/0.png", "--out", "out", "--format", "html")
    said = run.communicate(timeout=300)[1].decode()
    assert run.returncode == 0, said
