"""The child process that decodes: it gives up what it does not need, then runs one decoder on bytes nobody vouches for.

Run as a program by `image.decoder_process`, and imports nothing of lennox, to start quickly. Arguments: the decoder's
file, whose `decode(header, data)` gives the parts of the answer; and a header in JSON. Standard input: the data.

From then on it can compute, and write its answer: no more processor time, memory or output than the header says, no
files, no sockets, no other programs. Where the system has no seccomp, the limits of `resource` still hold; where it
has none of these either (Windows), only the parent's patience is limited.
"""

import ctypes
import importlib.util
import json
import os
import signal
import sys
from typing import Any

try:
    import resource
except ImportError:  # Windows
    if sys.platform == "linux":
        raise
    resource = None

# What computing takes, on the processors that clinics have; any other system call fails with EPERM.
_CALLS = {
    "x86_64": (
        0xC000003E,
        # read write close fstat lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn pread64
        # sched_yield mremap madvise getpid exit sigaltstack gettid futex sched_getaffinity exit_group tgkill getrusage
        # clock_gettime newfstatat getrandom rseq
        (0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 17, 24, 25, 28, 39, 60, 131, 186, 202, 204, 231, 234, 98, 228, 262,
         318, 334),
    ),
    "aarch64": (
        0xC00000B7,
        (63, 64, 57, 80, 62, 222, 226, 215, 214, 134, 135, 139, 67, 124, 216, 233, 172, 93, 132, 178, 98, 123, 94, 131,
         165, 113, 79, 278, 293),
    ),
}  # fmt: skip
_LOAD_WORD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _FAIL, _KILL = 0x7FFF0000, 0x00050001, 0x80000000
_PARENT_DEATH, _SECCOMP, _NO_NEW_PRIVILEGES, _FILTER_MODE = 1, 22, 38, 2


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("true", ctypes.c_uint8), ("false", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("count", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def confine(header: dict[str, Any]) -> None:
    """Take from this process what the header does not grant: seconds, memory and output, in bytes."""
    if resource is None:
        return
    held = _address_space()
    seconds = header["seconds"]
    for what, most, hard in (
        (resource.RLIMIT_CPU, seconds, seconds + 1),  # by SIGXCPU, so that SIGKILL is somebody else's
        (resource.RLIMIT_AS, held + header["memory"], held + header["memory"]),
        (resource.RLIMIT_FSIZE, header["output"], header["output"]),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, 3, 3),
    ):
        _, allowed = resource.getrlimit(what)  # whoever started lennox may have set less
        hard = hard if allowed == resource.RLIM_INFINITY else min(hard, allowed)
        try:
            resource.setrlimit(what, (min(most, hard), hard))
        except (OSError, ValueError):
            if sys.platform == "linux":  # macOS has the name of a limit of address space, and refuses it
                raise
    _allow_computing_only()


def _address_space() -> int:
    """In bytes; what this process has now."""
    try:
        with open("/proc/self/statm") as status:  # noqa: PTH123 (pathlib is slow to import)
            return int(status.read().split()[0]) * resource.getpagesize()
    except FileNotFoundError:  # not on Linux
        return 1 << 32


def _allow_computing_only() -> None:
    if sys.platform != "linux" or os.uname().machine not in _CALLS:
        return
    architecture, calls = _CALLS[os.uname().machine]
    lines = [(_LOAD_WORD, 0, 0, 4), (_JUMP_IF_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL), (_LOAD_WORD, 0, 0, 0)]
    lines += [(_JUMP_IF_EQUAL, len(calls) - at, 0, call) for at, call in enumerate(calls)]
    lines += [(_RETURN, 0, 0, _FAIL), (_RETURN, 0, 0, _ALLOW)]
    instructions = (_Instruction * len(lines))(*(_Instruction(*line) for line in lines))
    control = ctypes.CDLL(None).prctl
    control(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    control(_SECCOMP, _FILTER_MODE, ctypes.byref(_Program(len(lines), instructions)), 0, 0)


def main() -> None:
    """Load the decoder, be confined, decode."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ends this process at once, and without a word
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGKILL, 0, 0, 0)
    path, header = sys.argv[1], json.loads(sys.argv[2])
    found = importlib.util.spec_from_file_location("decoder", path)
    assert found is not None
    assert found.loader is not None
    decoder = importlib.util.module_from_spec(found)
    found.loader.exec_module(decoder)
    for name in header.get("modules", ()):
        importlib.import_module(name)
    data = sys.stdin.buffer.read()
    confine(header)
    try:
        for part in decoder.decode(header, data):
            rest = memoryview(part)
            while rest:
                rest = rest[os.write(1, rest) :]
    except Exception as error:  # decoders raise nearly anything; the parent tells people
        os.write(2, f"{type(error).__name__} {error}".encode("utf-8", "replace")[:500])
        os._exit(1)
    os._exit(0)  # nothing to tidy up


if __name__ == "__main__":
    main()
