"""A desk on this computer's own address, on a port that was free, until it is stopped."""

from __future__ import annotations

import contextlib
import socket
import webbrowser
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from lennox.desk.desk import Desk
from lennox.desk.request_guard import RequestGuard

LOOPBACK = "127.0.0.1"


def serve(desk: Desk, app: ASGIApp, announce: Callable[[str], None], *, browser: bool = True) -> None:
    """Answer until Ctrl-C or a signal to end.

    app : of the desk, see `desk_app`; announce : gets the opening link once the desk answers
    """
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as door:
        door.bind((LOOPBACK, 0))
        port = int(door.getsockname()[1])
        guard = RequestGuard(app, port)
        link = f"http://{guard.host}/open?token={guard.token}"

        def ready() -> None:
            desk.open()
            announce(link)
            if browser:
                webbrowser.open(link)

        _Server(guard, ready).run(sockets=[door])


class _Server(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, app: ASGIApp, ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app, log_level="error", access_log=False, server_header=False, lifespan="off", ws="none",
                timeout_graceful_shutdown=2, h11_max_incomplete_event_size=1 << 16, http="h11", loop="asyncio",
            )
        )  # fmt: skip
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ctrl-C and a signal to end are how a desk is closed, so they are not raised again."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()
