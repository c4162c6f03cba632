import pytest

from lennox.report.natural_frequencies import Share, natural_frequencies


def a_set(films, lesions, found, false, name="balanced"):
    return {
        "films": films, "lesions": lesions,
        "operating_points": [
            {"name": name, "lesion_sensitivity": {"value": found, "interval": [0, 1]}, "false_positives_a_film": false}
        ],
    }  # fmt: skip


def test_counted_by_hand():
    """100 films, 50 lesions, 40 found; 0.6 false marks a film are 60: of 100 marks 60 are wrong."""
    found = natural_frequencies({"figures": {"one": a_set(100, 50, 0.8, 0.6)}}, "balanced")
    assert (found.films, found.wrong, found.missed) == (100, Share(6, 10), Share(2, 10))


def test_sets_are_put_in_one_pile():
    """The second set adds 100 films and 150 lesions of which 30 are found, without a false mark: 60 of 130 wrong."""
    figures = {"one": a_set(100, 50, 0.8, 0.6), "two": a_set(100, 150, 0.2, 0.0)}
    found = natural_frequencies({"figures": figures}, "balanced")
    assert (found.films, found.wrong, found.missed) == (200, Share(5, 10), Share(6, 10))  # 70 of 200 are found


@pytest.mark.parametrize(
    "figures",
    [{}, {"one": a_set(100, 50, 0.8, 0.6, "specific")}, {"one": {"films": 10}}, {"one": a_set(100, 50, 0.0, 0.0)}],
    ids=["no set", "another operating point", "no figure", "no mark at all"],
)
def test_what_nobody_measured_is_not_said(figures):
    assert natural_frequencies({"figures": figures}, "balanced") is None


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.04, (4, 100)), (0.06, (1, 10)), (0.5, (5, 10)), (0.97, (97, 100)), (0.0, (1, 100)), (1.0, (99, 100))],
)
def test_none_and_all_are_never_said(share, said):
    assert (Share.of(share).count, Share.of(share).base) == said
