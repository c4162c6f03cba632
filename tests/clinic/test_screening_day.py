import csv
import html
import re

import pytest

from lennox.clinic.reviewed_films import read_results
from lennox.clinic.screening_day import day_lines, day_page, summarise
from lennox.clinic.urgency import Urgency
from lennox.report.wording import RUN


@pytest.fixture
def day(results, decide):
    """ana: one accepted place, one mark rejected, two open; ben: nothing decided, two films without a result."""
    decide(("ana/0.png", 1, "accept"), ("ana/0.png", 2, "reject"))
    rules = (Urgency("today", min_places=5), Urgency("soon", min_places=1), Urgency("again", min_not_assessed=2))
    return summarise(read_results(results), rules)


def rows(day):
    return {row["patient"]: row for row in csv.DictReader(day_lines(day))}


def test_a_patient_is_counted_over_films_and_gets_the_first_rule_that_applies(day):
    found = rows(day)
    assert list(found) == ["ana", "ben"]
    assert found["ana"] == {
        "urgency": "soon", "patient": "ana", "films": "2", "not_assessed": "0", "nothing_decided": "1",
        "accepted_places": "1", "marks_without_decision": "2", "films_with_accepted_places": "ana/0.png",
    }  # fmt: skip
    assert (found["ben"]["urgency"], found["ben"]["not_assessed"], found["ben"]["accepted_places"]) == (
        "again",
        "2",
        "0",
    )


def test_without_rules_nobody_is_called_urgent(day):
    assert {row["urgency"] for row in rows(summarise(day.films)).values()} == {"no rule applies"}
    page = day_page(summarise(day.films))
    assert "No rules of urgency were given" in page
    assert "Patients by urgency" not in page


def test_the_page_counts_what_was_said_and_what_was_decided(day):
    page = day_page(day)
    text = " ".join(re.sub(r"<[^>]*>", " ", page[page.index("<body") :]).split())
    assert "2 patients, 5 films. About 4 of the films nobody has decided anything yet." in text
    assert "a suspected lesion 3 none at the operating point 0 no result 2" in text
    assert "accepted 1 rejected 1" in text
    assert "today 0 soon 1 again 1" in text
    assert "ben/3.png" in text  # with its reason, in the list of films without a result
    assert "UNRELEASED MODEL" in text


def test_the_page_is_in_spanish_too(day):
    page = day_page(day, RUN.wording("es"))
    text = re.sub(r'<span lang="en">.*?</span>', "", page[page.index("<body") :])
    text = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())
    for film in day.films:  # what is said of a film comes from outside, and so do the names of rules
        text = text.replace(" ".join(film.examination.reasons) or " ", " ")
    assert "2 pacientes, 5 radiografías." in text
    assert "al menos 5 lugares aceptados" in text
    english = re.findall(r"\b(the|of|films?|and|with|decided|marks?)\b", text.split("lennox ")[0])
    assert english == []


def test_it_says_that_it_is_no_dmft_and_no_prevalence(day):
    page = day_page(day)
    assert "Not DMFT" in page
    assert "Not how common caries is" in page


@pytest.mark.parametrize("name", ["=cmd|'/c calc'!A1", "<script>x</script>"])
def test_a_hostile_patient_is_text(day, name):
    from dataclasses import replace

    films = [replace(film, patient=name) for film in day.films]
    assert "<script" not in day_page(summarise(films))
    assert ",=cmd" not in "".join(day_lines(summarise(films)))


def test_the_command_writes_a_page_and_a_table(invoke, results, decide, tmp_path):
    decide(("ana/0.png", 1, "accept"))
    (tmp_path / "urgency.toml").write_text('[[urgency]]\nname = "soon"\nmin_places = 1\n')
    done = invoke("summary", results, "--urgency", tmp_path / "urgency.toml")
    assert done.exit_code == 0, done.output
    assert "2 patients, 5 films" in done.stderr
    assert "soon,ana" in (results / "summary/referrals.csv").read_text()
    assert (results / "summary/summary.html").stat().st_mode & 0o077 == 0
    (tmp_path / "urgency.toml").write_text("x")
    assert invoke("summary", results, "--urgency", tmp_path / "urgency.toml").exit_code == 2
