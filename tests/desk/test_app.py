"""The whole desk without a browser: films come in, are read and decided on, and nothing is lost when it is killed."""

import io
import os
import shutil
import time

import numpy as np
from PIL import Image

from lennox.desk.event_store import FILE_NAME, EventStore


def decide(desk, key, **said):
    return desk.ask("/api/events", {"film": key, "who": "AB", "window": "w", **said})


def test_films_are_read_by_the_route_of_diagnose_with_every_candidate(open_desk, write_films, tmp_path):
    folder = write_films(tmp_path / "films", 2)
    (folder / "broken.png").write_bytes(b"not a picture")
    desk = open_desk(folder)
    films = desk.films()
    assert {name: row["status"] for name, row in films.items()} == {
        "0.png": "assessed", "1.png": "assessed", "broken.png": "unreadable",
    }  # fmt: skip
    assert films["broken.png"]["reasons"][0].endswith(".")
    film, _ = desk.ask(f"/api/films/{films['0.png']['key']}")
    probabilities = [one["probability"] for one in film["record"]["findings"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert films["0.png"]["marks"] == sum(one >= 0.5 for one in probabilities)
    assert desk.ask("/api/desk")[0]["model"]["unreleased"]


def test_decisions_outlive_a_kill_and_the_reading_is_not_done_again(open_desk, write_films, tmp_path):
    folder = write_films(tmp_path / "films", 1)
    desk = open_desk(folder)
    key = desk.films()["0.png"]["key"]
    outline = [[10, 10], [10, 50], [50, 50]]
    assert decide(desk, key, kind="mark", mark="1", verdict="accept", tooth="UR6", notation="Palmer")[1] == 200
    assert decide(desk, key, kind="mark", mark=None, verdict="missed", outline=outline)[1] == 200
    assert decide(desk, key, kind="film", is_read=True)[1] == 200
    desk.kill()
    again = open_desk(folder)
    film, _ = again.ask(f"/api/films/{again.films()['0.png']['key']}")
    assert film["read"] == "AB"
    assert [(one["verdict"], one["tooth"]) for one in film["decisions"].values()] == [("accept", "16"), ("missed", "")]
    again.stop()
    events = EventStore(folder / FILE_NAME).since(0)
    assert [event.kind for event in events] == ["read", "mark", "mark", "film"]
    assert events[1].details["model"]["release"].startswith("unreleased")
    assert events[1].details["operating_point"] == {"name": "balanced", "threshold": 0.5}


def test_a_decision_without_initials_or_on_nothing_is_refused(open_desk, write_films, tmp_path):
    desk = open_desk(write_films(tmp_path / "films", 1))
    key = desk.films()["0.png"]["key"]
    assert decide(desk, key, kind="mark", mark="1", verdict="accept", who="")[1] == 400
    assert decide(desk, key, kind="mark", mark="999", verdict="accept")[1] == 400
    assert decide(desk, key, kind="read", mark="1")[1] == 400
    assert not desk.ask(f"/api/films/{key}")[0]["decisions"]


def test_films_that_are_dropped_or_appear_in_the_folder_are_read(open_desk, write_films, drawn, tmp_path):
    folder = write_films(tmp_path / "films", 1)
    desk = open_desk(folder)
    desk.films()
    (folder / "new").mkdir()
    Image.fromarray(np.fliplr(drawn)).save(tmp_path / "late.png")
    answer, status = desk.ask("/api/films?name=..%2F..%2Fup.png", (tmp_path / "late.png").read_bytes(), "PUT")
    assert (answer, status) == ({"name": "up.png"}, 200)
    (tmp_path / "late.png").rename(folder / "new" / "late.png")
    for _ in range(50):
        films = desk.films()
        if len(films) == 3:
            break
        time.sleep(0.2)
    assert set(films) == {"0.png", "up.png", "new/late.png"}


def test_a_model_that_is_not_released_marks_nothing_and_the_status_says_so(open_desk, write_films, tmp_path):
    desk = open_desk(write_films(tmp_path / "films", 1), "--threads", "1")
    for _ in range(200):
        model = desk.ask("/api/desk")[0]["model"]
        if model["status"] != "loading":
            break
        time.sleep(0.1)
    assert model["status"] == "refused"
    assert "release" in " ".join(model["reasons"])
    film = next(iter(desk.ask("/api/desk")[0]["films"]))
    assert desk.ask(f"/api/films/{film['key']}")[0]["record"] is None
    assert desk.raw("GET", f"/api/films/{film['key']}/picture", Cookie=desk.cookie)[0] == 200
    assert desk.stop() == 4


def test_hostile_names_are_one_visible_line(open_desk, write_films, tmp_path):
    names = [
        "<img src=x onerror=alert(1)>.png",
        "=1+1.png",
        "a\u202eb.png",
        "caf\u00e9 \U0001f9b7.png",
        "%2e%2e.png",
        "c\nd.png",
    ]
    folder = write_films(tmp_path / "films", len(names))
    for film, name in zip(sorted(folder.iterdir()), names, strict=True):
        film.rename(folder / name)
    for number in (b"\xfe", b"\xff"):  # no text at all
        shutil.copy(folder / names[0], os.fsencode(folder) + b"/" + number + b".png")
    desk = open_desk(folder)
    found = desk.films()
    assert len(found) == len(names) + 2
    for name, row in found.items():
        assert name.isprintable()
        assert desk.ask(f"/api/films/{row['key']}")[0]["status"] == "assessed"


def test_the_page_for_a_patient_is_of_what_was_decided_on_all_films_of_that_patient(open_desk, write_films, tmp_path):
    folder = tmp_path / "films"
    write_films(folder / "ana", 2)
    desk = open_desk(folder)
    films = desk.films()
    key = films["ana/0.png"]["key"]
    status, headers, page = desk.raw("GET", f"/api/films/{key}/patient?language=es", Cookie=desk.cookie)
    assert (status, headers["content-type"].split(";")[0]) == (400, "text/plain")
    assert b"nothing to tell" in page
    decide(desk, films["ana/1.png"]["key"], kind="mark", mark="1", verdict="accept")
    decide(desk, key, kind="mark", mark=None, verdict="missed", outline=[[10, 10], [10, 50], [50, 50]])
    status, headers, page = desk.raw("GET", f"/api/films/{key}/patient?language=es", Cookie=desk.cookie)
    assert status == 200
    assert headers["content-security-policy"].startswith("sandbox")
    text = page.decode()
    assert 'lang="es"' in text
    assert text.count("<figure>") == 2
    assert desk.raw("GET", f"/api/films/{key}/patient?language=../es", Cookie=desk.cookie)[0] == 400


def test_a_deep_film_shows_all_its_levels_within_a_window(open_desk, drawn, tmp_path):
    folder = tmp_path / "films"
    folder.mkdir()
    ramp = np.linspace(0, 65535, drawn.size).astype(np.uint16).reshape(drawn.shape)
    Image.fromarray(ramp).save(folder / "deep.png")
    desk = open_desk(folder)
    address = f"/api/films/{desk.films()['deep.png']['key']}/picture?stamp"

    def levels(window):
        status, _, content = desk.raw("GET", address + window, Cookie=desk.cookie)
        return status, np.asarray(Image.open(io.BytesIO(content))) if status == 200 else content

    _, whole = levels("")
    _, part = levels("&low=0.5&high=0.51")
    inside = (ramp > 0.501 * 65535) & (ramp < 0.509 * 65535)
    assert len(np.unique(whole[inside])) <= 3
    assert len(np.unique(part[inside])) > 190
    assert (part[ramp < 0.5 * 65535] == 0).all()
    assert (part[ramp > 0.511 * 65535] == 255).all()
    for wrong in ("&low=0.5&high=0.5", "&low=nan", "&high=2", "&low=x"):
        assert levels(wrong)[0] == 400
