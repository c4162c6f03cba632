"""Nobody's groups, taken together, are shared by fewer than k people."""

from collections import Counter

import numpy as np
import pytest

from lennox.evidence.anonymity import anonymous


def people(*groups):
    return [{"age": frozenset([age]), "sex": frozenset([sex])} for age, sex in groups]


def shared(patients, found):
    """How many share what is left of each patient who is not held back."""
    left = {
        number: tuple(None if name in found.left_out.get(number, ()) else one[name] for name in sorted(one))
        for number, one in enumerate(patients)
        if number not in found.held_back
    }
    return Counter(left.values())


def test_a_common_group_keeps_all_its_features():
    found = anonymous(people(*[("20-64", "female")] * 6), 5)
    assert found.left_out == {}
    assert found.held_back == frozenset()


def test_a_rare_crossing_loses_the_feature_that_tells_most_apart():
    patients = people(
        *[("1-5", "f"), ("6-12", "f"), ("13-19", "f"), ("20-64", "f"), ("65+", "f")], *[("20-64", "m")] * 5
    )
    found = anonymous(patients, 5)
    assert found.by_feature() == {"age": 5}
    assert found.held_back == frozenset()


def test_who_is_alone_even_without_groups_is_held_back():
    found = anonymous(people(*[("20-64", "f")] * 5, ("65+", "m")), 5)
    assert found.held_back == {5}
    assert found.by_feature() == {}


@pytest.mark.parametrize("k", [2, 5, 11])
def test_whatever_the_groups_k_share_them(k):
    rng = np.random.default_rng(k)
    patients = people(*zip(rng.choice(list("abcdefgh"), 90), rng.choice(list("xyz"), 90), strict=True))
    counts = shared(patients, anonymous(patients, k))
    assert counts
    assert min(counts.values()) >= k
