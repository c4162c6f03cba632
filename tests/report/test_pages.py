"""What holds for every page, whatever it shows: one style of enough contrast, one content policy, and inert text."""

import base64
import hashlib
import re
from pathlib import Path

import pytest

import lennox
from lennox.report.pages import render, stream
from lennox.report.release_page import release_page

TEMPLATES = Path(lennox.__file__).parent / "report" / "templates"
STYLE = (TEMPLATES / "style.css").read_text()
GROUNDS = [
    ("ink", "paper"), ("ink", "band"), ("ink", "panel"), ("quiet", "paper"), ("quiet", "band"), ("quiet", "panel"),
    ("pass", "pass-ground"), ("fail", "fail-ground"), ("open", "open-ground"), ("pass", "paper"), ("fail", "paper"),
    ("open", "paper"), ("open", "panel"), ("fail", "panel"), ("link", "paper"), ("link", "panel"),
    ("stamp-ink", "stamp"), ("ink", "pass-ground"), ("ink", "fail-ground"), ("ink", "open-ground"),
]  # fmt: skip


def colours(scheme):
    """The colours of a scheme, as the style sheet sets them: dark ones replace some of the light ones."""
    blocks = re.findall(r":root \{([^}]*)\}", STYLE)
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", blocks[0]))
    return found | (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", blocks[1])) if scheme == "dark" else {})


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), GROUNDS)
def test_contrast_is_that_of_wcag_aa(ink, ground, scheme):
    named = colours(scheme)
    low, high = sorted((luminance(named[ink]), luminance(named[ground])))
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_dark_is_another_scheme_than_light():
    assert colours("dark")["paper"] != colours("light")["paper"]


@pytest.mark.parametrize("template", sorted(path.name for path in TEMPLATES.glob("*.html")))
def test_every_page_is_the_base_page_with_other_contents(template):
    """No template brings a style, a script, a head, or text that is not escaped."""
    text = (TEMPLATES / template).read_text()
    if template == "base.html":
        assert re.findall(r"\|\s*safe", text) == ["|safe"] * 3  # policy, style and script, which are lennox's own
        return
    if template not in ("macros.html", "reading.html"):  # parts of pages
        assert text.startswith('{% extends "base.html" %}')
    assert not re.search(r"<(style|script|head|meta|link)\b|<[^>]* on[a-z]+=|\|\s*safe|autoescape|url\(", text)


def test_the_content_policy_allows_only_the_page_s_own_style_and_script():
    page = render("release.html", model="m", channel="c", reasons=["r"], released_as="")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src-elem 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy  # this page has none, so default-src forbids all


HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\u202etxt\u2066'\"&"


def test_text_from_outside_is_inert_in_a_page():
    page = release_page(HOSTILE, HOSTILE, [HOSTILE])
    assert "<img" not in page
    for sign in "\x1b\u202e\u2066":
        assert sign not in page
    assert "&lt;img src=x onerror=alert(1)&gt;\ufffd[31m\ufffdtxt\ufffd" in page


def test_a_page_is_streamed_in_parts_that_make_the_same_page():
    values = {"model": "m", "channel": "c", "reasons": ["r"] * 50, "released_as": ""}
    assert "".join(stream("release.html", **values)) == render("release.html", **values)
    page = release_page("m", "c", ["nobody has signed it (`lennox policy sign`)"])
    assert "not released" in page
    assert "Nobody has signed it</li>" in page
    assert "Yes." in release_page("m", "c", (), "released until 2027")
