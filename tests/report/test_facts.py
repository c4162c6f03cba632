import pytest

from lennox.report.facts import as_node, read_facts, spoken, title


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "not stated"), (True, "yes"), (0.5432, "0.543"), (2643, "2643"), (12345.6, "12346"), ([], "none"),
        (["a", "b"], "a, b"), ({"value": 0.5, "low": 0.4, "high": 0.6}, "0.5 (0.4 to 0.6)"),
        ({"value": 0.5, "interval": [0.4, 0.6], "level": "95 %"}, "0.5 (0.4 to 0.6, level 95 %)"),
    ],
)  # fmt: skip
def test_values_in_words(value, text):
    assert spoken(value) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("false_positives_a_film", "False positives a film"),
        ("ppv_at_prevalence_0.05", "PPV at prevalence 0.05"),
        ("wafroc_area", "wAFROC area"),
    ],
)
def test_names_become_titles(name, text):
    assert title(name) == text


def test_a_list_of_objects_is_a_table_with_every_column():
    node = as_node(
        [{"name": "a", "measured": {"rate": {"value": 0.5, "low": 0.4, "high": 0.6}}}, {"name": "b", "n": 3}]
    )
    assert node.columns == ("Name", "Measured: rate", "N")
    assert node.rows == (("a", "0.5 (0.4 to 0.6)", "–"), ("b", "–", "3"))


def test_what_everybody_should_read_is_open_and_machinery_is_nowhere(card):
    facts = read_facts(card, "balanced")
    assert [title for title, _ in facts.open] == ["What it is for"]
    assert [title for title, _ in facts.further] == ["Tested on: all figures"]
    assert facts.operating_points.rows[0] == ("balanced", "0.31", "0.54 (0.46 to 0.63)")


def test_a_test_set_is_said_in_a_sentence_at_the_point_in_use(card):
    (sentence,) = read_facts(card, "balanced").trust
    assert sentence == (
        "On drawn <b>films</b> (143 films, 90 marked lesions) it found 54 (46 to 63) in 100 of the lesions, "
        "with 0.8 (0.6 to 1) false marks a film."
    )
    measured = read_facts(card, "balanced").measured
    assert measured.columns[:3] == ("Set", "Films", "With caries")
    assert measured.rows == (("drawn <b>films</b>", "143", "40", "90", "–", "0.54 (0.46 to 0.63)", "0.8 (0.6 to 1)"),)


def test_a_threshold_of_one_s_own_borrows_no_figures(card):
    facts = read_facts(card, "custom")
    assert facts.trust == ()
    assert facts.measured is None
