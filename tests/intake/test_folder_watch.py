"""A watched folder: whole files only, each film once, whatever happens to the program."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from PIL import Image as Raster

from lennox.errors import InputError
from lennox.intake.film_intake import FilmIntake
from lennox.intake.folder_watch import FolderWatch, WatchOptions
from lennox.runs.run import Format, Outputs, ReadOptions

QUICK = WatchOptions(rest_s=0.2, poll_s=0.3, notified=False)


@pytest.fixture
def service(tmp_path, model):
    """Run the service over `in/` until no film waits, or beside a function."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()

    def run(meanwhile=None, options=QUICK, outputs=None, deliver=None):
        with FilmIntake(out, model, ReadOptions(), outputs or Outputs(), deliver=deliver) as intake:
            watch = FolderWatch(folder, intake, options)
            if meanwhile is None:
                watch.run(until_idle=True)
                return
            thread = threading.Thread(target=watch.run)
            thread.start()
            try:
                meanwhile()
            finally:
                watch.stop()
                thread.join()

    run.folder, run.out = folder, out
    return run


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def done(out):
    return [json.loads(line)["name"] for line in (out / "done.jsonl").read_text().splitlines()]


def test_every_film_gets_its_results_and_files_of_other_kinds_none(service, films):
    for path in films.iterdir():
        path.rename(service.folder / path.name)
    service(outputs=Outputs(Format.HTML, overlay=True, fhir=True))
    assert sorted(done(service.out)) == ["0.png", "1.png", "2.png", "4.png"]  # the last is not assessable, and said so
    for name in ("0.png", "1.png", "2.png"):
        assert (service.out / f"overlays/{name}.png").is_file()
        assert (service.out / f"fhir/{name}.json").is_file()
    page = (service.out / "report.html").read_text()
    assert all(name in page for name in ("0.png", "1.png", "2.png", "3.png", "4.png"))
    assert (service.out / "quarantine/3.png").read_bytes() == b"not a picture"
    assert "no known image format" in (service.out / "quarantine/3.png.reason.txt").read_text()
    assert not list(service.out.rglob("*notes*"))


@pytest.mark.parametrize("notified", [True, False])
def test_a_file_that_grows_is_read_once_it_rests(service, write_films, tmp_path, notified):
    if notified:
        pytest.importorskip("watchdog", reason="needs watchdog, of lennox[watch]")
    data = (write_films(tmp_path / "films", 1) / "0.png").read_bytes()

    def slowly():
        with (service.folder / "a.png").open("wb") as stream:
            for part in range(8):
                stream.write(data[part * len(data) // 8 : (part + 1) * len(data) // 8])
                stream.flush()
                assert not (service.out / "records").exists()
                time.sleep(0.1)
        until(lambda: done(service.out) == ["a.png"])

    service(slowly, WatchOptions(rest_s=0.6, poll_s=60 if notified else 0.2, notified=notified))
    assert json.loads((service.out / "records/a.png.json").read_text())["status"] == "assessed"
    assert not (service.out / "quarantine").exists()


def test_a_renamed_file_is_read_at_once_and_its_unfinished_name_never(service, write_films, tmp_path):
    pytest.importorskip("watchdog", reason="needs watchdog, of lennox[watch]")
    film = write_films(tmp_path / "films", 1) / "0.png"

    def rename():
        time.sleep(0.3)
        (service.folder / "a.png.part").write_bytes(film.read_bytes())
        time.sleep(0.3)
        (service.folder / "a.png.part").rename(service.folder / "a.png")
        until(lambda: done(service.out) == ["a.png"])

    service(rename, WatchOptions(rest_s=3600, poll_s=3600))  # neither rest nor a look would find it


def test_a_cut_film_is_quarantined_until_the_rest_of_it_comes(service, write_films, tmp_path):
    data = (write_films(tmp_path / "films", 1) / "0.png").read_bytes()
    (service.folder / "a.png").write_bytes(data[: len(data) // 2])
    service()
    assert done(service.out) == []
    assert (service.out / "quarantine/a.png.reason.txt").exists()
    assert json.loads((service.out / "health.json").read_text())["quarantined"] == 1
    (service.folder / "a.png").write_bytes(data)
    service()
    assert done(service.out) == ["a.png"]
    assert not list((service.out / "quarantine").iterdir())


def test_nothing_is_read_twice_and_what_is_new_under_an_old_name_is(service, write_films, tmp_path):
    write_films(service.folder, 3)
    service()
    times = {path: path.stat().st_mtime_ns for path in (service.out / "records").iterdir()}
    (service.out / "done.jsonl").write_text('{"name": "0.png", "sta')  # as a power cut leaves it
    (write_films(tmp_path / "more", 5) / "4.png").replace(service.folder / "1.png")
    service()
    new = {path.name for path, when in times.items() if path.stat().st_mtime_ns != when}
    assert new == {"1.png.json"}
    assert sorted(done(service.out)) == ["0.png", "1.png", "2.png"]


def test_results_that_could_not_be_sent_are_sent_later_without_reading_the_film_again(
    service, write_films, monkeypatch
):
    from lennox.intake import film_intake, folder_watch

    write_films(service.folder, 1)
    monkeypatch.setattr(folder_watch, "_RETRY_S", 0.1)
    sent = []

    def deliver(examination, paths):
        sent.append(examination)
        if len(sent) < 3:
            raise film_intake.DeliveryError("the archive does not answer.")

    service(deliver=deliver)
    assert len(sent) == 3
    assert done(service.out) == ["0.png"]
    assert (service.out / "service.log").read_text().count("not delivered yet: the archive does not answer") == 2


def test_neither_log_nor_health_line_names_a_film(service, write_films):
    (write_films(service.folder, 1) / "0.png").rename(service.folder / "Roe Jane.png")
    service()
    for name in ("service.log", "health.json"):
        assert "Roe" not in (service.out / name).read_text()
        assert (service.out / name).stat().st_mode & 0o077 == 0


def test_a_folder_that_is_not_there_is_said(tmp_path, model):
    with (
        FilmIntake(tmp_path / "out", model, ReadOptions(), Outputs()) as intake,
        pytest.raises(InputError, match="no fold"),
    ):
        FolderWatch(tmp_path / "none", intake)


def test_killed_again_and_again_each_film_is_answered_exactly_once(tmp_path, tiny, unreleased, drawn):
    """kill -9 at any moment; what was recorded before is never written again, and nothing is left out."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for number in range(20):
        Raster.fromarray(np.roll(drawn[::4, ::4], number, 1)).save(folder / f"{number}.png")
    command = [sys.executable, "-P", "-m", "lennox", "watch", folder, "--out", out, "--poll", "--rest", "0.1", "--once",
               "--model", tiny, *unreleased, "--threads", "1", "--fhir"]  # fmt: skip
    environment, written, kills = os.environ | {"OMP_NUM_THREADS": "1"}, {}, 0
    for target in (3, 11, None):
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
        while target is not None and process.poll() is None and len(list((out / "records").glob("*"))) < target:
            time.sleep(0.005)
        if target is not None:
            process.send_signal(signal.SIGKILL)
            kills += process.wait() == -signal.SIGKILL
        else:
            assert process.wait(120) == 0, process.stderr.read()
        process.stderr.close()
        now = {path: path.stat().st_mtime_ns for path in (out / "records").glob("*.json")}
        assert {path: now[path] for path in written} == written
        written = now
    assert kills == 2
    assert sorted(done(out)) == sorted(path.name for path in folder.iterdir())
    assert len((out / "examinations.jsonl").read_text().splitlines()) == 20
    assert not (out / ".unfinished").exists()


def test_sigterm_ends_it_and_the_health_line_says_so(tmp_path, films, tiny, unreleased):
    out = tmp_path / "out"
    command = [sys.executable, "-P", "-m", "lennox", "watch", films, "--out", out, "--poll", "--rest", "0.1",
               "--model", tiny, *unreleased]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env=os.environ | {"OMP_NUM_THREADS": "1"})
    health = [*command[:5], films, "--out", out, "--health"]
    until(lambda: (out / "health.json").exists() and "last_film" in (out / "health.json").read_text())
    assert subprocess.run(health, capture_output=True, check=False).returncode == 0
    process.terminate()
    assert process.wait(60) == 0, process.stderr.read()
    process.stderr.close()
    ended = subprocess.run(health, capture_output=True, text=True, check=False)
    assert (ended.returncode, json.loads(ended.stdout)["state"]) == (1, "stopped")
