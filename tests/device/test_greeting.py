"""What host and board agree on first, also where one of them is older or newer than the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pytest
from fake_board import flashed
from golden_frames import (
    CAPTURE_DIALOGUE,
    DIALOGUE,
    OLDER_HELLO_REPLY,
    REPLAY_DIALOGUE,
    SPEAKING_HELLO,
    STATE_DIALOGUE,
    UNASKED,
)

from tinyflow import device
from tinyflow.artifacts import FlashedBoard
from tinyflow.device import messages, protocol
from tinyflow.device.greeting import greet
from tinyflow.device.messages import Message, Value
from tinyflow.device.session import Session
from tinyflow.errors import DeviceError

DIALOGUES = [*DIALOGUE, *REPLAY_DIALOGUE, *STATE_DIALOGUE, *CAPTURE_DIALOGUE]
ANYBODY = dataclasses.replace(flashed("line"), model_sha256="", build_id="")


class Line:
    """Answers the first request with given bytes."""

    url, baud = "line", 115200

    def __init__(self, answer: bytes) -> None:
        self.answer, self.asked, self.time = answer, b"", 0.0

    def read(self, seconds: float) -> bytes:
        self.time += max(seconds, 0.001)
        answer, self.answer = self.answer, b""
        return answer

    def write(self, data: bytes) -> None:
        self.asked += data

    def close(self) -> None:
        return

    def now(self) -> float:
        return self.time

    def sharers(self) -> list[str]:
        return []


def greeted(answer: bytes, board: FlashedBoard = ANYBODY) -> tuple[Session, Line]:
    line = Line(answer)
    session = Session(line, "shim", None, sequence=0)
    greet(session, board, 5.0)
    return session, line


def hello(values: Mapping[str, Value]) -> bytes:
    """The golden hello with other values."""
    (golden,) = protocol.Reader().feed(bytes.fromhex(DIALOGUE[0][3]))
    assert isinstance(golden, Message)
    return protocol.encode("HELLO_REPLY", {**golden.values, **values})


def test_every_message_has_a_golden_frame_each_way() -> None:
    known = messages.definitions().messages
    seen = {name for name, *_ in UNASKED}
    for name, _, _, answer in DIALOGUES:
        events = protocol.Reader().feed(bytes.fromhex(answer))
        seen |= {name, *(event.name for event in events if isinstance(event, Message))}
    assert seen == set(known)
    for name, values, frame in UNASKED:
        (event,) = protocol.Reader().feed(bytes.fromhex(frame))
        assert isinstance(event, Message) and event.name == name
        assert event.sequence is None and values.items() <= event.values.items()


def test_the_host_tells_what_it_speaks() -> None:
    session, line = greeted(bytes.fromhex(SPEAKING_HELLO[2]))
    assert line.asked == protocol.encode(
        "HELLO", {"SEQUENCE": 1, "SPEAKS": messages.definitions().limits["PROTOCOL"]}
    )
    assert session.pace.window > 1, "the firmware takes several requests at once"


def test_firmware_that_does_not_negotiate_is_served_one_request_at_a_time() -> None:
    session, _ = greeted(bytes.fromhex(OLDER_HELLO_REPLY))
    assert session.pace.window == 1


@pytest.mark.parametrize(("theirs", "newer"), [(0, False), (9, True)])
def test_a_protocol_that_is_not_spoken_is_refused_by_number(theirs: int, newer: bool) -> None:
    with pytest.raises(DeviceError, match=rf"speaks protocol {theirs}, this tinyflow") as caught:
        greeted(hello({"PROTOCOL": theirs}))
    assert ("the board's firmware is of a newer tinyflow" in caught.value.detail) == newer
    assert caught.value.hints == ("tinyflow flash --board fake-board",)


@pytest.mark.parametrize(
    "wrong",
    [{"CHUNK_BYTES": 0}, {"CHUNK_BYTES": 4096}, {"OUTPUT_BYTES": 0xFFFFFFFF}, {"LAYERS": 1 << 20}],
)
def test_sizes_that_cannot_be_are_refused(wrong: dict[str, Value]) -> None:
    (name,) = wrong
    with pytest.raises(DeviceError, match="hello cannot be") as caught:
        greeted(hello(wrong))
    assert caught.value.detail[0].startswith(f"{name} is {wrong[name]}, ")


def test_a_board_that_refuses_what_needs_no_input_for_want_of_one_is_told() -> None:
    """Found by the fuzzer: only an inference can begin again with its input."""

    class Refusing(Line):
        def write(self, data: bytes) -> None:
            (asked,) = protocol.Reader().feed(data)
            assert isinstance(asked, Message) and asked.sequence is not None
            refusal = {"SEQUENCE": asked.sequence, "STATUS": 4, "BYTES": 0}
            answer = protocol.encode("STATUS_REPLY", refusal)
            own = {"SEQUENCE": asked.sequence}
            self.answer = hello(own) if asked.name == "HELLO" else answer

    with (
        device.connect(ANYBODY, open_link=lambda: Refusing(b"")) as dut,
        pytest.raises(DeviceError, match="refuses reset: the input is not complete"),
    ):
        dut.reset()


def test_a_board_that_refuses_the_hello_is_told() -> None:
    refusal = protocol.encode("STATUS_REPLY", {"SEQUENCE": 1, "STATUS": 2, "BYTES": 0})
    with pytest.raises(DeviceError, match="refuses hello: the message is not one"):
        greeted(refusal)
