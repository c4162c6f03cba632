"""Runs a decoder in a confined child process.

For decoders in C or C++ that can end the process on a damaged file, or that write to standard error whatever a program
wants there; and for files that may take long. What one of them says is part of its answer here, and what it breaks is
only its own. `system.confined` is the child.
"""

from __future__ import annotations

import json
import math
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lennox.errors import ImageError
from lennox.system.process import ending, mapped, scratch_file

_HERE = Path(__file__).parent
_CONFINED = str(_HERE.parent / "system" / "confined.py")
_SPARE_BYTES = 256 << 20  # what decoding takes beside copies of its answer
_COPIES = 6
_MAX_COMPLAINTS_BYTES = 1 << 16
_MIN_SECONDS = 1.5  # of the processor's time; on a slow computer, starting takes a fifth of it


@dataclass(frozen=True, slots=True)
class DecodingBudget:
    """What a decoder may take.

    output_bytes : the most that it may answer
    seconds : of the processor's time, beyond what starting takes
    """

    output_bytes: int
    seconds: float


def run_decoder(
    program: str, header: dict[str, Any], data: bytes, budget: DecodingBudget, harmless: tuple[str, ...] = ()
) -> memoryview:
    """What a decoder beside this file answers to a header and data.

    harmless : beginnings of lines on standard error that mean nothing; any other line means damage
    Raises ImageError if it fails, complains, or takes more than its time and memory.
    """
    import subprocess  # most films are decoded without it

    seconds = math.ceil(_MIN_SECONDS + budget.seconds)
    limits = {
        "seconds": seconds,
        "memory": _SPARE_BYTES + _COPIES * budget.output_bytes + len(data),
        "output": max(budget.output_bytes, _MAX_COMPLAINTS_BYTES),
    }
    command = [sys.executable, "-S", "-P", "-W", "ignore", _CONFINED, str(_HERE / program)]
    with scratch_file() as answer, scratch_file() as complaints:
        try:
            status = subprocess.run(  # noqa: S603 (a program of our own; the file is its data, not its command)
                [*command, json.dumps({**header, **limits})],
                input=data,
                stdout=answer,
                stderr=complaints,
                timeout=20 * seconds,  # of a busy computer: the processor's time is limited in the child
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                check=False,
            ).returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ImageError(
                f"The compressed pixels could not be decoded ({type(error).__name__}). Export the image uncompressed."
            ) from None
        complaints.seek(0)
        _check(status, complaints.read().decode("utf-8", "replace"), harmless, seconds)
        size = answer.seek(0, os.SEEK_END)
        return mapped(answer, size)


def _check(status: int, complaints: str, harmless: tuple[str, ...], seconds: int) -> None:
    lines = [line.strip() for line in complaints.splitlines() if line.strip() and not line.startswith(harmless)]
    reason = lines[-1][:100] if lines else "decoder ended"
    if ending(status) == "killed":
        raise ImageError(
            "Decoding the pixels was ended by the system, which may be short of memory. Assess the film again."
        )
    if ending(status) == "out of time":
        raise ImageError(
            f"Decoding the pixels takes more than {seconds} seconds, the most that a film of this size gets. "
            "Export it again as PNG, or as DICOM without compression."
        )
    if status and any(word in reason for word in ("MemoryError", "bad_alloc")):
        raise ImageError(
            "Decoding the pixels takes more memory than there is, or than a picture of its size needs. "
            "Export it again as PNG, or as DICOM without compression."
        )
    if status or lines:
        raise ImageError(f"The compressed pixels are damaged or cut short ({reason}). Copy or export the file again.")
