"""docs/developer/adopt.md, followed as printed: its table fills the card in, its commands lead to an audited model."""

import json
import re
import shlex
from pathlib import Path

import onnx
import pytest
from click.testing import CliRunner
from foreign_network import write_network
from releasing import write_policy

from lennox.cli import cli
from lennox.phantom import write_films
from lennox.release.new_card import unfilled

PAGE = (Path(__file__).parents[2] / "docs/developer/adopt.md").read_text()
COMMANDS = re.findall(r"^lennox .*$", "\n".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)), re.MULTILINE)
ROW = re.compile(r"^\| (`[^|]+`) \| [^|]+ \| `([^`|]+)` \|$", re.MULTILINE)
EXAMPLES = {
    place: json.loads(example) for places, example in ROW.findall(PAGE) for place in re.findall("`([^`]+)`", places)
}
FAIL, INSUFFICIENT = 10, 11


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with theirs.onnx; the log and the settings are its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    write_network(tmp_path / "theirs.onnx")
    return tmp_path


@pytest.fixture
def films(here):
    """What else the page speaks of: policy.toml, films and film.png."""
    write_films(here / "films", 2, seed=7)
    annotations = here / "films/annotations.json"
    document = json.loads(annotations.read_text())
    for number, image in enumerate(document["images"]):
        image |= {"patient_id": f"p{number}", "sensor": ("phone", "wand")[number % 2]}
    annotations.write_text(json.dumps(document))
    (here / "film.png").write_bytes(sorted((here / "films").glob("*.png"))[0].read_bytes())
    write_policy(here / "policy.toml")
    return here / "films"


def run(command):
    name, *arguments = shlex.split(command)
    assert name == "lennox"
    return CliRunner().invoke(cli, arguments)


def places(card):
    """The places of a card in which something is asked for."""
    return [found.split(" (")[0] for found in unfilled(card)]


def fill_in(path):
    """Put the page's examples into the places of the card that ask for them."""
    card = json.loads(path.read_text())
    for place in places(card):
        *steps, last = re.findall(r"\w+", place)
        part = card
        for step in steps:
            part = part[int(step) if step.isdigit() else step]
        part[last] = EXAMPLES[place]
    path.write_text(json.dumps(card))


def test_the_page_leads_from_a_network_to_an_audit(here, films):
    new_card, adopt, models, diagnose, audit = COMMANDS
    done = run(new_card)
    assert done.exit_code == 0, done.output
    refused = run(adopt)
    assert refused.exit_code == 2
    assert "still to be filled in" in refused.stderr
    assert not (here / "models").exists()
    fill_in(here / "theirs.json")
    for command in (adopt, models, diagnose):
        done = run(command)
        assert done.exit_code == 0, command + done.output
    assert json.loads(done.stdout)["model"]["name"] == EXAMPLES["name"]
    done = run(audit)
    assert done.exit_code in (FAIL, INSUFFICIENT), done.output  # two films are no evidence
    assert json.loads((here / "audits/theirs/audit.json").read_text())["verdict"] != "PASS"


def test_the_table_of_the_page_has_every_place_that_can_be_asked_for_and_no_other(here):
    network = onnx.load("theirs.onnx")
    asked = set()
    for silent in (False, True):  # first what this file leaves open, then a file that leaves everything open
        if silent:
            for axis in network.graph.input[0].type.tensor_type.shape.dim:
                axis.dim_param = "any"
            network.graph.input.append(onnx.helper.make_tensor_value_info("more", 1, [1]))
            network.graph.output.append(onnx.helper.make_tensor_value_info("pixels", 1, [1]))
            onnx.save(network, "silent.onnx")
        name = "silent" if silent else "theirs"
        assert run(f"lennox adopt {name}.onnx --new-card {name}.json").exit_code == 0
        asked |= set(places(json.loads((here / f"{name}.json").read_text())))
    assert asked == set(EXAMPLES)
