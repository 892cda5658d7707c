"""Frames and text, as the host reads and writes them."""

from __future__ import annotations

import random
import zlib
from typing import Any

import cbor2
import pytest
from cobs import cobs
from golden_frames import DIALOGUE
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyflow.device import messages, protocol
from tinyflow.device.messages import MalformedError, Message
from tinyflow.device.protocol import Event, Reader
from tinyflow.errors import ToolError

DELIMITER = b"\0"


def framed(item: object) -> bytes:
    body = item if isinstance(item, bytes) else cbor2.dumps(item)
    return DELIMITER + cobs.encode(body + zlib.crc32(body).to_bytes(4, "little")) + DELIMITER


def key(name: str) -> int:
    return messages.definitions().fields[name].key


@pytest.mark.parametrize("turn", DIALOGUE, ids=[turn[0] for turn in DIALOGUE])
def test_golden_answers_are_read_and_written_again(turn: Any) -> None:
    name, values, request, answer = turn
    (asked,) = Reader().feed(bytes.fromhex(request))
    assert asked == Message(name, values)
    events = Reader().feed(bytes.fromhex(answer))
    again = b""
    for event in events:
        assert isinstance(event, Message)
        assert event.sequence == values["SEQUENCE"]
        again += protocol.encode(event.name, order(event))
    if name != "HELLO":  # its floats have 32 bits, those of Python 64
        assert again.hex() == answer


def order(message: Message) -> dict[str, Any]:
    return {n: list(v) if isinstance(v, tuple) else v for n, v in message.values.items()}


def test_lists_say_what_the_firmware_is_built_with() -> None:
    known = messages.definitions()
    assert known.limits["PAYLOAD_BYTES"] > known.limits["CHUNK_BYTES"]
    assert known.messages["INFER"].number == 3
    assert known.messages["INPUT"].required == {"SEQUENCE", "OFFSET", "DATA"}
    assert known.statuses[4] == "the input is not complete"
    keys = [field.key for field in known.fields.values()]
    assert len(keys) == len(set(keys)) == len(known.keys)
    numbers = [kind.number for kind in known.messages.values()]
    assert len(numbers) == len(set(numbers))
    for kind in known.messages.values():
        if kind.from_host:
            assert all(known.fields[name].key < 16 for name in kind.required | kind.optional)


@pytest.mark.parametrize(
    "text",
    ["TNF_FIELD(TYPE, x, UINT)", "TNF_REPLY(A, 1, F(NOPE), F(NONE))", "TNF_LIMIT(A)"],
)
def test_a_damaged_list_is_an_error_of_ours(text: str) -> None:
    with pytest.raises(ToolError):
        messages.parse(text, "")


@pytest.mark.parametrize(
    "item",
    [
        {0: 65},  # a field is missing
        {0: 65, 16: True},
        {0: 65, 16: -1},
        {0: 65, 16: 1 << 32},
        {0: 65, 16: 1.0},
        {0: 65, 16: "1"},
        {0: 65, 16: [1]},
        {0: True, 16: 1},
        {0: 200, 16: 1},
        {0: [65], 16: 1},
        {16: 1},
        {},
        {0: 70, 52: 1, 53: "x" * 600},
        {0: 70, 52: 1, 53: b"x"},
        {0: 64, 1: 1, 20: 1, 29: float("nan")},
        {0: 64, 1: 1, 20: 1, 29: float("inf")},
        {0: 64, 1: 1, 20: 1, 29: 1},
        {0: 64, 1: 1, 20: 1, 30: 1 << 31},
        {0: 66, 1: 1, 17: 1, 18: 1, 3: "text"},
    ],
)
def test_what_is_not_as_listed_is_dropped(item: object) -> None:
    reader = Reader()
    assert reader.feed(framed(item)) == []
    assert (reader.malformed, reader.damaged, reader.noise) == (1, 0, 0)


@pytest.mark.parametrize(
    "body",
    [
        b"\xa1" * 500,
        b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xa1\x00\xd8\x23\x61(",
        b"\xa1\x00\xc1\xfb\x7f\xf0\0\0\0\0\0\0",
        b"\xa1\x81\x80\x00",
        b"\xa1\x00\xc2\x5a\x7f\xff\xff\xff",
        b"\xa2\x00\x18\x41",
        b"\xa0" + b"\0" * 1080,
        b"\xa2\x00\x18\x41\x10\xf7",
    ],
)
def test_no_cbor_raises(body: bytes) -> None:
    reader = Reader()
    assert reader.feed(framed(body)) == []
    assert reader.faults == 1


def test_unknown_fields_are_passed_over() -> None:
    item = {0: 65, 16: 0, 200: {"a": [1]}, "x": None, -1: 2}
    assert Reader().feed(framed(item)) == [Message("STATUS_REPLY", {"STATUS": 0})]


def test_texts_cannot_upset_a_terminal() -> None:
    (log,) = Reader().feed(framed({0: 70, 52: 1, 53: "a\x1b[2Jb\r\n°"}))
    assert isinstance(log, Message) and log.text("TEXT") == "a?[2Jb??°"


def test_a_whole_frame_over_the_limit_is_dropped() -> None:
    reader = Reader()
    assert reader.feed(framed({0: 65, 16: 0, 99: bytes(1084)})) == []
    assert reader.feed(framed({0: 65, 16: 0, 99: bytes(5000)})) == []
    assert reader.faults == 2
    assert len(reader.feed(framed({0: 65, 16: 0}))) == 1


def test_lines_come_as_they_end_and_at_the_next_frame() -> None:
    reader = Reader()
    assert reader.feed(b"ets Jul 29 2019\r\n\x1b[0;32mI (31) boot: hi\x1b[0m\nno e") == [
        "ets Jul 29 2019",
        "I (31) boot: hi",
    ]
    frame = protocol.encode("HELLO", {"SEQUENCE": 1})
    assert reader.feed(b"nd" + frame) == ["no end", Message("HELLO", {"SEQUENCE": 1})]
    assert reader.faults == 0


def test_a_line_without_end_is_not_kept_for_ever() -> None:
    reader = Reader()
    for _ in range(100):
        assert reader.feed(b"x" * 1000) == []
    assert reader.noise > 0
    assert len(reader._segment) <= protocol.MAX_LINE_BYTES


@given(st.binary(max_size=3000), st.integers(1, 64))
@settings(max_examples=200, deadline=None)
def test_random_bytes_are_no_message(data: bytes, step: int) -> None:
    reader = Reader()
    for at in range(0, len(data), step):
        for event in reader.feed(data[at : at + step]):
            assert isinstance(event, str)
    # Two frames, since what was begun before may swallow the first one's delimiter.
    frame = protocol.encode("TELEMETRY", {"SEQUENCE": 7})
    events = reader.feed(DELIMITER + frame)
    assert events[-1] == Message("TELEMETRY", {"SEQUENCE": 7})


frames = st.builds(
    lambda sequence, data: protocol.encode("INFER", {"SEQUENCE": sequence, "DATA": data}),
    st.integers(0, 1 << 31),
    st.binary(max_size=300),
)
lines = st.sampled_from([b"", b"boot\r\n", b"I (12) wifi: on\n", b"half a line"])
faults = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 2), st.integers(0, 255)), max_size=8)


def whole(events: list[Event]) -> list[Message]:
    return [event for event in events if isinstance(event, Message)]


@given(st.lists(st.tuples(lines, frames), min_size=1, max_size=12), faults, st.integers(1, 500))
@settings(max_examples=300, deadline=None)
def test_a_bad_line_costs_frames_but_brings_no_wrong_one(
    pieces: list[tuple[bytes, bytes]], damage: list[tuple[float, int, int]], step: int
) -> None:
    stream = bytearray(b"".join(text + frame for text, frame in pieces))
    sent = whole(Reader().feed(bytes(stream)))
    for place, kind, value in damage:
        at = int(place * (len(stream) - 1))
        if kind == 0:
            stream[at] ^= 1 << (value % 8)
        elif kind == 1:
            del stream[at]
        else:
            stream.insert(at, value)
        if not stream:
            return
    reader = Reader()
    got: list[Message] = []
    for at in range(0, len(stream), step):
        got += whole(reader.feed(bytes(stream[at : at + step])))
    remaining = iter(sent)
    assert all(message in remaining for message in got), "in order, and none that was not sent"
    # A fault costs the frame it is in, and the one after it when it is between the two.
    assert len(got) >= len(sent) - 2 * len(damage)
    last = protocol.encode("HELLO", {"SEQUENCE": 99})
    assert reader.feed(DELIMITER + last)[-1] == Message("HELLO", {"SEQUENCE": 99})


def test_two_thousand_frames_over_a_bad_line() -> None:
    rng = random.Random(4)
    sent = [{"SEQUENCE": n, "DATA": rng.randbytes(rng.randrange(200))} for n in range(2000)]
    stream = bytearray()
    for number, values in enumerate(sent):
        stream += protocol.encode("INFER", values)
        if number % 5 == 0:
            stream += b"I (%d) app: a line\r\n" % number
    for _ in range(171):
        at = rng.randrange(len(stream))
        kind = rng.randrange(3)
        if kind == 0:
            stream[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del stream[at]
        else:
            stream.insert(at, rng.randrange(256))
    reader = Reader()
    got = whole(reader.feed(bytes(stream)))
    remaining = iter(Message("INFER", values) for values in sent)
    assert all(message in remaining for message in got)
    assert 2000 - 2 * 171 <= len(got) < 2000


def test_decode_tells_damage_from_nonsense() -> None:
    segment = framed({0: 65, 16: 0})[1:-1]
    assert protocol.decode(segment) == Message("STATUS_REPLY", {"STATUS": 0})
    assert protocol.decode(segment[:-1]) is None
    assert protocol.decode(b"") is None
    with pytest.raises(MalformedError):
        protocol.decode(framed({0: 199})[1:-1])
