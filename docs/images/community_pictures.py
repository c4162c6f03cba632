"""The pictures of the community's pages, made anew: the workshop page, and the sheet of an audit of record.

`make pictures`. Needs Playwright and Chromium. Nothing is typed into the pages: they show what they begin with.
"""

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image as Pillow
from playwright.sync_api import Page, sync_playwright

from lennox.audit.report.workshop_page import workshop_page
from lennox.audit.workshop import workshop_table
from lennox.report.wording import WORKSHOP

HERE = Path(__file__).parent
RECORD = HERE.parents[1] / "audits" / "records" / "nhanes-2017-2020"
LANGUAGES = ("en", "es")
SHEET_HEIGHT = 760  # of a page that goes on


def main() -> None:
    """Write workshop.en.png, workshop.es.png, sheet.en.png and sheet.es.png."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 960, "height": SHEET_HEIGHT})
        for language in LANGUAGES:
            workshop = Path(folder) / f"workshop.{language}.html"
            workshop.write_text(workshop_page(workshop_table(), WORKSHOP.wording(language)), encoding="utf-8")
            page.goto(workshop.as_uri())
            page.locator(".wish[data-who=agreed] .floor-needed").filter(has_text="90").wait_for()
            _keep(page.locator("section").nth(1).screenshot(), f"workshop.{language}.png")
            _sheet(page, language)
        browser.close()


def _sheet(page: Page, language: str) -> None:
    page.goto((RECORD / f"community.{language}.html").as_uri())
    page.locator(".banner").wait_for()
    _keep(page.screenshot(), f"sheet.{language}.png")


def _keep(picture: bytes, name: str) -> None:
    """Write it with 64 colours: a quarter of the bytes."""
    stream = io.BytesIO()
    Pillow.open(io.BytesIO(picture)).convert("RGB").quantize(64, dither=Pillow.Dither.NONE).save(
        stream, "PNG", optimize=True
    )
    (HERE / name).write_bytes(stream.getvalue())


if __name__ == "__main__":
    main()
