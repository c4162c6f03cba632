"""The picture of a first report in these pages, made by the commands of `start/first-report.md`: `make pictures`.

Needs Playwright and Chromium.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).with_name("report.png")
DRAW = ("phantom", "--out", "films", "--count", "6", "--seed", "7")
READ = ("diagnose", "films", "--format", "html", "--out", "report", "--overlay")
UNRELEASED = ("--unreleased", "--who", "your name", "--why", "to try it", "--until", "today")


def main() -> None:
    """Draw films, read them, open the report at the first film with a suggestion, and take the picture."""
    with tempfile.TemporaryDirectory() as folder:
        for arguments in (DRAW, (*READ, *UNRELEASED)):
            subprocess.run([sys.executable, "-m", "lennox", *arguments], cwd=folder, check=True)  # noqa: S603
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1100, "height": 780})
            page.goto((Path(folder) / "report" / "report.html").as_uri())
            page.locator("#name", has_text="drawn-0001").wait_for()
            page.keyboard.press("s")  # films with suggestions only
            page.keyboard.press("j")
            page.locator("#name", has_not_text="drawn-0001").wait_for()
            page.keyboard.press(" ")
            page.get_by_role("button", name="Hide suggestions").wait_for()
            page.keyboard.press("n")
            page.get_by_text("suggested, not decided.").wait_for()
            page.screenshot(path=PICTURE)
            browser.close()


if __name__ == "__main__":
    main()
