"""The workshop page, driven as a group would: its numbers are the gate's, and what it saves is a policy."""

import datetime
import json
import re

import numpy as np
import pytest
from click.testing import CliRunner

from lennox.audit.plan import Assumptions, pass_chance
from lennox.audit.planned_groups import draw_groups
from lennox.audit.report.workshop_page import workshop_page
from lennox.audit.workshop import LIMITS, SIZES, workshop_table
from lennox.cli import cli
from lennox.policy.problems import PolicyError
from lennox.policy.reading import policy_from_bytes, read_draft
from lennox.report.wording import WORKSHOP
from lennox.statistics.spending import spent


@pytest.mark.parametrize(("limit", "size", "truth"), [(75, 150, 0.85), (60, 80, 0.75), (90, 205, 0.95), (75, 60, 0.7)])
def test_a_chance_is_that_of_groups_as_the_plan_draws_them(limit, size, truth):
    drawn = draw_groups("tpr", truth, 1, size, 1.0, 0.0, np.random.default_rng(1))
    simulated = drawn.passes(limit / 100, None, spent(0.05, 1)).mean()
    assert workshop_table().chance(limit, size, truth) == pytest.approx(simulated, abs=0.05)


def test_a_model_at_a_limit_seldom_slips_through():
    table = workshop_table()
    chances = [table.chance(limit, size, limit / 100) for limit in LIMITS for size in SIZES]
    assert max(chances) <= spent(0.05, 1) + 1e-9
    assert max(chances) > 0.02


def set_to(page, selector, value):
    page.eval_on_selector(
        selector, "(it, to) => { it.value = to; it.dispatchEvent(new Event('input', { bubbles: true })); }", str(value)
    )


def adopt(page):
    page.fill("#title", 'Ours "and" nobody else\'s')
    page.fill("#body", "The street of the mill")
    for name, count in (("quorum", 5), ("yes", 6), ("no", 1), ("none", 1)):
        page.fill(f"#{name}", str(count))


@pytest.fixture(scope="module")
def opened(browser, tmp_path_factory):
    """The page in a language, in a window of some width; what the console said."""
    folder = tmp_path_factory.mktemp("workshop")
    for language in WORKSHOP.languages():
        page = workshop_page(workshop_table(), WORKSHOP.wording(language))
        (folder / f"{language}.html").write_text(page, encoding="utf-8")

    def open_it(language="en", width=1920, height=1080):
        page = browser.new_page(viewport={"width": width, "height": height})
        said = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url) if request.url.startswith("http") else None)
        page.goto((folder / f"{language}.html").as_uri())
        return page, said

    return open_it


def test_the_page_says_what_the_plan_says(opened):
    page, said = opened()
    wish = '.wish[data-who="agreed"]'
    groups = 4  # age bands, as offered
    for limit, truth in ((75, 90), (60, 75), (85, 90)):
        set_to(page, f"{wish} .floor", limit)
        set_to(page, "#truth", truth)
        shown = page.get_attribute(f"{wish} .floor-needed", "data-people")
        assert int(shown) == workshop_table().needed(limit, groups, truth / 100)
        assert f"up to {100 - limit} of 100 decayed teeth may stay unseen" in page.inner_text(f"{wish} .floor-unseen")
    set_to(page, f"{wish} .floor", 75)
    set_to(page, "#people", 0)
    slips = int(re.search(r"about (\d+) of 1000 tries", page.inner_text(f"{wish} .floor-slips"))[1])
    assert slips == round(1000 * workshop_table().chance(75, 60, 0.70))
    adopt(page)
    policy = policy_from_bytes(page.inner_text("#toml").encode())
    (floor,) = [one for one in policy.requirements if one.id == "find-decay"]
    needed = workshop_table().needed(75, groups, 0.9)
    chance = pass_chance([floor], policy, 0.9, needed, Assumptions(per_patient=1.0))
    assert chance >= 0.76  # what the plan simulates where the page says 4 of 5
    assert said == []


@pytest.mark.parametrize("language", WORKSHOP.languages())
def test_what_a_group_saves_is_a_policy(opened, language, tmp_path):
    page, said = opened(language, 390, 844)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    set_to(page, '.wish[data-who="agreed"] .floor', 80)
    set_to(page, '.wish[data-who="agreed"] .ceiling', 15)
    page.locator(".offer", has=page.locator("input.wanted")).nth(2).locator("input.wanted").check()
    page.locator(".offer").nth(2).locator(".groups").fill("Quechua, Aymara, mestizo")
    page.fill("#teller", "Rosa")
    page.fill("#words", 'They said "nothing there".\nIt was.')
    page.fill("#consent", "printed with the limit")
    assert "[requirement.story]" not in page.inner_text("#toml")  # not before they agree
    page.check("#agrees")
    adopt(page)
    with page.expect_download() as download:
        page.click("#save")
    path = tmp_path / "policy.toml"
    download.value.save_as(path)
    policy = policy_from_bytes(path.read_bytes())
    assert policy.language == language
    assert [requirement.limit for requirement in policy.requirements] == [0.80, 0.15, 0.15]
    assert policy.feature("origin").groups == ("Quechua", "Aymara", "mestizo")
    assert policy.requirements[0].story.words == 'They said "nothing there".\nIt was.'
    assert policy.ratification.date <= datetime.date.today()
    assert "Quechua, Aymara, mestizo" in page.inner_text("#sheet")
    assert said == []
    page.close()


def test_the_command_writes_one_file_and_overwrites_none(tmp_path):
    arguments = ["policy", "workshop", str(tmp_path / "page.html"), "--language", "es", "--no-browser"]
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    assert '<html lang="es"' in (tmp_path / "page.html").read_text()
    assert CliRunner().invoke(cli, arguments).exit_code == 2
    assert CliRunner().invoke(cli, [*arguments[:2], str(tmp_path / "x.html"), "--language", "xx"]).exit_code == 2


def test_without_a_majority_it_is_a_draft(opened, tmp_path):
    page, _ = opened()
    adopt(page)
    page.fill("#no", "7")
    text = page.inner_text("#toml")
    assert "Not adopted yet" in page.inner_text("#outcome")
    path = tmp_path / "draft.toml"
    path.write_text(text)
    with pytest.raises(PolicyError, match="no date"):
        policy_from_bytes(text.encode())
    assert read_draft(path).title.startswith("Ours")
    page.emulate_media(media="print")
    assert page.is_visible("#sheet")
    assert not page.is_visible("#truth")
    page.close()


def test_every_sentence_is_in_the_catalogues():
    from pathlib import Path

    import lennox.report

    folder = Path(lennox.report.__file__).parent
    sentences = re.findall(r'say(?:\.name)?\("([^"]*)"\)', (folder / "templates/workshop.html").read_text())
    assert len(sentences) > 50
    known = WORKSHOP.knows("es")
    assert [one for one in sentences if not known(one)] == []
    template = (folder / "locale/workshop/workshop.pot").read_text()
    assert [one for one in sentences if json.dumps(one, ensure_ascii=False) not in template] == []
    spanish = WORKSHOP.wording("es")
    values = [(set(re.findall(r"\{\w+\}", one)), set(re.findall(r"\{\w+\}", spanish.name(one)))) for one in sentences]
    assert all(ours == theirs for ours, theirs in values)


@pytest.mark.parametrize("language", WORKSHOP.languages())
def test_commands_are_set_as_code(language):
    page = workshop_page(workshop_table(), WORKSHOP.wording(language))
    text = page[page.index("<main>") : page.index("</main>")]
    assert "<code>lennox policy plan</code>" in text
    assert "`" not in text
