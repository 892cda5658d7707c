"""A connection of the web server, let go where the other side neither asks nor takes anything."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

# Between two looks; who is as idle at the second as at the first has had this long, twice at most.
LOOK_SECONDS = 10.0


class Connection(H11Protocol):
    """uvicorn waits for ever for the rest of a request, and for an answer to be taken: connections
    that are held so would soon be all there may be. Streams of events have a limit of their own.
    """

    _look: asyncio.TimerHandle | None = None
    _seen: tuple[object, int] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._look = self.loop.call_later(LOOK_SECONDS, self._let_go_if_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._look is not None:
            self._look.cancel()

    def _let_go_if_idle(self) -> None:
        answering = self.cycle is not None and not self.cycle.response_complete
        # The last request, and what is left of its answer.
        seen = None if answering else (self.cycle, self.transport.get_write_buffer_size())
        if seen is not None and seen == self._seen:
            self.transport.abort()
            return
        self._seen = seen
        self._look = self.loop.call_later(LOOK_SECONDS, self._let_go_if_idle)
