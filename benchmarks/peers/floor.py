"""What no reading of a film can do without: Python, NumPy, Pillow and ONNX Runtime, a session, one run of the network.

python floor.py model.onnx tensor.npy
"""

import sys

import numpy
import onnxruntime
import PIL.Image

PIL.Image.init  # noqa: B018  (imported as `lennox` does)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
session.run(None, {"image": numpy.load(sys.argv[2])})
