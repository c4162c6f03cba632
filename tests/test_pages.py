"""The words of the pages: figures of card, records and plan; a glossary in use; Spanish that keeps up with English."""

import importlib.util
import json
import math
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
COMMUNITY = DOCS / "community"
SPANISH = {
    "index": "index", "writing-a-policy": "escribir-una-politica", "what-limits-cost": "lo-que-cuestan-los-limites",
    "signing": "votar-y-firmar", "reading-a-sheet": "leer-una-hoja", "saying-no": "decir-no",
    "pooled-evidence": "evidencia-conjunta",
}  # fmt: skip
COMMANDS = re.compile(r"^lennox .*$", re.MULTILINE)
BESIDE_PYTHON = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # where `lennox` is installed

_spec = importlib.util.spec_from_file_location("docs_tables", DOCS / "tables.py")
tables = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tables)

WRITTEN = [
    (page, name, text) for page in tables.pages() for name, text in tables.TABLE.findall(page.read_text())
]  # fmt: skip


@pytest.mark.parametrize(("page", "name", "text"), WRITTEN, ids=[f"{page.stem}: {name}" for page, name, _ in WRITTEN])
def test_a_table_of_a_page_holds_the_figures_of_card_records_and_plan(page, name, text):
    wanted = tables.written(name)
    number = re.compile(r"\d+")
    if name.startswith("plan"):  # simulated: another processor may count a patient more or less
        assert number.sub("n", text) == number.sub("n", wanted)
        for here, there in zip(number.findall(text), number.findall(wanted), strict=True):
            assert int(here) == pytest.approx(int(there), rel=0.05)
    else:
        assert text == wanted


def test_every_table_stands_on_a_page():
    assert {name for _, name, _ in WRITTEN} == set(tables.TABLES)


def test_figures_in_the_prose_of_the_clinic_are_those_of_the_card():
    figures = json.loads(tables.CARD.read_text())["figures"]
    external, other = (figures[name] for name in ("periapical-external", "periapical-nanopix"))
    sensitive, specific = external["operating_points"][0], external["operating_points"][-1]
    assert round(3 * (1 - sensitive["lesion_sensitivity"]["value"])) == 1  # results.md: a third got no mark
    assert round(10 * sensitive["false_positives_a_film"]["value"]) == 6  # a-day.md: six false marks on ten films
    assert round(2 * specific["lesion_sensitivity"]["value"]) == 1  # operating-points.md: about half stay unmarked
    assert (external["films"], external["films_with_caries"], other["films"]) == (287, 79, 22)
    assert external["calibration_of_candidates"]["intercept"]["interval"][1] < 0  # results.md: too high on one
    assert other["calibration_of_candidates"]["intercept"]["interval"][0] > 0  # and too low on the other
    small = next(group for group in external["groups"] if group["group"] == "lesion_size: small")
    assert round(3 * small["sensitivity_at_1"]["value"]) == 1  # false-marks.md: a third of the small ones


def test_no_word_of_the_glossary_is_dead():
    text = " ".join(page.read_text() for page in DOCS.rglob("*.md") if page.name not in ("glossary.md", "palabras.md"))
    terms = re.findall(r"^\| \*\*(.+?)\*\*", (DOCS / "glossary.md").read_text(), re.MULTILINE)
    assert len(terms) > 50
    names = [word.strip() for name in terms for word in name.split(",")]
    assert not [name for name in names if not re.search(rf"\b{re.escape(name)}", text, re.IGNORECASE)]


def test_the_glossary_is_in_order():
    for section in (DOCS / "glossary.md").read_text().split("\n## ")[1:]:
        terms = [term.casefold() for term in re.findall(r"^\| \*\*(.+?)\*\*", section, re.MULTILINE)]
        assert terms == sorted(terms)


@pytest.mark.parametrize("name", SPANISH)
def test_the_spanish_page_has_the_commands_and_headings_of_the_english_one(name):
    english, spanish = ((COMMUNITY / path).read_text() for path in (f"{name}.md", f"es/{SPANISH[name]}.md"))
    skeletons = [
        [re.sub(r'"[^"]*"|\b(workshop|taller)\.html| --language es| +#.*', "", line) for line in COMMANDS.findall(text)]
        for text in (english, spanish)
    ]
    assert skeletons[0] == skeletons[1]
    assert len(re.findall(r"^#+ ", english, re.MULTILINE)) == len(re.findall(r"^#+ ", spanish, re.MULTILINE))
    assert english.count("\n| ") == spanish.count("\n| ") - (name == "index")  # where the words are explained
    assert f"es/{SPANISH[name]}.md" in english
    assert f"../{name}.md" in spanish


@pytest.fixture
def neighbourhood(tmp_path, monkeypatch):
    """A folder with a policy that has a date and a story, as a group leaves a workshop."""
    text = (COMMUNITY / "example.toml").read_text().replace("finds-decay-at-every-age", "find-decay")  # as a workshop's
    text = text.replace('method      = "consensus"', 'date = 2026-01-02\nmethod = "consensus"')
    told = 'teller = "R. T."\nwords = "Said by nobody: a test."\nconsent = "to be printed"\n'
    first = text.index("[[requirement]]", text.index("[[requirement]]") + 1)
    text = f"{text[:first]}[requirement.story]\n{told}\n{text[first:]}"
    (tmp_path / "policy.toml").write_text(text)
    (tmp_path / "policy-2.toml").write_text(
        text.replace('"1.0.0"', '"2.0.0"').replace("0.75", "0.70").replace("75 ", "70 ").replace("01-02", "01-03")
    )
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home" / name))
    monkeypatch.setenv("LENNOX_KEY_PASSPHRASE", "a test")
    monkeypatch.setenv("PATH", BESIDE_PYTHON)
    return tmp_path


def test_the_commands_on_signing_and_saying_no_run_as_printed(neighbourhood):
    """All but those on a model: tests/cli/test_release_walk.py walks with one."""
    pages = "\n".join((COMMUNITY / f"{name}.md").read_text() for name in ("writing-a-policy", "signing", "saying-no"))
    key, ran = "", []
    for command in COMMANDS.findall(pages):
        if "models/" in command or "STATEMENT" in command:
            continue
        words = shlex.split(command.replace("MCowBQYDK2VwAyEA...", key), comments=True)
        keys = next((neighbourhood / "home").rglob("seat-1.pem"), None)
        words = [str(keys) if word.startswith("~") else word for word in words]
        words += ["--no-browser"] if "workshop" in words and "policy" in words else []
        done = subprocess.run(words, cwd=neighbourhood, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        key = done.stdout.strip() if "keygen" in words else key
        ran.append(words[1])
    assert ran.count("policy") >= 7
    assert {"keygen", "trust"} <= set(ran)


def rows_of(page, start):
    """The numbers of the rows of a table whose first cell begins with `start`."""
    lines = [line for line in page.read_text().splitlines() if line.startswith(f"| {start}")]
    return [[float(cell) for cell in line.strip("| ").split("|")[1:]] for line in lines]


def test_what_looks_cost_is_what_the_method_says():
    """Patients for a power of 80 % go as (z_k + z_0.8)^2, against one look at the whole level."""
    from scipy.stats import norm

    from lennox.statistics.spending import spent

    def cost(alpha):
        return (norm.isf(alpha) + norm.ppf(0.8)) ** 2

    page, looks = DOCS / "auditor" / "gate-method.md", (1, 2, 3, 5, 10)
    sequences = {"0.8, then": lambda k: spent(0.05, k) / 0.05, "6 / (pi^2 k^2)": lambda k: 6 / (math.pi * k) ** 2,
                 "1 / (k (k + 1))": lambda k: 1 / (k * (k + 1))}  # fmt: skip
    for start, share in sequences.items():
        (row,) = rows_of(page, start)
        assert row == pytest.approx([cost(0.05 * share(k)) / cost(0.05) for k in looks], abs=0.006)


def test_what_few_sites_cost_is_what_the_formula_says():
    from scipy.stats import norm

    page, limit = DOCS / "auditor" / "pooling.md", 0.75
    (sites,), (reach,) = rows_of(page, "sites |"), rows_of(page, "reach |")
    wanted = [norm.isf(0.04) * math.sqrt(0.1 / number * limit * (1 - limit)) for number in sites]
    assert reach == pytest.approx(wanted, abs=0.006)
    assert limit + wanted[0] == pytest.approx(0.92, abs=0.005)  # as the pages for the community say
