"""The whole desk without a browser: films come in, are read and decided on, and nothing is lost when it is killed."""

import io
import json
import os
import shutil
import time

import numpy as np
import pytest
from click.testing import CliRunner
from desk_process import UNRELEASED
from PIL import Image

from lennox.cli import cli
from lennox.desk.decided_films import decided_films
from lennox.desk.desk import Desk
from lennox.desk.event_store import FILE_NAME, EventStore


def decide(desk, key, **said):
    return desk.ask("/api/events", {"film": key, "who": "AB", "window": "w", **said})


HOSTILE = [
    "<img src=x onerror=alert(1)>.png",
    "=1+1.png",
    "a\u202eb.png",
    "caf\u00e9 \U0001f9b7.png",
    "%2e%2e.png",
    "c\nd.png",
]


@pytest.fixture(scope="module")
def folder(write_films, drawn, tmp_path_factory):
    """Films of many kinds, for the desk that the tests share."""
    folder = write_films(tmp_path_factory.mktemp("shared") / "films", 2)
    write_films(folder / "ana", 2)
    (folder / "broken.png").write_bytes(b"not a picture")
    ramp = np.linspace(0, 65535, drawn.size).astype(np.uint16).reshape(drawn.shape)
    Image.fromarray(ramp).save(folder / "deep.png")
    for name in (*HOSTILE, b"\xfe.png", b"\xff.png"):  # the last two are no text at all
        shutil.copy(folder / "0.png", os.fsencode(folder) + b"/h" + os.fsencode(name))
    return folder


@pytest.fixture(scope="module")
def desk(open_desk, folder):
    opened = open_desk(folder)
    opened.films()
    return opened


def test_films_are_read_by_the_route_of_diagnose_with_every_candidate(desk):
    films = desk.films()
    assert {films[name]["status"] for name in ("0.png", "1.png", "ana/0.png")} == {"assessed"}
    assert films["broken.png"]["status"] == "unreadable"
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


def test_a_decision_without_initials_or_on_nothing_is_refused(desk):
    key = desk.films()["0.png"]["key"]
    assert decide(desk, key, kind="mark", mark="1", verdict="accept", who="")[1] == 400
    assert decide(desk, key, kind="mark", mark="999", verdict="accept")[1] == 400
    assert decide(desk, key, kind="read", mark="1")[1] == 400
    assert not desk.ask(f"/api/films/{key}")[0]["decisions"]


def test_films_that_are_dropped_or_appear_in_the_folder_are_read(desk, folder, drawn, tmp_path):
    before = set(desk.films())
    (folder / "new").mkdir()
    Image.fromarray(np.fliplr(drawn)).save(tmp_path / "late.png")
    answer, status = desk.ask("/api/films?name=..%2F..%2Fup.png", (tmp_path / "late.png").read_bytes(), "PUT")
    assert (answer, status) == ({"name": "up.png"}, 200)
    (tmp_path / "late.png").rename(folder / "new" / "late.png")
    for _ in range(50):
        films = desk.films()
        if len(films) == len(before) + 2:
            break
        time.sleep(0.2)
    assert set(films) - before == {"up.png", "new/late.png"}


def test_a_model_that_is_not_released_marks_nothing_and_films_are_read_by_eye(open_desk, write_films, tmp_path):
    folder = write_films(tmp_path / "films", 1)
    desk = open_desk(folder, "--threads", "1")
    for _ in range(200):
        model = desk.ask("/api/desk")[0]["model"]
        if model["status"] != "loading":
            break
        time.sleep(0.1)
    assert model["status"] == "refused"
    assert "is not released" in model["reasons"][0]
    assert "start it with --unreleased --who" in model["reasons"][0]
    key = next(iter(desk.ask("/api/desk")[0]["films"]))["key"]
    assert desk.ask(f"/api/films/{key}")[0]["record"]["findings"] == []
    assert desk.raw("GET", f"/api/films/{key}/picture", Cookie=desk.cookie)[0] == 200
    assert decide(desk, key, kind="mark", mark="1", verdict="accept")[1] == 400
    assert decide(desk, key, kind="mark", mark=None, verdict="missed", outline=[[10, 10], [10, 50], [50, 50]])[1] == 200
    assert decide(desk, key, kind="film", is_read=True)[1] == 200
    assert desk.stop() == 4
    for form in ("coco", "csv", "use"):
        written = CliRunner().invoke(
            cli, ["desk", "export", str(folder), "--format", form, "--out", str(tmp_path / form)]
        )
        assert written.exit_code == 0, written.output
    annotations = json.loads((tmp_path / "coco" / "annotations.json").read_text())["annotations"]
    assert [(one["provenance"], one["model"]) for one in annotations] == [("added", None)]
    assert len((tmp_path / "use").read_text().splitlines()) == 1, "what no model marked is no use of one"
    again = Desk(folder)
    assert [film.is_by_eye for film in decided_films(again)] == [True], "and no evidence about one"
    again.close()


def test_hostile_names_are_one_visible_line(desk):
    found = {name: row for name, row in desk.films().items() if name.startswith("h")}
    assert len(found) == len(HOSTILE) + 2
    for name, row in found.items():
        assert name.isprintable()
        assert desk.ask(f"/api/films/{row['key']}")[0]["status"] == "assessed"


def test_the_page_for_a_patient_is_of_what_was_decided_on_all_films_of_that_patient(desk):
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


def test_no_picture_of_a_film_is_left_to_the_browsers_cache_and_a_changed_file_is_shown_anew(desk, folder):
    film = desk.films()["deep.png"]

    def shown(kind):
        status, headers, content = desk.raw("GET", f"/api/films/{film['key']}/{kind}", Cookie=desk.cookie)
        assert (status, headers["cache-control"]) == (200, "no-store")
        return content

    before = shown("picture"), shown("thumbnail")
    assert (shown("picture"), shown("thumbnail")) == before
    Image.fromarray(np.asarray(Image.open(folder / "deep.png"))[::-1]).save(folder / "deep.png")
    for _ in range(200):  # the desk looks into its folder every two seconds
        if desk.films()["deep.png"]["stamp"] != film["stamp"]:
            break
        time.sleep(0.1)
    assert shown("picture") != before[0]
    assert shown("thumbnail") != before[1]


def test_a_deep_film_shows_all_its_levels_within_a_window(desk, folder):
    ramp = np.asarray(Image.open(folder / "deep.png"))
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


POLICY = """
format = "lennox-equity-policy/1"
id = "clinic"
version = "1.0.0"
title = "A clinic's"
[ratification]
body = "a test"
date = 2026-01-01
method = "delegated"
next_review = 2099-01-01
[scope]
task = "caries-detection"
unit = "image"
cluster = "patient"
modality = ["periapical"]
label = "carious lesions as outlined"
[evidence]
confidence = 0.95
interval = "cluster"
min_patients = 20
min_cases = 20
min_controls = 20
[unknown]
name = "did not say"
gate = true
max_share = 0.4
[[feature]]
name = "age_band"
source = "self-report"
groups = ["under 18", "18+"]
[[requirement]]
id = "finds"
metric = "lesion_sensitivity"
criterion = "worst-group"
direction = "at-least"
limit = 0.3
over = ["age_band"]
plain = "Find at least 30 of 100 lesions."
"""


def test_what_was_decided_goes_into_an_audit_and_into_monitoring(open_desk, desk_model, write_films, tmp_path):
    """The commands as a clinic runs them, one after another."""
    folder, policy = write_films(tmp_path / "films", 3), tmp_path / "policy.toml"
    policy.write_text(POLICY)
    desk = open_desk(folder, *UNRELEASED, "--policy", str(policy))
    for name, row in desk.films().items():
        said = {"kind": "patient", "patient": name, "consent": True, "features": {"age_band": "18+"}}
        assert decide(desk, row["key"], **said)[1] == 200
        decide(desk, row["key"], kind="mark", mark="1", verdict="accept")
        decide(desk, row["key"], kind="film", is_read=True)
    desk.stop()

    def run(*arguments):
        done = CliRunner().invoke(cli, [str(one) for one in arguments])
        return done.exit_code, done.output

    coco, use, audit = tmp_path / "coco", tmp_path / "use.csv", tmp_path / "audit"
    assert run("desk", "export", folder, "--format", "coco", "--out", coco)[0] == 0
    status, output = run("audit", "--model", desk_model, "--data", coco, "--policy", policy, "--out", audit)
    assert status == 11, output  # three films are too few to tell
    audited = json.loads((audit / "audit.json").read_text())
    assert "18+" in json.dumps(audited)
    assert run("desk", "export", folder, "--format", "use", "--out", use)[0] == 0
    status, output = run("monitor", "check", use, "--policy", policy)
    assert (status, "age_band 18+" in output) == (0, True), output
