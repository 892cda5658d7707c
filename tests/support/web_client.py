"""HTTP as a browser or a stranger speaks it to the dashboard."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

SECONDS = 20


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


def get(
    port: int,
    path: str,
    query: Mapping[str, object] | str = "",
    *,
    method: str = "GET",
    **headers: str,
) -> Answer:
    """The answer to a request; header names have _ for -."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request(method, _url(path, query), headers=_headers(headers))
        answer = connection.getresponse()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


@contextmanager
def events(
    port: int, query: Mapping[str, object] | str = "", **headers: str
) -> Iterator[Iterator[tuple[str, str, Any]]]:
    """Server-sent events as (id, name, data)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", _url("/events", query), headers=_headers(headers))
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        assert answer.getheader("content-type") == "text/event-stream"
        yield _parse(answer)
    finally:
        connection.close()


def _parse(answer: http.client.HTTPResponse) -> Iterator[tuple[str, str, Any]]:
    fields: dict[str, str] = {}
    while line := answer.readline():
        text = line.decode().rstrip("\n")
        if text and not text.startswith(":"):
            name, _, value = text.partition(": ")
            fields[name] = value
        elif not text and "data" in fields:
            yield fields.get("id", ""), fields["event"], json.loads(fields["data"])
            fields = {}


def _url(path: str, query: Mapping[str, object] | str) -> str:
    asked = query if isinstance(query, str) else urlencode(query)
    return f"{path}?{asked}" if asked else path


def _headers(given: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in given.items()}
