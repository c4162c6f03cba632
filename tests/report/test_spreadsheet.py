import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lennox.report.spreadsheet import csv_line, inert

SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻"


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("before", ["", " ", "\t", "\u3000", "\u00a0", '"', "x;", "x,", "x|", "x; ", 'x;"', "x\t;"])
def test_a_formula_sign_gets_an_apostrophe_wherever_a_cell_may_begin(before, sign):
    cell = inert(f"{before}{sign}1+1")
    assert f"'{sign}1" in cell
    assert inert(cell) == cell  # one is enough


@pytest.mark.parametrize("text", ["film-1.png", "a=b", "x@y", "2026-11-28", "a+b", "Zahn 3-4", "ab" * 32])
def test_ordinary_text_stays_as_it_is(text):
    assert inert(text) == text


def test_numbers_are_numbers_and_nothing_is_empty():
    assert csv_line(["a", -0.5, 3, None, "-x"]) == "a,-0.5,3,,'-x\n"


def cells_where(separators, text):
    """What a spreadsheet finds that separates by any of these and knows quotes at the beginning of a cell only."""
    cells, cell, quoted, start = [], "", False, True
    for sign in text.rstrip("\n"):
        if start and sign == '"':
            quoted, start = True, False
        elif quoted and sign == '"':
            quoted = False
        elif not quoted and sign in separators:
            cells.append(cell)
            cell, start = "", True
        else:
            cell, start = cell + sign, False
    return [*cells, cell]


@given(st.lists(st.text(st.sampled_from(f"ab;,|\"' \t\r\n{SIGNS}")), min_size=1, max_size=4))
def test_no_cell_is_a_formula_whatever_the_spreadsheet_separates_by(texts):
    line = csv_line(["film", *texts])
    assert line.count("\n") == 1
    assert len(next(csv.reader(io.StringIO(line)))) == len(texts) + 1
    for separators in (",", ";", ",;", ",;|", ";\t"):
        for cell in cells_where(separators, line):
            assert not cell.lstrip(' "\u3000').startswith(tuple(SIGNS)), (separators, line)
