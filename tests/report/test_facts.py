import pytest

from lennox.report.facts import HELD_OUT_WINDOWS, TestedSet, as_node, performance, read_facts, spoken, title


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
    assert [title for title, _ in facts.further] == ["Operating points: all figures", "Tested on: all figures"]
    assert facts.further[0][1].rows[0] == ("balanced", "0.31", "0.54 (0.46 to 0.63)")


def test_a_test_set_is_said_in_a_sentence_at_the_point_in_use(card):
    (trust,) = read_facts(card, "balanced").trust
    assert trust == TestedSet("drawn <b>films</b>", "143", "90", "54 (46–63)", "0.8 (0.6–1)")


def test_a_threshold_of_one_s_own_borrows_no_figures(card):
    assert read_facts(card, "custom").trust == ()


def figure(value):
    return {"value": value, "interval": [value - 0.1, value + 0.1]}


def test_held_out_and_external_films_stand_in_one_table_each_under_its_name():
    """A figure at one false mark of one set, a screen from that of another, was taken for it."""
    document = {
        "operating_points": [
            {"name": "sensitive", "threshold": 0.1, "lesion_sensitivity": figure(0.54),
             "false_positives_a_film": {"value": 1.0, "interval": [0.9, 1.1]}},
            {"name": "balanced", "threshold": 0.2, "lesion_sensitivity": figure(0.44), "film_specificity": 0.6},
        ],
        "held_out": {"films_and_windows": 227, "lesions": 212},
        "figures": {
            "external": {
                "films": 287, "lesions": 90,
                "lesion_sensitivity": [{"false_positives_a_film": 1.0, "sensitivity": figure(0.76)}],
                "operating_points": [{"name": "balanced", "lesion_sensitivity": figure(0.61)}],
            },
            "without a mark": {"films": 12},
        },
    }  # fmt: skip
    table = performance(document, "balanced")
    held_out, external = HELD_OUT_WINDOWS, "external"
    assert table.columns == ("Measured", "At", held_out, external, "without a mark")
    rows = {(what, at): cells for what, at, *cells in table.rows}
    assert rows["Films", ""] == ["227", "287", "12"]
    found = "Marked lesions that were found"
    assert rows[found, "1 false mark a film"] == ["0.54 (0.44–0.64)", "0.76 (0.66–0.86)", "–"]
    assert rows[found, "balanced"] == ["0.44 (0.34–0.54)", "0.61 (0.51–0.71)", "–"]
    assert ("Films with caries that got a mark", "balanced") not in rows  # nobody measured it, so there is no row
    points = [at for what, at, *_ in table.rows if what == found]
    assert points == ["balanced", "sensitive", "1 false mark a film"]  # the one in use first
