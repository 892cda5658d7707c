"""An input on its way to the board and an output on its way back, in pieces.

Where the firmware allows it (its hello has PROTOCOL_LOWEST), several requests are under way at
once, so that the line never waits for an answer. The board answers in order: an answer to a later
request says that an earlier one, or its answer, is lost.

An input goes by "go back N": the board takes the piece that follows what it has, not again what it
has already, and refuses every other one; each time it says how much it has and the CRC-32 of it.
The host goes on from there where that is what it has sent, and begins anew where it is not; after
a lost connection as well.
"""

from __future__ import annotations

import zlib
from collections import deque

from tinyflow.device import session as sessions
from tinyflow.device.messages import Message, Value
from tinyflow.device.session import RefusedError, Session
from tinyflow.errors import DeviceError

WINDOW = 4  # requests under way: a receive buffer of 64 B holds those for an output
MAX_REWINDS = 16  # without a byte more than before; and how often the board may lose all it has


class _Flight:
    """Requests of one kind under way, each with the offset it is about, in the order sent."""

    def __init__(
        self, session: Session, name: str, reply: str, reply_bytes: int, seconds: float
    ) -> None:
        self._session = session
        self._name = name
        self._replies = (reply, "STATUS_REPLY")
        self._reply_bytes = reply_bytes
        self._seconds = seconds
        self._sent: dict[int, tuple[int, int, float]] = {}  # by sequence: offset, bytes, time
        self._heard_at = session.now()
        self._due = 0.0
        self._backoff = 1.0

    @property
    def has_room(self) -> bool:
        return len(self._sent) < self._session.pace.window

    @property
    def offsets(self) -> list[int]:
        """What is under way."""
        return [offset for offset, _, _ in self._sent.values()]

    def send(self, values: dict[str, Value]) -> None:
        """Send a request; its OFFSET names it."""
        sequence, frame = self._session.frame(self._name, values)
        self._session.write(frame)
        offset = values["OFFSET"]
        assert isinstance(offset, int)
        self._sent[sequence] = (offset, len(frame), self._session.now())
        self._set_due()

    def forget(self) -> None:
        """Whatever is still answered does not matter."""
        self._sent.clear()

    def receive(self) -> list[tuple[int, Message]]:
        """Answers with the offsets of their requests, as soon as there is one or one is overdue.

        What is lost is no longer under way. Raises RefusedError for what no transfer can go on
        from, DeviceError when nothing was answered for too long.
        """
        session = self._session
        now = session.now()
        end = self._heard_at + self._seconds
        if now >= end:
            raise session.silent(self._name, self._seconds)
        if now >= self._due:
            self._lose()
            return []
        messages, damaged = session.hear(min(self._due, end) - now)
        now = session.now()
        answers = []
        for message in messages:
            if message.sequence not in self._sent or message.name not in self._replies:
                continue  # of a request that was given up
            self._heard_at, self._backoff = now, 1.0
            while (first := next(iter(self._sent))) != message.sequence:
                del self._sent[first]
                damaged = True
            offset, _, sent_at = self._sent.pop(first)
            answers.append((offset, message))
            session.note(self._name, now - sent_at, not damaged)
            self._set_due()
            session.pace.got_through()
        if damaged:
            session.pace.got_lost()
            # What is under way may have been lost; if not, its answers come within this time.
            wait = sessions.EARLY_SECONDS + self._wire_seconds()
            self._due = min(self._due, now + wait)
        return answers

    def _lose(self) -> None:
        self._sent.clear()
        self._session.pace.got_lost()
        self._backoff = min(2 * self._backoff, sessions.MAX_PATIENCE_SECONDS)

    def _wire_seconds(self) -> float:
        size = sum(frame + self._reply_bytes for _, frame, _ in self._sent.values())
        return size * sessions.BITS_PER_BYTE / self._session.link.baud

    def _set_due(self) -> None:
        patience = self._session.patience(self._name, 0) * self._backoff
        self._due = self._session.now() + patience + self._wire_seconds()


def upload(
    session: Session, data: bytes, chunk_bytes: int, seconds: float, *, resume: bool
) -> None:
    """Set the model's input. With `resume` go on from what the board has of it, if it is that.

    `seconds` is how long the board may answer nothing. Raises DeviceError where the board is gone,
    silent or takes no more; RefusedError where it cannot take an input.
    """
    total = len(data)
    done = _agreed(session, data, seconds) if resume else 0
    next_at, rewinds, falls = done, 0, 0
    ends: dict[int, int] = {}  # of the pieces sent, by where they begin
    flight = _Flight(session, "INPUT", "STATUS_REPLY", 32, seconds)
    while done < total:
        while flight.has_room and next_at < total:
            piece = data[next_at : next_at + session.pace.piece(chunk_bytes)]
            ends[next_at] = next_at + len(piece)
            flight.send({"OFFSET": next_at, "DATA": piece})
            next_at += len(piece)
        before = done
        for offset, reply in flight.receive():
            done = _board_has(reply, data, ends[offset])
            refused = reply.integer("STATUS") != 0
            if refused and done == offset:
                raise RefusedError(reply)  # the very piece that it lacks
            if refused or done <= offset:
                flight.forget()
                break
        if not flight.offsets and done < next_at:
            next_at = done
            rewinds += 1
        falls += done < before
        rewinds = 0 if done > before else rewinds
        if max(rewinds, falls) > MAX_REWINDS:
            raise DeviceError(
                f"{session.place()} did not take the input in {MAX_REWINDS} attempts",
                [f"it has {done} of {total} B"],
            )


def _board_has(reply: Message, data: bytes, expected: int) -> int:
    """How much of `data` the board has, by its reply; 0 where it has something else."""
    if "BYTES" not in reply.values:
        return 0
    refused, size = RefusedError(reply), reply.integer("BYTES")
    if refused.name not in ("OK", "BAD_FIELD"):
        raise refused
    if "CRC32" not in reply.values:  # older firmware
        return size if size == expected else 0
    whole = size <= len(data) and zlib.crc32(data[:size]) == reply.integer("CRC32")
    return size if whole else 0


def _agreed(session: Session, data: bytes, seconds: float) -> int:
    """Ask how much of `data` the board has."""
    # Changes nothing, and every status says what the board has.
    reply = session.request("CONFIGURE", "STATUS_REPLY", seconds).reply
    return _board_has(reply, data, 0)


def download(
    session: Session, output: bytearray, total: int, chunk_bytes: int, seconds: float
) -> None:
    """Complete an output of `total` bytes, of which `output` holds the first.

    Raises DeviceError as `upload`, and where the board answers with something else; RefusedError
    where it no longer has that output.
    """
    begin = len(output)
    if begin > total:
        place = session.place()
        raise DeviceError(f"{place} answers with {begin} B of an output of {total} B")
    pieces = range(begin, total, chunk_bytes)
    # Never a list of them all: what a board says of its output may be of a million pieces.
    ahead, left = iter(pieces), len(pieces)
    lost: deque[int] = deque()
    found = bytearray(total - begin)
    flight = _Flight(session, "OUTPUT", "CHUNK", chunk_bytes + 32, seconds)
    while left:
        under_way, answered = flight.offsets, set[int]()
        while flight.has_room:
            wanted = lost.popleft() if lost else next(ahead, None)
            if wanted is None:
                break
            flight.send({"OFFSET": wanted})
            under_way.append(wanted)
        for offset, reply in flight.receive():
            sessions.refusal(reply)
            size = min(chunk_bytes, total - offset)
            right = reply.name == "CHUNK" and (
                reply.integer("OFFSET") == offset
                and reply.integer("BYTES") == total
                and len(reply.data()) == size
            )
            if not right:
                raise DeviceError(
                    f"{session.place()} answers with a part of the output that was not asked for"
                )
            found[offset - begin : offset - begin + size] = reply.data()
            answered.add(offset)
            left -= 1
        still = answered.union(flight.offsets)
        lost.extendleft(offset for offset in reversed(under_way) if offset not in still)
    output += found
