import json

import pytest

from lennox.clinic.reviewed_films import card_of, read_results
from lennox.errors import InputError, ModelError


def test_accepted_marks_have_the_model_s_outlines_and_the_others_are_counted(results, records, decide):
    assert len(records["ana/0.png"]["findings"]) == len(records["ana/1.png"]["findings"]) == 2
    decide(
        ("ana/0.png", 1, "reject"), ("ana/0.png", 2, "accept"), ("ana/0.png", "", "missed"),
        ("ana/1.png", 1, "edit"), ("ana/1.png", "", "none"), ("ben/2.png", 1, ""),
    )  # fmt: skip
    films = {film.name: film for film in read_results(results)}
    assert list(films) == ["ana/0.png", "ana/1.png", "ben/2.png", "ben/3.png", "ben/4.png"]
    ana = films["ana/0.png"]
    outlines = [finding["outline"] for finding in records["ana/0.png"]["findings"]]
    assert [list(map(list, place.outline)) for place in ana.accepted] == [outlines[1]]
    assert (ana.rejected, ana.missed, ana.is_reviewed) == (1, True, True)
    assert (len(films["ana/1.png"].accepted), films["ana/1.png"].missed) == (1, False)
    assert not films["ben/2.png"].is_reviewed  # a row of a form that nobody filled in


def test_what_was_redrawn_and_added_has_the_clinician_s_outline(results, records):
    digest = records["ana/0.png"]["source"]["sha256"]
    path, corners = results / "decisions.csv", "1.0 2.0; 1.0 9.0; 8.0 9.0"
    path.write_text(f"film,mark,decision,outline\n{digest},1,edit,{corners}\n{digest},,missed,{corners}\n")
    ana = read_results(results)[0]
    assert [(place.outline, place.by_hand) for place in ana.accepted] == [
        (((1.0, 2.0), (1.0, 9.0), (8.0, 9.0)), by_hand) for by_hand in (False, True)
    ]
    for wrong in ("1 2; 3 4", "nan 2; 3 4; 5 6", "-1 2; 3 4; 5 6", "x"):
        path.write_text(f"film,mark,decision,outline\n{digest},1,edit,{wrong}\n")
        with pytest.raises(InputError, match="row 2: its outline"):
            read_results(results)


def test_nothing_is_accepted_before_somebody_decided(results):
    assert all(not film.accepted and not film.is_reviewed for film in read_results(results))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("cd" * 32, 1, "accept"), "row 2 is of a film that is not in these results"),
        (("ana/0.png", 1, "yes"), "'yes' is not a decision; write one of: accept, edit, reject"),
        (("ana/0.png", 999, "accept"), "'999' is no mark of this film, which has"),
        (("ana/0.png", 0, "reject"), "'0' is no mark"),
        (("ana/0.png", "", "accept"), "'' is no mark"),
        (("ana/0.png", "x", "missed"), "'x' is no mark"),
    ],
)
def test_a_row_that_cannot_be_true_is_refused_by_its_number(results, decide, row, said):
    decide(row)
    with pytest.raises(InputError, match=said):
        read_results(results)


def test_a_mark_decided_twice_and_otherwise_is_refused(results, decide):
    decide(("ana/0.png", 1, "accept"), ("ana/0.png", 1, "accept"))
    assert len(read_results(results)[0].accepted) == 1
    decide(("ana/0.png", 1, "accept"), ("ana/0.png", 1, "reject"))
    with pytest.raises(InputError, match="row 3 decides again, and otherwise"):
        read_results(results)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("film,decision\n", "there is no column 'mark'"),
        ("film,mark,decision\na,b\n", "row 2 is shorter"),
        ("\0\xff", "cannot be read"),
    ],
)
def test_a_file_that_holds_no_decisions_is_one_sentence(results, text, said):
    (results / "decisions.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=said):
        read_results(results)


def test_a_folder_without_results_and_a_damaged_record_are_one_sentence(results, tmp_path):
    with pytest.raises(InputError, match="holds no results"):
        read_results(tmp_path)
    record = results / "records/ana/0.png.json"
    record.write_text(record.read_text()[:-40])
    with pytest.raises(InputError, match="a record of 'results' is damaged"):
        read_results(results)


@pytest.mark.parametrize("name", ["../outside.png", "/etc/passwd", "ana/../../x.png"])
def test_a_record_cannot_name_a_film_outside_the_folder_of_films(results, records, name):
    record = records["ana/0.png"]
    record["source"]["name"] = name
    (results / "records/ana/0.png.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match="damaged"):
        read_results(results)


def test_the_card_is_that_of_the_model_that_answered(results, tiny):
    model = read_results(results)[0].examination.model
    assert card_of(model, tiny).files["model.onnx"] == model.sha256
    with pytest.raises(InputError, match="name the folder of that model with --model"):
        card_of(model, "caries-radiograph-2")
    with pytest.raises(ModelError, match="there is no model"):
        card_of(model, "nothing")
