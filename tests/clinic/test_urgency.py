import pytest

from lennox.clinic.urgency import PatientCounts, Urgency, read_urgencies
from lennox.errors import InputError

RULES = """
[[urgency]]
name = "this week"
min_places = 3

[[urgency]]
name = "film again"
min_not_assessed = 1
min_unread = 2
"""


def test_rules_are_read_in_their_order_and_every_condition_of_one_must_hold(tmp_path):
    (tmp_path / "urgency.toml").write_text(RULES)
    week, again = read_urgencies(tmp_path / "urgency.toml")
    assert week == Urgency("this week", min_places=3)
    assert week.applies(PatientCounts(1, 0, 0, 3, 0))
    assert not week.applies(PatientCounts(9, 9, 9, 2, 9))
    assert again.applies(PatientCounts(2, 1, 2, 0, 0))
    assert not again.applies(PatientCounts(2, 1, 1, 0, 0))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must hold 1 to 20 rules"),
        ("urgency = 3", "must hold 1 to 20 rules"),
        ("urgency = [3]", "rule 1 is not a table"),
        (RULES + "[more]\n", "and nothing else"),
        ("[[urgency]]\nname = 'a'\n", "rule 1 .'a'. has no condition; give one of min_places"),
        ("[[urgency]]\nmin_places = 1\n", "rule 1: give it a name"),
        ("[[urgency]]\nname = 'a'\nmin_teeth = 1\n", "there is no 'min_teeth'"),
        ("[[urgency]]\nname = 'a'\nmin_places = 0\n", "a whole number from 1 on"),
        ("[[urgency]]\nname = 'a'\nmin_places = true\n", "a whole number from 1 on"),
        (RULES.replace("film again", "this week"), "a name of its own"),
        (RULES.replace("film again", "no rule applies"), "none is called"),
        ("[[urgency", "is no TOML"),
    ],
)
def test_anything_else_is_one_sentence_that_names_the_rule(tmp_path, text, said):
    (tmp_path / "urgency.toml").write_text(text)
    with pytest.raises(InputError, match=said):
        read_urgencies(tmp_path / "urgency.toml")
