import csv
import io

import pytest

from lennox.report.table import COLUMNS, csv_lines


def rows_of(examinations):
    return list(csv.DictReader(io.StringIO("".join(csv_lines(examinations)))))


def test_one_row_a_finding_and_one_for_a_film_without(examinations):
    rows = rows_of(examinations)
    assert [(row["status"], row["finding"]) for row in rows] == [
        ("assessed", "1"), ("assessed", "2"), ("assessed", ""), ("not assessable", ""), ("unreadable", ""),
    ]  # fmt: skip
    assert [row["findings"] for row in rows] == ["2", "2", "0", "", ""]


def test_a_row_by_hand(make):
    row = rows_of([make("suspected")])[0]
    assert tuple(row) == COLUMNS
    assert (row["top"], row["left"], row["bottom"], row["right"]) == ("10.0", "20.0", "20.0", "35.0")
    assert (row["probability"], row["threshold"], row["film_probability"]) == ("0.83", "0.31", "0.83")
    assert (row["area_px"], row["area_mm2"], row["release"]) == ("150.0", "1.5", "unreleased")


def test_the_three_answers_differ_in_words(examinations):
    results = {row["result"] for row in rows_of(examinations)}
    assert results == {
        "Caries suspected: 2 places", "No lesion suspected at this operating point", "Not assessable", "Unreadable",
    }  # fmt: skip


def test_no_cell_is_a_formula_and_no_name_breaks_a_line(make, hostile_name):
    text = "".join(csv_lines([make("suspected", hostile_name), make("unreadable", hostile_name)]))
    assert text.count("\n") == 4
    for row in csv.reader(io.StringIO(text)):
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row)


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@sum", " =1"])
def test_formula_signs_are_disarmed(make, name):
    assert rows_of([make("none", name)])[0]["name"].lstrip().startswith("'")


def test_lines_come_one_examination_at_a_time(make):
    def endless():
        while True:
            yield make("none")

    lines = csv_lines(endless())
    assert [next(lines).split(",")[0] for _ in range(3)] == ["name", "film.png", "film.png"]
