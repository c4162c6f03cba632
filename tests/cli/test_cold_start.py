"""The start of `lennox diagnose` on one PNG: what is loaded, and what memory it takes."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

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


# What no reading of a film can do without: the imports, both networks open, one run of each.
FLOOR = """
import sys
from pathlib import Path
import numpy, PIL.Image
from lennox.inference.session import open_session
for name, small in (("model", False), ("kind", True)):
    session = open_session(Path(sys.argv[1], f"{name}.onnx").read_bytes(), name, 1, small=small)
    (wanted,) = session.get_inputs()
    session.run(None, {wanted.name: numpy.zeros(wanted.shape, "float32")})
"""
MAX_RATIO = 1.25


def peak(*command):
    """Peak memory in KiB; a process of its own between, as a child's peak begins with that of its parent."""
    program = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)\n"
    program += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    return int(subprocess.run([sys.executable, "-P", "-c", program, *command], capture_output=True, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of the peak is that of Linux")
def test_the_peak_of_memory_is_little_above_what_the_networks_take(arguments):
    model = ROOT / "models" / "caries-radiograph-2"
    ours = peak(sys.executable, "-P", "-m", "lennox", *arguments, "--threads", "1")
    floor = peak(sys.executable, "-P", "-c", FLOOR, str(model))
    assert ours < MAX_RATIO * floor
