"""The sdist and the wheel: the same bytes whoever builds them, and all that a build takes.

`make check-dist` does it with the wheel, whose kernels take their time to compile.
"""

import shutil
import subprocess
import tarfile

import pytest

setuptools = pytest.importorskip("setuptools", "77")
from build_dist import ROOT, UNLIKE, Builder, copy_sources, difference  # noqa: E402

BUILDS = {
    "LICENSE", "NOTICE", "README.md", "MANIFEST.in", "pyproject.toml", "setup.py", "lennox", "models",
    "PKG-INFO", "setup.cfg", "lennox.egg-info",  # by setuptools
}  # fmt: skip


@pytest.fixture(scope="module")
def sdists(tmp_path_factory):
    """Two, by builders who have nothing in common."""
    found = []
    for builder in (Builder(), UNLIKE):
        folder = tmp_path_factory.mktemp("builder")
        copy_sources(folder / "sources")
        (folder / "sources/tests").mkdir(exist_ok=True)
        (folder / "sources/tests/leftover.py").write_text("nothing of the sort goes in\n")
        found.append(builder.build("sdist", folder / "sources", folder))
    return found


def test_an_sdist_has_the_same_bytes_from_other_hands(sdists):
    one, other = sdists
    assert difference(one, other) == ""
    assert one.read_bytes() == other.read_bytes()


def test_an_sdist_holds_what_a_build_takes_and_nothing_else(sdists):
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("the files that are committed are asked of git")
    with tarfile.open(sdists[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {name.split("/")[0] for name in names} == BUILDS
    listed = subprocess.run(
        ["git", "ls-files", "lennox", "models"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    wanted = {name for name in listed if not name.startswith("models/recipes/") and (ROOT / name).exists()}
    assert {name for name in names if name.startswith(("lennox/", "models/"))} == wanted


def test_nothing_in_an_sdist_is_the_builder_s(sdists):
    with tarfile.open(sdists[1]) as archive:
        for part in archive:
            assert (part.uid, part.gid, part.uname, part.gname, part.mode) == (0, 0, "", "", 0o644), part.name
