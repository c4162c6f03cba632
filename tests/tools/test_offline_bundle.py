"""The folder for a computer without a network: what goes in, and what its installer refuses.

`make check-offline-bundle` makes one and installs from it without a network.
"""

import importlib.util
import json
import platform
import re
import subprocess
import sys

import pytest
from build_dist import ROOT
from offline_bundle import digests, locked_for, machine_of, wheel_tags

LOCK = """\
# made by a tool
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:cc
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:dd
rich==15.0.0 \\
    --hash=sha256:ee
"""
INSTALL = ROOT / "tools/offline/install.py"


@pytest.fixture(scope="module")
def installer():
    spec = importlib.util.spec_from_file_location("install", INSTALL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def bundle(tmp_path):
    folder = tmp_path / "stick with spaces"
    (folder / "wheels").mkdir(parents=True)
    (folder / "wheels/lennox-9-py3-none-any.whl").write_bytes(b"wheel")
    target = {
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "system": platform.system(),
        "machine": platform.machine(),
    }
    (folder / "bundle.json").write_text(json.dumps(target, indent=1))
    for path in INSTALL.parent.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    (folder / "SHA256SUMS").write_text(digests(folder))
    return folder


@pytest.mark.parametrize(
    ("system", "python", "wanted"),
    [
        ("win_amd64", "3.12", ["colorama==0.4.6", "numpy==2.5.5", "rich==15.0.0"]),
        ("manylinux_2_28_x86_64", "3.11", ["numpy==2.4.6", "rich==15.0.0"]),
    ],
)
def test_a_lock_is_asked_for_the_computer_it_goes_to(system, python, wanted):
    lines = locked_for(LOCK, system, python)
    assert re.findall(r"^(\w\S+)", lines, re.MULTILINE) == wanted
    assert ";" not in lines
    assert lines.count("--hash") == LOCK.count("--hash") - (1 if "win" in system else 3)


def test_everything_of_the_real_lock_has_digests_and_what_a_desk_needs():
    lines = locked_for((ROOT / "requirements/clinic.txt").read_text("utf-8"), "win_amd64", "3.13")
    for entry in re.split(r"\n(?=\w)", lines):
        assert re.search(r"\n    --hash=sha256:[0-9a-f]{64}", entry), entry
    for name in ("onnxruntime", "starlette", "watchdog", "pynetdicom", "numpy"):
        assert re.search(rf"^{name}==", lines, re.MULTILINE)


def test_wheels_for_older_systems_serve_newer_ones():
    assert "manylinux_2_17_aarch64" in wheel_tags("manylinux_2_28_aarch64")
    assert "manylinux_2_28_x86_64" not in wheel_tags("manylinux_2_17_x86_64")
    assert wheel_tags("win_amd64") == ["win_amd64"]
    assert [machine_of(name) for name in ("win_amd64", "macosx_11_0_arm64")] == ["AMD64", "arm64"]


def test_a_folder_as_it_was_made_is_installed(installer, bundle, tmp_path):
    assert installer.complaint(bundle, tmp_path / "new") == ""
    (bundle / "python").mkdir()
    (bundle / "python/python-3.12-amd64.exe").write_bytes(b"put there later")
    assert installer.complaint(bundle, tmp_path / "new") == ""


@pytest.mark.parametrize(
    ("harm", "wanted"),
    [
        (lambda bundle: (bundle / "wheels/lennox-9-py3-none-any.whl").write_bytes(b"wheeL"), "lennox-9-py3"),
        (lambda bundle: (bundle / "README.txt").unlink(), "README.txt"),
        (lambda bundle: (bundle / "wheels/more.whl").write_bytes(b""), "wheels/more.whl"),
        (lambda bundle: (bundle / "wheels/lennox-9-py3-none-any.whl").unlink(), "own wheel is not in the folder"),
    ],
)
def test_a_damaged_folder_is_refused_before_anything_is_written(bundle, tmp_path, harm, wanted):
    harm(bundle)
    done = subprocess.run(["sh", bundle / "install.sh", tmp_path / "new"], capture_output=True, text=True)
    assert done.returncode == 1
    assert wanted in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "new").exists()


def test_another_python_or_system_is_refused(installer, bundle, tmp_path):
    (bundle / "bundle.json").write_text('{"python": "3.2", "system": "Windows", "machine": "AMD64"}')
    assert installer.complaint(bundle, tmp_path / "new").startswith("This folder is for Python 3.2 on Windows AMD64")


def test_a_folder_of_something_else_is_never_cleared(installer, bundle, tmp_path):
    (tmp_path / "films").mkdir()
    (tmp_path / "films/film.png").write_bytes(b"film")
    assert "in use for something else" in installer.complaint(bundle, tmp_path / "films")
    (tmp_path / "films" / installer.MARK).write_text("{}")
    assert installer.complaint(bundle, tmp_path / "films") == ""


def test_the_installer_of_windows_has_the_line_ends_of_windows():
    lines = (INSTALL.parent / "install.bat").read_bytes().splitlines(keepends=True)
    assert all(line.endswith(b"\r\n") for line in lines)
