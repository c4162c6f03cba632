"""What a service says of itself: a log that rotates, and one line on how it is. Neither names a film or a patient."""

from __future__ import annotations

import datetime
import json
import logging
import os
import time
from collections import Counter
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from lennox.errors import InputError
from lennox.files import atomic_write
from lennox.system.handles import open_to_append

LOG, HEALTH = "service.log", "health.json"
_LOG_BYTES, _LOG_FILES = 1 << 20, 5
_EVERY_S = 5.0  # how often the health line is written at most
SUMMARIZING = "writing the summary"  # of 100,000 films it takes a while
STALE_S, SUMMARY_STALE_S = 120.0, 3600.0


class _PrivateLog(RotatingFileHandler):
    def _open(self) -> TextIOWrapper:
        return os.fdopen(open_to_append(Path(self.baseFilename)), "a", encoding="utf-8")


class ServiceLog:
    """The log and the health line of a service, in its folder of results."""

    def __init__(self, folder: Path) -> None:
        """Open the log."""
        self._handler = _PrivateLog(folder / LOG, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, delay=True)
        self._handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self._logger = logging.Logger("lennox.intake")
        self._logger.addHandler(self._handler)
        self._health, self._written = folder / HEALTH, 0.0
        self.counts: Counter[str] = Counter()
        self.last_film = ""

    def say(self, text: str, *, warning: bool = False) -> None:
        """Write a line."""
        self._logger.log(logging.WARNING if warning else logging.INFO, text)

    def beat(self, state: str, waiting: int = 0, *, now: bool = False) -> None:
        """Write the health line, unless it was written just before."""
        if now or time.monotonic() - self._written >= _EVERY_S:
            self._written = time.monotonic()
            said: dict[str, Any] = {"time": _now(), "state": state, "waiting": waiting, "last_film": self.last_film}
            atomic_write(self._health, json.dumps(said | dict(sorted(self.counts.items()))) + "\n", private=True)

    def close(self) -> None:
        """Say that the service ended, and close the log."""
        self.beat("stopped", now=True)
        self._handler.close()


def read_health(folder: Path) -> tuple[str, bool]:
    """The health line of a service's results, and whether it is alive. Raises InputError if none was written."""
    try:
        line = (folder / HEALTH).read_text("utf-8").strip()
        said = json.loads(line)
        age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(said["time"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"no service has written its state to '{folder.name}'; name its folder of results.") from error
    limit = SUMMARY_STALE_S if said["state"] == SUMMARIZING else STALE_S
    return line, said["state"] != "stopped" and age.total_seconds() < limit


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
