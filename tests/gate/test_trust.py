import datetime

import pytest

from lennox.errors import InputError
from lennox.gate.statement import PrivateKey
from lennox.gate.trust import ChannelRule, Refusal, Trust, TrustedKey, read_trust, user_file
from lennox.gate.trust_file import add_key, add_least_version, add_refusal, lift_refusals, write_trust
from lennox.release.keys import trust_key

KEY = PrivateKey.new().public
OTHER = PrivateKey.new().public


@pytest.fixture
def whole():
    return Trust(
        (
            TrustedKey('Río "Verde" \U0001f9b7', KEY, ("clinic", "workshop")),
            TrustedKey("b", OTHER, ("clinic",), ("ratify",)),
        ),
        {"clinic": ChannelRule(2, 3, ("ours", "theirs"), overrides=False)},
        {"ours": "1.2.0"},
        (
            Refusal(datetime.date(2026, 1, 2), "lost \\ stolen", key=OTHER),
            Refusal(datetime.date(2026, 1, 3), "wrong", statement="a" * 64),
            Refusal(datetime.date(2026, 1, 4), "alarm\x7f", weights="b" * 64, channel="clinic"),
            Refusal(datetime.date(2026, 1, 5), "wrong", statement="c" * 64, channel="clinic"),
            Refusal(datetime.date(2026, 1, 6), "not asked", policy="ours", version="1.1.0"),
            Refusal(datetime.date(2026, 1, 7), "R. T. wishes it", policy="ours", story="find-decay"),
        ),
    )


def test_a_trust_file_survives_the_way_there_and_back(tmp_path, whole):
    write_trust(tmp_path / "sub" / "trust.toml", whole)
    assert read_trust(tmp_path / "sub" / "trust.toml") == whole


def test_keys_count_by_channel_and_role_once_and_not_when_revoked(whole):
    both = [KEY.identity, OTHER.identity, KEY.identity]
    assert [key.public for key in whole.trusted(both, "clinic", "ratify")] == [KEY]
    assert whole.trusted([OTHER.identity], "clinic", "release") == ()
    assert whole.trusted(both, "school", "release") == ()
    assert len(whole.revoked_sentences(both)) == 1
    assert whole.revoked_sentences(both)[0].endswith(": lost \\ stolen.")


def test_joined_trust_asks_for_the_stricter(whole):
    joined = Trust(channels={"clinic": ChannelRule(1, 4, ("theirs", "more"))}).joined(whole)
    assert joined.rule("clinic") == ChannelRule(2, 4, ("theirs", "more", "ours"), overrides=False)
    assert joined.rule("elsewhere") == ChannelRule()


def test_a_named_file_stands_alone(tmp_path, monkeypatch, whole):
    assert Trust.load(None).keys == Trust.load().keys
    write_trust(user_file(), Trust((TrustedKey("own", KEY, ("workshop",)),)))
    assert "own" in [key.name for key in Trust.load().keys]
    write_trust(tmp_path / "named.toml", Trust((TrustedKey("named", OTHER, ("workshop",)),)))
    monkeypatch.setenv("LENNOX_TRUST", str(tmp_path / "named.toml"))
    assert [key.name for key in Trust.load().keys] == ["named"]
    assert user_file() == tmp_path / "named.toml"
    monkeypatch.setenv("LENNOX_TRUST", str(tmp_path / "nowhere.toml"))
    with pytest.raises(InputError, match="nowhere"):
        Trust.load()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the format must be"),
        ("nonsense", "not TOML"),
        ("extra = 1\n", "unknown: extra"),
        ('[[key]]\nname = "a"\npublic = "x"\nchannels = ["workshop"]\n', "not an ed25519 public key"),
        (f'[[key]]\nname = "a"\npublic = "{KEY.text}"\n', "channels"),
        (f'[[key]]\nname = "a"\npublic = "{KEY.text}"\nchannels = ["W"]\n', "channels are names"),
        (f'[[key]]\nname = "a"\npublic = "{KEY.text}"\nchannels = ["w"]\nroles = ["boss"]\n', "roles are"),
        (f'[[key]]\nname = "a"\npublic = "{KEY.text}"\nchannels = ["w"]\nmore = 1\n', "unknown: more"),
        ("[channel.clinic]\nreleases = 0\n", "at least one key"),
        ("[channel.clinic]\nreleases = true\n", "at least one key"),
        ('[[revoked]]\ndate = 2026-01-01\nwhy = "x"\n', "names a key, a statement"),
        ('[[revoked]]\ndate = "2026-01-01"\nwhy = "x"\nstatement = "' + "a" * 64 + '"\n', "has a date"),
        ('[[revoked]]\ndate = 2026-01-01\nwhy = "x"\nstatement = "abc"\n', "not a SHA-256"),
        ('[[revoked]]\ndate = 2026-01-01\nwhy = "x"\nweights = "' + "a" * 64 + '"\n', "weights with their channel"),
    ],
    ids=range(14),  # the text of a key is another one each time
)
def test_nothing_in_a_trust_file_is_ignored(tmp_path, text, said):
    place = tmp_path / "trust.toml"
    place.write_text(text if said in ("the format must be", "not TOML") else f'format = "lennox-trust/1"\n{text}')
    with pytest.raises(InputError, match=said):
        read_trust(place)


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: path.symlink_to("nowhere")])
def test_a_user_s_file_that_cannot_be_read_is_not_passed_over(own_home, make):
    """It may hold what was revoked or suspended here."""
    (own_home / "config" / "lennox").mkdir(parents=True)
    make(own_home / "config" / "lennox" / "trust.toml")
    with pytest.raises(InputError, match="cannot be read"):
        Trust.load()


COMMENTED = """# Why we trust whom: see the minutes of May.
format = "lennox-trust/1"   # of the file

[channel.clinic]
releases = 2  # two, since one was ill

[[key]]  # compared by telephone
name = "ours"
public = "{}"
channels = ["clinic"]
"""


def test_comments_outlive_every_change(tmp_path):
    path = tmp_path / "trust.toml"
    path.write_text(COMMENTED.format(KEY.text))
    add_key(path, TrustedKey("Dra. \U0001f9b7 Río", OTHER, ("clinic",), ("release",)))
    add_refusal(Refusal(datetime.date(2026, 1, 4), "alarm", weights="b" * 64, channel="clinic"), path)
    add_least_version(path, "ours", "1.0.0")
    add_least_version(path, "ours", "1.2.0")
    lift_refusals(lambda one: one.weights is not None, path)
    assert [key.name for key in read_trust(path).keys] == ["ours", "Dra. \U0001f9b7 Río"]
    assert read_trust(path).least_versions == {"ours": "1.2.0"}
    assert read_trust(path).refused == ()
    assert all(line in path.read_text() for line in COMMENTED.format(KEY.text).splitlines() if "#" in line)


@pytest.mark.parametrize("name", ["", "  ", "\u3164", "\u200b\u200c", "two\nlines", "\u202eright"])
def test_a_key_whose_name_nobody_can_read_is_not_added(tmp_path, name):
    with pytest.raises(InputError, match="a name that can be read"):
        trust_key(tmp_path / "trust.toml", TrustedKey(name, KEY, ("clinic",), ("release",)), Trust())
    assert not (tmp_path / "trust.toml").exists()
