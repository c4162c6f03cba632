"""An edited or invented audit is neither signed nor loaded; nor one that forgets what its log knows."""

import datetime
import json

import pytest
from releasing import make_workshop, sign_again

from lennox.errors import InputError, ReleaseRefusedError
from lennox.gate.event_log import Log
from lennox.inference.load import load_model


@pytest.fixture
def shop(tmp_path, monkeypatch):
    made = make_workshop(tmp_path / "shop")
    monkeypatch.setenv("LENNOX_TRUST", str(made.trust_file))
    return made


def better_bound(document):
    """As its rows and its groups say it, but not its patients."""
    document["rows"][0]["bound"] = document["evidence"][0]["cells"][0]["low"][0] = 0.94


def better_patients(document):
    document["evidence"][0]["patients"][:2] = [[95, 0, 2, 2, 0, 0], [5, 0, 1, 2, 0, 0]]


def fewer_units_each(document):
    """The same sums, from twice as many patients with one lesion."""
    document["evidence"][0]["patients"][:2] = [[190, 0, 1, 1, 0, 0], [10, 0, 0, 1, 0, 0]]
    document["rows"][0] |= {"patients": 200, "contributing_patients": 200}
    document["data"]["patients"] = 300


CHANGES = {
    "the verdict": lambda document: document.update(verdict="FAIL"),
    "a bound": lambda document: document["rows"][0].update(bound=0.94),
    "a bound, everywhere": better_bound,
    "its patients": better_patients,
    "how many units a patient has": fewer_units_each,
    "no patients": lambda document: document.pop("evidence"),
    "no groups": lambda document: document["evidence"].clear(),
    "patients who are no numbers": lambda document: document["evidence"][0].update(patients=[["x"] * 6]),
    "the attempt": lambda document: document.update(attempt=7),
    "a later look": lambda document: document.update(look=2, attempt=2, history=[{"look": "a"}]),
    "an earlier look": lambda document: document.update(attempt=3, history=[{"look": "a"}, {"look": "b"}]),
    "no look": lambda document: document.update(look=0),
    "the method": lambda document: document.update(method={"version": "0"}),
    "its films": lambda document: document["data"]["manifest"].append({"name": "x/film-1", "sha256": "a" * 64}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_edited_audit_is_not_released_and_does_not_load_though_its_auditor_signs_it(shop, change):
    shop.release()
    path = shop.folder / "release/test-policy/audit.json"
    document = json.loads(path.read_text())
    CHANGES[change](document)
    shop.audit.write_text(json.dumps(document))
    path.write_text(json.dumps(document))
    sign_again(shop)
    with pytest.raises(ReleaseRefusedError, match="policy test-policy: "):
        load_model(shop.folder)
    with pytest.raises((ReleaseRefusedError, InputError)):
        shop.release()


def test_a_release_counts_again_what_its_log_knows_of_audits_before(shop):
    document = json.loads(shop.audit.read_text())
    film = document["data"]["manifest"][0]["sha256"][:16]
    for number in range(2):  # of other models, on a film of these
        Log().append("audit", {"data": "", "films": [film], "look": f"{number}" * 64, "verdict": "FAIL"})
    shop.write_audit()
    with pytest.raises(ReleaseRefusedError, match="knows 2 audits of these data before it, and it says that it was"):
        shop.release()
    shop.write_audit(started=datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=5))
    ratified_before = "1 signed after the audit had begun"
    with pytest.raises(ReleaseRefusedError, match=ratified_before) as refusal:  # and what came later is not its affair
        shop.release()
    assert "knows 2 audits" not in str(refusal.value)
