"""The web server: bound at once, run in the foreground or in a thread."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING

import uvicorn

from tinyflow.errors import ProjectError
from tinyflow.monitor.dashboard.connection import Connection
from tinyflow.monitor.dashboard.events import MAX_CLIENTS
from tinyflow.monitor.dashboard.guard import is_loopback

if TYPE_CHECKING:
    from starlette.applications import Starlette

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8642
MAX_CONNECTIONS = 2 * MAX_CLIENTS
START_SECONDS = 10.0
# What an answer that is on its way has at the end, before its connection is cut.
GRACE_SECONDS = 0.1
END_SECONDS = 2


class Server:
    """A dashboard on a port that is already its own: `run` it, or use it in a `with` block.

    Raises ProjectError where the port cannot be had.
    """

    def __init__(self, application: Starlette, host: str, port: int) -> None:
        if application.state.token is None and not is_loopback(host):
            raise ValueError(f"a dashboard on {host} needs a token")
        self._token: str | None = application.state.token
        self._host = host
        self._socket = _bind(host, port)
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            application,
            http=Connection,
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_graceful_shutdown=END_SECONDS,
        )
        logging.getLogger("uvicorn.error").addFilter(_is_news)
        self._server = _Uvicorn(config)
        self._thread = threading.Thread(target=self._serve, name="dashboard", daemon=True)

    @property
    def url(self) -> str:
        """The address to open, without the token."""
        name = self._host
        if name in ("0.0.0.0", "::", ""):  # noqa: S104 - all addresses have no name of their own
            name = socket.gethostname()
        return f"http://{f'[{name}]' if ':' in name else name}:{self.port}/"

    @property
    def url_with_token(self) -> str:
        """The address that lets in whoever opens it."""
        return self.url if self._token is None else f"{self.url}?token={self._token}"

    def run(self) -> None:
        """Serve until Ctrl-C, which is raised as KeyboardInterrupt, or SIGTERM."""
        self._serve()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])

    def __enter__(self) -> Server:
        self._thread.start()
        until = time.monotonic() + START_SECONDS
        while not self._server.started and self._thread.is_alive() and time.monotonic() < until:
            time.sleep(0.005)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the server and all its streams."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(2 * END_SECONDS)
        self._socket.close()


def serve(application: Starlette, host: str = DEFAULT_HOST, port: int = DEFAULT_PORT) -> Server:
    """A server of `application`, bound to its port (0: any that is free).

    Only a dashboard with a token may be bound to more than this machine.
    """
    return Server(application, host, port)


class _Uvicorn(uvicorn.Server):
    """Ends the streams of events first: they would never end by themselves."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.config.app.state.pulse.close()  # type: ignore[union-attr]
        await asyncio.sleep(GRACE_SECONDS)
        # Who takes nothing would be waited for.
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)


def _bind(host: str, port: int) -> socket.socket:
    try:
        (family, *_, address), *_ = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        return socket.create_server(address[:2], family=family, backlog=MAX_CONNECTIONS)
    except socket.gaierror as error:
        raise ProjectError(f"host {host} is no address of this machine: {error.strerror}") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ProjectError(
                f"port {port} of {host} is taken",
                hints=["port 0 takes any that is free", f"fuser -v {port}/tcp tells by whom"],
            ) from None
        raise ProjectError(
            f"port {port} of {host} cannot be served: {error.strerror}",
            hints=["127.0.0.1 and port 0 can be had always"],
        ) from None


def _is_news(record: logging.LogRecord) -> bool:
    """A client that takes nothing is let go in the middle of an answer: no fault of the server."""
    return "without completing response" not in str(record.msg)
