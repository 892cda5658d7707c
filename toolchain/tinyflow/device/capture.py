"""Raw samples from a board on which a person has allowed that.

The board holds the next window until all of it has been read and it is released; then it answers
what it has predicted for it. Chunks are read by offset, so what is lost on the way is asked for
again; a sample that the board no longer holds is begun anew with another.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tinyflow.artifacts import DeviceHello
from tinyflow.device.messages import Message, Value
from tinyflow.device.session import RefusedError, Session
from tinyflow.errors import DeviceError

POLL_SECONDS = 0.02  # between two questions for a window that has not come in yet
MAX_POLL_SECONDS = 0.5
ABSENT, OFF, ON = range(3)


@dataclass(frozen=True)
class Sample:
    """One sample: its number since the board's start, the model's input as it was (int8), the
    output's bytes (int8) and count of its inference, and the windows that the board has dropped
    until then."""

    number: int
    data: bytes
    output: bytes
    count: int
    dropped: int


class ConsentError(DeviceError):
    """The board has no capture, or nobody has allowed it there."""


class _GoneError(Exception):
    """The board holds that sample no longer."""


class Capturing:
    """The capturing side of a session. `seconds` says how long a request may take by its name,
    `rest_of_output` reads on where an output does not fit one message."""

    def __init__(
        self,
        session: Session,
        hello: DeviceHello,
        seconds: Callable[[str], float],
        rest_of_output: Callable[[bytearray], None],
    ) -> None:
        self._session = session
        self._hello = hello
        self._seconds = seconds
        self._rest_of_output = rest_of_output
        if hello.capture == ABSENT:
            raise self._absent()
        if hello.capture == OFF:
            raise self._not_allowed()

    def sample(self, seconds: float) -> Sample | None:
        """The next sample, or None when no window has come for `seconds`."""
        end = self._session.now() + seconds
        while True:
            first = self._first(end)
            if first is None:
                return None
            with contextlib.suppress(_GoneError):
                return self._rest(first)
            if self._session.now() >= end:
                return None  # each one was gone before all of it was read

    def finish(self) -> None:
        """Tell the board that no more is wanted, so that it holds nothing back."""
        with contextlib.suppress(_GoneError):
            self._ask("STATUS_REPLY", {"RELEASE": 0})

    def _first(self, end: float) -> Message | None:
        pause = POLL_SECONDS
        while True:
            with contextlib.suppress(_GoneError):
                return self._ask("CAPTURE_REPLY", {"OFFSET": 0})
            left = end - self._session.now()
            if left <= 0:
                return None
            self._session.listen(min(pause, left))
            pause = min(2 * pause, MAX_POLL_SECONDS)

    def _rest(self, first: Message) -> Sample:
        number, size, crc32 = (first.integer(n) for n in ("SAMPLE", "BYTES", "CRC32"))
        if size != self._hello.input_bytes or first.integer("OFFSET") or not first.data():
            raise self._nonsense(f"a sample of {size} B, its hello says {self._hello.input_bytes}")
        data = bytearray(first.data())
        while len(data) < size:
            reply = self._ask("CAPTURE_REPLY", {"OFFSET": len(data)})
            if reply.integer("SAMPLE") != number:
                raise _GoneError
            if reply.integer("OFFSET") != len(data) or not reply.data():
                raise self._nonsense("a part of the sample that was not asked for")
            data += reply.data()
        if len(data) > size:
            raise self._nonsense(f"{len(data)} B of a sample of {size} B")
        # Released whatever it is: a sample that the model was used over in between is given up.
        last = self._ask("CAPTURE_REPLY", {"RELEASE": number})
        if zlib.crc32(data) != crc32 or last.integer("SAMPLE") != number:
            raise _GoneError
        if last.integer("BYTES") != self._hello.output_bytes:
            raise self._nonsense("an output of another size than its hello says")
        output = bytearray(last.data())
        self._rest_of_output(output)
        self._session.answered += 1
        count, dropped = last.integer("COUNT"), first.integer("WINDOWS_DROPPED")
        return Sample(number, bytes(data), bytes(output), count, dropped)

    def _ask(self, reply: str, values: Mapping[str, Value]) -> Message:
        try:
            return self._session.request("CAPTURE", reply, self._seconds("CAPTURE"), values).reply
        except RefusedError as refused:
            if refused.name in ("NO_SAMPLE", "NO_OUTPUT"):
                raise _GoneError from None
            if refused.name == "NOT_ALLOWED":
                raise self._not_allowed() from None
            if refused.name in ("UNSUPPORTED", "BAD_MESSAGE"):
                raise self._absent() from None
            place = self._session.place()
            raise DeviceError(f"{place} refuses capture: {refused.text}") from None

    def _absent(self) -> ConsentError:
        return ConsentError(
            f"{self._session.place()} runs firmware without capture",
            ["it is built in where tinyflow.toml has [sensor] and [capture]"],
            [f"tinyflow flash --board {self._session.board}"],
        )

    def _not_allowed(self) -> ConsentError:
        again = ["it is off after every start"] if self._session.answered else []
        return ConsentError(
            f"{self._session.place()} does not allow capture",
            ["it is switched on at the device, never from here", *again],
            [
                "press the device's button for it, where it has one",
                f"type `capture on` on its console: a terminal on {self._session.link.url}",
            ],
        )

    def _nonsense(self, what: str) -> DeviceError:
        return DeviceError(f"{self._session.place()} answers with {what}")
