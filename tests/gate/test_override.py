"""What a community's policy says of overrides holds: none, fewer days, its own words on every output."""

import pickle

import pytest
from releasing import make_workshop, today, write_policy

from lennox.errors import InputError, ModelError, ReleaseRefusedError
from lennox.gate.event_log import Log
from lennox.gate.override import Override, OverrideTerms
from lennox.inference.load import load_model

TERMS = """[on_override]
allow = {allow}
require = ["who", "why", "until"]
max_days = {days}
watermark = "{watermark}"
"""


def expired(tmp_path, monkeypatch, *tables):
    """A model whose release is for another channel, so that it needs an override; a policy for each table."""
    shop = make_workshop(tmp_path / "shop", override=tables[0])
    monkeypatch.setenv("LENNOX_TRUST", str(shop.trust_file))
    shop.release()
    for number, table in enumerate(tables[1:]):
        folder = shop.folder / "release" / f"other-{number}"
        folder.mkdir()
        write_policy(folder / "policy.toml", identity=f"other-{number}", override=table)
    return shop.folder


def load(folder, days=3):
    return load_model(folder, channel="clinic", allow_unreleased=Override("R. Test", "to see", today(days)))


def test_a_policy_s_words_are_part_of_the_stamp(tmp_path, monkeypatch):
    folder = expired(tmp_path, monkeypatch, TERMS.format(allow="true", days=7, watermark="NOT FOR PATIENTS"))
    model = load(folder)
    assert model.release == f"unreleased: NOT FOR PATIENTS; loaded by R. Test until {today(3)}, because: to see"
    assert pickle.loads(pickle.dumps(model)).release == model.release
    with pytest.raises(ReleaseRefusedError, match="the policy test-policy allows an override for 7 days at most"):
        load(folder, days=8)
    assert len(Log().records("override")) == 1


@pytest.mark.parametrize("table", [TERMS.format(allow="false", days=7, watermark=""), ""])
def test_a_policy_may_forbid_it_and_one_that_says_nothing_does(tmp_path, monkeypatch, table):
    folder = expired(tmp_path, monkeypatch, table)
    with pytest.raises(ReleaseRefusedError, match="the policy test-policy allows no override") as refused:
        load(folder)
    assert "--unreleased" not in str(refused.value)  # nobody is sent the wrong way
    assert Log().records("override") == ()
    with pytest.raises(ReleaseRefusedError) as refused:
        load_model(folder, channel="clinic")
    assert "--unreleased" not in str(refused.value)


def test_of_several_policies_the_strictest_holds(tmp_path, monkeypatch):
    tables = [TERMS.format(allow="true", days=days, watermark=f"MARK {days}") for days in (20, 5)]
    folder = expired(tmp_path, monkeypatch, *tables)
    assert load(folder).release.startswith("unreleased: MARK 5; MARK 20; loaded by")
    with pytest.raises(ReleaseRefusedError, match="the policy other-0 allows an override for 5 days at most"):
        load(folder, days=6)
    (folder / "release" / "other-0" / "policy.toml").write_text("no policy")
    with pytest.raises(ReleaseRefusedError, match="the policy other-0 allows no override"):
        load(folder)


@pytest.mark.parametrize(
    "text",
    [
        b"", b"\xff", b"a = " + b"[" * 5000, b"on_override = 5", b"[on_override]\nallow = true",
        b'[on_override]\nallow = true\nmax_days = "7"', b"[on_override]\nallow = 1\nmax_days = 7",
        b"[on_override]\nallow = true\nmax_days = true", b"[on_override]\nallow = true\nmax_days = 7\nwatermark = 5",
    ],
)  # fmt: skip
def test_what_cannot_be_read_allows_nothing(text):
    assert not OverrideTerms.of_policy(text, "x").allowed


def test_a_watermark_is_one_line():
    text = '[on_override]\nallow = true\nmax_days = 7\nwatermark = "a\\nb\\u202e"'
    assert OverrideTerms.of_policy(text.encode(), "x") == OverrideTerms("the policy x", True, 7, "a b\ufffd")


def test_letters_of_every_script_can_answer_for_it():
    """A joiner is spelled within Persian words; a direction mark is not a letter."""
    Override("\u0645\u06cc\u200c\u0631\u0648\u06cc\u0645", "\u0939\u093f\u0928\u094d\u200d\u0926\u0940", today(1))


def test_a_card_that_changed_meanwhile_does_not_reach_another_process(tmp_path):
    folder = make_workshop(tmp_path / "shop").folder
    packed = pickle.dumps(load_model(folder, allow_unreleased=Override("a", "b", today(1))))
    text = (folder / "card.json").read_text()
    (folder / "card.json").write_text(text.replace('"familiarity_limit": 10.0', '"familiarity_limit": null'))
    with pytest.raises(ModelError, match="its files were changed while it was in use"):
        pickle.loads(packed)


def test_another_release_does_not_reach_another_process(tmp_path, monkeypatch):
    shop = make_workshop(tmp_path / "shop")
    monkeypatch.setenv("LENNOX_TRUST", str(shop.trust_file))
    shop.release()
    packed = pickle.dumps(load_model(shop.folder))
    shop.release(expires=today(5))
    with pytest.raises(ModelError, match="its files were changed while it was in use"):
        pickle.loads(packed)


@pytest.mark.parametrize(
    "text", ["", " ", "\u3164", "\u200b", "\u2060\u2060", "\u2800", "...", "two\nlines", "\u202ewho"]
)
@pytest.mark.parametrize("field", ["who", "why"])
def test_who_and_why_can_be_read(field, text):
    with pytest.raises(InputError, match=f"{field} is .*one line for it"):
        Override(**({"who": "R. Test", "why": "to see", "until": today(1)} | {field: text}))


@pytest.mark.parametrize("text", ["R. T.", "李", "Río", "\u0645\u0631\u06cc\u0645", "7"])
def test_names_of_every_script_can_be_read(text):
    assert Override(text, text, today(1)).who == text
