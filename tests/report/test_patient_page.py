"""The page for a patient: plain words, only what was accepted, nothing that decides, in every language."""

import base64
import io
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Raster

import lennox
from lennox.image import Image
from lennox.report.natural_frequencies import NaturalFrequencies, Share
from lennox.report.patient_page import BANNED, AcceptedPlace, PatientFilm, patient_page
from lennox.report.wording import PATIENT

REPORT = Path(lennox.__file__).parent / "report"
SOURCE = (REPORT / "templates" / "patient.html").read_text() + (REPORT / "patient_page.py").read_text()
ONE = re.findall(r'\bsay\(\s*"((?:[^"\\]|\\.)*)"', SOURCE)
MANY = re.findall(r'\bsay\.many\(\s*"([^"]*)",\s*"([^"]*)"', SOURCE)
TESTED = NaturalFrequencies(309, Share(6, 10), Share(4, 10))
TOP_LEFT = AcceptedPlace(((10.0, 20.0), (10.0, 60.0), (40.0, 60.0), (40.0, 20.0)))
BOTTOM = AcceptedPlace(((250.0, 180.0), (250.0, 220.0), (290.0, 220.0), (290.0, 180.0)), by_hand=True)


@pytest.fixture
def film():
    return PatientFilm("ana/film1.png", Image.from_array(np.full((300, 400), 90, np.uint8)), (TOP_LEFT, BOTTOM))


@pytest.fixture
def model(make):
    return make("none").model


def words_of(page):
    return " ".join(re.sub(r"<[^>]*>", " ", page[page.index("<body") :]).split())


def values(text):
    return set(re.findall(r"\{(\w+)\}", text))


def test_it_says_where_to_look_and_numbers_places_over_all_films(film, model):
    text = words_of(patient_page([film, film], model, TESTED))
    assert "there may be tooth decay in 4 places" in text
    assert "Your dentist found 2 places that the program did not mark." in text
    assert "Place 1: top left of the picture. Place 2: bottom, in the middle of the picture. ana/film1.png" in text
    assert "Place 3: top left of the picture. Place 4: bottom" in text


def test_it_says_how_often_such_marks_are_wrong_as_counts(film, model):
    text = words_of(patient_page([film], model, TESTED))
    assert "tested on 309 pictures. Of every 10 marks it made, about 6 were wrong." in text
    assert "Of every 10 places with decay, it missed about 4." in text
    assert "%" not in text
    assert "Nobody has counted" in words_of(patient_page([film], model, None))


def test_the_unreleased_are_for_learning_only(film, model):
    from dataclasses import replace

    assert "For learning only." in words_of(patient_page([film], model, TESTED))
    assert "For learning only." not in patient_page([film], replace(model, release="released for workshop"), TESTED)


def test_prevention_comes_before_questions_of_treatment(film, model):
    text = words_of(patient_page([film], model, TESTED))
    assert text.index("toothpaste that has fluoride") < text.index("without a drill?")
    assert not any(re.search(rf"\b{word}\b", text, re.IGNORECASE) for word in BANNED)


def test_places_are_drawn_in_black_and_white(film, model):
    page = patient_page([film], model, TESTED)
    (data,) = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page)
    drawn = np.asarray(Raster.open(io.BytesIO(base64.b64decode(data))).convert("RGB")).astype(int)
    assert np.ptp(drawn, axis=2).max() <= 8  # no colour
    assert drawn[10, 35].min() > 150  # on the edge of the first place, of a film that is 90 all over
    assert abs(drawn[25, 40].max() - 90) < 8  # and its inside is as it was


def test_names_are_typed_in_and_kept_nowhere(film, model):
    page = patient_page([film], model, TESTED)
    assert len(re.findall(r'<input type="text"[^>]*autocomplete="off"', page)) == 3
    assert "<script" not in page
    assert "<form" not in page


def test_a_hostile_name_stays_text(film, model, hostile_name):
    from dataclasses import replace

    page = patient_page([replace(film, name=hostile_name)], model, TESTED)
    assert "<script" not in page
    assert "\x1b" not in page


def test_a_child_of_eleven_can_read_it(film, model):
    """Grades of school are ages less five; both measures count letters and sentences and need no word list."""
    textstat = pytest.importorskip("textstat")
    text = " ".join(line.format(n=2, base=10, count=4, where="top left") for line in ONE if line.endswith((".", "?")))
    text += " " + " ".join(many.format(n=2) for _, many in MANY)
    assert textstat.lexicon_count(text) > 250
    assert textstat.automated_readability_index(text) <= 6
    assert textstat.coleman_liau_index(text) <= 6


@pytest.mark.parametrize("language", PATIENT.languages()[1:])
def test_every_sentence_is_in_every_language(language):
    template = (REPORT / "locale" / "patient" / "community.pot").read_text()
    catalogue = PATIENT.wording(language).catalogue
    for sentence in ONE:
        assert f'"{sentence}"' in template
        translated = catalogue.gettext(sentence)
        assert translated != sentence
        assert values(translated) == values(sentence)
    for one, many in MANY:
        for number in (*range(12), 100, 101):
            translated = catalogue.ngettext(one, many, number)
            assert translated not in (one, many)
            assert values(translated) == {"n"}


@pytest.mark.parametrize("language", PATIENT.languages()[1:])
def test_a_translation_that_nobody_native_read_says_so_to_translators(language):
    head = (REPORT / "locale" / "patient" / f"{language}.po").read_text().split("msgid", 1)[0]
    assert "NEEDS REVIEW: no native reader" in head or "Reviewed by a native reader:" in head


def test_arabic_goes_from_right_to_left(film, model):
    page = patient_page([film], model, TESTED, PATIENT.wording("ar"))
    assert '<html lang="ar" dir="rtl">' in page
    assert '<html lang="vi" dir="ltr">' in patient_page([film], model, TESTED, PATIENT.wording("vi"))


def test_a_pdf_is_one_page_with_fields_and_asks_nobody_for_anything(film, model, monkeypatch):
    pytest.importorskip("weasyprint")
    import socket

    from lennox.report.pdf import to_pdf

    def refuse(*_):
        raise AssertionError("a page loads nothing")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    page = patient_page([film], model, TESTED)
    data = to_pdf(page.replace("</main>", '<img src="http://127.0.0.1/x.png"><img src="file:///etc/hostname"></main>'))
    assert data.startswith(b"%PDF")
    streams = re.findall(rb"stream\n(.*?)\nendstream", data, re.DOTALL)
    objects = data + b"".join(zlib.decompress(one) for one in streams if one.startswith(b"x\xda"))
    assert len(re.findall(rb"/Type\s*/Page\b", objects)) == 1
    assert len(re.findall(rb"/FT\s*/Tx", objects)) == 3
