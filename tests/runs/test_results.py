import gc
import html
import json
import os
import re
import signal
import sys
import time
import tracemalloc

import numpy as np
import pytest
from PIL import Image as Raster

from lennox.errors import InputError
from lennox.image import read_image
from lennox.inference.load import load_candidate
from lennox.runs.films import find_films
from lennox.runs.results import ResultsFolder
from lennox.runs.run import Format, Outputs, ReadOptions, Run, share_threads

FILMS = 30


def times(folder):
    return {path.name: path.stat().st_mtime_ns for path in sorted((folder / "records").iterdir())}


def whole_files_only(folder):
    """Every file outside .unfinished is whole; returns the records."""
    for path in folder.rglob("*"):
        if path.is_file() and ".unfinished" not in path.parts:
            content = path.read_bytes()
            if path.suffix == ".json":
                json.loads(content)
            elif path.suffix == ".png":
                assert content.endswith(b"IEND\xaeB`\x82")
            else:
                assert path.name in {"examinations.jsonl", "examinations.csv", "report.html"}
    return sorted(path.name for path in (folder / "records").iterdir()) if (folder / "records").is_dir() else []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_run_leaves_no_half_file_and_goes_on(lennox_process, write_films, tmp_path):
    write_films(tmp_path / "films", FILMS)
    out = tmp_path / "out"
    arguments = ["diagnose", "films", "--threads", "2", "--overlay", "--out", "out"]
    process = lennox_process(*arguments)
    while process.poll() is None and len(list(out.glob("records/*"))) < 5:
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL, "the run ended before it could be killed"
    finished = whole_files_only(out)
    assert 5 <= len(finished) < FILMS
    assert not (out / "examinations.jsonl").exists()

    before = times(out)
    again = lennox_process(*arguments, "--resume")
    stderr = again.communicate(timeout=300)[1].decode()
    assert again.returncode == 0, stderr
    assert f"{FILMS} films" in stderr
    assert len(whole_files_only(out)) == FILMS
    kept = {name: when for name, when in times(out).items() if name in before}
    assert kept == before, "a finished film was assessed again"
    lines = (out / "examinations.jsonl").read_text().splitlines()
    assert [json.loads(line)["source"]["name"] for line in lines] == [f"{number:02}.png" for number in range(FILMS)]
    assert not (out / ".unfinished").exists()


def test_a_resumed_run_equals_an_unbroken_one(invoke, films, tmp_path):
    invoke("diagnose", films, "--out", tmp_path / "one")
    for number in (0, 3):
        invoke("diagnose", films, "--out", tmp_path / "two", "--resume")
        (tmp_path / f"two/records/{number}.png.json").unlink()
    result = invoke("diagnose", films, "--out", tmp_path / "two", "--resume")
    assert result.exit_code == 1  # as two films have no result, finished before or not
    assert (tmp_path / "one/examinations.jsonl").read_text() == (tmp_path / "two/examinations.jsonl").read_text()


def stale_film(folder, films):
    (films / "1.png").write_bytes((films / "2.png").read_bytes())
    return {"1.png.json"}


def stale_half(folder, films):
    path = folder / "records/1.png.json"
    path.write_bytes(path.read_bytes()[:100])
    return {"1.png.json"}


def stale_model(folder, films):
    path = folder / "records/2.png.json"
    record = json.loads(path.read_text())
    record["model"]["sha256"] = "0" * 64
    path.write_text(json.dumps(record))
    return {"2.png.json"}


def stale_software(folder, films):
    path = folder / "records/2.png.json"
    record = json.loads(path.read_text())
    record["software"]["version"] = "0.0.0"
    path.write_text(json.dumps(record))
    return {"2.png.json"}


def nothing_stale(folder, films):
    return set()


@pytest.mark.parametrize("change", [nothing_stale, stale_film, stale_half, stale_model, stale_software])
def test_only_what_is_stale_is_done_again(invoke, films, tmp_path, change):
    out = tmp_path / "out"
    invoke("diagnose", films, "--out", out)
    expected = change(out, films) | {"3.png.json"}  # an unreadable film is always tried again
    before = times(out)
    invoke("diagnose", films, "--out", out, "--resume")
    assert {name for name, when in times(out).items() if when != before[name]} == expected
    for name in expected - {"3.png.json"}:
        record = json.loads((out / "records" / name).read_text())
        assert record["status"] == "assessed"
        assert record["software"]["version"] != "0.0.0"


@pytest.mark.parametrize("option", [["--threshold", "0.4"], ["--operating-point", "sensitive"], ["--overlay"]])
def test_another_threshold_or_wish_makes_all_stale(invoke, films, tmp_path, option):
    out = tmp_path / "out"
    invoke("diagnose", films, "--out", out)
    before = times(out)
    invoke("diagnose", films, "--out", out, "--resume", *option)
    changed = {name for name, when in times(out).items() if when != before[name]}
    assert {"0.png.json", "1.png.json", "2.png.json"} <= changed


def test_another_format_needs_no_new_assessment(invoke, films, tmp_path):
    out = tmp_path / "out"
    invoke("diagnose", films, "--out", out, "--overlay")
    before = times(out)
    for form, name in (("csv", "examinations.csv"), ("html", "report.html")):
        invoke("diagnose", films, "--out", out, "--overlay", "--resume", "--format", form)
        assert (out / name).stat().st_size > 500
    del before["3.png.json"]
    assert before.items() <= times(out).items()


def test_memory_does_not_grow_while_a_folder_is_read(invoke, tmp_path, monkeypatch):
    films = tmp_path / "films"
    films.mkdir()
    Raster.fromarray(np.full((24, 32), 90, np.uint8)).save(films / "0000.png")
    for number in range(1, 1000):
        os.link(films / "0000.png", films / f"{number:04}.png")
    held = []

    def watched(path, *arguments, **options):
        if path.endswith("00.png"):
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
        return read_image(path, *arguments, **options)

    monkeypatch.setattr("lennox.runs.film_work.read_image", watched)
    tracemalloc.start()
    result = invoke("diagnose", films, "--threads", "1", "--out", tmp_path / "out")
    tracemalloc.stop()
    assert "1000 films" in result.stderr
    assert len(held) == 10
    # Bytes: keeping 100 examinations would be 90,000 at each step; a library that is loaded late is one step alone.
    assert np.median(np.diff(held[1:])) < 10_000, held


def test_same_names_in_different_folders_are_kept_apart(invoke, films, write_films, tmp_path):
    write_films(films / "a", 1)
    write_films(films / "b", 1)
    write_films(tmp_path / "other/films", 1)
    out = tmp_path / "out"
    result = invoke("diagnose", films, tmp_path / "other/films", films / "0.png", "-r", "--overlay", "--out", out)
    places = sorted(str(path.relative_to(out / "records")) for path in out.rglob("*.json"))
    assert places == [
        "0.png.json", "films/0.png.json", "films/1.png.json", "films/2.png.json", "films/3.png.json",
        "films/4.png.json", "films/a/0.png.json", "films/b/0.png.json", "films~2/0.png.json",
    ]  # fmt: skip
    assert "9 films" in result.stderr
    assert len((out / "examinations.jsonl").read_text().splitlines()) == 9
    assert len(list(out.rglob("*.png"))) == 7


def test_results_inside_the_folder_of_films_are_not_films(invoke, films):
    for _ in range(2):
        result = invoke("diagnose", films, "--recursive", "--overlay", "--out", films / "out", "--resume")
        assert "5 films" in result.stderr


def test_pages_of_a_long_run_name_each_other(invoke, films, tmp_path, monkeypatch):
    monkeypatch.setattr("lennox.report.run_page.FILMS_A_PAGE", 2)
    invoke("diagnose", films, "--out", tmp_path / "out", "--format", "html")
    pages = ["report.html", "report-2.html", "report-3.html"]
    assert sorted(path.name for path in (tmp_path / "out").glob("*.html")) == sorted(pages)
    second = html.unescape((tmp_path / "out/report-2.html").read_text())
    assert 'href="report.html"' in second
    assert 'href="report-3.html"' in second
    assert '"before": "report.html#film-2"' in second  # where the arrow keys lead past the ends of a page
    assert '"after": "report-3.html#film-5"' in second
    first = (tmp_path / "out/report.html").read_text()
    links = ["#film-1", "#film-2", "report-2.html#film-3", "report-2.html#film-4", "report-3.html#film-5"]
    assert re.findall(r'class="name"><a href="([^"]*)"', first) == links  # the list of all films is on the first page
    assert re.findall(r'class="name"><a href="([^"]*)"', second) == ["#film-3", "#film-4"]
    (films / "4.png").unlink()
    shorter = invoke("diagnose", films, "--out", tmp_path / "out", "--format", "html", "--resume")
    assert shorter.exit_code == 1, shorter.output  # as one film is broken
    assert not (tmp_path / "out/report-3.html").exists()  # nothing of the longer run is left to be read
    refused = invoke("diagnose", films, "--format", "html")
    assert refused.exit_code == 2
    assert "--out DIR" in refused.stderr


def test_a_folder_in_use_is_kept_as_it_is(tmp_path):
    (tmp_path / "letter.txt").write_text("keep me")
    with pytest.raises(InputError, match="not empty"):
        ResultsFolder(tmp_path, resume=False)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_file_appears_only_when_it_is_whole(tmp_path):
    results = ResultsFolder(tmp_path / "out", resume=False)

    def parts():
        yield b"first"
        assert not (tmp_path / "out/film.txt").exists()
        yield b"last"

    results.write("film.txt", parts())
    assert (tmp_path / "out/film.txt").read_bytes() == b"firstlast"


def test_one_folder_is_for_one_run_at_a_time(tmp_path):
    first = ResultsFolder(tmp_path / "out", resume=False)
    first.write("film.txt", [b"first"])
    for resume in (False, True):
        with pytest.raises(InputError, match=r"another run is writing|not empty"):
            ResultsFolder(tmp_path / "out", resume=resume)
    first.close()
    with ResultsFolder(tmp_path / "out", resume=True) as second:
        second.write("film.txt", [b"second"])
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["film.txt"]


def test_only_the_user_may_read_what_a_run_keeps(tmp_path):
    with ResultsFolder(tmp_path / "out", resume=False) as results:
        results.write("captures/a name.dcm", [b"x"])
    assert (tmp_path / "out/captures/a name.dcm").stat().st_mode & 0o777 == 0o600


def test_what_the_command_does_a_program_can_do(films, tiny, tmp_path):
    found = find_films([films], recursive=False)
    workers, threads = share_threads(found.films)
    with Run(
        found.films, load_candidate(tiny, "test", threads=threads), ReadOptions(threshold=0.3), workers=workers
    ) as run:
        kept = list(run.keep(tmp_path / "out", Outputs(Format.CSV, overlay=True)))
    assert [one.status for one in kept] == ["assessed"] * 3 + ["unreadable", "not assessable"]
    assert run.outcomes.total() == 5
    assert run.outcomes["refused"] == 2
    assert len(list((tmp_path / "out/overlays").iterdir())) == 3
    assert (tmp_path / "out/examinations.csv").read_text().count("\n") > 5


def test_a_resumed_run_explains_what_was_kept_without(films, invoke, tmp_path):
    out = tmp_path / "out"
    assert invoke("diagnose", films, "--out", out).exit_code == 1  # two of the six are no films
    assert (
        invoke("diagnose", films, "--out", out, "--resume", "--explain").exit_code == 1
    )  # two of the six are no films
    records = [json.loads(line) for line in (out / "examinations.jsonl").read_text().splitlines()]
    findings = [finding for record in records for finding in record["findings"]]
    assert findings
    assert all(len(finding["explanation"]["turned"]) == 2 for finding in findings)
