"""Every example that the help of a command prints runs as printed, in a folder that holds what it speaks of."""

import doctest
import re
import shlex
import shutil
from importlib.util import find_spec
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from example_folder import home_in, make_example_folder
from foreign_network import fill_in

import lennox
from lennox.cli import cli
from lennox.cli.man import commands

ROOT = Path(__file__).parents[2]
PARSED_ONLY = {
    "bench": "takes half a minute; tests/cli/test_bench.py runs it",
    "desk": "serves until Ctrl-C; tests/desk run it",
    "desk open": "serves until Ctrl-C; tests/desk run it",
    "pacs": "needs an archive; tests/intake/test_web_archive.py has one",
    "train": "takes minutes to days; tests/training train",
    "cross-validate": "trains as often as there are folds; tests/training/test_cross_validation.py does",
    "export": "needs a trained checkpoint; tests/training export one",
    "policy simulate": "takes long; tests/statistical run it",
}
NEEDS = {"coco": "yaml", "evaluate": "sklearn"}  # modules; those of [audit] and others are always there in tests
ADDED = {"watch": ["--once", "--rest", "0.1"], "policy workshop": ["--no-browser"]}  # so that it ends, alone
MADE = {
    "diagnose": "results",
    "policy new": "ours.toml",
    "policy": "ours.toml",
    "monitor form": "use.csv",
    "evidence collect": "evidence.csv",
    "policy sign": "policy.ratification.jsonl",
    "phantom": "films",
}  # by the examples, which want it new
BETWEEN = {"lennox adopt theirs.onnx --new-card theirs.json": lambda here: fill_in(here / "theirs.json")}
SERVES = re.compile("--serve-dicom|--send")  # of `lennox watch`: needs a peer
# What an example may end with besides 0: the shipped model is not released, these data decide little.
ALSO = {"audit": {11}, "audit compare": {11}, "evidence": {11}, "evidence check": {11}, "verify": {4}, "deid": {1},
        "diagnose": {1}, "watch": {1}}  # fmt: skip


def examples_of(command):
    """The lines below `Example:` that are commands."""
    below = (command.help or "").partition("Example")[2]
    return re.findall(r'^ *((?:lennox |eval ").*)$', below, re.MULTILINE)


COMMAND_LIST = {" ".join(path): command for path, command in commands(click.Context(cli))}
EXAMPLES = {name: examples_of(command) for name, command in COMMAND_LIST.items()}


@pytest.fixture(scope="module")
def example_folder(tmp_path_factory):
    here = tmp_path_factory.mktemp("examples")
    make_example_folder(here)
    return here


@pytest.fixture
def here(example_folder, tmp_path):
    """A copy of the folder, in which the test is, with the home of its user."""
    shutil.copytree(example_folder, tmp_path / "here")
    with home_in(tmp_path / "here") as patch:
        patch.setenv("LENNOX_KEY_PASSPHRASE", "a passphrase")
        patch.setenv("HOME", str(tmp_path / "here" / ".home"))
        yield tmp_path / "here"


def run(line, added=()):
    """One line as a shell runs it: `$(...)`, `<`, `>` and `eval` are understood."""
    if line.startswith("eval "):
        line = re.fullmatch(r'eval "\$\((.*)\)"', line)[1]
    line = re.sub(r"\$\((.*?)\)", lambda inner: run(inner[1]).stdout.strip(), line)
    words = shlex.split(line)
    assert words[0] == "lennox"
    given = Path(words[words.index("<") + 1]).read_bytes() if "<" in words else None
    end = min((words.index(sign) for sign in "<>" if sign in words), default=len(words))
    result = CliRunner().invoke(cli, [*words[1:end], *added], input=given)
    if ">" in words:
        target = Path(words[words.index(">") + 1]).expanduser()
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(result.stdout_bytes)
    return result


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_command_has_examples_and_they_run(name, here):
    lines = EXAMPLES[name]
    assert lines, f"the help of lennox {name} has no example"
    if find_spec(NEEDS.get(name, "click")) is None:
        pytest.skip(f"needs {NEEDS[name]}")
    if name in MADE:
        made = here / MADE[name]
        shutil.rmtree(made) if made.is_dir() else made.unlink()
    for line in lines:
        if name in PARSED_ONLY or SERVES.search(line):
            parse(line)
            continue
        health = "--health" in line
        result = run(line, [] if health else ADDED.get(name, []))
        assert result.exit_code in {0} | ALSO.get(name, set()), f"{line}\n{result.output}"
        BETWEEN.get(line, lambda here: None)(here)


def parse(line):
    """Read the words of a line as its command does, and do nothing."""
    words = shlex.split(line.partition(">")[0])[1:]
    context = click.Context(cli)
    command = cli.get_command(context, words.pop(0))
    while isinstance(command, click.Group):
        context = command.make_context(command.name, words, parent=context)
        command, words = command.commands[context._protected_args[0]], context.args
    command.make_context(command.name, words, parent=context)


def test_the_first_examples_of_all_run_from_nothing(tmp_path):
    lines = examples_of(cli)
    assert len(lines) == 2
    with home_in(tmp_path):
        for line in lines:
            result = run(line)
            assert result.exit_code == 0, result.output
    assert (tmp_path / "results" / "report.html").is_file()


def test_the_examples_of_the_page_of_the_command_line_run(here):
    page = (ROOT / "docs/clinic/command-line.md").read_text()
    blocks = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("lennox ")]
    assert lines[0].startswith("lennox diagnose film.png")
    shutil.rmtree(here / "results")
    for line in lines:
        if line.startswith("lennox phantom"):
            shutil.rmtree(here / "films")
        result = run(line.partition("#")[0])
        assert result.exit_code in (0, 1), f"{line}\n{result.output}"


def test_what_help_of_lennox_begins_with_runs(here):
    examples = doctest.DocTestParser().get_doctest(lennox.__doc__, {}, "lennox", None, 0)
    assert examples.examples
    said = []
    assert doctest.DocTestRunner(verbose=False).run(examples, out=said.append).failed == 0, "".join(said)


def test_no_message_names_a_file_that_is_not_installed():
    """Help and errors point at commands: the documentation is not in the wheel."""
    for path in sorted((ROOT / "lennox").rglob("*.py")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.search(r"docs/\S+\.(md|json)", line) and re.search(r"raise |Error\(|help=|; see docs|echo\(", line):
                pytest.fail(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    for name, command in COMMAND_LIST.items():
        options = "".join(getattr(option, "help", None) or "" for option in command.params)
        assert "docs/" not in (command.help or "") + options, name
