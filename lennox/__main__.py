"""The command `lennox`, also as `python -m lennox`: imports nothing that takes long before Ctrl-C is an answer."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as in `typing`, which takes long to import
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> None:
    """Run the command line; never returns."""
    try:
        import signal
    except BaseException:  # Ctrl-C, or what enum made of it
        _stop()
    stopped: list[int] = []

    def stop(number: int, frame: object) -> None:
        stopped.append(number)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a job in the background is deaf to Ctrl-C
        signal.signal(signal.SIGINT, stop)
    try:
        _open_standard_files()
        from lennox.cli import main as command

        command()
    except BaseException:  # what a library made of the interrupt while it was imported, too
        if not stopped:
            raise
        _stop()


def _stop() -> NoReturn:
    os.write(2, b"lennox: stopped.\n")
    os._exit(130)


def _open_standard_files() -> None:
    """Let no file of ours take the number of a standard file that was closed: libraries write to these numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free, this one
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115  # for as long as the program runs


if __name__ == "__main__":
    main()
