"""The pages name every key of a policy and every metric, and the shipped policies are accepted."""

import datetime
import re
from pathlib import Path

import pytest

from lennox.audit import read_policy
from lennox.policy.floors import CLINIC, FLOORS
from lennox.policy.metrics import METRICS
from lennox.policy.reading import read_lapsed
from lennox.policy.schema import SCHEMA

ROOT = Path(__file__).parents[2]


def keys(schema):
    for key, kind in schema.items():
        yield key.rstrip("!")
        if isinstance(kind, dict):
            yield from keys(kind)
        elif isinstance(kind, tuple) and kind[0] == "tables":
            yield from keys(kind[1])


def test_every_key_and_metric_is_documented():
    page = (ROOT / "docs/community/policies.md").read_text()
    words = set(re.findall(r"[a-z_0-9]+", page))
    assert set(keys(SCHEMA)) <= words
    assert set(METRICS) <= words


def test_every_metric_has_its_floors_and_a_line_for_each_on_the_page():
    page = (ROOT / "docs/community/policies.md").read_text()
    rows = re.findall(r"^\| (`.+?) \|", page[page.index("### Floors of decency") : page.index("## Keys")], re.MULTILINE)
    assert set(FLOORS) == set(CLINIC) == set(METRICS) == set(re.findall("[a-z_]+", " ".join(rows)))


@pytest.mark.parametrize("path", sorted((ROOT / "audits").rglob("*.toml")), ids=lambda path: path.stem)
def test_the_policies_of_the_project_are_accepted_and_say_whose_they_are(path):
    policy = read_lapsed(path)
    assert "No community has ratified it" in policy.ratification.note
    assert all(requirement.story is None for requirement in policy.requirements)
    assert all("es" in requirement.plain_in for requirement in policy.requirements)


def test_a_policy_lapses():
    path = ROOT / "audits" / "policies" / "workshop.toml"
    with pytest.raises(Exception, match="expired on 2027-05-28"):
        read_policy(path, today=datetime.date(2030, 1, 1))


def test_every_rule_is_explained_cited_in_the_code_and_tested():
    explained = re.findall(r"^\| R(\d+) \|", (ROOT / "docs/community/policies.md").read_text(), re.M)
    assert explained == [str(number) for number in range(1, len(explained) + 1)]
    for folders in (("lennox/audit", "lennox/policy"), ("tests/audit",)):
        text = "\n".join(path.read_text() for folder in folders for path in (ROOT / folder).rglob("*.py"))
        spans = [range(int(a), int(b) + 1) for a, b in re.findall(r"\b[Rr](\d+) to [Rr](\d+)\b", text)]
        cited = {int(number) for number in re.findall(r"(?<![A-Za-z0-9])[Rr](\d+)(?![0-9a-z])", text)}.union(*spans)
        assert cited == {int(number) for number in explained}, folders
