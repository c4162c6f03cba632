"""Runs a decoder in a confined child process.

For decoders in C or C++ that can end the process on a damaged file, or that write to standard error whatever a program
wants there; and for files that may take long. What one of them says is part of its answer here, and what it breaks is
only its own. `confined` is the child.
"""

from __future__ import annotations

import json
import mmap
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

from lennox.errors import ImageError
from lennox.image.limits import MAX_DECODING_S

_HERE = Path(__file__).parent
_SPARE_BYTES = 256 << 20  # what decoding takes beside copies of its answer
_COPIES = 6
_MAX_COMPLAINTS_BYTES = 1 << 16


def run_decoder(
    program: str, header: dict[str, Any], data: bytes, output_bytes: int, harmless: tuple[str, ...] = ()
) -> memoryview:
    """What a decoder beside this file answers to a header and data.

    output_bytes : the most that it may answer
    harmless : beginnings of lines on standard error that mean nothing; any other line means damage
    Raises ImageError if it fails, complains, or takes more than its time and memory.
    """
    limits = {
        "seconds": MAX_DECODING_S,
        "memory": _SPARE_BYTES + _COPIES * output_bytes + len(data),
        "output": max(output_bytes, _MAX_COMPLAINTS_BYTES),
    }
    command = [sys.executable, "-S", "-P", "-W", "ignore", str(_HERE / "confined.py"), str(_HERE / program)]
    with _scratch() as answer, _scratch() as complaints:
        try:
            status = subprocess.run(  # noqa: S603 (a program of our own; the file is its data, not its command)
                [*command, json.dumps({**header, **limits})],
                input=data,
                stdout=answer,
                stderr=complaints,
                timeout=20 * MAX_DECODING_S,  # of a busy computer: the processor's time is limited in the child
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                check=False,
            ).returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ImageError(
                f"The compressed pixels could not be decoded ({type(error).__name__}). Export the image uncompressed."
            ) from None
        complaints.seek(0)
        _check(status, complaints.read().decode("utf-8", "replace"), harmless)
        size = answer.seek(0, os.SEEK_END)
        return memoryview(mmap.mmap(answer.fileno(), size, prot=mmap.PROT_READ) if size else b"")


def _scratch() -> IO[bytes]:
    """A file in memory, or where there is none, one without a name."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("lennox"), "w+b")
    return tempfile.TemporaryFile()


def _check(status: int, complaints: str, harmless: tuple[str, ...]) -> None:
    lines = [line.strip() for line in complaints.splitlines() if line.strip() and not line.startswith(harmless)]
    reason = lines[-1][:100] if lines else "decoder ended"
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        raise ImageError(
            f"Decoding the pixels takes more than {MAX_DECODING_S} seconds, the most that a film gets. "
            "Export it again as PNG, or as DICOM without compression."
        )
    if status and any(word in reason for word in ("MemoryError", "bad_alloc")):
        raise ImageError(
            "Decoding the pixels takes more memory than a picture of its size needs. "
            "Export it again as PNG, or as DICOM without compression."
        )
    if status or lines:
        raise ImageError(f"The compressed pixels are damaged or cut short ({reason}). Copy or export the file again.")
