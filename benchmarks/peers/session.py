"""Open a session in a fresh process, and print the CPU seconds it took; LENNOX_CACHE says from what.

python session.py model.onnx
"""

import hashlib
import sys
import time
from pathlib import Path

from lennox.inference.session import open_session

weights = Path(sys.argv[1]).read_bytes()
sha256 = hashlib.sha256(weights).hexdigest()  # what `load_model` has computed by then
start = time.process_time()
open_session(weights, sha256, "benchmark", 1)
print(time.process_time() - start)  # noqa: T201
