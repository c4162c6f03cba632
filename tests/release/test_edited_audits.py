"""An edited or invented audit is neither signed nor loaded; nor one that forgets what its log knows."""

import datetime
import json

import pytest
from releasing import make_workshop, sign_again

from lennox.card import ModelCard
from lennox.errors import InputError, ReleaseRefusedError
from lennox.gate.audit_record import audit_problems, parse_audit
from lennox.gate.event_log import Log
from lennox.gate.predicates import now
from lennox.inference.load import load_model
from lennox.policy.reading import read_policy


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


def no_bound(document):
    """So that the row's own could be anything."""
    document["evidence"][0]["cells"][0]["low"][0] = None


CHANGES = {
    "no bound of a group": no_bound,
    "more patients than there are": lambda document: document["data"].update(patients=199),
    "no second opinion": lambda document: document["rows"][0].update(bootstrap_bound=None),
    "another direction": lambda document: document["rows"][0].update(direction="at-most"),
    "what it looked at": lambda document: document.update(look_sha256="x"),
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


HARMLESS = {"reason", "needs_more_patients", "name", "units", "controls", "unreadable", "let_go", "bootstrap_bound"}
VALUES = (None, 0, -1, 2, 1e308, -0.5, "x", [], {}, [[]], True, float("nan"), 10**17, {"a": 1}, [1, 2], "delete")


def places(value, path=()):
    """The path of everything in a document."""
    if path:
        yield path
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


@pytest.mark.filterwarnings("error")
def test_no_value_anywhere_in_an_audit_can_be_another_and_none_gives_a_traceback(shop):
    """But for texts, counts that a share of cases does not use, and a second opinion that also clears the limit."""
    text, policy = shop.audit.read_text(), read_policy(shop.policy)
    card, moment = ModelCard.read(shop.folder / "card.json"), now()
    assert audit_problems(parse_audit(text.encode()), policy, card, moment) == []
    tried, unseen = 0, []
    for path in places(json.loads(text)):
        for value in VALUES:
            document = json.loads(text)
            inner = document
            for key in path[:-1]:
                inner = inner[key]
            if value == "delete":
                del inner[path[-1]]
            elif inner[path[-1]] == value:
                continue
            else:
                inner[path[-1]] = value
            tried += 1
            try:
                found = audit_problems(parse_audit(json.dumps(document).encode()), policy, card, moment)
            except InputError:
                continue
            if not found and not HARMLESS & set(map(str, path)):
                unseen.append((path, value))
    assert tried > 1500
    upper_bounds = [("evidence", 0, "cells", group, "high", 0) for group in (0, 1)]
    assert unseen == [(path, None) for path in upper_bounds]  # which a floor does not ask


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
