"""What the documentation shows, runs: its Python, the README's commands and the recipes of the README's make targets.

A Python block behind `<!-- not run: why -->` is only compiled; so is one behind `<!-- needs: module -->` where it is
missing.
"""

import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PYTHON_BLOCK = re.compile(r"(?:<!-- (not run|needs): ([^>]+) -->\n)?```python\n(.*?)```", re.DOTALL)
SHELL_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
PAGES = [page for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if page.is_file()]


def page_name(page):
    return str(page.relative_to(ROOT))


BESIDE_PYTHON = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # where `lennox` is installed


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with what the examples speak of: film.png and films/."""
    from lennox.phantom import write_films

    here = tmp_path_factory.mktemp("docs")
    write_films(here / "films", 3, seed=7)
    (here / "film.png").write_bytes(sorted((here / "films").glob("*.png"))[0].read_bytes())
    return here


@pytest.mark.parametrize("page", [page for page in PAGES if PYTHON_BLOCK.search(page.read_text())], ids=page_name)
def test_the_python_of_a_page_runs(page, folder, monkeypatch):
    monkeypatch.chdir(folder)
    names = {"__name__": "__main__"}
    for unless, what, block in PYTHON_BLOCK.findall(page.read_text()):
        code = compile(block, page.name, "exec")
        if not unless or (unless == "needs" and find_spec(what)):
            exec(code, names)


def readme_commands():
    blocks = SHELL_BLOCK.findall((ROOT / "README.md").read_text()) if (ROOT / "README.md").is_file() else []
    return [line for block in blocks for line in block.splitlines() if line.startswith("lennox ")]


@pytest.mark.parametrize("command", readme_commands())
def test_the_commands_of_the_readme_run(command, folder):
    done = subprocess.run(command, shell=True, cwd=folder, env={**os.environ, "PATH": BESIDE_PYTHON}, check=False)
    assert done.returncode == 0


def test_make_demo_runs_on_drawn_films(tmp_path):
    recipe = subprocess.run(
        ["make", "--no-print-directory", "-n", "-o", ".venv/lennox", "demo"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    commands = [shlex.split(line) for line in recipe.splitlines() if line.startswith(".venv/bin/lennox")]
    assert len(commands) == 2, recipe
    for _, *arguments in commands:
        subprocess.run(["lennox", *arguments], cwd=tmp_path, env={**os.environ, "PATH": BESIDE_PYTHON}, check=True)
    assert (tmp_path / "demo" / "report" / "report.html").stat().st_size > 10_000


@pytest.mark.parametrize("page", [*PAGES, *sorted((ROOT / "docs").rglob("*.ipynb"))], ids=page_name)
def test_links_inside_the_project_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


def test_the_readme_quotes_the_figures_of_the_card():
    import json

    card = json.loads((ROOT / "models" / "caries-radiograph-2" / "card.json").read_text())
    readme = (ROOT / "README.md").read_text()
    for name, films in card["figures"].items():
        at = {entry["false_positives_a_film"]: entry["sensitivity"] for entry in films["lesion_sensitivity"]}
        wanted = [at[1.0], at[0.5], films["wafroc_area"]]
        if films["films_with_caries"] < films["films"]:
            wanted.append(films["film_roc_area"])
        for figure in wanted:
            low, high = figure["interval"]
            assert f"{figure['value']:.2f} [{low:.2f}, {high:.2f}]" in readme, f"{name}: {figure}"
