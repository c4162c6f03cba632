"""What the documentation shows, runs: its Python, commands for beginners and clinics, and the README's make targets.

A block behind `<!-- not run: why -->` is only compiled, or its commands parsed; so is Python behind
`<!-- needs: module -->` where that is missing. Commands run beside `film.png`, `films/`, and a released model,
`models/mine`.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click
import pytest

from lennox.cli import cli

ROOT = Path(__file__).parent.parent
PYTHON_BLOCK = re.compile(r"(?:<!-- (not run|needs): ([^>]+) -->\n)?```python\n(.*?)```", re.DOTALL)
SHELL_BLOCK = re.compile(r"(?:<!-- (not run): [^>]+ -->\n)?```sh\n(.*?)```", re.DOTALL)
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
def test_the_python_of_a_page_runs(page, folder, tmp_path, monkeypatch):
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)  # what one page writes is nothing to another
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    for unless, what, block in PYTHON_BLOCK.findall(page.read_text()):
        code = compile(block, page.name, "exec")
        if not unless or (unless == "needs" and find_spec(what)):
            exec(code, names)


def commands_of(page, marked):
    return "\n".join(block for not_run, block in SHELL_BLOCK.findall(page.read_text()) if bool(not_run) is marked)


COMMAND_PAGES = [page for page in PAGES if page.parent.name in (ROOT.name, "start", "clinic")]


@pytest.mark.parametrize("page", [page for page in COMMAND_PAGES if commands_of(page, False)], ids=page_name)
def test_the_commands_of_a_page_run(page, folder, released, tmp_path, monkeypatch):
    ignored = shutil.ignore_patterns("films" if "--out films" in commands_of(page, False) else "")
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True, ignore=ignored)
    shutil.copytree(released.folder, tmp_path / "models" / "mine")
    shutil.copy(released.policy, tmp_path / "policy.toml")
    monkeypatch.setenv("LENNOX_TRUST", str(released.trust_file))
    monkeypatch.setenv("PATH", BESIDE_PYTHON)
    monkeypatch.setenv("HOME", str(tmp_path))
    lines = [line for line in commands_of(page, False).splitlines() if page.name != "README.md" or "lennox " in line]
    done = subprocess.run(
        ["bash", "-e"], input="\n".join(lines), cwd=tmp_path, text=True, capture_output=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr


WRITTEN = [
    page for page in PAGES if re.search(r"^lennox ", "".join(b for _, b in SHELL_BLOCK.findall(page.read_text())), re.M)
]


@pytest.mark.parametrize("page", WRITTEN, ids=page_name)
def test_every_command_of_a_page_is_a_command(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = commands_of(page, True) + "\n" + commands_of(page, False)
    for line in re.findall(r"^lennox ([^#>|<\n]+)", text.replace("\\\n", " "), re.MULTILINE):
        parse(cli, shlex.split(line))


LEFT_OUT = {"desk": "open", "release": "sign"}  # `lennox desk FOLDER` is `lennox desk open FOLDER`


def parse(command, words):
    """Fail if `words` name a command or an option that is not there; the files they name need not be."""
    if isinstance(command, click.Group):
        name, *rest = words if words[0] in command.list_commands(None) else [LEFT_OUT[command.name], *words]
        return parse(command.get_command(click.Context(command), name), rest)
    try:
        return command.make_context(command.name, list(words))
    except click.BadParameter as error:
        if isinstance(error, click.MissingParameter) or not isinstance(error.param.type, click.Path):
            raise


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "contributor").glob("*.md")), ids=page_name)
def test_the_files_that_a_page_for_contributors_names_are_there(page):
    named = re.findall(r"(?<![\w/])((?:lennox|tests|docs|benchmarks)/[\w./-]+)(?![\w*{])", page.read_text())
    gone = [name for name in named if not (ROOT / name.rstrip(".")).exists()]
    assert not gone


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
