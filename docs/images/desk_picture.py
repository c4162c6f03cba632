"""The picture of the reading desk in these pages, made anew from drawn films: `make pictures`.

Needs Playwright and Chromium.
"""

import shutil
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from playwright.sync_api import sync_playwright

from lennox.phantom import write_films

PICTURE = Path(__file__).with_name("desk.png")
UNRELEASED = ("--unreleased", "--who", "the authors", "--why", "a picture of the page", "--until", str(date.today()))


def main() -> None:
    """Draw films of two patients, open a desk on them, decide on a mark, and take the picture."""
    with tempfile.TemporaryDirectory() as place:
        for seed, patient in enumerate(("ana", "ben"), 7):
            write_films(Path(place) / "clinic" / patient, 4, seed)
            (Path(place) / "clinic" / patient / "annotations.json").unlink(missing_ok=True)
        command = [sys.executable, "-m", "lennox", "desk", f"{place}/clinic", "--no-browser", *UNRELEASED]
        desk = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  (this program)
        try:
            assert desk.stdout is not None
            take(desk.stdout.readline().split()[-1])
        finally:
            desk.terminate()
            desk.wait()


def take(link: str) -> None:
    """Read the film with the most probable suggestion, at the desk of the link, and take the picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(120_000)
        page.goto(link)
        page.locator("#list li").nth(7).wait_for()
        page.locator("#progress").filter(has_text="in all").wait_for()
        page.select_option("#sort", "probability")
        page.locator("#list button").first.click()
        key = page.locator("#list li").first.get_attribute("id").removeprefix("row-")
        page.locator(f"#one[data-shown='{key}']").wait_for()
        for key in (" ", "n", "a"):
            page.keyboard.press(key)
        page.fill("#initials", "AR")
        page.keyboard.press("Enter")
        page.locator("#say").filter(has_text="Accepted").wait_for()
        page.wait_for_timeout(500)
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
