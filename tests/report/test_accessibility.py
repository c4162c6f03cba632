"""The pages that people get, by axe-core at level AA: light, dark, on a screen, on a phone; nothing is cut off."""

from datetime import datetime

import numpy as np
import pytest

from lennox.image import Image
from lennox.report.natural_frequencies import NaturalFrequencies, Share
from lennox.report.patient_page import AcceptedPlace, PatientFilm, patient_page
from lennox.report.run_page import FilmEntry, RunSummary, run_page_parts
from lennox.report.wording import PATIENT, RUN

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
SCREENS = [(1280, "light"), (390, "dark")]


@pytest.fixture
def pages(card, image, make):
    films = [make("suspected", "ana/film1.png"), make("none"), make("unreadable"), make("not assessable")]
    first = films[0]
    run = RunSummary(card, first.model, first.operating_point, datetime(2026, 11, 23), 1, 1, 2, say=RUN.wording("es"))
    corners = ((10.0, 20.0), (10.0, 60.0), (40.0, 60.0))
    film = PatientFilm("ana/film1.png", Image.from_array(np.full((300, 400), 90, np.uint8)), (AcceptedPlace(corners),))
    tested = NaturalFrequencies(309, Share(6, 10), Share(4, 10))
    return {
        "run": "".join(run_page_parts([FilmEntry(one, lambda: image) for one in films], run)),
        "patient": patient_page([film], first.model, tested, PATIENT.wording("ar")),
    }


@pytest.mark.parametrize("name", ["run", "patient"])
def test_axe_finds_nothing_and_nothing_is_cut_off(pages, name, tmp_path, browser):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="accessibility is checked with axe-core")
    path = tmp_path / "page.html"
    path.write_text(pages[name])
    page = browser.new_page(bypass_csp=True)  # axe is a script of ours
    page.goto(path.as_uri())
    for width in (1280, 768, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    for width, scheme in SCREENS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        found = axe.Axe().run(page, options=RULES).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], (width, scheme)
    page.close()
