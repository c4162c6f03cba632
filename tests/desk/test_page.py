"""The page in a real browser: by keyboard alone, by finger, in two windows, through a kill, for everybody (WCAG AA)."""

import re

import numpy as np
import pytest
from chromium import is_painted
from PIL import Image

WAIT_MS = 15_000


@pytest.fixture(scope="module")
def desk(open_desk, drawn, tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk") / "films"
    for name, pixels in (
        ("ana/film.png", drawn),
        ("ben/film.png", np.roll(drawn, 1, 1)),
        ("<b>cleo.png", np.roll(drawn, 2, 1)),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / name)
    (folder / "broken.png").write_bytes(b"no picture")
    opened = open_desk(folder)
    opened.films()
    return opened


@pytest.fixture
def window(browser, desk):
    """A new window on the desk; none of them may break the content policy or throw."""
    contexts, problems = [], []

    def make(width=1280, height=800, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.goto(desk.link)
        page.wait_for_selector("#one canvas")
        is_painted(page)
        page.wait_for_selector("#list [aria-current]", state="attached")  # a key means nothing before a film is open
        return page

    yield make
    for context in contexts:
        context.close()
    assert [one for one in problems if "net::ERR_" not in one] == []


def go_to(page, name):
    """The film of a name, by keys."""
    for _ in range(8):
        if page.text_content("#name") == name:
            picture_of(page, name)
            return
        before = page.text_content("#name")
        page.keyboard.press("ArrowRight")
        leaves(page, before)
    raise AssertionError(f"there is no film {name}")


def picture_of(page, name):
    """Wait until the picture of the film is on the screen; until then the desk refuses what is done with it."""
    for _ in range(WAIT_MS // 50):
        shown = page.evaluate("document.querySelector('#one').dataset.shown ?? ''")
        if name == "broken.png" or page.evaluate("location.hash.slice(1)") in shown != "":
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"the picture of {name} does not come")


def leaves(page, name):
    page.locator("#name").filter(has_not_text=re.compile(f"^{re.escape(name)}$")).wait_for()


def saved(page, *starts):
    page.locator("#say").filter(has_text=re.compile(f"^({'|'.join(starts)})")).wait_for()


def state_of(desk, name):
    return desk.ask(f"/api/films/{desk.films()[name]['key']}")[0]


def test_a_film_is_read_by_keyboard_alone(window, desk):
    page = window()
    go_to(page, "ana/film.png")
    assert page.locator("#marks li").count() == 0, "the film alone comes first"
    page.keyboard.press(" ")
    page.wait_for_selector("#marks li")
    page.keyboard.press("n")
    page.keyboard.press("a")
    page.wait_for_selector("dialog[open]")
    page.keyboard.type("AB")
    page.keyboard.press("Enter")
    saved(page, "Accepted")
    page.keyboard.press("t")
    page.keyboard.type("16")
    page.keyboard.press("Tab")
    saved(page, "Accepted")
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    for keys in (("ArrowRight",) * 3, ("ArrowDown",) * 3, ("ArrowLeft",) * 3):
        for key in keys:
            page.keyboard.press(f"Shift+{key}")
        page.keyboard.press("Enter")
    page.keyboard.press("f")
    saved(page, "Kept")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    leaves(page, "ana/film.png")
    found = state_of(desk, "ana/film.png")
    assert found["read"] == "AB"
    assert [one["verdict"] for one in found["decisions"].values()] == ["accept", "missed"]
    assert found["decisions"]["1"]["tooth"] == "16"
    drawn = next(one for key, one in found["decisions"].items() if key.startswith("h"))
    assert len(drawn["outline"]) == 3


def test_a_window_that_is_loaded_again_knows_its_reader_and_takes_its_last_decision_back(window, desk):
    page = window()
    go_to(page, "ben/film.png")
    for key in (" ", "n", "x"):
        page.keyboard.press(key)
    page.wait_for_selector("dialog[open]")
    page.fill("#initials", "GH")
    page.keyboard.press("Enter")
    saved(page, "Rejected")
    page.reload()
    picture_of(page, "ben/film.png")
    assert page.text_content("#who") == "Initials: GH"
    page.keyboard.press("u")
    saved(page, "Taken back")
    assert state_of(desk, "ben/film.png")["decisions"] == {}


def test_every_key_of_the_help_is_one_that_works(window):
    page = window()
    page.keyboard.press("?")
    assert page.locator("#help[open] dd").count() > 25
    page.keyboard.press("Escape")
    go_to(page, "ana/film.png")
    filter_of = "document.querySelector('#one feFuncR').getAttribute('slope')"
    assert float(page.evaluate(filter_of)) == 1
    page.keyboard.press(">")
    assert float(page.evaluate(filter_of)) > 1
    page.keyboard.press("i")
    assert float(page.evaluate(filter_of)) < -1
    page.keyboard.press("m")
    assert page.is_visible(".lens")
    page.keyboard.press("c")
    page.wait_for_selector("#two canvas")
    for key in ("r", "o", "+", "-", "0", "Shift+ArrowLeft", "w", "w", ",", "."):
        page.keyboard.press(key)


def test_two_windows_keep_each_others_decisions_and_show_both(window, desk):
    pages = [window(), window()]
    for page in pages:
        go_to(page, "ben/film.png")
        page.keyboard.press(" ")
        page.keyboard.press("n")
        page.route("**/api/desk?*", lambda route: route.abort())  # neither hears of the other meanwhile
    for page, who, verdict in zip(pages, ("AB", "CD"), ("a", "x"), strict=True):
        page.keyboard.press(verdict)
        page.wait_for_selector("dialog[open]")
        page.fill("#initials", who)
        page.keyboard.press("Enter")
        saved(page, "Accepted", "Rejected")
    mark = state_of(desk, "ben/film.png")["decisions"]["1"]
    assert (mark["verdict"], mark["who"], mark["disputed"]) == ("reject", "CD", True)
    assert [(one["who"], one["verdict"]) for one in mark["others"]] == [("AB", "accept")]
    pages[0].unroute("**/api/desk?*")
    pages[0].wait_for_selector("#marks .disputed")


def test_a_name_is_shown_as_it_is_and_runs_nothing(window):
    page = window()
    go_to(page, "<b>cleo.png")
    assert page.locator("#name b, #list b").count() == 0


def test_an_unreadable_film_says_why_and_what_to_do(window):
    page = window()
    go_to(page, "broken.png")
    page.wait_for_selector("#refusal:visible")
    assert page.text_content("#refusal").strip().endswith(".")


def test_the_page_says_on_every_film_that_the_model_is_not_released(window):
    page = window()
    for name in ("ana/film.png", "ben/film.png"):
        go_to(page, name)
        assert "UNRELEASED MODEL" in page.text_content("#state")
    assert page.is_visible("#stamp")


def test_axe_finds_nothing_at_level_aa_and_nothing_is_cut_off(window):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="accessibility is checked with axe-core")
    page = window(1280, 844, bypass_csp=True)
    go_to(page, "ana/film.png")
    page.click("#marks-button")
    page.wait_for_selector("#marks li")
    page.click("#marks li .head")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    for width in (1024, 768, 390):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    for width, scheme in ((390, "dark"), (1280, "light")):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme)
        found = axe.Axe().run(page, options=rules).response["violations"]
        assert [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found] == [], (width, scheme)


def test_a_lesion_is_drawn_with_a_finger_and_a_killed_desk_is_said(window, desk):
    page = window(390, 844, has_touch=True)  # last: it kills the desk
    go_to(page, "<b>cleo.png")
    page.click("[data-do=box]")
    page.fill("#initials", "EF")
    page.click("#who-dialog [value=ok]")
    page.wait_for_selector(".overlay.drawing", state="attached")
    box = page.locator("#one").bounding_box()
    page.evaluate("scrollTo(0, 0)")
    for share in (0.4, 0.6):
        page.touchscreen.tap(
            box["x"] + share * box["width"], page.locator("#one").bounding_box()["y"] + share * box["height"]
        )
    saved(page, "Kept")
    drawn = next(iter(state_of(desk, "<b>cleo.png")["decisions"].values()))
    assert (drawn["verdict"], drawn["who"], len(drawn["outline"])) == ("missed", "EF", 4)
    desk.kill()
    page.click("#marks li .head") if page.locator("#marks li.chosen").count() == 0 else None
    page.fill("#marks textarea", "not kept")
    page.keyboard.press("Tab")
    page.wait_for_selector("#trouble:visible")
    assert "not saved" in page.text_content("#trouble") or "does not answer" in page.text_content("#trouble")
