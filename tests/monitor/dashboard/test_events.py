"""New rows as they come: in order, resumed, and without memory for those who are slow."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from web_client import events

from tinyflow.artifacts import MetricRow
from tinyflow.monitor import Store, dashboard
from tinyflow.monitor.dashboard import events as streams
from tinyflow.monitor.dashboard.events import EventStream, Pulse


def rows(*values: float) -> list[MetricRow]:
    return [MetricRow("r", "b", "device", "x", value, "u", 1.0, "d") for value in values]


def told(number: float) -> list[Any]:
    return ["r", "b", "d", "device", "x", number, "u", 1.0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "metrics.sqlite"
    with Store(path) as store:
        store.append(rows(1, 2, 3))
    return path


def test_rows_come_once_each_and_a_lost_client_goes_on(path: Path) -> None:
    with (
        dashboard.serve(dashboard.app(path), port=0) as server,
        Store(path) as store,
        events(server.port) as other,
    ):
        assert next(other) == ("3", "rows", [])
        with events(server.port, {"after": 1}) as stream:
            assert next(stream) == ("3", "rows", [told(2), told(3)])
            store.append(rows(4, float("inf")))
            assert next(stream) == ("5", "rows", [told(4), told(None)])  # type: ignore[arg-type]
        store.append(rows(6))
        # What a browser sends by itself counts, not where the page first began.
        with events(server.port, {"after": 1}, Last_Event_ID="5") as stream:
            assert next(stream) == ("6", "rows", [told(6)])
        assert next(other) == ("5", "rows", [told(4), told(None)])  # type: ignore[arg-type]
        assert next(other) == ("6", "rows", [told(6)])


def test_many_clients_get_each_row_once_while_it_is_written(path: Path) -> None:
    def follow(port: int) -> list[float]:
        found: list[float] = []
        with events(port, {"after": 3}) as stream:
            while len(found) < 400:
                _, name, data = next(stream)
                assert name == "rows"
                found += [row[5] for row in data]
        return found

    with (
        dashboard.serve(dashboard.app(path), port=0) as server,
        ThreadPoolExecutor(8) as pool,
        Store(path) as store,
    ):
        clients = [pool.submit(follow, server.port) for _ in range(8)]
        for start in range(0, 400, 4):
            store.append(rows(*range(start, start + 4)))
        assert all(client.result(20) == [*range(400)] for client in clients)


def test_rows_that_came_after_the_look_are_not_taken_for_another_file(path: Path) -> None:
    async def follow() -> list[bytes]:
        pulse = Pulse(path)
        events = EventStream(pulse, 1).events()
        found = [await events.__anext__(), await events.__anext__()]
        with Store(path) as store:
            store.append(rows(4, 5))
            pulse.newest = 4  # as by a look between the two
            found.append(await events.__anext__())
            store.append(rows(6))
            await pulse.look()
            found.append(await events.__anext__())
        return found

    _, *sent = asyncio.run(follow())
    numbers = [event.split(b"\n")[:2] for event in sent]
    assert numbers == [[b"id: %d" % n, b"event: rows"] for n in (3, 5, 6)]


def test_one_that_is_far_behind_or_of_another_file_loads_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MAX_BEHIND", 1)
    with dashboard.serve(dashboard.app(path), port=0) as server:
        for number in (0, 99):
            with events(server.port, {"after": number}) as stream:
                assert next(stream) == ("3", "gap", {})


def test_trouble_with_the_store_is_told_and_its_end_too(path: Path) -> None:
    with dashboard.serve(dashboard.app(path), port=0) as server, events(server.port) as stream:
        next(stream)
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()
        _, name, error = next(stream)
        assert name == "trouble"
        assert "is not there" in error["what"]
        with Store(path) as store:
            store.append(rows(7))
        assert next(stream)[:2] == ("1", "gap")


def test_there_is_a_limit_of_clients(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinyflow.monitor.dashboard.application.MAX_CLIENTS", 1)
    with dashboard.serve(dashboard.app(path), port=0) as server, events(server.port) as stream:
        next(stream)
        with pytest.raises(AssertionError, match="which is the limit"), events(server.port):
            pass


def test_the_end_of_the_server_ends_streams_at_once(path: Path) -> None:
    server = dashboard.serve(dashboard.app(path), port=0)
    with server, events(server.port) as one, events(server.port) as other:
        next(one), next(other)
        server.close()
        assert not server._thread.is_alive()
        assert list(one) == list(other) == []


def test_a_client_that_takes_nothing_holds_one_event_and_is_let_go(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "SEND_SECONDS", 0.05)
    monkeypatch.setattr(streams, "MAX_ROWS", 2)
    with Store(path) as store:
        store.append(rows(*range(1000)))
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if b"event: rows" in message.get("body", b""):
            await asyncio.sleep(3600)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(3600)
        return {}

    async def follow() -> Pulse:
        pulse = Pulse(path)
        await EventStream(pulse, 0)({}, receive, send)  # type: ignore[arg-type]
        return pulse

    pulse = asyncio.run(follow())
    assert pulse.clients == 0
    bodies = [message["body"] for message in sent if b"rows" in message.get("body", b"")]
    assert len(bodies) == 1
    assert len(json.loads(bodies[0].split(b"data: ")[1])) == 2
