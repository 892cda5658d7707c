"""Who may ask: checked before anything else sees a request.

Three things are kept out: pages of other sites whose name is made to lead here (DNS rebinding, by
the Host header), requests that such pages send, and whoever does not know the token.
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
from http import cookies
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from tinyflow.monitor.dashboard import questions

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN_BYTES = 24
_COOKIE_DAYS = 30

# Nothing from elsewhere, no script or style inside the page, in no frame.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_LOCKED = """\
This dashboard asks for a token.
Open the address that tinyflow printed when it started, or send "Authorization: Bearer TOKEN".
"""


def new_token() -> str:
    """A token that nobody guesses: 192 random bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server on `host`; a name other than localhost is not
    looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """The application inside it gets only what is allowed; all answers get the headers above."""

    def __init__(self, app: ASGIApp, token: str | None, host: str) -> None:
        self._app = app
        self._token = token.encode() if token is not None else None
        name = socket.gethostname().lower()
        self._hosts = frozenset(("localhost", host.lower(), name, f"{name}.local"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        """The answer to a request that the application must not see."""
        headers = Headers(scope=scope)
        if not self._knows(headers.get("host", "")):
            return PlainTextResponse("This is not a name of this server.\n", 421)
        if len(scope["query_string"]) > questions.MAX_QUERY:
            return PlainTextResponse("The query is too long.\n", 414)
        site, mode = headers.get("sec-fetch-site"), headers.get("sec-fetch-mode")
        if site == "cross-site" and mode != "navigate":
            return PlainTextResponse("Pages of other sites may not ask.\n", 403)
        return None if self._token is None else self._locked(scope, headers, self._token)

    def _knows(self, host: str) -> bool:
        """Whether a Host header is an address or one of our names: no foreign name leads here."""
        if host.startswith("["):
            name = host[1:].partition("]")[0]
        else:
            name = host.partition(":")[0].lower()
        if name in self._hosts:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _locked(self, scope: Scope, headers: Headers, token: bytes) -> Response | None:
        cookie = f"tinyflow_{(scope.get('server') or ('', 0))[1]}"
        asked = QueryParams(scope["query_string"]).get("token")
        if scope["path"] == "/" and asked is not None and _same(asked, token):
            # The token does not stay in the address, where a screenshot or the history shows it.
            answer = RedirectResponse("/", 303)
            answer.set_cookie(
                cookie,
                asked,
                max_age=_COOKIE_DAYS * 86_400,
                httponly=True,
                samesite="lax",
            )
            answer.headers["Cache-Control"] = "no-store"
            return answer
        kind, _, bearer = headers.get("authorization", "").partition(" ")
        given = [bearer] if kind.lower() == "bearer" else []
        given += _cookie(headers.get("cookie", ""), cookie)
        if any(_same(value, token) for value in given):
            return None
        return PlainTextResponse(
            _LOCKED, 401, {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"}
        )


def _same(given: str, token: bytes) -> bool:
    """Compares in a time that does not tell how much was right."""
    return secrets.compare_digest(given.encode("utf-8", "replace"), token)


def _cookie(header: str, name: str) -> list[str]:
    try:
        found = cookies.SimpleCookie(header[: questions.MAX_QUERY])
    except cookies.CookieError:
        return []
    return [found[name].value] if name in found else []
