"""Run a command as on an older processor: without AVX-512, VNNI and AMX (`avx2`), or without any AVX (`no-avx`).

    python benchmarks/older.py no-avx lennox bench --profile low-cost

ONNX Runtime has no setting that keeps it from an instruction, but asks the processor what it can do (CPUID). older.c
lets that answer leave the newer ones out. It is compiled here, with `cc`, for Linux on x86-64, and needs a processor
(and a virtual machine's host) that lets CPUID be answered for; on another, exit status 3. A program that does not ask
is not held back.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path


def older(newest: str, command: list[str]) -> int:
    """Run the command; returns its exit status. newest : avx2 or no-avx, what it may use"""
    source = Path(__file__).with_name("older.c")
    with tempfile.TemporaryDirectory(prefix="lennox-older-") as folder:
        library = Path(folder, "older.so")
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
        environment = os.environ | {"LD_PRELOAD": str(library), "LENNOX_OLDER": newest}
        return subprocess.run(command, env=environment).returncode


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("avx2", "no-avx"):
        sys.exit(__doc__)
    sys.exit(older(sys.argv[1], sys.argv[2:]))
