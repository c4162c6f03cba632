"""Paths as people type them: standard input, names that are not there, files named where a folder is wanted."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner
from film_runs import UNRELEASED

from lennox.cli import cli


def test_a_dash_reads_an_image_from_standard_input(tiny, write_films, tmp_path):
    film = next(write_films(tmp_path / "films", 1).iterdir()).read_bytes()
    done = CliRunner().invoke(cli, ["diagnose", "-", "--model", tiny, *UNRELEASED], input=film)
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    assert (record["source"]["name"], record["status"]) == ("stdin", "assessed")
    assert CliRunner().invoke(cli, ["diagnose", "-", "--model", tiny, *UNRELEASED], input=b"no image").exit_code == 1


def test_a_dash_without_anything_on_standard_input_says_so(tiny):
    command = [sys.executable, "-P", "-m", "lennox", "diagnose", "-", "--model", tiny, *UNRELEASED]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 1
    assert "The file is empty" in done.stdout


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("flims/film.png", "there is no folder 'flims', so no 'film.png' in it"),
        ("films/flim-1.png", "is 'films/film-1.png' meant?"),
        ("films/notes", "name a film or a folder of films"),
        ("film", "is 'films' meant?"),
    ],
)
def test_a_path_that_is_not_there_says_what_is_missing_of_it(typed, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "film-1.png").touch()
    done = CliRunner().invoke(cli, ["diagnose", typed])
    assert done.exit_code == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["diagnose", "a.png", "--out", "one.html"], "wanted a folder, such as one. For one file, instead of --out: "
         "--format html > one.html"),
        (["diagnose", "a.png", "--format", "html", "--out", "x.csv"], "--format csv > x.csv"),
        (["watch", "films", "--out", "x.csv"], "'x.csv' is the name of a file; wanted a folder, such as x."),
        (["phantom", "--out", "film.png"], "wanted a folder, such as film."),
        (["evaluate", "m", "--data", ".", "--out", "figures.json"], "wanted a folder, such as figures."),
        (["audit", "a.csv", "--policy", "p.toml", "--out", "audit.json"], "wanted a folder, such as audit."),
    ],
)  # fmt: skip
def test_a_folder_for_results_is_not_named_like_a_file(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_there_may_have_any_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "films.png").mkdir()
    assert CliRunner().invoke(cli, ["phantom", "--out", "films.png", "--count", "1"]).exit_code == 0
