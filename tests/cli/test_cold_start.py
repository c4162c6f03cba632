"""The start of `lennox diagnose` on one PNG: what is loaded, what it takes, and that it is the same a second time."""

import os
import subprocess
import sys

import pytest

# Whatever the command does not need for one PNG whose result nobody looks at on a terminal.
NEEDLESS = {
    "torch", "scipy", "skimage", "pandas", "fairlearn", "sklearn", "matplotlib", "cv2", "dask", "onnx", "pyarrow",
    "pydicom", "gdcm", "highdicom", "jinja2", "rich", "securesystemslib", "babel", "numpy.ma", "numpy.random",
    "subprocess", "PIL.TiffImagePlugin",
}  # fmt: skip
PROGRAM = """
import atexit, sys
atexit.register(lambda: sys.stderr.write("\\n".join(sorted(sys.modules))))
from lennox.cli import main
main()
"""
MAX_MEMORY_MB = 150
MAX_AT_FIRST_MB = 165  # the run that keeps the network also holds it as it came


@pytest.fixture
def film(write_films, tmp_path):
    return next(write_films(tmp_path / "films", 1).iterdir())


@pytest.fixture
def arguments(film, unreleased):
    return ["diagnose", str(film), *unreleased]


def test_nothing_needless_is_loaded(arguments):
    done = subprocess.run([sys.executable, "-P", "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.startswith('{"schema": "lennox.examination/1"')
    loaded = set(done.stderr.split())
    assert {"lennox.inference.session", "onnxruntime", "PIL"} <= loaded
    assert not NEEDLESS & loaded


def test_the_network_that_is_kept_says_the_same(arguments, own_home):
    """As it came; kept by the command itself; kept by an earlier one."""
    command = [sys.executable, "-P", "-m", "lennox.cli", *arguments]
    said = [
        subprocess.run(command, env=os.environ | more, capture_output=True, check=True).stdout
        for more in ({"LENNOX_CACHE": "off"}, {}, {})
    ]
    assert len(list((own_home / "cache" / "lennox").glob("*.session"))) == 1
    assert said[0] == said[1] == said[2]


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of the peak is that of Linux")
@pytest.mark.parametrize("earlier", ["off", "none", "one"])
def test_the_peak_of_memory(earlier, arguments):
    """With nothing kept, on the first run that keeps the network, and ever after."""
    environment = os.environ | ({"LENNOX_CACHE": "off"} if earlier == "off" else {})
    command = [sys.executable, "-P", "-m", "lennox.cli", *arguments]
    if earlier == "one":
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    # A process of its own between: a child's peak begins with the memory of the process that started it.
    program = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)\n"
    program += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, *command], env=environment, capture_output=True, text=True, check=True
    )
    most = MAX_AT_FIRST_MB if earlier == "none" else MAX_MEMORY_MB
    assert int(done.stdout) * 1024 < most * 1e6
