"""Runs a decoder in a child process.

For decoders in C or C++ that can end the process on a damaged file, or that write to standard error whatever a program
wants there. What one of them says is part of its answer here, and what it breaks is only its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from lennox.errors import ImageError

_TIME_LIMIT_S = 120


def run_decoder(program: str, header: dict[str, Any], data: bytes, harmless: tuple[str, ...] = ()) -> bytes:
    """What a program beside this file answers to a line of JSON followed by data.

    harmless : beginnings of lines on standard error that mean nothing; any other line means damage
    Raises ImageError if the program fails, complains or takes longer than two minutes.
    """
    command = [sys.executable, "-P", "-W", "ignore", str(Path(__file__).parent / program)]
    try:
        done = subprocess.run(  # noqa: S603 (a program of our own; the file is its data, not its command)
            command,
            input=json.dumps(header).encode() + b"\n" + data,
            capture_output=True,
            timeout=_TIME_LIMIT_S,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ImageError(
            f"The compressed pixels could not be decoded ({type(error).__name__}). Export the image uncompressed."
        ) from None
    complaints = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if not line.startswith(harmless)]
    complaints = [line for line in complaints if line.strip()]
    if done.returncode != 0 or complaints:
        reason = complaints[-1].strip()[:100] if complaints else "decoder ended"
        raise ImageError(f"The compressed pixels are damaged or cut short ({reason}). Copy or export the file again.")
    return done.stdout
