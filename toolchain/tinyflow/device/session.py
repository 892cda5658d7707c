"""Requests and their answers over a link that may lose, change or add bytes.

A request without an answer is sent again with the same sequence number: the device answers it
again and does not do it twice. Whatever else comes in meanwhile (heartbeats, log lines, text) is
kept and handed to a listener.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from tinyflow.artifacts import Telemetry
from tinyflow.device import messages, protocol, results
from tinyflow.device.link import LinkLostError, Transport
from tinyflow.device.messages import Message, Value
from tinyflow.device.pace import Pace
from tinyflow.device.results import ConsoleLine, LogLine
from tinyflow.errors import DeviceError

News: TypeAlias = "Telemetry | LogLine | ConsoleLine"
"""What a board sends on its own."""

PATIENCE_SECONDS = 0.25  # least time before a request is sent again
FIRST_PATIENCE_SECONDS = 1.0  # the same, of a kind that has not been answered yet
MAX_PATIENCE_SECONDS = 4.0
FORGETTING = 0.5
EARLY_SECONDS = 0.01  # after something came in damaged: that was probably the answer
KEPT_LINES = 200
KEPT_TELEMETRY = 1000
SHOWN_LINES = 3
BITS_PER_BYTE = 10
# No layer fills so many messages; what a board sends beyond them is asked for again.
MAX_PARTS = 4096


class RefusedError(Exception):
    """The device answered that it cannot, by `reply`. `name` and `text` are of tnf_status.def."""

    def __init__(self, reply: Message) -> None:
        known, status = messages.definitions(), reply.integer("STATUS")
        self.name = known.status_names.get(status, str(status))
        self.text = known.statuses.get(status, f"status {status}")
        self.reply = reply
        super().__init__(self.text)


@dataclass(frozen=True)
class Answer:
    """The reply to a request and the messages that came before it."""

    reply: Message
    parts: tuple[Message, ...]


class Session:
    """Sends requests over `link`, one at a time. `board` is the name for the reader.

    `answered` counts inferences, for the messages of errors. Time is the link's alone. `pace` is
    for `tinyflow.device.transfer`. `sequence` is where the numbers of requests begin; by default
    where no session before has begun, so that none of its requests looks repeated.
    """

    def __init__(
        self,
        link: Transport,
        board: str,
        listener: Callable[[News], None] | None,
        *,
        sequence: int | None = None,
    ) -> None:
        self.link = link
        self.board = board
        self.answered = 0
        self.pace = Pace()
        self.console: deque[str] = deque(maxlen=KEPT_LINES)
        self.logs: deque[LogLine] = deque(maxlen=KEPT_LINES)
        self.telemetry: deque[Telemetry] = deque(maxlen=KEPT_TELEMETRY)
        self._listener = listener
        self._reader = protocol.Reader()
        self._longest: dict[str, float] = {}
        self._lately: dict[str, float] = {}
        self._pending: list[Message] = []
        self._sequence = random.SystemRandom().randrange(1 << 31) if sequence is None else sequence

    def now(self) -> float:
        """Seconds of the link's clock."""
        return self.link.now()

    def take_over(self, link: Transport) -> None:
        """Go on over another link to the same board, with what has come in until now."""
        self.link = link
        self._reader = protocol.Reader()
        self._pending = []

    def request(
        self,
        name: str,
        reply: str,
        seconds: float,
        values: Mapping[str, Value] | None = None,
        part: str | None = None,
    ) -> Answer:
        """Send request `name` and wait for message `reply`, collecting messages `part`.

        Raises RefusedError when the device says no, DeviceError when it says nothing for
        `seconds` or is gone.
        """
        sequence, frame = self.frame(name, values or {})
        parts: list[Message] = []
        began = send_at = self.now()
        heard_at = began
        patience = self.patience(name, len(frame))
        faults = self._reader.faults
        clean = True
        while (now := self.now()) < heard_at + seconds:
            if now >= send_at:
                self.write(frame)
                faults = self._reader.faults
                now = self.now()
                send_at, patience = now + patience, min(2 * patience, MAX_PATIENCE_SECONDS)
            damaged = False
            self._pending = self._receive(min(send_at, heard_at + seconds) - now)
            while self._pending:
                message = self._pending.pop(0)
                if message.sequence is None:
                    damaged = True
                elif message.sequence != sequence:
                    continue  # the second answer to a request that was sent twice
                elif message.name == reply:
                    self.note(name, self.now() - began, clean)
                    refusal(message)
                    return Answer(message, tuple(parts))
                elif message.name == "STATUS_REPLY":
                    refusal(message)
                elif message.name == part and len(parts) < MAX_PARTS:
                    heard_at = self.now()
                    send_at = max(send_at, heard_at + patience)
                    parts.append(message)
            if damaged or self._reader.faults > faults:
                clean = False
                patience = self.patience(name, len(frame))  # a bad line, not a busy board
                send_at = min(send_at, self.now() + EARLY_SECONDS)
                faults = self._reader.faults
        raise self.silent(name, seconds)

    def frame(self, name: str, values: Mapping[str, Value]) -> tuple[int, bytes]:
        """The next sequence number and the frame of a request that has it."""
        self._sequence = (self._sequence + 1) & messages.UINT32_MAX
        return self._sequence, protocol.encode(name, {"SEQUENCE": self._sequence, **values})

    def hear(self, seconds: float) -> tuple[list[Message], bool]:
        """Answers that come within `seconds`, and whether something came damaged or is told to
        have come damaged to the board."""
        faults = self._reader.faults
        answers = self._receive(seconds)
        told = any(message.sequence is None for message in answers)
        return answers, told or self._reader.faults > faults

    def listen(self, seconds: float) -> None:
        """Take what the board sends on its own; returns when something came, or in time."""
        self._receive(seconds)

    def late_refusal(self, seconds: float) -> RefusedError | None:
        """A refusal of the last request that comes after its answer, within `seconds`."""
        end = self.now() + seconds
        try:
            while (left := end - self.now()) > 0:
                for message in self._pending:
                    if message.sequence == self._sequence:
                        refusal(message)
                self._pending = self._receive(left)
        except RefusedError as refused:
            return refused
        except DeviceError:
            return None  # the port went away with the board, as it may
        return None

    def expected_seconds(self, name: str) -> float | None:
        """The longest that a request of this kind has taken, None before the first."""
        return self._longest.get(name)

    def note(self, name: str, seconds: float, clean: bool) -> None:
        """Remember that a request took so long; `clean` where nothing was lost on the way."""
        if clean:
            # What damage has held up says nothing of the board, and would add up.
            self._longest[name] = max(self._longest.get(name, 0.0), seconds)
            # The longest of late: one request that got lost without a trace is soon forgotten.
            self._lately[name] = max(self._lately.get(name, 0.0) * FORGETTING, seconds)

    def patience(self, name: str, size: int) -> float:
        """Seconds after which a request of `size` bytes is sent again."""
        limit = messages.definitions().limits["PAYLOAD_BYTES"]
        wire = (size + limit) * BITS_PER_BYTE / self.link.baud
        lately = self._lately.get(name)
        if lately is None:
            return FIRST_PATIENCE_SECONDS + wire
        return min(max(PATIENCE_SECONDS, 3 * lately), MAX_PATIENCE_SECONDS) + wire

    def write(self, frame: bytes) -> None:
        """Send a frame. Raises DeviceError when the board is gone."""
        try:
            self.link.write(frame)
        except LinkLostError as lost:
            raise self._gone(str(lost)) from None

    def _receive(self, seconds: float) -> list[Message]:
        """Messages that belong to requests; all others are kept and told to the listener."""
        try:
            data = self.link.read(seconds)
        except LinkLostError as lost:
            raise self._gone(str(lost)) from None
        answers = []
        for event in self._reader.feed(data):
            if isinstance(event, str):
                self.console.append(event)
                self._tell(ConsoleLine(event))
            elif event.name == "LOG":
                line = results.log_from(event)
                self.logs.append(line)
                self._tell(line)
            elif event.name == "TELEMETRY_REPLY" and event.sequence is None:
                beat = results.telemetry_from(event)
                self.telemetry.append(beat)
                self._tell(beat)
            else:
                answers.append(event)
        return answers

    def _tell(self, news: News) -> None:
        if self._listener is not None:
            self._listener(news)

    def place(self) -> str:
        """The board and its port, for the first line of an error."""
        name = f"board {self.board}" if self.board else "the board"
        return f"{name} on {self.link.url}"

    def _progress(self) -> str:
        plural = "" if self.answered == 1 else "s"
        return f"after {self.answered} inference{plural}"

    def _gone(self, reason: str) -> DeviceError:
        return DeviceError(
            f"{self.place()} is gone {self._progress()}", [reason, *self._last_words()]
        )

    def silent(self, name: str, seconds: float) -> DeviceError:
        """The error of a request without an answer for `seconds`."""
        detail = [f"no answer to {name.lower()} within {seconds:g} s", *self._last_words()]
        if name != "HELLO":
            return DeviceError(f"{self.place()} has gone silent {self._progress()}", detail)
        seen = self._reader.total
        if seen and self._reader.faults:
            detail.append(f"{seen} bytes came in, and {self._reader.faults} times no sense in them")
        elif not seen:
            detail.append("nothing came in at all")
        sharers = self.link.sharers()
        if sharers:
            detail.append(f"{', '.join(sharers)} has the port open too and takes what comes in")
        return DeviceError(
            f"{self.place()} at {self.link.baud} baud says nothing of tinyflow's",
            detail,
            [
                f"tinyflow flash --board {self.board or 'NAME'}",
                "name another port with --port",
                "press the board's reset button and try again",
            ],
        )

    def _last_words(self) -> list[str]:
        return [f"| {line}" for line in list(self.console)[-SHOWN_LINES:]]


def refusal(message: Message) -> None:
    """Raise RefusedError where the message says that the device cannot."""
    if message.name == "STATUS_REPLY" and message.integer("STATUS") != 0:
        raise RefusedError(message)
