"""Keys, a policy, its ratification, an audit that passed, a trust file: what a release needs, made anew for a test."""

import datetime
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tiny_model import write_tiny_model

from lennox.card import ModelCard
from lennox.files import sha256_of
from lennox.gate.behaviour import behaviour_sha256
from lennox.gate.looks import METHOD
from lennox.gate.predicates import time_text
from lennox.gate.statement import RELEASE, PrivateKey, canonical, sign, verify
from lennox.gate.trust import Trust, TrustedKey
from lennox.gate.trust_file import write_trust
from lennox.release.sign import AuditEvidence, ratify, release
from lennox.statistics.one_sided import Ratio
from lennox.statistics.spending import spent

POLICY = """
format  = "lennox-equity-policy/1"
id      = "{id}"
version = "1.0.0"
title   = "A policy for tests"
language = "en"

[ratification]
body        = "{body}"
date        = {date}
method      = "consensus"
next_review = {next_review}
{keys}

[scope]
task        = "caries-detection"
unit        = "image"
cluster     = "patient_id"
modality    = ["periapical"]
label       = "caries"
threshold_source = "model-manifest"
population  = "nobody: invented for tests"

[evidence]
confidence   = 0.95
interval     = "cluster"
resamples    = 1000
seed         = 1
min_patients = 20
min_cases    = 25
min_controls = 20

[unknown]
name = "did not say"
gate = true

[[feature]]
name   = "sensor"
source = "record"
groups = ["phone", "wand"]

[[requirement]]
id        = "finds-decay"
metric    = "tpr"
criterion = "worst-group"
direction = "at-least"
limit     = 0.80
over      = ["sensor"]
plain     = "In every group, the tool must find at least 8 of 10 decayed teeth."
{story}
[on_fail]
release = "refuse"
[on_insufficient]
release = "refuse"
{override}
[monitor]
every_days = 30
method     = "e-process"
features   = ["sensor"]
on_alarm   = "suspend"
"""


def today(days=0):
    return datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days)


OVERRIDE = """[on_override]
allow = true
require = ["who", "why", "until"]
max_days = 30
"""


def write_policy(
    path,
    *,
    identity="test-policy",
    body="The testers",
    days_left=300,
    keys=(),
    required=0,
    override=OVERRIDE,
    story="",
    more="",
):
    """A valid policy; `keys` are those that it lists for its own ratification, `override` its table `on_override`."""
    listed = "".join(
        f'\n[[ratification.key]]\nid = "ed25519:k{number}"\npublic = "{key.public.text}"\n'
        for number, key in enumerate(keys)
    )
    if required:
        listed += f"\n[ratification.signatures]\nrequired = {required}\n"
    text = POLICY.format(
        id=identity,
        body=body,
        date=today(-30),
        next_review=today(days_left),
        keys=listed,
        override=override,
        story=story,
    )
    path.write_text(text + more)
    return path


MANIFEST = [{"name": "films/film-000001", "sha256": "d" * 64}]


def evidence(features, groups):
    """What an audit says of the patients of some groups: 100 in each with two lesions, of which ten miss one."""
    found = Ratio(np.array([2.0, 1.0]), np.array([2.0, 2.0]), np.array([90.0, 10.0]), 0.0)
    missed = Ratio(-found.top, found.bottom, found.times, -1.0)
    low, high = round(found.lower(spent(0.05, 1)), 6), round(-missed.lower(spent(0.05, 1)), 6)
    kinds = [[times, group, top, 2, 0, 0] for group in range(len(groups)) for times, top in ((90, 2), (10, 1))]
    cells = [{"group": group, "low": [low], "high": [high]} for group in groups]
    return {"metric": "tpr", "features": features, "cells": cells, "patients": kinds}


def audit_document(policy, card, *, weights=None, threshold=0.5, verdict="PASS", started=None):
    """What `lennox audit` writes, as far as a release reads it."""
    groups = [{"sensor": name} for name in ("phone", "wand")]
    counted = evidence(["sensor"], groups)
    low = counted["cells"][0]["low"][0]
    row = {
        "requirement": "finds-decay", "metric": "tpr", "criterion": "worst-group", "direction": "at-least",
        "limit": 0.8, "patients": 100, "contributing_patients": 100, "units": 400, "denominator": 200, "unreadable": 0,
        "cases": 200, "controls": 200, "estimate": 0.95, "bound": low, "bootstrap_bound": 0.92,
        "gated": True, "verdict": "PASS", "reason": "", "needs_more_patients": None,
    }  # fmt: skip
    rows = [row | {"group": group} for group in groups]
    if verdict != "PASS":
        rows[1] |= {"verdict": verdict, "bound": 0.41, "reason": "the bound is below 0.80", "needs_more_patients": 60}
    return {
        "format": "lennox-audit/1",
        "verdict": verdict,
        "started": time_text(started or datetime.datetime.now(datetime.UTC)),
        "attempt": 1,
        "look": 1,
        "look_sha256": "e" * 64,
        "history": [],
        "method": {"version": METHOD},
        "model": {"sha256": weights or card.files["model.onnx"], "behaviour_sha256": behaviour_sha256(card)},
        "policy": {"sha256": sha256_of(policy.read_bytes())},
        "data": {
            "name": "films",
            "sha256": sha256_of(canonical(MANIFEST)),
            "manifest": MANIFEST,
            "threshold": threshold,
            "patients": 200,
            "unknown_share": {"sensor": 0.0},
            "let_go": [],
        },
        "requirements": [{"id": "finds-decay", "verdict": verdict}],
        "rows": rows,
        "evidence": [counted],
    }


@dataclass
class Workshop:
    """Everything around one model; `release` signs it."""

    folder: Path  # of the model
    place: Path  # of everything else
    auditor: PrivateKey
    community: PrivateKey
    policy: Path
    audit: Path
    trust_file: Path

    def release(self, channel="workshop", keys=None, **options):
        evidence = [AuditEvidence(self.policy, self.audit)]
        return release(self.folder, evidence, channel, keys or [self.auditor], **options)

    def write_audit(self, **changes):
        options = {name: changes.pop(name) for name in ("threshold", "verdict", "started") if name in changes}
        card = ModelCard.read(self.folder / "card.json")
        document = audit_document(self.policy, card, weights=changes.pop("weights", None), **options) | changes
        self.audit.write_text(json.dumps(document))

    def trust(self):
        return Trust.load(self.trust_file)


def make_workshop(place, *, ratified=True, **policy_options):
    """A tiny model with a policy, ratified before its audit, and a trust file for two keys; not yet released."""
    auditor, community = PrivateKey.new(), PrivateKey.new()
    place.mkdir(parents=True, exist_ok=True)
    folder = write_tiny_model(place / "tiny")
    policy = write_policy(place / "policy.toml", **policy_options)
    trust = Trust(
        (
            TrustedKey("auditor", auditor.public, ("workshop",), ("release",)),
            TrustedKey("community", community.public, ("workshop",), ("ratify",)),
        )
    )
    write_trust(place / "trust.toml", trust)
    made = Workshop(folder, place, auditor, community, policy, place / "audit.json", place / "trust.toml")
    if ratified:
        ratify(policy, community)
    made.write_audit()
    return made


def sign_again(shop):
    """What a dishonest auditor signs: whatever lies there."""
    statement = verify((shop.folder / "release.json").read_bytes(), RELEASE)
    subjects = {name: sha256_of((shop.folder / name).read_bytes()) for name in statement.subjects}
    predicate = json.loads(json.dumps(dict(statement.predicate)))
    predicate["policies"][0]["audit"]["sha256"] = subjects["release/test-policy/audit.json"]
    (shop.folder / "release.json").write_bytes(sign(RELEASE, subjects, predicate, [shop.auditor]))
