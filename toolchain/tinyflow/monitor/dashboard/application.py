"""The web application: the page, what it asks, new rows as they come, and Prometheus' page."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tinyflow import __version__
from tinyflow.errors import TinyflowError
from tinyflow.monitor.dashboard import assets, exposition, questions
from tinyflow.monitor.dashboard.events import MAX_CLIENTS, EventStream, Pulse, finite
from tinyflow.monitor.dashboard.guard import Guard
from tinyflow.monitor.dashboard.history import History, Series, Span

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.requests import Request

# The board tells this every time, so it tells from when to when there is anything.
CLOCK_ROW = "uptime_ms"


def app(store_path: Path, token: str | None = None, host: str = "127.0.0.1") -> Starlette:
    """The dashboard of one store, which may come into being later.

    With a `token` only those who know it are answered. `host` is a name that the server may be
    called by, beside localhost, this machine's name and all addresses. Raises ToolError where the
    installed D3 is missing or not the one that was tested.
    """
    files = assets.load()
    pulse = Pulse(store_path)

    async def static(request: Request) -> Response:
        file = files.get(request.url.path)
        if file is None:
            return PlainTextResponse("There is no such page.\n", 404)
        headers = {"ETag": file.tag, "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == file.tag:
            return Response(status_code=304, headers=headers)
        return Response(file.content, media_type=file.kind, headers=headers)

    async def events(request: Request) -> Any:
        if pulse.clients >= MAX_CLIENTS:
            return _error(TinyflowError(f"{MAX_CLIENTS} pages are open, which is the limit"), 503)
        after = request.headers.get("last-event-id", request.query_params.get("after"))
        try:
            return EventStream(pulse, questions.row_number(after))
        except questions.BadQuestionError as error:
            return _error(error, 400)

    async def metrics(request: Request) -> Response:
        try:
            page = await pulse.ask(
                lambda history: exposition.text(
                    history.recent(time.time() - exposition.STALE_SECONDS)
                )
            )
        except TinyflowError as error:
            return PlainTextResponse(f"{error}\n", 503, _FRESH)
        return Response(page, headers={**_FRESH, "Content-Type": exposition.CONTENT_TYPE})

    def answers(question: Callable[[History, QueryParams], Any]) -> Any:
        async def handle(request: Request) -> Response:
            try:
                found = await pulse.ask(lambda history: question(history, request.query_params))
            except questions.BadQuestionError as error:
                return _error(error, 400)
            except TinyflowError as error:
                return _error(error, 503)
            return JSONResponse(found, headers=_FRESH)

        return handle

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(pulse.run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    made = Starlette(
        routes=[
            Route("/api/series", answers(_series)),
            Route("/api/board", answers(_board)),
            Route("/api/history", answers(_history)),
            Route("/api/marks", answers(_marks)),
            Route("/events", events),
            Route("/metrics", metrics),
            *(Route(path, static) for path in files),
        ],
        middleware=[Middleware(Guard, token=token, host=host)],
        lifespan=lifespan,
    )
    made.state.pulse = pulse
    made.state.token = token
    return made


_FRESH = {"Cache-Control": "no-store"}


def _error(error: TinyflowError, status: int) -> Response:
    return JSONResponse(error.as_json(), status, _FRESH)


def _series(history: History, query: QueryParams) -> dict[str, Any]:
    return {
        "version": __version__,
        "store": str(history.path),
        "now": time.time(),
        "last": history.last(),
        "series": history.series(),
    }


def _board(history: History, query: QueryParams) -> dict[str, Any]:
    """A board of a run: what was written down of it, and its newest rows."""
    series = questions.series(query)
    rows = history.latest(series)
    span = _extent(history, series)
    return {
        "document": history.describe(series),
        "first": span.start if span else None,
        "last": span.end if span else None,
        "latest": [[row.name, row.where, finite(row.value), row.unit, row.time] for row in rows],
    }


def _history(history: History, query: QueryParams) -> dict[str, Any]:
    """Points of the rows asked for over a range of time."""
    series = questions.series(query)
    names = questions.names(query)
    asked = questions.time_range(query)
    span = _span(history, series, asked)
    return {
        **asdict(span),
        "series": {
            name: [
                [point[0], *map(finite, point[1:])]
                for point in history.points(series, name, span, asked.points)
            ]
            for name in names
        },
    }


def _marks(history: History, query: QueryParams) -> dict[str, Any]:
    """What happened over a range of time: alerts and restarts."""
    series = questions.series(query)
    span = _span(history, series, questions.time_range(query))
    marks = history.marks(series, span)
    return {
        **asdict(span),
        "marks": [{**mark, "value": finite(mark["value"])} for mark in marks],
    }


def _span(history: History, series: Series, asked: questions.Range) -> Span:
    whole = _extent(history, series) or Span(0.0, 0.0)
    end = whole.end if asked.end is None else asked.end
    start = whole.start if asked.start is None else asked.start
    if asked.seconds is not None:
        start = max(start, end - asked.seconds)
    return Span(min(start, end), end)


def _extent(history: History, series: Series) -> Span | None:
    found = history.extent(series, CLOCK_ROW)
    if found is None:
        rows = history.latest(series)
        found = history.extent(series, rows[-1].name) if rows else None
    return found
