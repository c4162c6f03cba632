import pytest

from lennox.report.facts import as_node, read_facts, spoken


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


def test_a_list_of_objects_is_a_table_with_every_column():
    node = as_node(
        [{"name": "a", "measured": {"rate": {"value": 0.5, "low": 0.4, "high": 0.6}}}, {"name": "b", "n": 3}]
    )
    assert node.columns == ("Name", "Measured, rate", "N")
    assert node.rows == (("a", "0.5 (0.4 to 0.6)", "–"), ("b", "–", "3"))


def test_what_matters_most_comes_first_and_machinery_not_at_all(card):
    facts = read_facts(card)
    assert [title for title, _ in facts.sections] == ["Intended use", "Figures"]
    assert facts.operating_points.rows[0] == ("balanced", "0.31", "0.54 (0.46 to 0.63)")
