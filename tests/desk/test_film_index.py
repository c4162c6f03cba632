"""Films are known by keys, lie inside the folder, and are added under names that lead nowhere."""

import os

import pytest
from PIL import Image

from lennox.desk.film_index import FilmIndex
from lennox.errors import InputError


@pytest.fixture
def png(tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "source.png")
    return (tmp_path / "source.png").read_bytes()


@pytest.fixture
def index(tmp_path):
    folder = tmp_path / "films"
    folder.mkdir()
    return FilmIndex(folder)


def test_films_of_two_patients_with_one_file_name_are_two_films(index, png):
    for patient in ("ana", "ben"):
        (index.folder / patient).mkdir()
        (index.folder / patient / "film1.png").write_bytes(png)
    index.refresh()
    assert sorted(film.name for film in index) == ["ana/film1.png", "ben/film1.png"]
    assert len({film.key for film in index}) == 2


def test_a_key_that_there_is_not_is_refused(index):
    with pytest.raises(InputError, match="no such film"):
        index.get("../../etc/passwd")


def test_links_that_lead_out_of_the_folder_are_left_out_and_counted(index, png, tmp_path):
    (index.folder / "in.png").write_bytes(png)
    (index.folder / "out.png").symlink_to(tmp_path / "source.png")
    (index.folder / "again.png").symlink_to(index.folder / "in.png")
    index.refresh()
    assert sorted(film.name for film in index) == ["again.png", "in.png"]
    assert index.outside == 1


def test_an_empty_folder_says_so_and_is_no_error(index):
    index.refresh()
    assert len(index) == 0
    assert "no image" in index.remark


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("film.png", "film.png"),
        ("../../.ssh/film.png", "film.png"),
        ("C:\\films\\film.png", "film.png"),
        (".hidden.png", "hidden.png"),
        ("a\u202egnp.png", "a_gnp.png"),
        ("a\nb.png", "a b.png"),
        ("ñ" * 300 + ".png", "ñ" * 88 + ".png"),
    ],
)
def test_a_dropped_film_is_kept_under_a_plain_name_in_the_folder(index, png, name, kept):
    assert index.add(name, [png]) == kept
    assert os.listdir(index.folder) == [kept]  # noqa: PTH208


def test_a_film_never_replaces_another_and_the_same_one_is_kept_once(index, png):
    assert index.add("film.png", [png]) == "film.png"
    assert index.add("film.png", [png]) == "film.png"
    assert index.add("film.png", [png[:-1], b"x"]) == "film (2).png"
    assert (index.folder / "film.png").read_bytes() == png


def test_what_is_no_image_is_not_kept(index):
    with pytest.raises(InputError, match="no image"):
        index.add("letter.docx", [b"PK\x03\x04"])
    with pytest.raises(InputError, match="no name"):
        index.add("...", [b"x"])
    assert list(index.folder.iterdir()) == []
