import base64
import hashlib
import re
from datetime import datetime
from html.parser import HTMLParser

import pytest

from lennox.report import words
from lennox.report.pages import LIBRARY, asset
from lennox.report.run_page import FilmEntry, Page, RunSummary, run_page_parts

FORBIDDEN = re.compile(r"diagnosed|unbiased|\bsafe\b|healthy", re.IGNORECASE)


@pytest.fixture
def render(card, image):
    def page(examinations, page=None, opened=image):
        first = examinations[0]
        groups = [words.group_of(one) for one in examinations]
        run = RunSummary(card, first.model, first.operating_point, datetime(2026, 11, 23, 9, 5),
                  groups.count("suspected"), groups.count("none"), groups.count("refused"))  # fmt: skip
        return "".join(run_page_parts([FilmEntry(one, lambda: opened) for one in examinations], run, page))

    return page


class Reader(HTMLParser):
    """Collects elements with their attributes, and the text that people see."""

    VOID = frozenset({"meta", "img", "input", "image", "use", "rect", "br"})

    def __init__(self, text):
        super().__init__()
        self.elements, self.text, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.text.append(data)

    def all(self, tag, **wanted):
        return [found for name, found in self.elements if name == tag and wanted.items() <= found.items()]


def test_the_page_is_whole_and_well_formed(render, examinations):
    reader = Reader(render(examinations))
    assert reader.open == []
    identities = [found["id"] for _, found in reader.elements if "id" in found]
    assert len(set(identities)) == len(identities)
    for _, found in reader.elements:
        if (link := found.get("href", "")).startswith("#"):
            assert link[1:] in identities


def test_nothing_is_loaded_from_anywhere(render, examinations):
    text = render(examinations)
    for _, found in Reader(text).elements:
        for name in ("src", "href", "srcset", "action", "data"):
            assert found.get(name, "#").startswith(("#", "data:image/jpeg;base64,")), found
    own = text.replace(asset(LIBRARY), "")  # the library could load; the policy of the page forbids it
    assert own != text
    assert not re.search(r"@import|https?://(?!www\.w3\.org/)|fetch\(|XMLHttp|WebSocket", own)
    policy = Reader(text).all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"]
    assert "default-src 'none'" in policy
    script = re.search(r"<script>(.*)</script>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy


def test_each_film_is_beside_its_outlines_which_are_off_at_first(render, make):
    text = render([make("suspected")])
    reader = Reader(text)
    assert len(reader.all("image")) == 1  # embedded once, shown twice
    assert len(reader.all("use")) == 1
    assert len(reader.all("polygon", **{"class": "line"})) == 2
    (toggle,) = reader.all("input", type="checkbox")
    assert "checked" not in toggle
    assert ".outlines { visibility: hidden; }" in text
    assert ".toggle:checked ~ .films-beside .outlines { visibility: visible; }" in text  # works without script
    assert reader.all("g", role="img")[0]["aria-label"] == "1: caries suspected, probability 0.83"


def test_films_without_a_result_have_a_list_of_their_own(render, examinations):
    text = render(examinations)
    refused = text[text.index('<section id="refused"') : text.index('<div class="paper"')]
    assert "This looks like a photograph." in refused
    assert "The file is empty. Export it again." in refused
    assert "These films have no result" in refused
    assert len(Reader(text).all("article")) == 2
    assert len(Reader(refused).all("image")) == 1  # of the one that could be read


def test_nothing_suspected_never_looks_like_health(render, make):
    text = " ".join(Reader(render([make("none")])).text)
    assert words.NO_LESION in text
    assert "This does not mean that the film is free of caries." in text
    assert not FORBIDDEN.search(text), FORBIDDEN.search(text)


def test_words_for_people_are_careful(render, examinations):
    text = " ".join(Reader(render(examinations)).text)
    assert not FORBIDDEN.search(text), FORBIDDEN.search(text)
    assert "not a diagnosis" in text
    assert "UNRELEASED MODEL" in text
    assert "2026-11-23 09:05" in text


def test_the_model_says_what_it_was_tested_on_and_what_it_cannot_see(render, make):
    text = " ".join(" ".join(Reader(render([make("none")])).text).split())
    assert "0.54 (0.46–0.63)" in text
    assert "On drawn <b>films</b> (143 films, 90 marked lesions) it found 54 (46–63) in 100 of the lesions." in text
    assert "It set 0.8 (0.6–1) false marks a film there." in text
    assert "caries under fillings" in text


def test_hostile_names_stay_text(render, make, hostile_name):
    everything = [make(status, hostile_name) for status in ("suspected", "none", "not assessable", "unreadable")]
    reader = Reader(render(everything))
    assert len(reader.all("script")) == 1
    assert words.readable(hostile_name) in "".join(reader.text)
    assert not any(name.startswith("on") for _, found in reader.elements for name in found)


def test_hostile_reasons_stay_text(render, make):
    from dataclasses import replace

    one = replace(make("unreadable"), reasons=("<img src=x onerror=alert(1)>\x1b[31m",))
    reader = Reader(render([one]))
    assert not reader.all("img")
    assert "<img src=x onerror=alert(1)>\ufffd[31m" in "".join(reader.text)


def test_a_film_that_is_gone_is_said_to_be_gone(render, make):
    text = render([make("suspected")], opened=None)
    assert "could not be read again" in text
    assert not Reader(text).all("image")


def test_a_page_of_many_names_the_others(render, examinations):
    text = render(examinations, Page(2, 3, 201, ("report.html", "report-2.html", "report-3.html")))
    reader = Reader(text.replace("report.html", "#").replace("report-2.html", "#").replace("report-3.html", "#"))
    assert 'href="report-3.html"' in text
    assert "page 2 of 3" in " ".join(reader.text)
    assert 'id="film-201"' in text


def test_only_one_film_is_open_at_a_time(card, make, image):
    opened = []

    def watch(number):
        opened.append(number)
        return image

    films = [FilmEntry(make("suspected"), lambda number=number: watch(number)) for number in range(50)]
    run = RunSummary(
        card, films[0].examination.model, films[0].examination.operating_point, datetime(2026, 1, 1), 50, 0, 0
    )
    parts = run_page_parts(films, run)
    while not opened:
        next(parts)
    assert opened == [0]
