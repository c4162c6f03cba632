"""What no reading of a film can do without: Python, NumPy, Pillow and ONNX Runtime, a session, one run of the network.

python floor.py model.onnx tensor.npy
"""

import sys
from pathlib import Path

import numpy
import PIL.Image

from lennox.inference.session import open_session

assert PIL.Image  # imported as `lennox` does
session = open_session(Path(sys.argv[1]).read_bytes(), "floor", 1)
session.run(None, {"image": numpy.load(sys.argv[2])})
