"""The commands around a release, as people run them, from keygen to monitor."""

import csv
import json
import re

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image as Raster
from releasing import make_workshop, today

from lennox.cli import cli
from lennox.gate.check import NOT_SIGNED
from lennox.gate.event_log import Log
from lennox.gate.statement import PrivateKey
from lennox.phantom import draw_film


def run(*arguments, status=0):
    result = CliRunner().invoke(cli, list(map(str, arguments)))
    assert result.exit_code == status, result.output
    return result


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Keys as files, everything ready to be signed."""
    made = make_workshop(tmp_path / "shop")
    monkeypatch.setenv("LENNOX_TRUST", str(made.trust_file))
    made.auditor.write(made.place / "auditor.pem")
    return made


def signing(shop, *more):
    return (
        "release",
        shop.folder,
        "--audit",
        shop.audit,
        "--policy",
        shop.policy,
        "--key",
        shop.place / "auditor.pem",
        *more,
    )


@pytest.fixture
def film(tmp_path):
    Raster.fromarray(draw_film(3).pixels).save(tmp_path / "film.png")
    return tmp_path / "film.png"


def test_from_keys_to_a_model_that_loads(tmp_path, monkeypatch, film):
    """The whole way with commands only, as docs/developer/release.md tells it."""
    shop = make_workshop(tmp_path / "shop", ratified=False)
    monkeypatch.setenv("LENNOX_TRUST", str(tmp_path / "trust.toml"))
    for name in ("auditor", "community"):
        made = run("keygen", name, "--out", tmp_path / f"{name}.pem")
        public = made.stdout.strip()
        role = "release" if name == "auditor" else "ratify"
        run("trust", "add", public, "--name", name, "--channel", "workshop", "--role", role)
    assert "auditor: may release for workshop" in run("trust", "show").stdout
    ratified = run("policy", "sign", shop.policy, "--key", tmp_path / "community.pem")
    assert "1 signature of" in ratified.stdout
    assert "asks for none by keys of its own" in ratified.stdout
    assert ratified.stderr == ""
    shop.write_audit()
    signed = run("release", shop.folder, "--audit", shop.audit, "--policy", shop.policy, "--channel", "workshop",
                 "--key", tmp_path / "auditor.pem")  # fmt: skip
    assert "released for workshop under policy test-policy 1.0.0" in signed.stdout
    assert "Signed by auditor" in run("verify", shop.folder).stdout
    record = json.loads(run("diagnose", film, "--model", shop.folder).stdout)
    assert record["model"]["release"].startswith("released for workshop under policy test-policy 1.0.0 (")
    assert "unreleased" not in record["notice"]


def test_verify_speaks_to_programs(shop):
    refused = json.loads(run("verify", shop.folder, "--format", "json", status=4).stdout)
    assert refused == {
        "model": "tiny", "channel": "workshop", "released": False,
        "reasons": [NOT_SIGNED],
    }  # fmt: skip
    run(*signing(shop))
    told = json.loads(run("verify", shop.folder, "--format", "json").stdout)
    assert (told["released"], told["signed_by"]) == (True, ["auditor"])
    assert told["release"]["policies"][0]["policy"]["ratified_by"] == "The testers"
    clinic = run("verify", shop.folder, "--channel", "clinic", status=4)
    assert "released for the channel workshop, not for clinic" in clinic.stderr
    assert run("verify", "nowhere", status=4).stderr.startswith("lennox: there is no model")


def test_a_refusal_has_every_reason_and_a_page_for_people(shop, tmp_path):
    shop.write_audit(verdict="INSUFFICIENT EVIDENCE")
    page = tmp_path / "why.html"
    refused = run(*signing(shop, "--page", page), status=4)
    assert "- policy test-policy: the verdict is INSUFFICIENT EVIDENCE." in refused.stderr
    assert "about 60 more patients would decide it" in refused.stderr
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page.read_text(), flags=re.DOTALL)
    assert "No. It stays locked." in text
    assert "about 60 more patients would decide it" in text
    assert not re.search(r"\b(fair|unbiased|safe|no bias)\b", text, re.IGNORECASE)
    assert "<script" not in page.read_text()
    shop.write_audit()
    run(*signing(shop))
    run("verify", shop.folder, "--page", page)
    assert "It is released for workshop" in page.read_text()


def test_a_page_cannot_be_made_to_say_something_else(shop, tmp_path):
    folder = shop.folder.rename(shop.place / "<script>alert(1)")
    run("verify", folder, "--page", tmp_path / "page.html", status=4)
    assert "<script" not in (tmp_path / "page.html").read_text()


def test_revoke_and_remove(shop):
    run(*signing(shop))
    run("release", "revoke", shop.folder, "--why", "found twice", "--key", shop.place / "auditor.pem")
    assert "was revoked on" in run("verify", shop.folder, status=4).stderr
    assert "Revoked" in run("trust", "show").stdout
    run(*signing(shop))  # a new release of the same weights
    run("verify", shop.folder)
    run("trust", "remove", "auditor", "--why", "the laptop was stolen")
    again = run("trust", "add", shop.auditor.public.text, "--name", "x", "--channel", "w", "--role", "ratify", status=2)
    assert "was revoked and can count no more" in again.stderr
    assert "a key that signed was revoked" in run("verify", shop.folder, status=4).stderr


def test_a_revocation_that_somebody_sends(shop, tmp_path, monkeypatch):
    run(*signing(shop))
    elsewhere = tmp_path / "elsewhere.toml"
    elsewhere.write_text(shop.trust_file.read_text())
    run(
        "release",
        "revoke",
        shop.folder,
        "--why",
        "found twice",
        "--key",
        shop.place / "auditor.pem",
        "--trust",
        elsewhere,
    )
    sent = (shop.folder / "revocation.json").rename(tmp_path / "revocation.json")
    assert "was revoked on" in run("verify", shop.folder, status=4).stderr  # this computer remembers
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "another computer"))
    run("verify", shop.folder)
    assert "no longer counts here: found twice" in run("trust", "add", sent).stdout
    run("verify", shop.folder, status=4)


def test_cosigning(shop):
    second = PrivateKey.new()
    second.write(shop.place / "second.pem", "words to remember")
    run("trust", "add", second.public.text, "--name", "second", "--channel", "workshop", "--role", "release")
    with shop.trust_file.open("a") as stream:
        stream.write("\n[channel.workshop]\nreleases = 2\n")
    assert "It does not load here yet" in run(*signing(shop)).stderr
    result = CliRunner().invoke(
        cli,
        ["release", "cosign", str(shop.folder), "--key", str(shop.place / "second.pem")],
        input="words to remember\n",
    )
    assert result.exit_code == 0, result.output
    assert "Signed by auditor, second" in run("verify", shop.folder).stdout


def test_keys_are_not_made_in_a_repository_nor_over_another(tmp_path):
    (tmp_path / "project" / ".git").mkdir(parents=True)
    assert "within a repository" in run("keygen", "a", "--out", tmp_path / "project/a.pem", status=2).stderr
    run("keygen", "a", "--out", tmp_path / "a.pem")
    assert "never overwritten" in run("keygen", "a", "--out", tmp_path / "a.pem", status=2).stderr
    assert "plain name" in run("keygen", "../a", status=2).stderr
    assert run("keygen", "b").stdout.startswith("MCowBQYDK2VwAyEA")


def test_trust_says_what_is_wrong(tmp_path, shop):
    assert "needs --name" in run("trust", "add", shop.auditor.public.text, status=2).stderr
    again = run("trust", "add", shop.auditor.public.text, "--name", "x", "--channel", "w", "--role", "ratify", status=2)
    assert "listed already" in again.stderr
    assert "`lennox trust show` lists" in run("trust", "remove", "nobody", status=2).stderr
    assert run("trust", "show", "--trust", tmp_path / "nowhere.toml", status=2).stderr


OVERRIDE = ("--unreleased", "--who", "R. Test", "--why", "to show stamps", "--until", str(today(2)))


def test_an_override_stamps_every_output(shop, film, tmp_path):
    """JSON, CSV, HTML and the overlay's pixels name who, why and until when."""
    stamp = f"unreleased: loaded by R. Test until {today(2)}, because: to show stamps"
    record = json.loads(run("diagnose", film, "--model", shop.folder, *OVERRIDE).stdout)
    assert record["model"]["release"] == stamp
    assert "must not decide about a patient" in record["notice"]
    table = run("diagnose", film, "--model", shop.folder, "--format", "csv", *OVERRIDE).stdout
    assert next(csv.DictReader(table.splitlines()))["release"] == stamp
    out = tmp_path / "out"
    run("diagnose", film, "--model", shop.folder, "--format", "html", "--out", out, "--overlay", *OVERRIDE)
    page = " ".join((out / "report.html").read_text().split())
    assert "UNRELEASED MODEL." in page
    assert f"U{stamp[1:]}" in page
    overlay = np.asarray(Raster.open(next((out / "overlays").iterdir())).convert("RGB"))
    assert (overlay == (160, 30, 20)).all(axis=2).any()
    assert len(Log().records("override")) == 3
    assert "R. Test" in run("log", "show", "--kind", "override").stdout


def test_the_text_in_the_band_of_an_overlay_changes_with_who(shop, film, tmp_path):
    pictures = []
    for who in ("R. Test", "S. Other"):
        out = tmp_path / who
        options = [who if option == "R. Test" else option for option in OVERRIDE]
        run("diagnose", film, "--model", shop.folder, "--out", out, "--overlay", *options)
        pictures.append(np.asarray(Raster.open(next((out / "overlays").iterdir()))))
    assert pictures[0].shape == pictures[1].shape
    differs = (pictures[0] != pictures[1]).any(axis=2)
    band = (pictures[0] == (160, 30, 20)).all(axis=2).any(axis=1)
    assert differs[band].any()


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (OVERRIDE[:1], 2, "--unreleased also needs --who and --why and --until"),
        (OVERRIDE[1:], 2, "go with --unreleased"),
        ((*OVERRIDE[:-1], "soon"), 2, "--until is a day such as"),
        ((*OVERRIDE[:-1], str(today(31))), 2, "30 days from today is the longest"),
        ((*OVERRIDE[:4], "…", *OVERRIDE[5:]), 2, "why is '…'; an override needs one line for it"),
        ((*OVERRIDE[:-1], str(today(-2))), 4, "the override ended on"),
        ((), 4, "tiny is not released: nobody has signed a release of it"),
    ],
)
def test_an_override_that_is_not_whole(shop, film, options, status, said):
    assert said in run("diagnose", film, "--model", shop.folder, *options, status=status).stderr
    assert Log().records("override") == ()


def test_the_log_tells_when_it_was_edited(shop, film):
    import sqlite3

    run("diagnose", film, "--model", shop.folder, *OVERRIDE)
    head = run("log", "show").stderr.removeprefix("Head: ").strip()
    assert "The log is whole: 1 records" in run("log", "verify", "--head", head).stdout
    store = sqlite3.connect(Log().path)
    store.execute("DROP TRIGGER record_is_not_edited")
    store.execute("UPDATE record SET details = replace(details, 'R. Test', 'nobody')")
    store.commit()
    store.close()
    assert "record 1 was edited" in run("log", "verify", status=1).stderr
    assert json.loads(run("log", "show", "--json").stdout)["details"]["who"] == "nobody"
    assert "there is no kind" in run("log", "show", "--kind", "party", status=2).stderr


def write_use(place, first, decisions, **fields):
    """A filled form: one film of one patient each."""
    with place.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, first)
        writer.writeheader()
        for number, said in enumerate(decisions):
            about = {"patient": f"p{number}", "film": f"f{number}", "decision": said, "mark": "1", "sensor": "wand"}
            writer.writerow(first | about | fields)
    return place


@pytest.fixture
def form(shop, film, tmp_path):
    """The first row of a form for a released model."""
    run(*signing(shop))
    run("diagnose", film, "--model", shop.folder, "--out", tmp_path / "out", "--threshold", "0.3")
    records = tmp_path / "out" / "examinations.jsonl"
    run("monitor", "form", records, "--out", tmp_path / "form.csv", "--feature", "sensor")
    (first, *_) = csv.DictReader((tmp_path / "form.csv").open())
    assert first["model"] == json.loads(run("models", shop.folder, "--json").stdout)["sha256"]
    return first


def test_monitoring_from_records_to_a_suspended_channel_and_back(shop, film, form, tmp_path):
    filled = write_use(tmp_path / "use.csv", form, ["accept", "missed"] * 60)
    check = ("monitor", "check", filled, "--policy", shop.policy)
    watched = run(*check, status=10)
    assert "ALARM on" in watched.stdout
    assert "Nothing recorded yet, so nothing known: finds-decay, sensor phone" in watched.stdout
    assert "suspended for workshop" in run("diagnose", film, "--model", shop.folder, status=4).stderr
    assert json.loads(run(*check, "--json", status=10).stdout)["watched"]

    run("trust", "resume", form["model"], status=2)  # nobody says what was found
    run("trust", "resume", form["model"], "--why", "the sensor was mended")
    run("verify", shop.folder)
    assert "Nothing recorded since then" in run(*check).stderr  # else the same records would suspend it again
    run("verify", shop.folder)
    tomorrow = write_use(tmp_path / "use.csv", form, ["accept"] * 10, time=str(today(1)))
    assert (
        "too few to tell: finds-decay, sensor wand: 1 over 10 visits, the limit is at least 0."
        in run(*check[:2], tomorrow, *check[3:]).stdout
    )
    write_use(tomorrow, form, ["accept"] * 40, time=str(today(1)))
    assert "no alarm: finds-decay, sensor wand" in run(*check).stdout
    write_use(tomorrow, form, ["missed"] * 40, time=str(today(1)))
    run(*check, status=10)
    assert [record.kind for record in Log().records("alarm", "resume")] == ["alarm", "resume", "alarm"]


def test_a_policy_that_asks_to_be_told_suspends_nothing(shop, form, tmp_path):
    filled = write_use(tmp_path / "use.csv", form, ["missed"] * 60)
    policy = tmp_path / "notify.toml"
    text = shop.policy.read_text().replace('on_alarm   = "suspend"', 'on_alarm   = "notify"')
    policy.write_text(text.replace("[on_fail]", '[on_fail]\nnotify = ["circle@example.org"]'))
    for _ in range(2):
        said = run("monitor", "check", filled, "--policy", policy, status=10)
        assert "notify circle@example.org; the model is not suspended" in said.stderr
    run("verify", shop.folder)
    assert len(Log().records("alarm")) == 1


def test_audits_are_counted_over_folders(shop, tmp_path):
    """Each try on the same data is an attempt, whatever folder it goes to."""
    table = tmp_path / "cases.csv"
    with table.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["patient_id", "label", "score", "sensor"])
        for number in range(240):
            writer.writerow([number, number % 2, 0.9 if number % 2 else 0.1, "phone" if number < 120 else "wand"])
    for attempt in (1, 2):
        out = tmp_path / f"audit{attempt}"
        run("audit", table, "--policy", shop.policy, "--out", out, "--threshold", "0.5")
        assert json.loads((out / "audit.json").read_text())["attempt"] == attempt
    assert len(Log().records("audit")) == 2


def test_keygen_shows_the_public_half_again(tmp_path):
    made = run("keygen", "auditor", "--out", tmp_path / "auditor.pem")
    shown = run("keygen", "--show", tmp_path / "auditor.pem")
    assert shown.stdout.startswith("MCowBQYDK2VwAyEA")
    assert shown.stdout == made.stdout
    assert "give NAME" in run("keygen", status=2).stderr


def test_adopt_needs_a_card_and_a_network(tmp_path):
    (tmp_path / "card.json").write_text("[]")
    (tmp_path / "x.onnx").write_bytes(b"x")
    refused = run("adopt", tmp_path / "x.onnx", "--card", tmp_path / "card.json", "--out", tmp_path / "out", status=2)
    assert "not a card" in refused.stderr


def test_a_film_without_a_release_is_refused_in_two_lines_the_second_of_which_helps(shop, film):
    refused = run("diagnose", film, "--model", shop.folder, status=4)
    said, advice = refused.stderr.splitlines()
    assert said.startswith("lennox: tiny is not released: ")
    assert "docs/" not in said
    options = advice.partition("add: ")[2].replace("NAME", "me").replace("REASON", "a-try")
    options = options.split()
    assert json.loads(run("diagnose", film, "--model", shop.folder, *options).stdout)["status"] == "assessed"
