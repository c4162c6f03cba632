"""An audit of films keeps to the policy's scope, and no option is silently ignored."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image as Pillow
from tiny_model import write_tiny_model

from lennox.audit import TableError, TableOptions, policy_from_bytes
from lennox.audit.film_table import FilmOptions, table_from_films
from lennox.audit.scope import kind_of
from lennox.cli import cli
from lennox.errors import InputError
from lennox.inference.quality import Quality

FILMS = 6
POLICY = """
format = "lennox-equity-policy/1"
id = "scope"
version = "1.0.0"
title = "Scope"
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
name = "sensor"
source = "record"
groups = ["a", "b"]
[[requirement]]
id = "finds"
metric = "lesion_sensitivity"
criterion = "worst-group"
direction = "at-least"
limit = 0.3
over = ["sensor"]
plain = "Find at least 30 of 100 lesions."
"""


@pytest.fixture(autouse=True)
def _every_film_is_fit_to_be_read(monkeypatch):
    fit = Quality("periapical", (), 0.5, 0.5, 1.0)
    monkeypatch.setattr("lennox.inference.examination.assess", lambda image: fit)


@pytest.fixture
def policy():
    return policy_from_bytes(POLICY.encode())


@pytest.fixture
def model(tmp_path):
    return str(write_tiny_model(tmp_path / "tiny"))


@pytest.fixture
def make_set(tmp_path):
    """Six films of three patients, two each; a film may lack or change fields."""

    def make(name="films", change=lambda number, fields: fields):
        folder = tmp_path / name
        folder.mkdir()
        images, annotations = [], []
        random = np.random.default_rng(sum(map(ord, name)))
        for number in range(FILMS):
            Pillow.fromarray(random.integers(0, 255, (96, 96)).astype(np.uint8)).save(folder / f"{number}.png")
            fields = {"patient": f"p{number // 2}", "sensor": "ab"[number // 4], "film": f"mouth-{number}"}
            size = {"width": 96, "height": 96}
            images.append({"id": number, "file_name": f"{number}.png", **size, **change(number, fields)})
            if number % 2:
                annotations.append({"image_id": number, "category_id": 1, "bbox": [20, 20, 40, 30]})
        document = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "caries"}]}
        (folder / "annotations.json").write_text(json.dumps(document))
        return folder

    return make


def with_scope(policy, **more):
    return replace(policy, scope=replace(policy.scope, **more))


def test_the_policys_cluster_is_what_counts_as_one(make_set, model, policy):
    folder = make_set()
    assert table_from_films([folder], model, policy).patients == 3
    assert table_from_films([folder], model, with_scope(policy, cluster="film")).patients == FILMS
    by_option = TableOptions({"cluster": "patient"})
    assert table_from_films([folder], model, with_scope(policy, cluster="film"), reading=by_option).patients == 3
    mapped = with_scope(policy, cluster="film", columns={"cluster": "patient"})
    assert table_from_films([folder], model, mapped).patients == 3


def test_a_set_that_does_not_name_the_patients_is_refused(make_set, model, policy):
    folder = make_set(change=lambda number, fields: fields if number else {"film": "mouth"})
    with pytest.raises(InputError, match=r"counts by 'patient', and 'films' does not say it of every film, such as '0"):
        table_from_films([folder], model, policy)


def test_one_patient_in_two_sets_is_one(make_set, model, policy):
    assert table_from_films([make_set("one"), make_set("two")], model, policy).patients == 3


@pytest.mark.parametrize("listed", ["p1", "mouth-3", "3.png", "3", "digest"])
def test_films_that_were_trained_on_are_found_and_counted(make_set, model, policy, listed):
    folder = make_set()
    name = hashlib.sha256((folder / "3.png").read_bytes()).hexdigest() if listed == "digest" else listed
    with pytest.raises(TableError, match=r"2 of 6 films, of 1 patients, were in training"):
        table_from_films([folder], model, policy, reading=TableOptions(training=frozenset({name})))


def test_films_marked_as_training_are_refused_and_a_list_that_names_none_was_compared(make_set, model, policy):
    folder = make_set("marked", lambda number, fields: fields | {"split": "train"} if number == 5 else fields)
    with pytest.raises(TableError, match="2 of 6 films"):
        table_from_films([folder], model, policy)
    compared = table_from_films([make_set()], model, policy, reading=TableOptions(training=frozenset({"x", "y"})))
    assert compared.training == ("a list of 2 patients or films of the training",)
    assert table_from_films([make_set("unchecked")], model, policy).training == ()


@pytest.mark.parametrize(
    ("options", "reading", "message"),
    [
        ({}, {"columns": {"label": "truth"}}, "'label' is no feature of the policy"),
        ({}, {"columns": {"colour": "truth"}}, "'colour' is no feature of the policy"),
        ({}, {"threshold": 0.4}, "--threshold is the threshold 0.4, and the operating point 'balanced'"),
        ({}, {"not_recorded": ("age",)}, "--not-recorded age: it is no feature"),
        ({"sensors": {"other": "a"}}, {}, "no set of films has that name; there are films"),
        ({"operating_point": "none"}, {}, "has no operating point 'none'"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(make_set, model, policy, options, reading, message):
    with pytest.raises(InputError, match=message):
        table_from_films([make_set()], model, policy, FilmOptions(**options), TableOptions(**reading))


def test_options_that_agree_or_name_a_key_are_kept_to(make_set, model, policy):
    folder = make_set(change=lambda number, fields: fields | {"device": "b", "sensor": "a"})
    reading = TableOptions({"sensor": "device"}, threshold=0.5)
    table = table_from_films([folder], model, policy, reading=reading)
    assert set(table.group["sensor"].tolist()) == {1}
    unsaid = table_from_films([folder], model, policy, reading=TableOptions(not_recorded=("sensor",)))
    assert unsaid.not_recorded == ("sensor",)


@pytest.mark.parametrize(
    ("scope", "message"),
    [
        ({"modality": ("panoramic",)}, "is for panoramic images, the model's card for periapical"),
        ({"modality": ("Panoramic radiograph",)}, "is for panoramic images"),
        ({"modality": ("ultrasound",)}, "'ultrasound' is no kind of image"),
        ({"label": "fracture"}, "the policy's label is 'fracture', and films are audited for caries"),
        ({"task": "fracture-detection"}, "the policy's task is 'fracture-detection'"),
        ({"unit": "tooth"}, "judges each tooth, and films give images"),
        ({"threshold": 0.4}, "the policy names the threshold 0.4"),
    ],
)
def test_a_policy_of_something_else_is_refused(make_set, model, policy, scope, message):
    with pytest.raises(InputError, match=message):
        table_from_films([make_set()], model, with_scope(policy, **scope))


@pytest.mark.parametrize("label", ["", "lesiones de caries", "Karies, von zwei Personen", "cárie", "龋齿"])
def test_words_for_caries_in_other_languages_are_not_refused(make_set, model, policy, label):
    assert len(table_from_films([make_set()], model, with_scope(policy, label=label)))


def test_films_of_another_kind_are_refused_by_what_is_said_and_by_what_is_seen(make_set, model, policy, monkeypatch):
    said = make_set("said", lambda number, fields: fields | {"kind": "bitewing" if number == 2 else "periapical"})
    with pytest.raises(InputError, match="1 of 6 films are, as their set says, bitewing"):
        table_from_films([said], model, policy)
    seen = Quality("panoramic", (), 0.5, 0.5, 1.0)
    monkeypatch.setattr("lennox.inference.examination.assess", lambda image: seen)
    with pytest.raises(InputError, match="6 of 6 films look like panoramic"):
        table_from_films([make_set()], model, policy)


def test_kinds_are_told_from_how_people_write_them():
    assert [kind_of(text) for text in ("Bite-wing", "OPG", "intraoral photograph", "sonogram")] == [
        "bitewing", "panoramic", "photograph", None,
    ]  # fmt: skip


def test_copies_of_a_film_under_two_patients_are_refused(make_set, model, policy):
    folder = make_set()
    (folder / "5.png").write_bytes((folder / "0.png").read_bytes())
    with pytest.raises(InputError, match="2 films are copies of each other under different patients"):
        table_from_films([folder], model, policy)


def test_a_set_given_twice_is_refused(make_set, model, policy):
    folder = make_set()
    with pytest.raises(InputError, match="two sets of films are called 'films'"):
        table_from_films([folder, folder], model, policy)


def test_what_was_trained_on_is_a_sentence_and_status_2_at_the_command_line(make_set, model, policy, tmp_path):
    (tmp_path / "policy.toml").write_text(POLICY)
    (tmp_path / "trained.txt").write_text("p0\np9\n")
    films = ["--model", model, "--data", str(make_set()), "--policy", str(tmp_path / "policy.toml")]
    more = ["--training", str(tmp_path / "trained.txt"), "--out", str(tmp_path / "out")]
    refused = CliRunner().invoke(cli, ["audit", *films, *more])
    assert (refused.exit_code, "2 of 6 films, of 1 patients, were in training" in refused.stderr) == (2, True)
    assert not (tmp_path / "out").exists()
    (tmp_path / "trained.txt").write_text("\n")
    assert "names no patient" in CliRunner().invoke(cli, ["audit", *films, *more]).stderr
    table = ["audit", "x.csv", "--policy", str(tmp_path / "policy.toml"), "--out", "o", "--sensor", "a=b"]
    assert "are about films (--data)" in CliRunner().invoke(cli, table).stderr
