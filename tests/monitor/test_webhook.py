"""Alerts posted to a server, whatever the server does."""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tinyflow.errors import ProjectError
from tinyflow.monitor import webhook
from tinyflow.monitor.alerts import Alert
from tinyflow.monitor.webhook import Webhook

ALERT = Alert("drift", "esp32", "A601", "r1", 0.31, 0.25, "", 12.5)
SECRET = "hunter2"


class Server:
    """Answers with `statuses`, one after another, then with the last of them."""

    def __init__(self, statuses: list[int], location: str = "") -> None:
        self.bodies: list[Any] = []
        self.headers: list[Any] = []
        self.paths: list[str] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                outer.bodies.append(json.loads(self.rfile.read(size)))
                outer.headers.append(dict(self.headers))
                outer.paths.append(self.path)
                self.send_response(statuses[min(len(outer.bodies), len(statuses)) - 1])
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.place = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()


@contextlib.contextmanager
def posting(url: str, **options: Any) -> Iterator[tuple[Webhook, list[str]]]:
    told: list[str] = []
    hook = Webhook(url, told.append, pause=0.01, **options)
    try:
        yield hook, told
    finally:
        hook.close(10)
    assert not any(SECRET in line for line in told)


def test_an_alert_arrives_as_json() -> None:
    with Server([204]) as server:
        with posting(f"http://u:{SECRET}@{server.place}/hook?key={SECRET}") as (hook, told):
            hook.post(ALERT)
        assert server.bodies == [
            {
                "rule": "drift", "state": "begin", "run": "r1", "board": "esp32", "device": "A601",
                "value": 0.31, "limit": 0.25, "unit": "", "time": 12.5, "seconds": 0.0,
                "text": "A601: drift 0.31, limit 0.25",
            }
        ]  # fmt: skip
        assert server.paths == [f"/hook?key={SECRET}"]
        assert server.headers[0]["Content-Type"] == "application/json"
        assert server.headers[0]["Authorization"].startswith("Basic ")
        assert server.headers[0]["Host"] == server.place
    assert (hook.delivered, hook.lost, told) == (1, 0, [])


def test_a_server_that_fails_is_asked_again_and_then_let_be() -> None:
    with Server([500, 503, 200, 500]) as server:
        with posting(f"http://{server.place}/{SECRET}") as (hook, told):
            hook.post(ALERT)
            hook.post(ALERT)
        assert len(server.bodies) == 3 + webhook.ATTEMPTS
    assert (hook.delivered, hook.lost) == (1, 1)
    assert told == [f"webhook {server.place} answered 500"]


def test_a_redirect_is_not_followed() -> None:
    with Server([200]) as other, Server([302], f"http://{other.place}/") as server:
        with posting(f"http://{server.place}/") as (hook, told):
            hook.post(ALERT)
        assert other.bodies == []
    assert told == [f"webhook {server.place} answered 302"]


def test_a_server_that_hangs_holds_nobody_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"
        with posting(f"http://{place}/", timeout=0.1) as (hook, told):
            for _ in range(webhook.MAX_WAITING + 10):  # posted far quicker than they time out
                hook.post(ALERT)
            assert hook.lost >= 9
            hook.close(0.2)
            assert any("too slow" in line for line in told)
            assert f"webhook {place} was not waited for: alerts were not posted" in told
    assert f"webhook {place} did not answer within 0.1 s" in told
    assert hook.delivered == 0


def test_a_server_that_is_not_there_or_speaks_otherwise() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"
    with posting(f"http://{place}/{SECRET}") as (hook, told):
        hook.post(ALERT)
    assert told == [f"webhook {place} cannot be reached: Connection refused"]

    def babble(server: socket.socket) -> None:
        for _ in range(webhook.ATTEMPTS):
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"\x00\xff220 smtp ready\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"
        server.settimeout(10)
        thread = threading.Thread(target=babble, args=(server,))
        thread.start()
        with posting(f"http://{place}/") as (hook, told):
            hook.post(ALERT)
        thread.join(10)
    assert told == [f"webhook {place} answered what is no HTTP: BadStatusLine"]


@pytest.mark.parametrize(
    "url", ["", "example.com", "ftp://example.com/", "file:///etc/passwd", "http://", "http://[1"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ProjectError, match="no http or https URL"):
        webhook.check(url)
