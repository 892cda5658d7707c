"""Frames and text on the wire, as bytes; no input or output.

A frame is `0x00 COBS(payload, CRC-32 little endian) 0x00`, its payload one CBOR map. What stands
between two 0x00 is taken as a frame when it may begin one, else it is text. Nothing that comes in
raises: what is not right is dropped and counted, and reading goes on at the next 0x00.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import TypeAlias

import cbor2
from cobs import cobs

from tinyflow.device import messages
from tinyflow.device.messages import MalformedError, Message, Value

DELIMITER = b"\0"
CRC_BYTES = 4
MAX_LINE_BYTES = 1024

# Colours and cursor movements, as in the log lines of some SDKs.
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

Event: TypeAlias = "Message | str"
"""A message, or a line of text without its end."""


def encode(name: str, values: Mapping[str, Value]) -> bytes:
    """The frame of message `name` with the fields `values`, delimiters included."""
    known = messages.definitions()
    fields = {0: known.messages[name].number}
    payload = {known.fields[field].key: value for field, value in values.items()}
    body = cbor2.dumps({**fields, **payload})
    checked = body + zlib.crc32(body).to_bytes(CRC_BYTES, "little")
    return DELIMITER + bytes(cobs.encode(checked)) + DELIMITER


def decode(segment: bytes) -> Message | None:
    """The message in what stood between two 0x00, None when it is damaged.

    Raises MalformedError when it is whole but no message of the protocol.
    """
    try:
        checked = bytes(cobs.decode(segment))
    except cobs.DecodeError:
        return None
    body = checked[:-CRC_BYTES]
    if not body or zlib.crc32(body).to_bytes(CRC_BYTES, "little") != checked[-CRC_BYTES:]:
        return None
    if len(checked) > messages.definitions().limits["PAYLOAD_BYTES"]:
        raise MalformedError("too long")
    try:
        data = cbor2.loads(body)
    except Exception as error:
        # Dates, expressions and more can stand in CBOR; each has errors of its own.
        raise MalformedError(type(error).__name__) from None
    return messages.check(data)


class Reader:
    """Takes bytes as they come and gives messages and lines of text, in order.

    `damaged` counts frames that were not whole, `malformed` whole ones that are no message,
    `noise` stretches of text that is none. `total` bytes have been seen.
    """

    def __init__(self) -> None:
        self.damaged = 0
        self.malformed = 0
        self.noise = 0
        self.total = 0
        limit = messages.definitions().limits["PAYLOAD_BYTES"]
        self._frame_limit = limit + limit // 254 + 2
        self._segment = bytearray()
        self._is_frame: bool | None = None
        self._too_long = False

    @property
    def faults(self) -> int:
        """Everything that was dropped so far."""
        return self.damaged + self.malformed + self.noise

    def feed(self, data: bytes) -> list[Event]:
        """What has become complete with `data`."""
        self.total += len(data)
        events: list[Event] = []
        first, *others = data.split(DELIMITER)
        self._extend(first, events)
        for part in others:
            self._close(events)
            self._extend(part, events)
        return events

    def _extend(self, part: bytes, events: list[Event]) -> None:
        if not part:
            return
        if not self._too_long:
            self._segment += part
        if self._is_frame is None and len(self._segment) >= 2:
            # The first byte is a COBS code or a letter; a frame's next one is the head of a map.
            self._is_frame = self._segment[0] >= 2 and self._segment[1] & 0xE0 == 0xA0
        if self._is_frame:
            if len(self._segment) > self._frame_limit:
                self._too_long = True
                self._segment.clear()
            return
        if self._is_frame is None:
            return
        *lines, rest = self._segment.split(b"\n")
        for line in lines:
            self._line(bytes(line), events)
        self._segment[:] = rest
        if len(rest) > MAX_LINE_BYTES:
            self.noise += 1
            self._segment.clear()

    def _close(self, events: list[Event]) -> None:
        segment, is_frame, too_long = bytes(self._segment), self._is_frame, self._too_long
        self._segment.clear()
        self._is_frame, self._too_long = None, False
        if too_long:
            self.damaged += 1
        elif is_frame:
            try:
                message = decode(segment)
            except MalformedError:
                self.malformed += 1
                return
            if message is None:
                self.damaged += 1
            else:
                events.append(message)
        elif segment:
            self._line(segment, events)

    def _line(self, line: bytes, events: list[Event]) -> None:
        try:
            text = _ESCAPES.sub("", line.decode("utf-8")).strip()
        except UnicodeDecodeError:
            self.noise += 1
            return
        if messages.printable(text) != text:
            self.noise += 1
        elif text:
            events.append(text)
