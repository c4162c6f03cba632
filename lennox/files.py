"""Files that appear complete or not at all, digests of content, and where this user's own files are kept."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from lennox.errors import InputError
from lennox.system.handles import follows_xdg, open_new, replace

_XDG = {"config": "~/.config", "state": "~/.local/state", "cache": "~/.cache"}
SECRET_BYTES = 32


def atomic_write(
    path: Path, content: str | bytes | Iterable[bytes], *, private: bool = False, drafts: Path | None = None
) -> None:
    """Write a file so that it appears complete, or not at all; what it replaces stays until then.

    content : text, which is written in UTF-8, bytes, or parts of bytes
    private : only this user may read it
    drafts : an existing folder of the same file system for the draft, the file's own unless given
    The parts go to a file of an unguessable name there, which is made durable and renamed. Any number of
    threads and processes may write the same path; the last one to finish wins. Raises OSError, and leaves nothing then.
    """
    # a name of its own length, as the file's may be as long as a name can be
    draft = (drafts or path.parent) / f".lennox-{secrets.token_hex(8)}"
    content = content.encode("utf-8") if isinstance(content, str) else content
    descriptor = open_new(draft, private=private)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            for part in [content] if isinstance(content, bytes) else content:
                stream.write(part)
            stream.flush()
            os.fsync(stream.fileno())
        replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def sha256_of(content: bytes | memoryview) -> str:
    """SHA-256 of bytes, in lower-case hex."""
    return hashlib.sha256(content).hexdigest()


def sha256_of_file(path: Path) -> str:
    """SHA-256 of what a file holds, in lower-case hex. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def secret_key(path: Path) -> bytes:
    """The 32 secret bytes of a file, made at the first use, for its owner alone. Raises InputError for another file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError), os.fdopen(open_new(path), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(SECRET_BYTES) + "\n")
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise InputError(f"the key '{path.name}' cannot be read or made; name another file.") from error
    if len(key) != SECRET_BYTES:
        raise InputError(f"'{path.name}' holds no key of {SECRET_BYTES} bytes; name another file.")
    return key


def user_folder(kind: Literal["config", "state", "cache"]) -> Path:
    """Where this user's own files of a kind are kept by the custom of the system, such as ~/.config/lennox.

    Raises InputError for a user without a home, as in a container that runs under a number.
    """
    path = _xdg_folder(kind) if follows_xdg() else _usual_folder(kind)
    if not path.is_absolute():
        raise InputError(f"this user has no home folder, where lennox keeps its {kind} files.")
    return path


def _xdg_folder(kind: str) -> Path:
    """What platformdirs answers on Linux, without its import, which takes 14 ms of every start."""
    named = os.environ.get(f"XDG_{kind.upper()}_HOME", "").strip()
    return Path(named if Path(named).is_absolute() else os.path.expanduser(_XDG[kind])) / "lennox"  # noqa: PTH111


def _usual_folder(kind: str) -> Path:
    import platformdirs

    try:
        path: Path = getattr(platformdirs.PlatformDirs("lennox", appauthor=False), f"user_{kind}_path")
    except RuntimeError:  # so say its later versions; earlier ones answer "~/..."
        path = Path("~")
    return path
