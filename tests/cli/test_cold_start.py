"""The start of `lennox diagnose` on one PNG: what is loaded, and what memory it takes."""

import subprocess
import sys

import pytest

# Whatever the command does not need for one PNG whose result nobody looks at on a terminal.
NEEDLESS = {
    "torch", "scipy", "skimage", "pandas", "fairlearn", "sklearn", "matplotlib", "cv2", "dask", "onnx", "pyarrow",
    "pydicom", "gdcm", "highdicom", "jinja2", "rich", "tomlkit", "babel", "numpy.ma", "numpy.random",
    "subprocess", "PIL.TiffImagePlugin",
}  # fmt: skip
PROGRAM = """
import atexit, sys
atexit.register(lambda: sys.stderr.write("\\n".join(sorted(sys.modules))))
from lennox.__main__ import main
main()
"""
MAX_MEMORY_MB = 150


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


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of the peak is that of Linux")
def test_the_peak_of_memory(arguments):
    command = [sys.executable, "-P", "-m", "lennox", *arguments]
    # A process of its own between: a child's peak begins with the memory of the process that started it.
    program = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)\n"
    program += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    done = subprocess.run([sys.executable, "-P", "-c", program, *command], capture_output=True, text=True, check=True)
    assert int(done.stdout) * 1024 < MAX_MEMORY_MB * 1e6
