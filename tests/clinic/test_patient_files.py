import pytest

from lennox.clinic.patient_files import patient_pages
from lennox.clinic.reviewed_films import card_of, read_results
from lennox.errors import InputError


@pytest.fixture
def pages(results, films, tiny):
    def write(*names, where=films):
        decided = read_results(results)
        card = card_of(decided[0].examination.model, tiny)
        return dict(patient_pages(decided, names, where, card))

    return write


def test_a_page_for_each_film_with_an_accepted_mark_and_no_other(pages, decide):
    decide(("ana/0.png", 1, "accept"), ("ana/1.png", 1, "reject"), ("ben/2.png", 1, "accept"))
    found = pages()
    assert list(found) == ["ana/0.png", "ben/2.png"]
    assert "in 1 place." in found["ana/0.png"]
    assert "ben/" not in found["ana/0.png"]


def test_the_films_of_a_patient_go_on_one_page(pages, decide):
    decide(("ana/0.png", 1, "accept"), ("ana/1.png", 1, "edit"), ("ben/2.png", 1, "accept"))
    (page,) = pages("ana").values()
    assert "in 2 places." in page
    assert "ana/0.png" in page
    assert "ben/" not in page
    assert list(pages("ana/1.png", "ana/0.png")) == ["patient"]


def test_without_an_accepted_mark_there_is_nothing_to_tell(pages, decide):
    with pytest.raises(InputError, match="no mark was accepted"):
        pages()
    decide(("ana/0.png", 1, "accept"))
    with pytest.raises(InputError, match="no mark was accepted on these films"):
        pages("ben")
    with pytest.raises(InputError, match="these results have no film 'an'"):
        pages("an")


def test_only_the_film_that_was_decided_about_is_shown(pages, decide, films, tmp_path):
    decide(("ana/0.png", 1, "accept"))
    with pytest.raises(InputError, match=r"'ana/0\.png' cannot be read in .* --films"):
        pages(where=tmp_path)
    (films / "ana/0.png").write_bytes((films / "ana/1.png").read_bytes())
    with pytest.raises(InputError, match="is not the film that was decided about"):
        pages()


def test_the_command_writes_private_pages_in_a_language(invoke, results, films, decide, tiny):
    decide(("ana/0.png", 1, "accept"))
    done = invoke("patient", results, "--films", films, "--language", "vi", "--model", tiny)
    assert done.exit_code == 0, done.output
    page = results / "patients/ana/0.png.vi.html"
    assert '<html lang="vi"' in page.read_text()
    assert page.stat().st_mode & 0o077 == 0
    refused = invoke("patient", results, "--films", films, "--language", "../x", "--model", tiny)
    assert refused.exit_code == 2
    assert "there is no catalogue" in refused.stderr
    assert "Traceback" not in refused.stderr
