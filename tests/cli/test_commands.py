"""Every command has help and a place in docs/clinic/command-line.md; and the start is quick."""

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import lennox
from lennox.cli import COMMANDS, cli
from lennox.cli.man import commands

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/clinic/command-line.md").read_text()
HEAVY = {"numpy", "onnxruntime", "PIL", "pydicom", "rich", "jinja2", "torch"}


COMMAND_LIST = list(commands(click.Context(cli)))
NAMES = [" ".join(path) for path, _ in COMMAND_LIST]


@pytest.mark.parametrize(("path", "command"), COMMAND_LIST, ids=NAMES)
def test_a_command_has_help_and_a_place_in_the_docs(path, command):
    assert command.help
    name = "lennox " + " ".join(path)
    assert f"`{name}" in PAGE, f"docs/clinic/command-line.md does not mention `{name}`"
    if not isinstance(command, click.Group):
        for option in command.params:
            if isinstance(option, click.Option) and option.help and "--help" not in option.opts:
                assert any(f"`{flag}" in PAGE for flag in option.opts), f"docs do not mention {option.opts} of {name}"


def test_the_docs_name_no_command_or_option_that_is_gone():
    mentioned = set(re.findall(r"`lennox ([a-z][a-z-]*)", PAGE))
    assert mentioned <= {*COMMANDS}
    options = {
        flag for _, command in COMMAND_LIST for option in command.params for flag in option.opts + option.secondary_opts
    }
    options |= {"--help", "--version", "-h", "-V"}
    assert set(re.findall(r"`(--?[a-z][a-z-]*)", PAGE)) <= options


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_the_start_is_quick_and_loads_nothing_heavy(option):
    command = [sys.executable, "-P", "-X", "importtime", "-m", "lennox", option]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    loaded = {line.split(b"|")[-1].strip().split(b".")[0].decode() for line in done.stderr.splitlines()}
    assert not HEAVY & loaded
    # Seconds of processor: those on the clock are others' business on a busy machine.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5


def test_the_version_is_the_package_s():
    assert CliRunner().invoke(cli, ["--version"]).stdout == f"lennox {lennox.__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell):
    result = CliRunner().invoke(cli, ["completion", shell])
    assert result.exit_code == 0
    assert "_LENNOX_COMPLETE" in result.stdout


def test_completion_completes():
    environment = {"_LENNOX_COMPLETE": "bash_complete", "COMP_WORDS": "lennox dia", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-P", "-c", "from lennox.cli import main; main()"], capture_output=True,
                          env=os.environ | environment)  # fmt: skip
    assert done.stdout.decode().strip() == "plain,diagnose"


def test_models_lists_card_and_release(tiny):
    listed = CliRunner().invoke(cli, ["models", tiny, "--json"])
    card = json.loads(listed.stdout)
    assert (card["name"], card["release"]) == ("tiny", "unreleased")
    assert card["operating_points"][0]["name"] == "balanced"
    shown = CliRunner().invoke(cli, ["models", tiny])
    assert "unreleased" in shown.stdout
    assert "balanced" in shown.stdout
    assert CliRunner().invoke(cli, ["models", "nowhere"]).exit_code == 4


def test_a_missing_extra_is_one_sentence_with_the_command(tmp_path, monkeypatch):
    (tmp_path / "recipe.toml").touch()
    for name in [name for name in sys.modules if name.startswith("lennox.training")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("lennox.training", raising=False)  # so that it, too, is put back afterwards
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    result = CliRunner().invoke(cli, ["train", str(tmp_path / "recipe.toml"), "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert result.stderr == (
        "lennox: torch is not installed, and this needs it; run: pip install torch==2.13.0 'lennox[train]'. "
        "Without a GPU take PyTorch's CPU build; the other one brings gigabytes.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "module", "extra"),
    [
        (["export", "file", "file", "--out", "out"], "onnx", "train"),
        (["evaluate", "none", "--data", ".", "--out", "out"], "sklearn", "evaluate"),
        (["adopt", "file", "--card", "file", "--out", "out"], "onnx", "adopt"),
        (["audit", "file", "--policy", "file"], "scipy", "audit"),
        (["audit", "compare", "file", "file", "--policy", "file", "--out", "out"], "fairlearn", "audit"),
        (["policy", "plan", "file"], "scipy", "audit"),
        (["policy", "simulate"], "scipy", "audit"),
        (["desk", "."], "uvicorn", "desk"),
        (["diagnose", ".", "--dicom=sr", "--out", "out"], "highdicom", "interop"),
        (["watch", "."], "watchdog", "watch"),
    ],
)
def test_a_command_says_first_what_it_needs(arguments, module, extra, tmp_path, monkeypatch):
    """Before it looks at what it was given, which here is nothing that it could use."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    if extra == "train":
        monkeypatch.setitem(sys.modules, "torch", sys)  # asked for first, and only whether it is there
    monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2
    assert (
        result.stderr == f"lennox: {module} is not installed, and this needs it; run: pip install 'lennox[{extra}]'.\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_phantom_refuses_a_folder_in_use(tmp_path):
    (tmp_path / "letter.txt").touch()
    result = CliRunner().invoke(cli, ["phantom", "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert "not empty" in result.stderr
