"""Manual pages: one for each command, with what its help says, in roff that its own tools accept."""

import shutil
import subprocess

import click
import pytest
from click.testing import CliRunner

from lennox.cli import cli
from lennox.cli.man import commands


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("man") / "man1"
    assert CliRunner().invoke(cli, ["man", "--out", str(folder)]).exit_code == 0
    return {path.stem: path for path in folder.iterdir()}


def test_every_command_has_a_page(pages):
    wanted = {"lennox"} | {"-".join(("lennox", *path)) for path, _ in commands(click.Context(cli))}
    assert set(pages) == wanted
    assert {"lennox-audit-compare", "lennox-policy-check"} <= wanted


def test_a_page_says_what_the_help_says(pages):
    text = pages["lennox-diagnose"].read_text()
    assert text.startswith('.TH "LENNOX-DIAGNOSE" "1" "" "lennox ')
    for part in (
        ".SH NAME\nlennox\\-diagnose \\- Look for suspected caries",
        ".SH SYNOPSIS\n.B lennox diagnose\n[OPTIONS] PATH...",
        ".SH EXIT STATUS\n.nf\n0 all assessed",
        ".SH EXAMPLES\n.nf\n  lennox diagnose film.png \\-\\-unreleased",
        ".B \\-r, \\-\\-recursive",
    ):
        assert part in text
    assert ".B lennox policy check\n" in pages["lennox-policy"].read_text()
    assert "\b" not in text


def test_one_page_is_printed_and_an_unknown_command_is_refused(pages):
    printed = CliRunner().invoke(cli, ["man", "policy", "check"]).stdout
    assert printed == pages["lennox-policy-check"].read_text()
    refused = CliRunner().invoke(cli, ["man", "polish"])
    assert refused.exit_code == 2
    assert "there is no command 'polish'" in refused.stderr


@pytest.mark.skipif(not shutil.which("groff"), reason="needs groff")
def test_groff_reads_every_page_without_a_warning(pages):
    for path in pages.values():
        done = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8", path], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, ""), path.name


@pytest.mark.skipif(not shutil.which("mandoc"), reason="needs mandoc")
def test_mandoc_finds_no_error(pages):
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "error", *pages.values()], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
