"""What a policy says of its keys and its channel is asked when it is signed and released."""

from pathlib import Path

import pytest
from releasing import make_workshop

from lennox.errors import ReleaseRefusedError
from lennox.gate.statement import PrivateKey
from lennox.release.sign import is_listed

EXAMPLE = Path(__file__).parents[1] / "audit" / "data" / "example-riverbend.toml"
LISTED = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="


def test_a_key_that_the_policy_does_not_list_is_told_from_one_that_it_lists(tmp_path):
    path, key = tmp_path / "policy.toml", PrivateKey.new()
    path.write_text(EXAMPLE.read_text())
    assert not is_listed(path, key.public)
    path.write_text(EXAMPLE.read_text().replace(LISTED, key.public.text))
    assert is_listed(path, key.public)


def test_a_policy_below_the_floors_of_clinic_releases_nothing_for_it(tmp_path, monkeypatch):
    shop = make_workshop(tmp_path / "shop")
    monkeypatch.setenv("LENNOX_TRUST", str(shop.trust_file))
    text = shop.policy.read_text()
    shop.policy.write_text(text.replace("limit     = 0.80", "limit     = 0.45").replace("8 of 10", "45 of 100"))
    with pytest.raises(ReleaseRefusedError, match=r"for clinic, 'finds-decay': 'tpr' of 0\.45 protects nobody"):
        shop.release(channel="clinic")
