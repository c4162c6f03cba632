"""Files as the systems differ in them: flags, permissions, locks, replacing what is open, names that one forbids."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOINHERIT", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_REPLACING_S, _PAUSE_S = 2.0, 0.05
_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"
}


def open_new(path: Path, *, private: bool = True) -> int:
    """A descriptor to write a file that was not there before. private : only this user may read it

    Raises FileExistsError, or another OSError. Where permissions are no bits, the folder's are those of the file.
    """
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600 if private else 0o666)


def open_to_append(path: Path) -> int:
    """A descriptor to add to a file of this user's alone, which is made if need be. Raises OSError."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _BINARY, 0o600)


def open_plain(path: Path) -> int:
    """A descriptor to read a file, not through a link, and without waiting for a pipe. Raises OSError."""
    _refuse_link(path)
    return os.open(path, os.O_RDONLY | _BINARY | _NO_LINK | getattr(os, "O_NONBLOCK", 0))


def ensure_private(path: Path, *, create: bool = True) -> None:
    """See that a file can be read and written, and make it for this user alone. Raises OSError, also for a link."""
    _refuse_link(path)
    os.close(os.open(path, os.O_RDWR | _BINARY | _NO_LINK | (os.O_CREAT if create else 0), 0o600))


def _refuse_link(path: Path) -> None:
    if not _NO_LINK and path.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


def for_owner_alone(path: Path) -> None:
    """Let nobody else read a file or look into a folder; Windows keeps what the parent allows. Raises OSError."""
    path.chmod(0o700 if path.is_dir() else 0o600)


def replace(draft: Path, path: Path) -> None:
    """Rename a finished draft over a file. Raises OSError.

    Windows refuses while another program has the file open, as a virus scanner has for a moment: it is tried for two
    seconds.
    """
    end = time.monotonic() + _REPLACING_S
    while True:
        try:
            draft.replace(path)
            return
        except PermissionError:
            if fcntl is not None or path.is_dir() or time.monotonic() > end:
                raise
            time.sleep(_PAUSE_S)


def lock(path: Path) -> int:
    """A descriptor that holds the lock of a file, which is made with its folder; the system frees it however we end.

    Raises BlockingIOError while another process holds it, or another OSError.
    """
    while True:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            _refuse_link(path)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | _BINARY | _NO_LINK, 0o600)
        except FileNotFoundError:  # another run ended just now, and took the folder along
            continue
        try:
            _lock(handle)
            if os.path.samestat(os.fstat(handle), path.stat()):
                return handle
        except FileNotFoundError:
            pass
        except OSError as error:
            os.close(handle)
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK):
                raise BlockingIOError(errno.EWOULDBLOCK, "another process holds the lock", str(path)) from error
            raise
        os.close(handle)  # the lock of a run that ended between the two; its file is gone


def unlock(handle: int, path: Path) -> None:
    """Remove the file of a lock and its folder, if nothing else lies there, and let go."""
    if fcntl is None:  # what is open cannot be removed; another process that opens it now keeps it
        os.close(handle)
    with contextlib.suppress(OSError):
        path.unlink()
        path.parent.rmdir()
    if fcntl is not None:  # removed while it is held, so that no other process locks a file that goes
        os.close(handle)


def _lock(handle: int) -> None:
    if fcntl is not None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    else:
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)


def is_portable(name: str) -> bool:
    """Whether every system can keep a file of that name: no device of Windows, nothing that it forbids or drops."""
    return (
        bool(name)
        and name.partition(".")[0].rstrip(" ").lower() not in _DEVICES
        and not name.endswith((".", " "))
        and not any(character < " " or character in '<>:"/\\|?*' for character in name)
    )


def follows_xdg() -> bool:
    """Whether this user's own files lie where the XDG Base Directory Specification says."""
    return sys.platform == "linux"
