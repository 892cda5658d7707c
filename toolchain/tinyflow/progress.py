"""How a stage says where it is, without printing.

A stage calls `report`; the command line decides what is shown. Without a listener, which is how
a library user starts, nothing happens.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One message of a stage: `done` of `total` units, or no figures when they are unknown."""

    stage: str
    message: str
    done: int | None = None
    total: int | None = None


Listener = Callable[[Step], None]

_listener: ContextVar[Listener | None] = ContextVar("tinyflow_progress", default=None)


def report(stage: str, message: str, done: int | None = None, total: int | None = None) -> None:
    """Tell whoever listens what `stage` is doing."""
    listener = _listener.get()
    if listener is not None:
        listener(Step(stage, message, done, total))


@contextlib.contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send all reports made inside the block to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
