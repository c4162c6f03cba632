"""Which requests a desk answers at all.

It listens on this computer alone, and yet any web page that is open here may send requests to it, under its own name
(DNS rebinding) or another's (CSRF); so each request must show that it comes from the desk's own page.
"""

from __future__ import annotations

import hmac
import secrets
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_POLICY = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob: data:", "connect-src 'self'",
    "manifest-src 'none'", "form-action 'none'", "base-uri 'none'", "frame-ancestors 'none'",
))  # fmt: skip
HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}


class RequestGuard:
    """ASGI around a desk's application: Host, Origin, cookie; and the headers of every answer.

    token : in the opening link; whoever has it gets the cookie
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        """`port` : on which the desk listens."""
        self.app, self.token, self._secret = app, secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self._cookie = f"lennox-desk-{port}"  # cookies are shared between ports
        self.host = f"127.0.0.1:{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse, or let through."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._judge(scope)
        await (refusal or self.app)(scope, receive, with_headers)

    def _judge(self, scope: Scope) -> Response | None:
        """What to answer in place of the application; None: the request is the page's own."""
        headers = Headers(scope=scope)
        if headers.getlist("host") != [self.host]:
            return PlainTextResponse("This desk has another address.", 421)
        origins = headers.getlist("origin")
        is_reading = scope["method"] in ("GET", "HEAD")
        if (origins and origins != [f"http://{self.host}"]) or (not origins and not is_reading):
            return PlainTextResponse("Only the desk's own page may ask this.", 403)
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and headers.get("sec-fetch-mode") != "navigate":
            return PlainTextResponse("Only the desk's own page may ask this.", 403)
        if is_reading and scope["path"] == "/open":
            if not hmac.compare_digest(scope["query_string"], f"token={self.token}".encode()):
                return self._closed()
            answer = RedirectResponse("/", 303)
            answer.set_cookie(self._cookie, self._secret, httponly=True, samesite="strict", path="/")
            return answer
        return None if self._has_cookie(headers) else self._closed()

    def _has_cookie(self, headers: Headers) -> bool:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return False
        return found is not None and hmac.compare_digest(found.value.encode(), self._secret.encode())

    def _closed(self) -> Response:
        return PlainTextResponse("Open the desk by the link that `lennox desk` printed; it is new at each start.", 401)
