"""The site of the documentation: what its build refuses, and that it works from a folder, without a network."""

import importlib.util
import json
from pathlib import Path

import pytest

import lennox
import lennox.audit
import lennox.evaluation
import lennox.phantom
import lennox.report
import lennox.training

ROOT = Path(__file__).parent.parent
SITE = ROOT / "site"
FAMILIES = [lennox, lennox.audit, lennox.evaluation, lennox.phantom, lennox.report, lennox.training]


def load(name, needs):
    for module in needs:
        pytest.importorskip(module, reason="for the site: pip install 'lennox[docs]'")
    spec = importlib.util.spec_from_file_location(f"site_{name}", ROOT / "docs" / "site" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def build():
    return load("build", [])


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_the_reference_has_every_public_name(family):
    page = (ROOT / "docs" / "developer" / "api.md").read_text()
    classes = {name for name in family.__all__ if not name.isupper() and name != "__version__"}
    assert {name for name in classes if f"::: {family.__name__}.{name}\n" not in page} == set()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<script src="https://cdn.example/x.js"></script>', "would fetch https://cdn.example/x.js"),
        ('<link rel="stylesheet" href="//fonts.example/a.css">', "would fetch //fonts.example/a.css"),
        ('<img src="http://tracker.example/dot.gif">', "would fetch http://tracker.example/dot.gif"),
        ('<a href="gone.html">gone</a>', "links to gone.html, which is not there"),
        ('<a href="other.html#nowhere">there</a>', "but there is no such anchor"),
    ],
)
def test_the_build_finds_what_comes_from_elsewhere_or_leads_nowhere(build, tmp_path, body, said):
    (tmp_path / "other.html").write_text('<h1 id="here">x</h1>')
    good = '<a href="other.html#here">there</a><a href="https://example.org">x</a><img src="data:image/png;base64,">'
    (tmp_path / "index.html").write_text(good)
    assert build.check(tmp_path) == []
    (tmp_path / "index.html").write_text(good + body)
    (problem,) = build.check(tmp_path)
    assert said in problem


def test_the_build_finds_a_font_in_a_style_sheet(build, tmp_path):
    (tmp_path / "a.css").write_text(
        "@font-face { src: url('https://fonts.example/a.woff2') } b { background: url(b.png) }"
    )
    assert build.check(tmp_path) == ["a.css would fetch https://fonts.example/a.woff2"]


def test_a_notebook_becomes_a_page_with_what_came_of_its_cells(build, tmp_path):
    cells = [
        {"cell_type": "markdown", "source": ["# A title"]},
        {"cell_type": "code", "source": ["print(1)"], "outputs": [{"output_type": "stream", "text": ["1\n"]}]},
        {"cell_type": "code", "source": ["x"], "outputs": [{"data": {"image/png": "QUJD", "text/plain": "no"}}]},
    ]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells}))
    text = build.notebook_text(tmp_path / "a.ipynb")
    assert text.startswith("# A title\n\n```python\nprint(1)\n```\n\n``` {.text .said}\n1\n```\n")
    assert 'src="data:image/png;base64,QUJD"' in text
    assert "no" not in text.split("base64")[1]


def test_docstrings_become_lists_and_code():
    docstrings = load("docstrings", ["griffe"])
    text = docstrings.as_markdown(
        "Read it.\n\nname : what\n    and more\nraw, wide : both\nRaises InputError.\n\n>>> f()\n1"
    )
    assert "\n- **name**: what\n    and more\n- **raw, wide**: both\n\nRaises" in text
    assert text.endswith("```pycon\n>>> f()\n1\n```")


def test_prose_is_looked_at_without_its_code_and_by_sentences():
    prose = load("prose", [])
    text = prose.prose_of("# Title\n\n```sh\nvery very\n```\nA [link](very.md) to `very`.\n")
    assert "very" not in text
    assert text.count("\n") == 6
    words = "word " * (prose.MAX_WORDS + 1)
    assert len(prose.long_sentences(f"Short. {words}. Short.")) == 1
    assert prose.long_sentences("Short.\n- " + "word " * 30 + "\n- " + "word " * 30) == []


@pytest.mark.skipif(not SITE.is_dir(), reason="the site is not built: make site")
@pytest.mark.parametrize("width", [390, 1280])
def test_the_site_is_searched_and_fits_without_a_server(browser, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((SITE / "index.html").as_uri())
    page.locator("button.md-search__button:visible, label[for=__search]:visible").first.click()
    page.get_by_role("combobox").fill("ratified")
    page.get_by_role("option").first.wait_for()
    with page.expect_navigation():
        page.get_by_role("option").first.click()
    assert "ratified" in page.locator("article").inner_text().lower()
    for name in ("auditor/gate-validation.html", "developer/api.html"):
        page.goto((SITE / name).as_uri())
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.close()
    assert {url.partition(":")[0] for url in asked} <= {"file", "data", "blob"}
