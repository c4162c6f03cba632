"""Check a release in a fresh process, or only hash the same files, and print the CPU seconds it took.

python gate.py check|hash folder
"""

import hashlib
import sys
import time
from pathlib import Path

import lennox.inference.load

what, folder = sys.argv[1], Path(sys.argv[2])
start = time.process_time()
if what == "check":
    lennox.inference.load.check_release(folder)  # importing cryptography is in it: nothing else needs that
else:
    for file in folder.rglob("*"):
        if file.is_file():
            hashlib.sha256(file.read_bytes()).hexdigest()
print(time.process_time() - start)  # noqa: T201
