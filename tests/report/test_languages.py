"""Pages in other languages than English: every sentence has a translation with the same values in it."""

import re
from datetime import datetime
from pathlib import Path

import pytest

import lennox
from lennox.caries_stages import ICCMS_RADIOGRAPHIC
from lennox.report import facts, reading_view, words
from lennox.report.run_page import FilmEntry, RunSummary, run_page_parts
from lennox.report.wording import RUN
from lennox.tooth_names import SURFACES

TEMPLATES = Path(lennox.__file__).parent / "report" / "templates"
SAID = re.compile(r'\bsay(?:\.many)?\(\s*"((?:[^"\\]|\\.)*)"')
NAMES = [
    words.NOTICE,
    words.UNRELEASED_NOTICE,
    words.NO_LESION,
    "Not assessable",
    "Unreadable",
    facts.HELD_OUT,
    facts.HELD_OUT_WINDOWS,
    *facts.AT_POINT.values(),
    *facts.COUNTS.values(),
    *facts.AREAS.values(),
    *facts.FALSE_MARKS.values(),
    "Measured",
    "At",
    "bitewing",
    "panoramic",
    "photograph",
    "other",
    "sensitive",
    "balanced",
    "specific",
    "assessed",
    "not assessable",
    "unreadable",
    *SURFACES,
    *ICCMS_RADIOGRAPHIC.values(),
]
ALIKE = ("caries", "periapical", "mesial", "distal")  # fmt: skip


def values(text):
    return set(re.findall(r"\{(\w+)\}", text))


def test_every_sentence_of_the_page_of_a_run_is_in_every_language():
    templates = [
        SAID.findall((TEMPLATES / f"{name}.html").read_text()) for name in ("run", "reading", "desk", "summary")
    ]
    sentences = [*(one for found in templates for one in found), *reading_view.script_sentences(), *NAMES]
    assert len(set(sentences)) > 200
    for language in RUN.languages()[1:]:
        catalogue = RUN.wording(language).catalogue
        missing = [one for one in sentences if catalogue.gettext(one) == one and one not in ALIKE]
        assert missing == []
        assert [one for one in sentences if values(catalogue.gettext(one)) != values(one)] == []
        for number in (1, 2):
            places = catalogue.ngettext("{labels} suspected: {n} place", "{labels} suspected: {n} places", number)
            assert "suspected" not in places
            assert values(places) == {"labels", "n"}


def test_no_english_is_left_on_a_spanish_page_but_what_is_marked_as_english(card, image, examinations):
    first = examinations[0]
    run = RunSummary(card, first.model, first.operating_point, datetime(2026, 11, 23), 1, 1, 2, say=RUN.wording("es"))
    page = "".join(run_page_parts([FilmEntry(one, lambda: image) for one in examinations], run))
    assert '<html lang="es" dir="ltr">' in page
    body = page[page.index("<body") :]
    body = re.sub(r"<script>.*?</script>", "", body, flags=re.DOTALL)
    body = re.sub(r'<div lang="en">.*?</section>', "", body, flags=re.DOTALL)
    body = re.sub(r'<(p|span) lang="en">.*?</\1>', "", body, flags=re.DOTALL)
    text = re.sub(r"<[^>]*>", " ", body)
    text = text.replace("film.png", "").replace("drawn &lt;b&gt;films&lt;/b&gt;", "")  # names from outside
    assert re.findall(r"\b(the|films?|and|with|not|outlines?|suspected|shown)\b", text) == []
    assert "Caries: sospecha en 2 lugares" in text


@pytest.mark.parametrize("language", ["xx", "../es", "es/../es"])
def test_a_language_without_a_catalogue_is_refused(language):
    from lennox.errors import InputError

    with pytest.raises(InputError, match="there is no catalogue"):
        RUN.wording(language)
