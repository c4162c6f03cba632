"""What no reading of a film can do without: Python, NumPy, Pillow and ONNX Runtime, a session, one run of the network.

    python floor.py model.onnx SHA256 tensor.npy

The session is opened as `lennox` opens it, from its cache: a dearer one would flatter the rest.
"""

import sys
from pathlib import Path

import numpy
import PIL.Image

from lennox.inference.session import open_session

assert PIL.Image  # imported as `lennox` does
session = open_session(Path(sys.argv[1]).read_bytes(), sys.argv[2], "floor", 1)
session.run(None, {"image": numpy.load(sys.argv[3])})
