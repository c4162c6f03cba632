"""What this computer refuses, it refuses whatever file is named, whatever folder or log is used instead."""

import datetime
import json
import shutil

import pytest
from click.testing import CliRunner
from releasing import make_workshop, today, write_policy

from lennox.cli import cli
from lennox.errors import InputError, ReleaseRefusedError
from lennox.gate.event_log import Log
from lennox.gate.override import Override
from lennox.gate.statement import PrivateKey
from lennox.gate.trust import ChannelRule, Refusal, Trust, TrustedKey, own_file, read_trust
from lennox.gate.trust_file import add_least_version, add_refusal, write_trust
from lennox.inference.load import load_candidate, load_model
from lennox.release.keys import refuse
from lennox.release.sign import accept, ratify, revoke, supersede, withdraw

FORBIDDING = '[on_override]\nallow = false\nrequire = ["who", "why", "until"]\nmax_days = 7\n'
STORY = '\n[requirement.story]\nteller = "R. T."\nconsent = "may be printed"\nwords = "They told me it was fine."\n'


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A release that loads."""
    made = make_workshop(tmp_path / "shop")
    monkeypatch.setenv("LENNOX_TRUST", str(made.trust_file))
    made.release()
    return made


def refusal(folder, **options):
    with pytest.raises(ReleaseRefusedError) as refused:
        load_model(folder, **options)
    return str(refused.value)


def override(days=3):
    return Override("R. Test", "to see", today(days))


@pytest.fixture
def forbidden(tmp_path, monkeypatch):
    """A release under a policy that bans overrides; it has loaded here, and has expired for the channel asked."""
    made = make_workshop(tmp_path / "shop", override=FORBIDDING)
    monkeypatch.setenv("LENNOX_TRUST", str(made.trust_file))
    made.release()
    load_model(made.folder)
    return made


# Refusals of this computer


@pytest.mark.parametrize("how", ["named", "LENNOX_TRUST"])
def test_a_suspension_and_a_revoked_key_count_under_any_trust_file(shop, tmp_path, monkeypatch, how):
    other = tmp_path / "other.toml"
    shutil.copy(shop.trust_file, other)
    monkeypatch.delenv("LENNOX_TRUST")
    add_refusal(Refusal(today(), "an alarm", weights=load_candidate(shop.folder, "test").sha256, channel="workshop"))
    add_refusal(Refusal(today(), "stolen", key=shop.auditor.public))
    options = {"trust": Trust.load(other)} if how == "named" else {}
    if how == "LENNOX_TRUST":
        monkeypatch.setenv("LENNOX_TRUST", str(other))
    text = refusal(shop.folder, **options)
    assert "suspended for workshop on this computer" in text
    assert "a key that signed was revoked" in text


def test_what_is_refused_under_a_named_file_is_refused_without_it(shop, tmp_path, monkeypatch):
    add_refusal(Refusal(today(), "stolen", key=shop.auditor.public))
    assert Trust.load().refused == read_trust(own_file()).refused
    monkeypatch.setenv("LENNOX_TRUST", str(tmp_path / "fresh.toml"))
    write_trust(tmp_path / "fresh.toml", Trust(read_trust(shop.trust_file).keys))
    assert "a key that signed was revoked" in refusal(shop.folder)


def test_an_own_file_that_cannot_be_read_is_an_error_under_another_file_too(shop):
    own_file().parent.mkdir(parents=True, exist_ok=True)
    own_file().write_text("nonsense")
    with pytest.raises(InputError, match="not TOML"):
        load_model(shop.folder)


# An older release


def replaced(shop, tmp_path):
    """The older of two releases, in a folder of its own; the newer one has loaded here."""
    shutil.copytree(shop.folder, tmp_path / "old")
    shop.release()
    load_model(shop.folder)
    return tmp_path / "old"


def test_an_older_release_loads_from_no_folder_and_under_no_log(shop, tmp_path, monkeypatch):
    old = replaced(shop, tmp_path)
    for log in (None, "another.sqlite", "a third.sqlite"):
        if log is not None:
            monkeypatch.setenv("LENNOX_LOG", str(tmp_path / log))
        assert "was replaced by one of" in refusal(old)
        assert "was replaced by one of" in refusal(shutil.copytree(old, tmp_path / f"copy {log}"))
    load_model(shop.folder)


def test_a_newer_release_seen_under_another_log_is_remembered(shop, tmp_path, monkeypatch):
    monkeypatch.setenv("LENNOX_LOG", str(tmp_path / "another.sqlite"))
    old = replaced(shop, tmp_path)
    monkeypatch.delenv("LENNOX_LOG")
    assert "was replaced by one of" in refusal(old)


def test_the_way_back_is_to_refuse_the_newer_one(shop, tmp_path):
    old = replaced(shop, tmp_path)
    newer = load_record(shop)
    refuse(newer, "its audit was wrong", Trust.load())
    assert "was revoked on" in refusal(shop.folder)
    assert load_model(old).release.startswith("released for workshop")


def load_record(shop):
    """The statement of the newest release that the log knows."""
    return max(Log().records("release"), key=lambda one: one.details["issued"]).details["statement"]


def test_a_damaged_log_is_not_a_way_round_it(shop, tmp_path):
    old = replaced(shop, tmp_path)
    Log().path.write_bytes(b"not a database" * 100)
    assert "cannot be read" in refusal(old)


# A ban on overrides


def test_a_ban_on_overrides_outlives_its_folder_and_its_words(forbidden, tmp_path):
    folder = forbidden.folder
    ways = {"as it is": lambda copy: None, "the policies are gone": lambda copy: shutil.rmtree(copy / "release"),
            "the statement is gone": lambda copy: (copy / "release.json").unlink(),
            "both are gone": lambda copy: (shutil.rmtree(copy / "release"), (copy / "release.json").unlink()),
            "the statement is damaged": lambda copy: (copy / "release.json").write_bytes(b"{}"),
            "one word is edited": lambda copy: edit(copy / "release/test-policy/policy.toml")}  # fmt: skip
    for name, change in ways.items():
        copy = shutil.copytree(folder, tmp_path / name)
        change(copy)
        assert "allows no override" in refusal(copy, channel="clinic", allow_unreleased=override()), name
        assert "--unreleased" not in refusal(copy, channel="clinic"), name


def edit(path):
    path.write_text(path.read_text().replace("allow = false", "allow = true"))


@pytest.mark.parametrize("change", ["words", "policies", "statement"])
def test_a_computer_that_never_saw_it_is_not_fooled_by_what_is_left(forbidden, tmp_path, monkeypatch, change):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    copy = shutil.copytree(forbidden.folder, tmp_path / "copy")
    if change == "words":
        edit(copy / "release/test-policy/policy.toml")
    elif change == "policies":
        shutil.rmtree(copy / "release")
    else:
        (copy / "release.json").unlink()
        edit(copy / "release/test-policy/policy.toml")
    assert "allows no override" in refusal(copy, channel="clinic", allow_unreleased=override())


def test_a_channel_may_bar_overrides_altogether_and_one_that_asks_for_a_policy_asks_for_its_terms(
    shop, tmp_path, monkeypatch
):
    keys = read_trust(shop.trust_file).keys
    write_trust(shop.trust_file, Trust(keys, {"clinic": ChannelRule(overrides=False)}))
    assert "the trust of this computer for clinic allows no override" in refusal(
        shop.folder, channel="clinic", allow_unreleased=override()
    )
    write_trust(shop.trust_file, Trust(keys, {"clinic": ChannelRule(policies=("theirs",))}))
    assert "the policy theirs, which clinic asks for and is not in the folder, allows no override" in refusal(
        shop.folder, channel="clinic", allow_unreleased=override()
    )


# Policies: superseded, lapsed, withdrawn


def test_a_superseded_policy_opens_nothing(shop):
    load_model(shop.folder)
    add_least_version(shop.trust_file, "test-policy", "1.0.0")
    load_model(shop.folder)
    add_least_version(shop.trust_file, "test-policy", "1.1.0")
    assert "version 1.0.0 was superseded; 1.1.0 is the least that counts here" in refusal(shop.folder)
    with pytest.raises(ReleaseRefusedError, match="was superseded"):
        shop.release()


def test_a_ratified_new_version_makes_the_earlier_ones_count_no_more(shop):
    newer = write_policy(shop.place / "newer.toml")
    newer.write_text(newer.read_text().replace('version = "1.0.0"', 'version = "1.2.0"'))
    with pytest.raises(InputError, match=r"no key has ratified it|0 of the keys"):
        supersede(newer, shop.trust(), shop.trust_file)
    ratify(newer, shop.community)
    assert supersede(newer, shop.trust(), shop.trust_file).version == "1.2.0"
    assert "was superseded" in refusal(shop.folder)


def test_a_lapsed_policy_opens_nothing_though_its_release_says_that_it_does(shop):
    """Judged by the policy's own text: the release's last day is what an auditor wrote."""
    from lennox.gate.check import NotReleasedError, check

    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=301)
    with pytest.raises(NotReleasedError) as refused:
        check(shop.folder, "workshop", shop.trust(), on=later)
    assert any("expired on" in reason and "policy test-policy" in reason for reason in refused.value.reasons)


def test_a_community_withdraws_its_policy_and_the_next_load_sees_it(shop, tmp_path, monkeypatch):
    load_model(shop.folder)
    sent = withdraw(shop.policy, [shop.community], "we were not asked")
    assert "it was withdrawn on" in refusal(shop.folder)
    checked = CliRunner().invoke(cli, ["policy", "check", str(shop.policy)]).output
    assert "it opens nothing on this computer: it was withdrawn on" in checked
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "another computer"))
    there = tmp_path / "there.toml"
    write_trust(there, Trust(read_trust(shop.trust_file).keys))
    monkeypatch.setenv("LENNOX_TRUST", str(there))
    load_model(shop.folder)
    accept(sent, Trust.load())
    assert "up to version 1.0.0: we were not asked" in refusal(shop.folder)


def test_a_stranger_withdraws_nothing(shop):
    sent = withdraw(shop.policy, [shop.auditor], "out of spite", trust_file=shop.place / "own.toml")
    own_file().unlink()
    with pytest.raises(InputError, match="none of the keys that signed it may ratify"):
        accept(sent, shop.trust())
    load_model(shop.folder)


def test_a_story_is_withdrawn_and_a_text_without_it_can_be_released(tmp_path, monkeypatch):
    made = make_workshop(tmp_path / "shop", story=STORY)
    monkeypatch.setenv("LENNOX_TRUST", str(made.trust_file))
    made.release()
    load_model(made.folder)
    with pytest.raises(InputError, match="tells no story with a requirement 'other'"):
        withdraw(made.policy, [made.community], "R. T. wishes it", "other")
    withdraw(made.policy, [made.community], "R. T. wishes it", "finds-decay")
    assert "the story told with 'finds-decay' was withdrawn" in refusal(made.folder)
    write_policy(made.policy)
    ratify(made.policy, made.community)
    made.write_audit()
    made.release()
    load_model(made.folder)


# Keys


def test_a_key_of_another_channel_revokes_nothing(shop, tmp_path):
    clinic = PrivateKey.new()
    other = TrustedKey("clinic auditors", clinic.public, ("clinic",), ("release",))
    write_trust(shop.trust_file, Trust((*read_trust(shop.trust_file).keys, other)))
    sent = revoke(shop.folder, [clinic], "out of spite", tmp_path / "own.toml")
    own_file().unlink()
    with pytest.raises(InputError, match="none of the keys that signed it may release for workshop here"):
        accept(sent, shop.trust(), shop.trust_file)
    sent.unlink()
    load_model(shop.folder)


def test_who_ratifies_a_policy_does_not_release_under_it(tmp_path, monkeypatch):
    made = make_workshop(tmp_path / "shop")
    both = TrustedKey("both", made.community.public, ("workshop",))
    write_trust(made.trust_file, Trust((*read_trust(made.trust_file).keys, both)))
    with pytest.raises(ReleaseRefusedError, match="who audits a model does not set its limits"):
        made.release(keys=[made.community], trust=made.trust())
    assert not (made.folder / "release.json").exists()


def test_a_release_that_a_ratifier_signed_besides_does_not_load(shop, tmp_path):
    from lennox.gate.statement import RELEASE, sign_also

    before = (shop.folder / "release.json").read_bytes()
    (shop.folder / "release.json").write_bytes(sign_also(before, RELEASE, [shop.community]))
    assert "a key that ratified it also signed the release" in refusal(shop.folder)


@pytest.mark.parametrize(
    ("maker", "said"),
    [("", "does not say who made it"), ("Auditor", "by the same body, Auditor"), ("Someone", "by another body")],
)
def test_whether_auditor_and_maker_are_one_is_said(shop, maker, said):
    from lennox.inference.load import check_release

    card = json.loads((shop.folder / "card.json").read_text()) | {"maker": maker}
    (shop.folder / "card.json").write_text(json.dumps(card))
    shop.release()
    assert said in check_release(shop.folder).independence()


def test_a_candidate_is_written_down_with_its_purpose(shop, monkeypatch):
    load_candidate(shop.folder, "test")
    (record,) = Log().records("candidate")
    assert (record.details["model"], record.details["purpose"]) == ("tiny", "test")
    monkeypatch.setenv("LENNOX_LOG", "/dev/full")
    with pytest.raises(InputError, match="the log full cannot be used"):
        load_candidate(shop.folder, "test")
