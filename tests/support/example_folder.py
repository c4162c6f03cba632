"""A folder with everything that the examples of `lennox --help` speak of, made once; each command works on a copy."""

import json
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from clinics import make_clinics, sealed
from desk_events import IS_READ, SHOWN, desk_with, says
from film_runs import UNRELEASED, USE
from foreign_network import write_network
from PIL import Image
from releasing import make_workshop, today, write_policy

from lennox.cli import cli
from lennox.desk.event_store import NewEvent
from lennox.gate.statement import PrivateKey
from lennox.gate.trust import Refusal, Trust, TrustedKey
from lennox.gate.trust_file import add_refusal, write_trust
from lennox.phantom import write_films
from lennox.release.sign import ratify, revoke

STORY = '\n[requirement.story]\nteller = "R. T."\nconsent = "may be printed"\nwords = "They told me it was fine."\n'
URGENCY = '[[urgency]]\nname = "this week"\nmin_places = 1\n'
SUSPENDED = "996018e8a120" + "0" * 52
ANA, BEN = "ana/film.png", "ben/film.png"


@contextmanager
def home_in(folder):
    """Trust, keys and log of a user whose home is in the folder."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CONFIG", "STATE", "CACHE"):
            patch.setenv(f"XDG_{name}_HOME", str(folder / ".home" / name.lower()))
        for name in ("LENNOX_TRUST", "LENNOX_LOG"):
            patch.delenv(name, raising=False)
        patch.chdir(folder)
        yield patch


def run(*arguments, **options):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], **options)


def make_example_folder(here):
    """Fill an empty folder."""
    with home_in(here):
        _keys_and_models(here)
        _films(here)
        _tables(here)
        _read(here)


def _keys_and_models(here):
    made = make_workshop(here / "shop", story=STORY)
    second, old = PrivateKey.new(), PrivateKey.new()
    for name, key in (
        ("auditor", made.auditor),
        ("second", second),
        ("seat-3", made.community),
        ("lakeside", PrivateKey.new()),
    ):
        key.write(here / f"{name}.pem")
    clinics = make_clinics(here / "shop")
    clinics.keys["north"].write(here / "n.pem")
    write_policy(here / "shop" / "policy.toml", story=STORY)  # as the community ratified it, for the clinics too
    keys = (
        TrustedKey("auditor", made.auditor.public, ("workshop",), ("release",)),
        TrustedKey("second", second.public, ("workshop",), ("release",)),
        TrustedKey("community", made.community.public, ("workshop",), ("ratify",)),
        TrustedKey("Riverbend auditors", old.public, ("clinic",), ("release",)),
        *clinics.trust.keys,
    )
    trust_file = here / ".home" / "config" / "lennox" / "trust.toml"
    trust_file.parent.mkdir(parents=True, exist_ok=True)
    write_trust(trust_file, Trust(keys))
    for number, site in enumerate(("north", "south")):
        sealed(clinics, site, seed=number)[0].rename(here / f"{site}.evidence")
    for name in ("predictions", "old", "new", "evidence"):
        clinics.write_table(name, threshold=0.5 if name == "evidence" else 0.3).rename(here / f"{name}.csv")
    for path in (here / "shop").glob("policy*"):
        shutil.copy(path, here / path.name)
    shutil.copy(here / "policy.toml", here / "ours.toml")
    text = (here / "policy.toml").read_text()
    for name, version in (("ours-1", "1.0.0"), ("ours-2", "2.0.0")):
        (here / f"{name}.toml").write_text(text.replace('version = "1.0.0"', f'version = "{version}"'))
    (here / "riverbend-2.toml").write_text(text.replace('version = "1.0.0"', 'version = "2.0.0"'))
    ratify(here / "riverbend-2.toml", made.community)
    (here / "audits" / "mine").mkdir(parents=True)
    shutil.copy(made.audit, here / "audits" / "mine" / "audit.json")
    made.release()
    shutil.copytree(made.folder, here / "models" / "mine")
    revoke(made.folder, [made.auditor], "made for an example", made.trust_file)
    shutil.copy(made.folder / "revocation.json", here)
    write_trust(trust_file, Trust(keys))  # without what was revoked
    add_refusal(Refusal(today(), "an example", weights=SUSPENDED, channel="workshop"), None)
    shutil.rmtree(here / "shop")
    shutil.rmtree(here / ".home" / "state")  # in which the release was revoked


def _films(here):
    films = here / "films"
    events = {
        ANA: [SHOWN, says("1", "accept"), says("2", "reject"), IS_READ],
        BEN: [IS_READ],
    }
    desk = desk_with(here / "desk", events)
    for patient in ("ana", "ben"):
        desk.keep(NewEvent("patient", {"patient": patient, "consent": True, "features": {"sensor": "phone"}}))
    desk.close()
    write_films(films, 2, seed=7)
    for path in (here / "desk").iterdir():
        path.rename(films / path.name)
    (here / "desk").rmdir()
    drawn = sorted(films.glob("*.png"))
    document = json.loads((films / "annotations.json").read_text())
    marked = {one["image_id"] for one in document["annotations"]}
    carious = next(films / image["file_name"] for image in document["images"] if image["id"] in marked)
    for copy in (films / "ana" / "molar.png", here / "film.png"):
        shutil.copy(carious, copy)
    for number, image in enumerate(document["images"]):
        image |= {"patient_id": f"p{number}", "sensor": ("phone", "wand")[number % 2]}
    (films / "annotations.json").write_text(json.dumps(document))
    for folder in ("exports", "drive", "came"):
        (here / folder).mkdir()
        shutil.copy(drawn[1], here / folder / "film.png")
    for folder in ("images", "labels"):
        (here / "photographs" / folder).mkdir(parents=True)
    Image.new("L", (64, 64), 90).save(here / "photographs" / "images" / "a.png")
    (here / "photographs" / "labels" / "a.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    (here / "photographs" / "data.yaml").write_text("names: [caries]\n")


def _tables(here):
    (here / "use.csv").write_text(USE)
    (here / "urgency.toml").write_text(URGENCY)
    for name in ("recipe.toml", "ca.pem"):
        (here / name).touch()
    write_network(here / "theirs.onnx")
    (here / "runs" / "first").mkdir(parents=True)
    (here / "runs" / "first" / "checkpoint.pt").touch()


def _read(here):
    """The results of the films, by the model that ships, and one accepted mark."""
    done = run("diagnose", "films", "-r", "--threshold", "0.01", "--out", "results", *UNRELEASED)
    assert Path("results/examinations.jsonl").is_file(), done.output
    records = [json.loads(line) for line in Path("results/examinations.jsonl").read_text().splitlines()]
    digest = {record["source"]["name"]: record["source"]["sha256"] for record in records}
    head, model = "time,patient,film,model,status,mark,decision,who\n2026-11-28,,", records[0]["model"]["sha256"]
    Path("results/decisions.csv").write_text(f"{head}{digest['ana/molar.png']},{model},assessed,1,accept,AB\n")
    Path("decisions.csv").write_text(f"{head}{digest[ANA]},{'ef' * 32},assessed,2,accept,AB\n")
