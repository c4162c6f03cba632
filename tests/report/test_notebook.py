"""What a notebook shows: the same careful words as everywhere, nothing that runs, and nothing imported before."""

import re
import subprocess
import sys

import numpy as np
import pytest

import lennox
from lennox.image import Image
from lennox.report import words
from lennox.report.table import COLUMNS


def text_of(html):
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_an_examination_is_its_answer_its_findings_and_its_notice(make):
    text = text_of(make("suspected")._repr_html_())
    assert text.startswith("film.png : Caries suspected: 2 places")
    assert "1 caries 0.83 10 20 20 35 2 caries 0.40" in text
    assert words.notice("unreleased") in text.replace("&#x27;", "'")


def test_the_three_answers_never_look_alike(make):
    shown = {text_of(make(status)._repr_html_()) for status in ("none", "not assessable", "unreadable")}
    assert len(shown) == 3
    assert any("This looks like a photograph." in text for text in shown)


def test_an_image_is_a_reduced_picture_with_what_its_file_says():
    image = Image.from_array(np.zeros((900, 1600), np.uint8), name="ana.png", spacing_mm=(0.02, 0.02))
    html = image._repr_html_()
    assert 'src="data:image/jpeg;base64,' in html
    assert "ana.png: 900 rows × 1600 columns, 8 bits, 0.02 mm × 0.02 mm a pixel." in text_of(html)


def test_a_hostile_name_stays_text(make, hostile_name):
    for html in (make("suspected", hostile_name)._repr_html_(), make("unreadable", hostile_name)._repr_html_()):
        assert "<script" not in html
        assert "\x1b" not in html


def test_a_frame_has_the_columns_of_the_table_and_numbers_as_numbers(examinations):
    frame = lennox.to_frame(examinations)
    assert tuple(frame.columns) == COLUMNS
    assert len(frame) == 5  # two findings, and a row for each film without one
    assert list(frame["findings"].dropna()) == [2, 2, 0]
    assert str(frame["findings"].dtype) == "Int64"
    assert frame.loc[frame["status"] == "assessed", "probability"].sum() == pytest.approx(0.83 + 0.4)
    assert frame["status"].value_counts()["assessed"] == 3


def test_a_frame_of_nothing_has_its_columns():
    assert tuple(lennox.to_frame([]).columns) == COLUMNS


def test_nothing_of_a_notebook_is_loaded_with_lennox():
    program = "import sys, lennox; lennox.Image, lennox.Examination; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True).stdout
    assert not {"pandas", "lennox.report.notebook", "lennox.report.table"} & set(loaded.split())


def test_without_pandas_the_extra_is_named(make, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(lennox.LennoxError, match=r"pip install 'lennox\[audit\]'"):
        lennox.to_frame([make("none")])
