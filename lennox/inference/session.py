"""The only door to ONNX Runtime: open a network, from the form that it was optimised into on this computer if it can.

Optimising a network takes longer than opening the result, so the result is kept, in a folder of the user's own. It fits
one network, one ONNX Runtime and one processor. Whoever can write to the folder cannot slip in a network: what is kept
bears an HMAC over its bytes and the SHA-256 of `model.onnx`, by a secret of the user, and the bytes that were checked
are those that are run. Whatever is wrong with the folder, the network is opened as it came, and answers the same.
"""

from __future__ import annotations

import contextlib
import ctypes
import hmac
import mmap
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import onnxruntime

from lennox.errors import InputError, ModelError
from lennox.files import sha256_of, user_folder

onnxruntime.disable_telemetry_events()  # `import lennox` has said so already, but not to one that was loaded before

FORM = "lennox-session/1"
MAX_KEPT = 4  # networks in the folder; the one used longest ago goes first
MAX_BYTES = 1 << 30
SECRET_BYTES = 32
_TAG_BYTES = 32
_START = 4096  # tag and lengths before, weights from here on: aligned for every kernel
_SUFFIX, _DRAFT = ".session", ".draft-"
_WEIGHTS = "weights"  # what the graph calls the file of its weights
_SMALLEST_OUTSIDE_BYTES = "1024"  # smaller tensors stay in the graph
_OF_THE_PROCESSOR = (
    "vendor_id", "cpu family", "model", "model name", "stepping", "flags",
    "CPU implementer", "CPU variant", "CPU part", "CPU revision", "Features",
)  # fmt: skip


def open_session(weights: bytes, sha256: str, name: str, threads: int) -> onnxruntime.InferenceSession:
    """A session on a network, ready to run.

    weights : an ONNX file that was checked already, nothing of it outside
    sha256 : what it was checked to be; names what is kept of it
    name : of the model, for the error
    threads : within one image
    Raises ModelError if ONNX Runtime cannot open it.
    """
    place = _place(sha256)
    if place is not None:
        with contextlib.suppress(Exception):  # of ONNX Runtime, too: its errors share no public base class
            return _KeptSession(*place.read(), threads)
        with contextlib.suppress(Exception):
            _keep(weights, place, threads)
            return _KeptSession(*place.read(), threads)
    try:
        return _open(weights, _options(threads))
    except Exception as error:
        raise ModelError(f"{name}: model.onnx is not a network that ONNX Runtime can open.") from error


class _KeptSession(onnxruntime.InferenceSession):  # type: ignore[misc]  # ONNX Runtime has no types
    """A session on an optimised network, whose weights stay where they were read."""

    def __init__(self, graph: bytes, weights: memoryview, threads: int) -> None:
        options = _options(threads)
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # that is done
        options.add_session_config_entry("session.use_external_initializer_file_buffers_directly", "1")
        if weights:
            options.add_external_initializers_from_files_in_memory([_WEIGHTS], [weights], [len(weights)])
        super().__init__(graph, options, providers=["CPUExecutionProvider"], enable_fallback=0)
        self._weights = weights  # last, so that it outlives the session, which does not copy it


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one network is kept. key : of the HMAC; another for each network, ONNX Runtime and processor"""

    file: Path
    key: bytes

    def read(self) -> tuple[bytes, memoryview]:
        """Graph and weights, which lie in memory of this process alone. Raises OSError or ValueError."""
        with _open_own(self.file) as stream:
            size = os.fstat(stream.fileno()).st_size
            if not _START <= size <= MAX_BYTES:
                raise ValueError("not of a size that was written")
            memory = memoryview(mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
            if stream.readinto(memory) != size:
                raise ValueError("cut short meanwhile")
            with contextlib.suppress(OSError):
                os.utime(stream.fileno())  # used last
        if not hmac.compare_digest(memory[:_TAG_BYTES], hmac.digest(self.key, memory[_TAG_BYTES:], "sha256")):
            raise ValueError("not what was written here")
        end = _START + int.from_bytes(memory[_TAG_BYTES : _TAG_BYTES + 8], "little")
        return bytes(memory[end:]), memory[_START:end]

    def write(self, graph: bytes, weights: bytes, draft: BinaryIO) -> None:
        """Fill the draft of the file."""
        start = len(weights).to_bytes(8, "little").ljust(_START - _TAG_BYTES, b"\0")
        tag = hmac.new(self.key, digestmod="sha256")
        for part in (start, weights, graph):
            tag.update(part)
        draft.writelines((tag.digest(), start, weights, graph))


def _keep(weights: bytes, place: _Place, threads: int) -> None:
    """Optimise a network and keep it, if it answers as the network itself does. Raises anything if that fails."""
    import tempfile  # here and below: slow to import, and needed once

    folder = place.file.parent
    free = os.statvfs(folder)
    if free.f_bavail * free.f_frsize < 4 * len(weights):
        raise OSError("the disk is full")
    with _written_beside(place.file) as draft, tempfile.TemporaryDirectory(prefix="lennox-") as build:
        plain = _options(threads)
        plain.optimized_model_filepath = str(Path(build, "graph"))
        plain.add_session_config_entry("session.optimized_model_external_initializers_file_name", _WEIGHTS)
        plain.add_session_config_entry(
            "session.optimized_model_external_initializers_min_size_in_bytes", _SMALLEST_OUTSIDE_BYTES
        )
        answer = _answer(_open(weights, plain))
        _give_back_memory()
        graph, outside = (_read_own(Path(build, name)) for name in ("graph", _WEIGHTS))
        place.write(graph, outside, draft)
        del graph, outside
        draft.flush()
        _give_back_memory()
        if _answer(_KeptSession(*_Place(Path(draft.name), place.key).read(), threads)) != answer:
            raise ValueError("the optimised network answers differently")
    _prune(folder)
    _give_back_memory()


def _answer(session: onnxruntime.InferenceSession) -> list[bytes]:
    """What a network says of a fixed input, to the bit."""
    fed = {
        item.name: np.sin(np.arange(np.prod(item.shape), dtype=np.float32)).reshape(item.shape)
        for item in session.get_inputs()
    }
    return [np.asarray(value).tobytes() for value in session.run(None, fed)]


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # spinning starves the other workers
    # Nothing outside is opened, even if a network could hide from us that it has weights there.
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", "/dev/null/none")
    return options


def _open(weights: bytes, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"], enable_fallback=0)
    session._model_bytes = None  # its own hold on the weights; only a change of provider would need them
    _give_back_memory()
    return session


def _give_back_memory() -> None:
    """Return what was freed to the system: optimising takes 30 MB that the allocator would keep."""
    with contextlib.suppress(OSError, AttributeError):  # glibc alone can
        ctypes.CDLL(None).malloc_trim(0)


def _place(sha256: str) -> _Place | None:
    """Where a network is kept on this computer; None where nothing can be, or is to be, kept."""
    setting, processor = os.environ.get("LENNOX_CACHE"), _processor()
    if not hasattr(onnxruntime.SessionOptions, "add_external_initializers_from_files_in_memory"):
        return None  # before 1.24
    if setting == "off" or processor is None:
        return None
    try:
        folder = Path(setting) if setting else user_folder("cache")
        folder.mkdir(0o700, parents=True, exist_ok=True)
        if not _is_own(folder.stat(), 0o022):
            return None
        what = "\n".join((FORM, sha256, onnxruntime.__version__, processor)).encode()
        key = hmac.digest(_secret(), what, "sha256")
    except (OSError, InputError):  # InputError: a user without a home
        return None
    return _Place(folder / (sha256_of(what)[:32] + _SUFFIX), key)


def _processor() -> str | None:
    """What decides which form of a network fits: the processor as the system and as this process see it."""
    try:
        with Path("/proc/cpuinfo").open("rb") as stream:
            first = stream.read(16384).decode("ascii", "replace").partition("\n\n")[0]
    except OSError:
        return None
    lines = [line for line in first.splitlines() if line.partition(":")[0].strip() in _OF_THE_PROCESSOR]
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    found = simd.get("found", [])  # differs from the above in an emulator; missing on a processor without AVX
    return "\n".join((*lines, *found)) if lines else None


def _secret() -> bytes:
    """The user's secret, made when it is first needed: in a file of the user alone, beside whose signatures count."""
    path = user_folder("config") / "session.key"
    with contextlib.suppress(FileNotFoundError, ValueError), _open_own(path, 0o077) as stream:
        secret = stream.read(SECRET_BYTES + 1)
        if len(secret) == SECRET_BYTES:
            return secret
    secret = os.urandom(SECRET_BYTES)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _written_beside(path) as draft:
        draft.write(secret)
    return secret


def _read_own(path: Path) -> bytes:
    """A file that ONNX Runtime wrote for this user, and nobody put in its place; nothing if it wrote none."""
    if not path.exists():
        return b""
    with _open_own(path, 0) as stream:
        return stream.readall()


def _open_own(path: Path, closed: int = 0o022) -> FileIO:
    """Open a file of this user for reading. Raises OSError, or ValueError if it is not a file, or open to others.

    closed : permissions that others must not have
    """
    # NOFOLLOW: not through a link; NONBLOCK: a pipe must not keep us waiting
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    status = os.fstat(handle)
    if stat.S_ISREG(status.st_mode) and _is_own(status, closed):
        return FileIO(handle)
    os.close(handle)
    raise ValueError("not a file of this user alone")


def _is_own(status: os.stat_result, closed: int) -> bool:
    return status.st_uid == os.getuid() and not status.st_mode & closed


@contextlib.contextmanager
def _written_beside(path: Path) -> Iterator[BinaryIO]:
    """A draft that takes the file's place when the block ends, and is gone if the block fails."""
    import tempfile

    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=_DRAFT, delete=False) as draft:
        try:
            yield draft  # type: ignore[misc]
            draft.flush()
            Path(draft.name).replace(path)
        except BaseException:
            Path(draft.name).unlink()
            raise


def _prune(folder: Path) -> None:
    """Remove the networks used longest ago, and what a killed process was writing."""
    with contextlib.suppress(OSError):
        kept = sorted(folder.glob("*" + _SUFFIX), key=lambda file: file.stat().st_mtime)
        hour_ago = time.time() - 3600
        left = [file for file in folder.glob(_DRAFT + "*") if file.stat().st_mtime < hour_ago]
        for file in kept[:-MAX_KEPT] + left:
            file.unlink()
