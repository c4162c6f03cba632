"""Every output says which release vouches for the model, or that none does and who answers for it: one table."""

import csv
import html
import io
import json
import re
import shutil
from datetime import datetime

import numpy as np
import pydicom
import pytest
from click.testing import CliRunner
from PIL import Image as Raster
from PIL import ImageDraw, ImageFont
from releasing import make_workshop, today
from rich.console import Console

import lennox
from lennox.cli import cli
from lennox.cli.pretty import show
from lennox.gate.override import Override
from lennox.inference.examination import diagnose_file
from lennox.phantom import draw_film
from lennox.report import csv_lines, from_record, to_json, to_record, words
from lennox.report.dicom_capture import draw_capture
from lennox.report.overlay import PAPER, QUIET, WARNING, draw_overlay
from lennox.report.run_page import FilmEntry, RunSummary, run_page_parts

WHO, WHY, UNTIL = "A. Obi", "a course", today()
WHITE = (255, 255, 255)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A model with a policy and keys, and films: two that can be assessed, a photograph and a broken file."""
    made = make_workshop(tmp_path_factory.mktemp("shop"))
    films = made.place / "films"
    films.mkdir()
    for number in range(2):
        Raster.fromarray(np.roll(draw_film(3).pixels, number, 1)).save(films / f"{number}.png")
    colours = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
    Raster.fromarray(colours).save(films / "2.png")
    (films / "3.png").write_bytes(b"not a picture")
    return made


@pytest.fixture(params=["released", "unreleased"])
def model(request, shop, monkeypatch):
    """One that is released, one that somebody answers for."""
    monkeypatch.setenv("LENNOX_TRUST", str(shop.trust_file))
    (shop.folder / "release.json").unlink(missing_ok=True)
    shutil.rmtree(shop.folder / "release", ignore_errors=True)  # a policy without its release allows no override
    if request.param == "unreleased":
        found = lennox.load_model(shop.folder, allow_unreleased=Override(WHO, WHY, UNTIL))
        named = ("unreleased", WHO, WHY, str(UNTIL))
    else:
        shop.release()
        found = lennox.load_model(shop.folder)
        named = ("released", "workshop", "test-policy 1.0.0", "The testers")
    assert all(name in found.release for name in named), found.release
    return found


def check_text(text, release):
    """All of the release's words are there; "unreleased" is there if nobody released the model, and only then."""
    text = " ".join(text.split()).lower()
    assert release.lower() in text
    assert ("unreleased" in text) == words.is_unreleased(release)


def check_pixels(pixels, release):
    """The words are drawn, letter by letter; the red band is there if nobody released the model, and only then."""
    unreleased = words.is_unreleased(release)
    text, ink, paper = (
        (words.stamp(release), WHITE, WARNING) if unreleased else (f"tiny 0.0.1 ({release}", QUIET, PAPER)
    )
    text = text[:70].rpartition(" ")[0]  # what surely stands on the first line
    size = max(11, min(40, round(pixels.shape[1] / 62)))
    font = ImageFont.load_default(size)
    right, bottom = map(int, font.getbbox(text)[2:])
    wanted = Raster.new("RGB", (right, bottom), paper)
    ImageDraw.Draw(wanted).text((0, 0), text, ink, font)
    places = (pixels[row : row + bottom, size : size + right] for row in range(pixels.shape[0] - bottom))
    assert any(np.array_equal(place, wanted) for place in places), f"'{text}' is not drawn"
    assert (pixels == WARNING).all(axis=2).any() == unreleased


def check_overlay(content, release):
    check_pixels(np.asarray(Raster.open(io.BytesIO(content))), release)


def check_capture(content, release):
    capture = pydicom.dcmread(io.BytesIO(content))
    check_pixels(capture.pixel_array, release)
    check_text(f"{capture.SeriesDescription} {capture.ImageComments} {capture.DerivationDescription}", release)
    for keyword in ("SeriesDescription", "ImageComments"):  # what viewers show
        assert (words.UNRELEASED_STAMP in capture[keyword].value) == words.is_unreleased(release)


def check_page(content, release):
    page = re.sub(r"<style.*?</style>|<script.*?</script>|<[^>]*>", " ", content.decode(), flags=re.DOTALL)
    check_text(html.unescape(page), release)
    assert (words.UNRELEASED_STAMP in page) == words.is_unreleased(release)


def check_records(content, release):
    lines = content.decode("ascii").splitlines()
    assert lines
    for line in lines:
        record = json.loads(line)
        check_text(json.dumps(record, ensure_ascii=False), release)
        assert record["notice"] == words.notice(release)


def check_rows(content, release):
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert rows
    for row in rows:
        check_text(row["release"], release)


def shown(examination):
    console = Console(file=io.StringIO(), width=60)
    show(examination, console)
    return console.file.getvalue()


def page_of(examination, model):
    run = RunSummary(model.card, examination.model, examination.operating_point, datetime(2026, 11, 23), 1, 0, 0)
    return "".join(run_page_parts([FilmEntry(examination, lambda: None)], run)).encode()


# How an examination is put into each format, and how the stamp is looked for there.
ALWAYS = {
    "to_record": (lambda one, model: json.dumps(to_record(one)).encode(), check_records),
    "to_json": (lambda one, model: to_json(one).encode(), check_records),
    "from_record": (lambda one, model: to_json(from_record(to_record(one))).encode(), check_records),
    "csv_lines": (lambda one, model: "".join(csv_lines([one])).encode(), check_rows),
    "run_page_parts": (page_of, check_page),
    "text": (lambda one, model: shown(one), check_text),
}
PICTURES = {
    "draw_overlay": (lambda film, one: draw_overlay(lennox.read_image(film), one), check_overlay),
    "draw_capture": (draw_capture, check_capture),
}
STREAMS = {"json": check_records, "csv": check_rows, "html": check_page}
FILES = {
    ".json": check_records, ".jsonl": check_records, ".csv": check_rows, ".html": check_page,
    ".png": check_overlay, ".dcm": check_capture,
}  # fmt: skip


@pytest.mark.parametrize("form", ALWAYS)
@pytest.mark.parametrize(
    ("film", "status"), [("0.png", "assessed"), ("2.png", "not assessable"), ("3.png", "unreadable")]
)
def test_every_function_stamps_whatever_the_answer(shop, model, form, film, status):
    examination = diagnose_file(shop.place / "films" / film, model)
    assert examination.status == status
    write, check = ALWAYS[form]
    check(write(examination, model), model.release)


@pytest.mark.parametrize("form", PICTURES)
def test_every_picture_is_stamped(shop, model, form):
    film = (shop.place / "films/0.png").read_bytes()
    draw, check = PICTURES[form]
    check(draw(film, lennox.diagnose(lennox.read_image(film), model)), model.release)


def diagnose(shop, model, *options):
    unreleased = ("--unreleased", "--who", WHO, "--why", WHY, "--until", UNTIL)
    overriding = unreleased if words.is_unreleased(model.release) else ()
    arguments = ["diagnose", shop.place / "films", "--model", shop.folder, *overriding, *options]
    result = CliRunner().invoke(cli, list(map(str, arguments)))
    assert result.exit_code == 1, result.output  # of the broken file and the photograph
    return result.stdout_bytes


@pytest.mark.parametrize("form", STREAMS)
def test_every_format_on_stdout_is_stamped(shop, model, form):
    STREAMS[form](diagnose(shop, model, "--format", form), model.release)


@pytest.mark.parametrize("form", STREAMS)
def test_every_file_of_a_folder_of_results_is_stamped(shop, model, form, tmp_path):
    diagnose(shop, model, "--format", form, "--overlay", "--dicom", "--out", tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    last = {"json": ".jsonl", "csv": ".csv", "html": ".html"}[form]
    assert sorted(path.suffix for path in files) == sorted([".json"] * 4 + [".png", ".dcm"] * 2 + [last])
    for path in files:
        FILES[path.suffix](path.read_bytes(), model.release)
