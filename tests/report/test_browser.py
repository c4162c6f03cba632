"""The page of a run in a real browser: it is read like a desk, its decisions leave it as a file, and it prints."""

import csv
import re
from datetime import datetime

import pytest
from chromium import is_painted

from lennox.monitoring.use_record import COLUMNS
from lennox.report.run_page import FilmEntry, RunSummary, run_page_parts

DIGEST, WEIGHTS = "cd" * 32, "ab" * 32


@pytest.fixture
def opened(card, image, make, browser, tmp_path):
    """The page of four films, open; it breaks no content policy and throws nothing."""
    wanted = (("suspected", "ana/1.png"), ("none", "ana/2.png"), ("unreadable", "film.png"), ("suspected", "ben.png"))
    films = [make(*one) for one in wanted]
    run = RunSummary(card, films[0].model, films[0].operating_point, datetime(2026, 11, 23), 2, 1, 1)
    path = tmp_path / "page.html"
    path.write_text("".join(run_page_parts([FilmEntry(one, lambda: image) for one in films], run)))
    problems = []
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(path.as_uri())
    page.wait_for_selector("#one[data-shown='1']")
    is_painted(page)
    yield page
    page.close()
    assert problems == []


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def expect_names(page, *names):
    """The list, once it shows these films in this order: a browser may paint a row after its text is there."""
    from playwright.sync_api import expect

    expect(page.locator("#list .name")).to_have_text(names)


def test_films_are_read_as_at_the_desk_and_the_decisions_leave_as_a_file(opened):
    page = opened
    assert page.locator("#marks li").count() == 0, "the film alone comes first"
    press(page, " ", "n", "x")
    page.wait_for_selector("dialog[open]")
    page.keyboard.type("AB")
    press(page, "Enter")
    page.locator("#say").filter(has_text="Rejected").wait_for()
    press(page, "n", "e")
    for keys in (("ArrowRight",) * 3, ("ArrowDown",) * 3, ("ArrowLeft",) * 3):
        press(page, *(f"Shift+{key}" for key in keys), "Enter")
    press(page, "f")
    page.locator("#say").filter(has_text="Redrawn").wait_for()
    press(page, "t")
    page.keyboard.type("99")
    press(page, "Tab")
    page.locator("#say").filter(has_text="is no tooth").wait_for()
    press(page, "Shift+Tab")
    page.locator("#marks [data-field=tooth]").fill("16")
    press(page, "Tab")
    page.locator("#say").filter(has_text="Redrawn").wait_for()
    press(page, "Escape", "Enter")
    page.wait_for_selector("#one[data-shown='2']")
    press(page, "Enter", "u")
    page.locator("#say").filter(has_text=re.compile("Taken back|nothing")).wait_for()
    with page.expect_download() as download:
        press(page, "v")
    rows = list(csv.DictReader(download.value.path().read_text().splitlines()))
    assert list(rows[0])[: len(COLUMNS)] == list(COLUMNS)
    first, second, *others = rows
    assert (first["mark"], first["decision"], first["who"], first["outline"]) == ("1", "reject", "AB", "")
    assert (second["mark"], second["decision"], second["tooth_fdi"], second["read"]) == ("2", "edit", "16", "yes")
    assert len(second["outline"].split("; ")) == 3
    assert {(row["film"], row["model"], row["status"]) for row in rows} == {(DIGEST, WEIGHTS, "assessed")}
    assert {row["shown_from"] for row in rows[:2]} == {"0.31"}
    assert all(row["decision"] == "none" for row in others)


def test_the_list_filters_sorts_and_shows_one_film_alone(opened):
    page = opened
    expect_names(page, "ana/1.png", "ana/2.png", "film.png", "ben.png")
    page.select_option("#sort", "probability")
    expect_names(page, "ana/1.png", "ben.png", "ana/2.png", "film.png")  # highest first, no result last
    page.locator("#reading").focus()
    press(page, "s")
    expect_names(page, "ana/1.png", "ben.png")
    press(page, "ArrowRight")
    page.wait_for_selector("#one[data-shown='4']")
    press(page, "f")
    page.locator("#panel").wait_for(state="hidden")
    press(page, "Escape")
    page.locator("#panel").wait_for()
    page.evaluate("location.hash = 'film-3'")
    page.wait_for_selector("#refusal:visible")
    page.locator("#refusal").filter(has_text="The file is empty.").wait_for()


def test_two_films_of_one_patient_are_offered_first_and_move_together(opened):
    page = opened
    press(page, "c")
    page.wait_for_selector("#two[data-shown='2']")
    assert page.locator("#beside optgroup").first.get_attribute("label") == "Of this patient"
    before = page.evaluate("document.querySelector('#two .overlay g').getAttribute('transform')")
    press(page, "+")
    page.wait_for_function(
        "before => document.querySelector('#two .overlay g').getAttribute('transform') !== before", arg=before
    )


def test_the_page_prints_on_a4_with_what_was_decided(opened):
    page = opened
    press(page, " ", "n", "a")
    page.wait_for_selector("dialog[open]")
    page.keyboard.type("AB")
    press(page, "Enter")
    page.locator("#say").filter(has_text="Accepted").wait_for()
    data = page.pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data)
    assert {(round(float(width)), round(float(height))) for width, height in boxes} == {(595, 842)}
    page.emulate_media(media="print")
    assert not page.is_visible(".desk")
    assert page.locator(".film image").count() == 3
    page.locator("#film-1 .decided").filter(has_text=re.compile("^1: accepted, AB$")).wait_for()
    assert page.evaluate("getComputedStyle(document.querySelector('#film-1 .outlines')).visibility") == "visible"


def test_pictures_stay_text_until_they_are_shown(card, image, make, tmp_path, browser):
    """What makes a page of many films slow to open is its pictures."""
    films = [make("suspected", f"{number}.png") for number in range(60)]
    run = RunSummary(card, films[0].model, films[0].operating_point, datetime(2026, 11, 23), 60, 0, 0)
    path = tmp_path / "page.html"
    path.write_text("".join(run_page_parts([FilmEntry(one, lambda: image) for one in films], run)))
    page = browser.new_page()
    page.goto(f"{path.as_uri()}#film-30")
    page.wait_for_selector("#one[data-shown='30']")
    assert page.locator("noscript.later").count() == 60
    assert page.locator("#list img[src]").count() < 40
    page.keyboard.press("j")
    page.wait_for_selector("#one[data-shown='31']")
    page.close()
