import os
import tracemalloc
from pathlib import Path

import pytest

from lennox.errors import InputError
from lennox.runs.films import LONGEST_NAME, FilmList, FoundFilm, _free_name, find_films

PNG = b"\x89PNG\r\n\x1a\n"


def file_names(folder, **options):
    found = find_films([folder], recursive=False, **options)
    return [Path(film.path).name for film in found.films], found.skipped


def test_images_are_known_by_their_ending_or_their_first_bytes(tmp_path):
    for name, content in {
        "a.PNG": b"", "b.jpeg": b"", "c.dcm": b"", "d": b"\0" * 128 + b"DICM", "e.bin": PNG, "f": b"RIFF\0\0\0\0WEBP",
        "g.txt": b"words", "h": b"", ".hidden.png": PNG, "DICOMDIR": b"\0" * 128 + b"DICM", "i": b"RIFF\0\0\0\0WAVE",
    }.items():  # fmt: skip
        (tmp_path / name).write_bytes(content)
    assert file_names(tmp_path) == (["a.PNG", "b.jpeg", "c.dcm", "d", "e.bin", "f"], 5)


def test_marks_and_decisions_of_the_films_are_no_files_that_were_left_out(tmp_path):
    (tmp_path / "film.png").touch()
    (tmp_path / "annotations.json").write_text("{}")
    (tmp_path / "lennox-desk.sqlite").touch()
    (tmp_path / "notes.json").write_text("{}")
    assert file_names(tmp_path) == (["film.png"], 1)


def test_what_an_earlier_run_wrote_among_the_films_is_left_out_and_counted(tmp_path):
    for name in ("film.png", "ana/film.png", "records/film.png", "answered/overlays/film.png.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "answered/records/ana").mkdir(parents=True)
    (tmp_path / "answered/records/ana/film.png.json").write_text('{"schema": "lennox.examination/1", "source": {}}')
    found = find_films([tmp_path], recursive=True)
    assert [film.name for film in found.films] == ["film.png", "ana/film.png", "records/film.png"]
    assert (found.results, found.below, found.skipped) == (1, 0, 0)


def test_sub_folders_that_nobody_asked_for_are_counted(tmp_path):
    for name in ("film.png", "ana/film.png", "ben/old/film.png", ".hidden/film.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = find_films([tmp_path], recursive=False)
    assert (len(found.films), found.below) == (1, 2)


def test_a_pipe_in_a_folder_blocks_nothing(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "film.png").touch()
    assert file_names(tmp_path) == (["film.png"], 1)


def test_links_to_folders_are_not_followed_round_and_round(tmp_path):
    (tmp_path / "film.png").touch()
    (tmp_path / "self").symlink_to(tmp_path)
    assert len(find_films([tmp_path], recursive=True).films) == 1


def test_files_before_sub_folders_and_both_in_order(tmp_path):
    for name in ("b/2.png", "b/1.png", "a/z.png", "z.png", "c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    names = [film.name for film in find_films([tmp_path], recursive=True).films]
    assert names == ["c.png", "z.png", "a/z.png", "b/1.png", "b/2.png"]


def test_names_differ_even_where_case_does_not(tmp_path):
    for name in ("film.png", "Film.png", "é.png", "e\u0301.png"):
        (tmp_path / name).touch()
    names = [film.name for film in find_films([tmp_path, tmp_path / "film.png"], recursive=False).films]
    assert len({name.casefold() for name in names}) == 5
    twice = find_films([tmp_path / "film.png", tmp_path / "film.png"], recursive=False).films
    assert [film.name for film in twice] == ["film.png", "film.png~2"]


def test_a_long_name_still_fits_a_file_system(tmp_path):
    long = "歯" * 83 + ".png"  # 253 bytes
    (tmp_path / long).touch()
    (film,) = find_films([tmp_path], recursive=False).films
    assert len(os.fsencode(film.name)) <= LONGEST_NAME
    (tmp_path / (film.name + ".json")).touch()


def test_folders_whose_names_differ_only_in_case_keep_their_results_apart(tmp_path):
    for name in ("Scan/1.png", "scan/1.png", "scan/deep/1.png", "1.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    names = [film.name for film in find_films([tmp_path], recursive=True).films]
    assert names == ["1.png", "Scan/1.png", "scan~2/1.png", "scan~2/deep/1.png"]


def test_a_list_is_the_same_at_each_pass_however_often_and_where_it_lies(tmp_path, monkeypatch):
    films = [
        FoundFilm(f"{folder}{name}", f"there/{name}") for folder in ("", "/", "a/b/") for name in ("x", "é\udcff\n")
    ]
    for in_memory in (1, 1 << 20):
        monkeypatch.setattr("lennox.runs.films.IN_MEMORY", in_memory)
        kept = FilmList()
        for film in films:
            kept.append(film)
        first, second = iter(kept), iter(kept)
        assert next(first) == next(second) == films[0]
        assert next(first) == films[1]
        assert list(second) == films[1:]
        assert list(first) == films[2:]
        assert len(kept) == len(films)


def test_fifty_thousand_films_are_held_in_no_more_memory_than_a_hundred(tmp_path, monkeypatch):
    monkeypatch.setattr("lennox.runs.films.is_image", lambda *_: True)

    def held_and_peak(count):
        monkeypatch.setattr(
            "lennox.runs.films.os.walk",
            lambda *_, **__: iter([(str(tmp_path), [], [f"{number:06}.png" for number in range(count)])]),
        )
        tracemalloc.start()
        found = find_films([tmp_path], recursive=False)
        held, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(found.films) == count
        return held, peak

    held_and_peak(100)  # whatever the first call imports
    few, many = held_and_peak(100), held_and_peak(50_000)
    assert many[0] < few[0] + 20_000  # bytes; a list of FoundFilm takes 15 million
    assert many[1] < 15e6  # the names of the one folder, while it is looked into


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_closed_folder_is_said_to_be_closed(tmp_path):
    (tmp_path / "closed").mkdir(mode=0)
    with pytest.raises(InputError, match="may not be opened"):
        find_films([tmp_path / "closed"], recursive=True)


def test_thousands_of_names_that_differ_in_case_are_numbered_without_trying_each():
    taken, tried = {}, []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lennox.runs.films._folded", lambda name: tried.append(name) or name.casefold())
        names = [_free_name("film.png" if number % 2 else "Film.png", taken) for number in range(4000)]
    assert len({name.casefold() for name in names}) == 4000
    assert names[:3] == ["Film.png", "film.png~2", "Film.png~3"]
    assert len(tried) < 20_000


def test_a_name_that_looks_numbered_already_is_kept_apart(tmp_path):
    for name in ("A.png", "a.png", "a.png~2", "A.png~2"):
        (tmp_path / name).write_bytes(PNG)
    names = [film.name for film in find_films([tmp_path], recursive=False).films]
    assert len({name.casefold() for name in names}) == 4
