"""New rows as server-sent events.

Nothing is queued for a client: it has the number of the last row that it was sent, and the rows
after it are read from the store when it is ready for more. One that is slow or away for long is
told to load anew instead of being sent what it missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
from anyio import to_thread

from tinyflow.errors import TinyflowError
from tinyflow.monitor.dashboard.history import History

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

POLL_SECONDS = 0.5
QUIET_SECONDS = 2.0
PING_SECONDS = 15.0
# A client that takes nothing for this long is let go; it comes back by itself.
SEND_SECONDS = 30.0
RETRY_MS = 2000
MAX_CLIENTS = 64
MAX_ROWS = 1000
MAX_BEHIND = 20_000
# Questions that are asked of the store at the same time; others wait.
MAX_QUESTIONS = 4

_T = TypeVar("_T")


class Pulse:
    """The store's newest row, looked up for all clients at once while there is one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.newest = 0
        # Goes up when the rows are those of another file, whose numbers begin anew.
        self.file = 0
        self.trouble: TinyflowError | None = None
        self.closing = False
        self.clients = 0
        self._changed = asyncio.Event()
        self._seen: tuple[tuple[float, ...], ...] = ()
        # Made in the loop that it is for.
        self._limiter: anyio.CapacityLimiter | None = None

    async def ask(self, question: Callable[[History], _T]) -> _T:
        """The store's answer, from another thread. Raises what the store raises."""

        def run() -> _T:
            with contextlib.closing(History(self.path)) as history:
                return question(history)

        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(MAX_QUESTIONS)
        return await to_thread.run_sync(run, limiter=self._limiter)

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            if self.clients:
                await self.look()
            await asyncio.sleep(POLL_SECONDS)

    async def look(self) -> None:
        """Look once, and wake the clients where something has changed."""
        seen = self._signs()
        # Two writes may have one time: what was written just now is looked at again.
        quiet = all(time.time() - written > QUIET_SECONDS for *_, written in seen)
        if quiet and seen == self._seen and self.trouble is None:
            return
        known, well = self.newest, self.trouble is None
        try:
            found = await self.ask(History.last)
            self.trouble = None
            self._seen = seen
            if found < known:
                self.file += 1
                self.newest = found
                self._wake()
            self.saw(found)
        except TinyflowError as error:
            self.trouble = error
        if well != (self.trouble is None):
            self._wake()

    def saw(self, number: int) -> None:
        """Note a row that somebody found; a look that began earlier may end later than this."""
        if number > self.newest:
            self.newest = number
            self._wake()

    def _signs(self) -> tuple[tuple[float, ...], ...]:
        """What changes with every row: a file that nobody wrote to need not be opened."""
        found = []
        for file in (self.path, self.path.with_name(f"{self.path.name}-wal")):
            with contextlib.suppress(OSError):
                sign = file.stat()
                found.append((sign.st_ino, sign.st_size, sign.st_mtime))
        return tuple(found)

    def close(self) -> None:
        """End all streams."""
        self.closing = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait(self, seconds: float) -> bool:
        """Wait for a change; False when there was none for so long."""
        with anyio.move_on_after(seconds):
            await self._changed.wait()
            return True
        return False


class EventStream:
    """The answer to one client: rows after number `last`; None: after the newest."""

    def __init__(self, pulse: Pulse, last: int | None) -> None:
        self._pulse = pulse
        self._last = last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        self._pulse.clients += 1
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            async with anyio.create_task_group() as group:

                async def watch() -> None:
                    while (await receive())["type"] != "http.disconnect":
                        pass
                    group.cancel_scope.cancel()

                group.start_soon(watch)
                await self._send_all(send)
                group.cancel_scope.cancel()
        finally:
            self._pulse.clients -= 1

    async def _send_all(self, send: Send) -> None:
        async with contextlib.aclosing(self.events()) as events:
            async for event in events:
                with anyio.move_on_after(SEND_SECONDS) as patience:
                    await send({"type": "http.response.body", "body": event, "more_body": True})
                if patience.cancelled_caught:
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def events(self) -> AsyncGenerator[bytes, None]:
        """What is sent, until the server ends."""
        pulse = self._pulse
        yield f"retry: {RETRY_MS}\n\n".encode()
        await pulse.look()
        file = pulse.file if (self._last or 0) <= pulse.newest else None
        told = False
        while not pulse.closing:
            if pulse.trouble is not None:
                if not told:
                    yield _event("trouble", pulse.trouble.as_json())
                told = True
            elif self._last is None:
                self._last = pulse.newest
                yield _event("rows", [], self._last)
            elif told or file != pulse.file or pulse.newest - self._last > MAX_BEHIND:
                told = False
                file = pulse.file
                self._last = pulse.newest
                yield _event("gap", {}, self._last)
            elif pulse.newest > self._last:
                try:
                    event = await self._rows(self._last)
                except TinyflowError as error:
                    pulse.trouble = error
                    continue
                if event:
                    yield event
                continue
            if not await pulse.wait(PING_SECONDS):
                yield b": still here\n\n"

    async def _rows(self, last: int) -> bytes:
        number, rows = await self._pulse.ask(lambda history: history.after(last, MAX_ROWS))
        # Rows may have gone since the look: then there is nothing to send up to the newest.
        self._last = number if rows else max(last, self._pulse.newest)
        self._pulse.saw(self._last)
        told = [
            (r.run, r.board, r.device, r.where, r.name, finite(r.value), r.unit, r.time)
            for r in rows
        ]
        return _event("rows", told, self._last) if told else b""


def finite(value: float | None) -> float | None:
    """A number that JSON has, None for the others."""
    return value if value is not None and abs(value) < float("inf") else None


def _event(name: str, data: Any, number: int | None = None) -> bytes:
    head = f"id: {number}\n" if number is not None else ""
    body = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return f"{head}event: {name}\ndata: {body}\n\n".encode()
