"""The page in a real browser, where one is installed: keys, taps, sorting, and no error of the content policy."""

import re
import shutil
import subprocess
from datetime import datetime

import pytest

from lennox.monitoring.use_record import COLUMNS
from lennox.report.run_page import FilmEntry, RunSummary, run_page_parts

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")

TRY = """
const out = [];
const film = document.querySelector(".film"), marks = film.querySelector(".marks");
const seen = () => getComputedStyle(marks).visibility;
const press = (key, more = {}) => (more.at ?? document.body).dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
const style = (name) => film.style.getPropertyValue(name);
const tap = (pane, x, y, dx = 0) => {
  const box = pane.getBoundingClientRect();
  const at = (moved) => (
    { bubbles: true, button: 0, pointerId: 1, clientX: box.left + x + moved, clientY: box.top + y });
  pane.setPointerCapture = () => {};
  pane.dispatchEvent(new PointerEvent("pointerdown", at(0)));
  if (dx) pane.dispatchEvent(new PointerEvent("pointermove", at(dx)));
  pane.dispatchEvent(new PointerEvent("pointerup", at(dx)));
};
out.push(["at first", seen()]);
const pictures = () => document.querySelectorAll(".film image").length;
press(" "); out.push(["space", seen(), document.getElementById("live").textContent]);
press(" "); out.push(["space again", seen()]);
tap(film.querySelector(".marked .view"), 20, 20); out.push(["tap", seen()]);
tap(film.querySelector(".view"), 20, 20, 40); out.push(["drag", seen()]);
press(" ", { shiftKey: true });
out.push(["all", [...document.querySelectorAll(".toggle")].every((toggle) => toggle.checked)]);
press("i"); out.push(["invert", style("--invert"), film.querySelector("[data-do=invert]").ariaPressed]);
press("+"); out.push(["zoom", style("--zoom"), film.classList.contains("zoomed")]);
tap(film.querySelector(".view"), 50, 50, -30); out.push(["pan", Number(style("--x")) < -0.25]);
press("0"); out.push(["reset", style("--zoom"), style("--invert")]);
press(" ", { at: film.querySelector("[data-do=invert]") }); out.push(["space on a button", seen()]);
press("j"); out.push(["next", document.querySelector(".film.current").id, document.activeElement.id]);
scrollTo(0, 0);  // there are the heads that sort
document.querySelector(".overview th:nth-child(6) button").click();
const rows = () => [...document.querySelectorAll(".overview tbody td:first-child")].map((cell) => cell.textContent);
const articles = () => [...document.querySelectorAll(".film")].map((film) => film.id.slice(5)).join();
out.push(["sorted, highest first", rows().join(), articles()]);
press("j"); out.push(["next in the sorted list", document.activeElement.id]);
document.querySelector(".overview th:nth-child(6) button").click();
const order = [...document.querySelectorAll(".overview tbody td:first-child")].map((cell) => cell.textContent);
out.push(["sorted again, lowest first", order.join(), articles()]);
document.getElementById("filter").click();
const visible = (query) => [...document.querySelectorAll(query)].filter((one) => one.offsetParent !== null).length;
out.push(["suspected only", visible(".film"), visible(".overview tbody tr")]);
press("k"); press("k"); press("k"); out.push(["keys keep to what is shown", document.activeElement.dataset.group]);
document.getElementById("filter").click();
out.push(["all again", visible(".film")]);
const first = document.getElementById("film-1");
first.focus({ preventScroll: true }); first.scrollIntoView();
press("f"); out.push(["one film", visible(".film"), visible(".overview"), visible(".film.current .marked .view")]);
press("j"); out.push(["the next one", visible(".film"), document.querySelector(".film.current").id]);
press("Escape"); out.push(["the list", visible(".film"), visible(".overview")]);
dispatchEvent(new Event("beforeprint")); out.push(["pictures on paper", pictures()]);
document.querySelector("#film-1 input[value=reject]").click();
document.querySelector("#film-2 input[value=none]").click();
const bar = document.getElementById("save");
out.push(["to be saved", bar.hidden, bar.firstElementChild.textContent]);
let saved = null;
URL.createObjectURL = (blob) => { saved = blob; return "#"; };
bar.querySelector("button").click();
out.push(["saved", bar.hidden]);
saved.text().then((text) => { document.getElementById("answer").dataset.csv = text; });
document.body.insertAdjacentHTML("beforeend", "<pre id=answer></pre>");
document.getElementById("answer").textContent = JSON.stringify(out);
"""


def browse(path, *more):
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1280,900", *more, path.as_uri()]
    return subprocess.run(command, capture_output=True, timeout=120)


@pytest.fixture
def page(card, image, make):
    films = [make("suspected"), make("none"), make("unreadable"), make("suspected", "second.png")]
    run = RunSummary(card, films[0].model, films[0].operating_point, datetime(2026, 11, 23), 2, 1, 1)
    return "".join(run_page_parts([FilmEntry(one, lambda: image) for one in films], run))


def test_keys_and_taps(page, tmp_path):
    import json

    path = tmp_path / "page.html"
    trial = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)  # it would stop the trial's script
    path.write_text(trial.replace("</body>", f"<script>{TRY}</script></body>"))
    shown = browse(path, "--dump-dom", "--virtual-time-budget=2000").stdout.decode()
    answer = re.search(r'<pre id="answer" data-csv="([^"]*)">(.*?)</pre>', shown, re.DOTALL)
    assert answer, "the trial did not run to its end"
    lines = [line.split(",") for line in answer[1].replace("&quot;", "").splitlines()]
    assert lines[0] == list(COLUMNS)
    digest, weights = "cd" * 32, "ab" * 32
    assert [line[1:] for line in lines[1:]] == [
        ["", digest, weights, "assessed", "", "none"], ["", digest, weights, "assessed", "1", "reject"],
    ]  # fmt: skip
    assert json.loads(answer[2].replace("&amp;", "&")) == [
        ["at first", "hidden"],
        ["space", "visible", "Outlines shown"],
        ["space again", "hidden"],
        ["tap", "visible"],
        ["drag", "visible"],
        ["all", True],
        ["invert", "1", "true"],
        ["zoom", "1.5", True],
        ["pan", True],
        ["reset", "1", "0"],
        ["space on a button", "visible"],
        ["next", "film-2", "film-2"],
        ["sorted, highest first", "1,4,2,3", "1,4,2"],
        ["next in the sorted list", "film-4"],
        ["sorted again, lowest first", "2,1,4,3", "2,1,4"],
        ["suspected only", 2, 2],
        ["keys keep to what is shown", "suspected"],
        ["all again", 3],
        ["one film", 1, 0, 1],
        ["the next one", 1, "film-4"],
        ["the list", 3, 1],
        ["pictures on paper", 3],
        ["to be saved", False, "Decisions that are not saved yet: 2"],
        ["saved", True],
    ]


def test_the_page_obeys_its_own_policy_and_its_script_runs(page, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(page)
    done = browse(path, "--enable-logging=stderr", "--v=0", "--dump-dom")
    assert '<html lang="en" dir="ltr" class="scripted">' in done.stdout.decode()
    assert b"Content Security Policy" not in done.stderr


def test_the_page_prints_on_a4_with_outlines(page, tmp_path):
    path, sheet = tmp_path / "page.html", tmp_path / "page.pdf"
    path.write_text(page)
    browse(path, f"--print-to-pdf={sheet}", "--no-pdf-header-footer")
    data = sheet.read_bytes()
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data)
    assert boxes
    assert {(round(float(width)), round(float(height))) for width, height in boxes} == {(595, 842)}


def test_pictures_far_from_the_screen_stay_text_until_the_reader_comes_near(card, image, make, tmp_path, browser):
    """What makes a page of many films slow to open is its pictures."""
    films = [make("suspected", f"{number}.png") for number in range(60)]
    run = RunSummary(card, films[0].model, films[0].operating_point, datetime(2026, 11, 23), 60, 0, 0)
    path = tmp_path / "page.html"
    path.write_text("".join(run_page_parts([FilmEntry(one, lambda: image) for one in films], run)))
    page = browser.new_page()
    page.goto(f"{path.as_uri()}#film-30")
    page.wait_for_selector("#film-30 image", state="attached")
    assert page.locator("noscript.later").count() > 40
    page.keyboard.press("j")
    page.wait_for_selector("#film-31.current image", state="attached")
    page.evaluate("document.getElementById('film-60').scrollIntoView()")
    page.wait_for_selector("#film-60 image", state="attached")
    page.close()
