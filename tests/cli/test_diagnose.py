import csv
import io
import json
import re
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner
from PIL import Image as Raster
from rich.console import Console

import lennox
from lennox.cli import cli
from lennox.cli.pretty import show
from lennox.inference.load import load_candidate

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/examination-1.json").read_text())


def records(text):
    found = [json.loads(line) for line in text.splitlines()]
    for record in found:
        jsonschema.validate(record, SCHEMA, jsonschema.Draft202012Validator)
    return found


def test_one_film_is_one_record_when_piped(invoke, films):
    result = invoke("diagnose", films / "0.png")
    assert result.exit_code == 0
    (record,) = records(result.stdout)
    assert record["status"] == "assessed"
    assert record["source"]["name"] == "0.png"
    assert result.stderr == ""


def test_a_folder_is_json_lines_in_order_and_one_bad_film_stops_nothing(invoke, films):
    result = invoke("diagnose", films)
    assert result.exit_code == 1
    found = records(result.stdout)
    assert [record["source"]["name"] for record in found] == ["0.png", "1.png", "2.png", "3.png", "4.png"]
    assert [record["status"] for record in found] == ["assessed"] * 3 + ["unreadable", "not assessable"]
    assert "5 films" in result.stderr
    assert "2 not assessed" in result.stderr
    assert "Left out 1 file that is not an image" in result.stderr
    (films / "ana").mkdir()
    assert "1 sub-folder not looked into; add --recursive" in invoke("diagnose", films).stderr
    (films / "ana").rmdir()


def test_films_come_in_the_order_they_are_named(invoke, films):
    result = invoke("diagnose", films / "2.png", films / "0.png", films / "1.png", "--threads", "3")
    assert [record["source"]["name"] for record in records(result.stdout)] == ["2.png", "0.png", "1.png"]


def test_a_lower_threshold_lists_more_and_moves_nothing(invoke, films):
    outlines = {}
    for threshold in ("0.01", "0.5", "0.9"):
        (record,) = records(invoke("diagnose", films / "0.png", "--threshold", threshold).stdout)
        assert record["operating_point"] == {"name": "custom", "threshold": float(threshold)}
        assert all(finding["probability"] >= float(threshold) for finding in record["findings"])
        outlines[threshold] = [json.dumps(finding) for finding in record["findings"]]
    assert set(outlines["0.9"]) <= set(outlines["0.5"]) <= set(outlines["0.01"])


def test_an_operating_point_by_name(invoke, films):
    (record,) = records(invoke("diagnose", films / "0.png", "--operating-point", "sensitive").stdout)
    assert record["operating_point"] == {"name": "sensitive", "threshold": 0.2}


def test_a_table(invoke, films):
    rows = list(csv.DictReader(io.StringIO(invoke("diagnose", films, "--format", "csv").stdout)))
    assert {row["name"] for row in rows} == {f"{number}.png" for number in range(5)}


def test_a_page_on_stdout(invoke, films):
    result = invoke("diagnose", films, "--format", "html")
    assert result.exit_code == 1
    assert result.stdout.startswith("<!doctype html>")
    assert result.stdout.count("<article") == 3


@pytest.mark.parametrize("form", ["json", "csv", "html"])
def test_more_workers_change_nothing(invoke, films, form):
    one, three = (invoke("diagnose", films, "--format", form, "--threads", number).stdout for number in (1, 3))
    created = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
    assert created.sub("", one) == created.sub("", three)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.png"], "there is no 'missing.png'"),
        (["films", "--threshold", "0"], "not a probability above 0"),
        (["films", "--threshold", "nan"], "not a probability above 0"),
        (["films", "--threshold", "1.5"], "not a probability above 0"),
        (["films", "--threshold", "low"], "not a valid float"),
        (["films", "--threshold", "0.5", "--operating-point", "balanced"], "give one of them"),
        (["films", "--operating-point", "best"], "choose one of: balanced, sensitive"),
        (["films", "--threads", "0"], "not in the range"),
        (["films", "--format", "xml"], "is not one of"),
        (["films", "--overlay"], "--overlay needs --out"),
        (["films", "--resume"], "--resume needs --out"),
        (["films", "--frame", "-1"], "not in the range"),
        (["empty"], "there is no image in the folder"),
        (["parent"], "add --recursive"),
        (["films", "--out", "films/0.png"], "is a file"),
        (["films", "--out", "films"], "is not empty"),
        ([], "Missing argument"),
    ],
)
def test_wrong_usage_is_two_and_says_what_to_do(invoke, films, tmp_path, monkeypatch, arguments, said):
    (tmp_path / "empty").mkdir()
    (tmp_path / "parent/films").mkdir(parents=True)
    (tmp_path / "parent/films/film.png").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    result = invoke("diagnose", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("model", ["nowhere", "broken"])
def test_a_model_that_is_missing_or_refused_is_four(invoke, films, tmp_path, model):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/card.json").write_text("{}")
    result = invoke("diagnose", films / "0.png", "--model", tmp_path / model)
    assert result.exit_code == 4
    said, *advice = result.stderr.splitlines()
    assert said.startswith("lennox: ")
    assert all("--unreleased" in line for line in advice)
    assert len(advice) == ("not released" in said)


def test_sub_folders_are_read_when_asked(invoke, films, write_films):
    write_films(films / "more", 2)
    flat, deep = invoke("diagnose", films), invoke("diagnose", films, "--recursive")
    assert len(records(flat.stdout)) == 5
    assert [record["source"]["name"] for record in records(deep.stdout)][5:] == ["more/0.png", "more/1.png"]


def test_every_output_tells_films_of_the_same_name_apart(invoke, write_films, tmp_path):
    """One folder a patient, with the same file names in each, is how many clinics keep films."""
    for patient in ("ana", "ben", "eva"):
        write_films(tmp_path / "films" / patient, 1)
    wanted = ["ana/0.png", "ben/0.png", "eva/0.png"]
    lines = invoke("diagnose", tmp_path / "films", "--recursive").stdout
    assert [record["source"]["name"] for record in records(lines)] == wanted
    rows = csv.DictReader(io.StringIO(invoke("diagnose", tmp_path / "films", "--recursive", "--format", "csv").stdout))
    assert list(dict.fromkeys(row["name"] for row in rows)) == wanted
    page = invoke("diagnose", tmp_path / "films", "--recursive", "--format", "html").stdout
    for number, name in enumerate(wanted, 1):
        assert f'<a href="#film-{number}"><bdi>{name}</bdi></a>' in page
        assert f"{number}. <bdi>{name}</bdi></h3>" in page
    out = tmp_path / "out"
    invoke("diagnose", tmp_path / "films", "--recursive", "--out", out)
    kept = records((out / "examinations.jsonl").read_text())
    assert [record["source"]["name"] for record in kept] == wanted


@pytest.mark.parametrize(
    "name",
    [
        "a b.png",
        "quote\"s'.png",
        "<script>x.png",
        "two\nlines.png",
        "Ω歯.png",
        "=1.png",
        "esc\x1b[31m.png",
        "b\udcff.png",
    ],
)
@pytest.mark.parametrize("form", ["json", "csv", "html"])
def test_any_file_name_is_read_and_written(invoke, drawn, tmp_path, name, form):
    Raster.fromarray(drawn).save(tmp_path / "film.png")
    (tmp_path / "film.png").rename(tmp_path / name)
    result = invoke("diagnose", tmp_path / name, "--format", form)
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    kept = invoke("diagnose", tmp_path / name, "--format", form, "--overlay", "--out", tmp_path / "out")
    assert kept.exit_code == 0, kept.stderr
    assert len(list((tmp_path / "out/overlays").iterdir())) == 1


def test_a_name_with_a_leading_dash_after_two_dashes(drawn, tmp_path, tiny, unreleased, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Raster.fromarray(drawn).save("-r.png")
    result = CliRunner().invoke(cli, ["diagnose", "--model", tiny, *unreleased, "--", "-r.png"])
    assert result.exit_code == 0
    assert records(result.stdout)[0]["source"]["name"] == "-r.png"


def test_text_for_a_terminal(tiny, films):
    model = load_candidate(tiny, "test")
    for number, said in ((0, "Caries suspected"), (4, "Not assessable")):
        examination = lennox.diagnose(lennox.read_image(films / f"{number}.png"), model)
        console = Console(file=io.StringIO(), width=100)
        show(examination, console)
        text = console.file.getvalue()
        assert said in text
        assert "not a diagnosis" in " ".join(text.split())
        assert "unreleased" in text
