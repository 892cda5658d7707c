"""Posts alerts to a URL, in a thread of its own, so that no server can hold the monitor up.

A URL may hold a secret in its path, its query or before an @: messages name the host alone.
"""

from __future__ import annotations

import base64
import json
import queue
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from tinyflow import __version__
from tinyflow.errors import ProjectError
from tinyflow.monitor.alerts import Alert

MAX_WAITING = 100
ATTEMPTS = 3
TIMEOUT_SECONDS = 5.0
PAUSE_SECONDS = 1.0  # before the second attempt; twice that before the third
CLOSE_SECONDS = 3.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """What was meant for one server is not told to another."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Webhook:
    """Posts each alert as JSON to `url`, `ATTEMPTS` times at most.

    `delivered` counts what arrived (any 2xx answer), `lost` what did not: no answer in time, a
    queue that is full. `tell` is called, from the thread, with what went wrong. Raises ProjectError
    when `url` is not http or https.
    """

    def __init__(
        self,
        url: str,
        tell: Callable[[str], None] = lambda _: None,
        *,
        timeout: float = TIMEOUT_SECONDS,
        pause: float = PAUSE_SECONDS,
    ) -> None:
        self._url, self._headers, self.host = _parts(url)
        self.delivered = 0
        self.lost = 0
        self._tell = tell
        self._timeout = timeout
        self._pause = pause
        self._queue: queue.Queue[Alert | None] = queue.Queue(MAX_WAITING)
        self._stopping = threading.Event()
        self._opener = urllib.request.build_opener(_NoRedirect)
        self._thread = threading.Thread(target=self._run, name="webhook", daemon=True)
        self._thread.start()

    def post(self, alert: Alert) -> None:
        """Have the alert posted; returns at once."""
        try:
            self._queue.put_nowait(alert)
        except queue.Full:
            self.lost += 1
            self._tell(f"webhook {self.host} is too slow: an alert was not posted")

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Post what waits, for at most `seconds`, then give up."""
        try:
            self._queue.put(None, timeout=seconds)
        except queue.Full:
            self._stopping.set()
        self._thread.join(seconds)
        self._stopping.set()
        if self._thread.is_alive():
            self._tell(f"webhook {self.host} was not waited for: alerts were not posted")

    def _run(self) -> None:
        while (alert := self._queue.get()) is not None and not self._stopping.is_set():
            trouble = self._deliver(json.dumps(as_json(alert)).encode())
            if trouble is None:
                self.delivered += 1
            else:
                self.lost += 1
                self._tell(f"webhook {self.host} {trouble}")

    def _deliver(self, body: bytes) -> str | None:
        trouble: str | None = None
        for attempt in range(ATTEMPTS):
            if attempt and self._stopping.wait(self._pause * 2 ** (attempt - 1)):
                break
            trouble = self._post(body)
            if trouble is None:
                break
        return trouble

    def _post(self, body: bytes) -> str | None:
        """What went wrong, None where nothing did. Nothing of the answer but its status is read."""
        request = urllib.request.Request(self._url, body, self._headers, method="POST")  # noqa: S310
        try:
            with self._opener.open(request, timeout=self._timeout):
                return None
        except urllib.error.HTTPError as error:
            error.close()
            return f"answered {error.code}"
        except TimeoutError:
            return f"did not answer within {self._timeout:g} s"
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None)
            if isinstance(reason, TimeoutError):
                return f"did not answer within {self._timeout:g} s"
            cause = reason if isinstance(reason, OSError) else error
            return f"cannot be reached: {getattr(cause, 'strerror', None) or 'no connection'}"
        except Exception as error:
            # Whatever a server sends (http.client has errors of its own) must not end the thread.
            return f"answered what is no HTTP: {type(error).__name__}"


def as_json(alert: Alert) -> dict[str, Any]:
    """What is posted; `text` is what chat services show."""
    return {
        "rule": alert.rule,
        "state": "end" if alert.ends else "begin",
        "run": alert.run,
        "board": alert.board,
        "device": alert.device,
        "value": alert.value,
        "limit": alert.limit,
        "unit": alert.unit,
        "time": alert.time,
        "seconds": alert.seconds,
        "text": alert.text,
    }


def check(url: str) -> None:
    """Raise ProjectError when `url` is none to post to."""
    _parts(url)


def _parts(url: str) -> tuple[str, dict[str, str], str]:
    """The URL without a user, the headers, and the host for messages."""
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urllib.parse.urlsplit(""), None, None
    if parts.scheme not in ("http", "https") or not host or any(c.isspace() for c in url):
        raise ProjectError(
            "alerts.webhook is no http or https URL",
            hints=['webhook = "https://example.com/alerts"'],
        )
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"tinyflow/{__version__}",
    }
    if parts.username is not None:
        user = urllib.parse.unquote(f"{parts.username}:{parts.password or ''}")
        headers["Authorization"] = f"Basic {base64.b64encode(user.encode()).decode()}"
    shown = f"[{host}]" if ":" in host else host
    place = shown if port is None else f"{shown}:{port}"
    return urllib.parse.urlunsplit(parts._replace(netloc=place, fragment="")), headers, place
