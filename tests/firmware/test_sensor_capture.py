"""Capturing samples: consent, chunks by offset, the hold and what ends it."""

from __future__ import annotations

import ctypes
import random
import zlib

import pytest
from fake_board import expected_layers
from golden_frames import CAPTURE_DIALOGUE, INPUT
from sensing_board import Board, build_sensing

from tinyflow.device import messages, protocol
from tinyflow.device.messages import Message

HOLD_MS = 1000
STATUS = {name: number for number, name in messages.definitions().status_names.items()}
OFF, ON = 1, 2


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return build_sensing(tmp_path_factory.mktemp("capture"))


class Capturing:
    """A board whose firmware has capture, and the host's side of it."""

    def __init__(self, library: ctypes.CDLL, *, allowed: bool = True) -> None:
        self.board = Board(library)
        library.shim_capture(HOLD_MS)
        if allowed:
            library.shim_allow(1)
            self.board.poll()
            self.board.take()
        self.data = random.Random(3).randbytes(4000)
        self.sensed = 0
        self.sequence = 100

    def sense(self, samples: int) -> bytes | None:
        """The sensor's next samples, and a round of the main loop."""
        self.board.sense(self.data[self.sensed : self.sensed + samples], samples)
        self.sensed += samples
        return self.board.poll()

    def ask(self, name: str = "CAPTURE", **values: messages.Value) -> Message:
        self.sequence += 1
        return self.board.ask(name, SEQUENCE=self.sequence, **values)

    def status(self, name: str = "CAPTURE", **values: messages.Value) -> str:
        reply = self.ask(name, **values)
        assert reply.name == "STATUS_REPLY"
        return messages.definitions().status_names[reply.integer("STATUS")]

    def hold(self) -> Message:
        """Asks for a window, which comes: the first chunk of it."""
        assert self.status() == "NO_SAMPLE"
        assert self.sense(64) is None
        return self.ask()


def consent(board: Board, sequence: int) -> int:
    return board.ask("HELLO", SEQUENCE=sequence).integer("CAPTURE")


def test_firmware_without_capture_says_so(library: ctypes.CDLL) -> None:
    board = Board(library)
    assert consent(board, 1) == 0
    for number, values in enumerate(({}, {"OFFSET": 0}, {"RELEASE": 1})):
        reply = board.ask("CAPTURE", SEQUENCE=2 + number, **values)
        assert reply.integer("STATUS") == STATUS["UNSUPPORTED"]


def test_nothing_leaves_a_board_on_which_nobody_said_so(library: ctypes.CDLL) -> None:
    host = Capturing(library, allowed=False)
    assert consent(host.board, 1) == OFF
    assert [host.status(**v) for v in ({}, {"OFFSET": 0}, {"RELEASE": 0})] == ["NOT_ALLOWED"] * 3
    assert host.sense(64) == expected_layers(host.data[:64])[-1]  # nor is anything held up
    # Whatever a request brings along: none switches it on.
    for name in ("HELLO", "CONFIGURE", "SENSOR", "TELEMETRY"):
        host.ask(name, RELEASE=1, OFFSET=1)
    assert consent(host.board, 2) == OFF


def test_the_console_switches_it_and_the_host_is_told(library: ctypes.CDLL) -> None:
    host = Capturing(library, allowed=False)
    assert [library.shim_line(line) for line in (b"captures", b"capture of", b"")] == [0, 0, 0]
    host.board.take()
    said = []
    for line in (b"capture", b"capture on", b"capture on", b"capture", b"capture off"):
        assert library.shim_line(line) == 1
        host.board.poll()  # which hands over what is to go out
        for event in host.board.reader.feed(host.board.take()):
            said.append(event.text("TEXT") if isinstance(event, Message) else f"> {event}")
    assert said == [
        "> capture is off",
        "capture is on: raw samples may leave the board",
        "> capture is on",
        "> capture is on",
        "> capture is on",
        "capture is off",
        "> capture is off",
    ]
    assert consent(host.board, 1) == OFF


def test_a_sample_is_the_input_and_then_its_output(library: ctypes.CDLL) -> None:
    host = Capturing(library)
    assert consent(host.board, 1) == ON
    first = host.hold()
    window = host.data[:64]
    assert (first.integer("SAMPLE"), first.integer("BYTES"), first.data()) == (1, 64, window)
    assert first.integer("CRC32") == zlib.crc32(window)
    assert host.ask(OFFSET=60).data() == window[60:]
    assert host.ask(OFFSET=60).data() == window[60:]  # as often as it is asked
    assert host.status(OFFSET=64) == "BAD_FIELD"
    assert host.sense(96) is None  # held: six windows go by
    assert host.ask("TELEMETRY").integer("INFERENCES") == 0
    last = host.ask(RELEASE=1)
    assert last.data() == expected_layers(window)[-1]
    assert (last.integer("SAMPLE"), last.integer("COUNT")) == (1, 100)
    assert host.ask(RELEASE=1).data() == last.data()  # the answer was lost
    assert host.board.poll() is not None  # the application has its result
    assert host.ask("TELEMETRY").integer("DEADLINE_MISSES") == 0
    # The next one is the newest window there is by then.
    assert host.status() == "NO_SAMPLE"
    assert host.sense(16) is None
    second = host.ask()
    assert second.integer("SAMPLE") == 2
    assert second.data() == host.data[host.sensed - 64 : host.sensed]
    assert second.integer("WINDOWS_DROPPED") == 6
    assert host.ask(RELEASE=2).data() == expected_layers(second.data())[-1]
    assert host.status(RELEASE=0) == "OK"
    assert host.sense(16) == expected_layers(host.data[host.sensed - 64 : host.sensed])[-1]


@pytest.mark.parametrize("sensed", [1, 16, 40, 64])
def test_nothing_sensed_before_consent_leaves_the_board(library: ctypes.CDLL, sensed: int) -> None:
    host = Capturing(library, allowed=False)
    assert host.status() == "NOT_ALLOWED"
    host.board.sense(host.data[:sensed], sensed)
    host.sensed = sensed
    assert (host.board.poll() is not None) == (sensed == 64)
    library.shim_allow(1)
    host.board.poll()
    host.board.take()
    assert host.status() == "NO_SAMPLE"
    began = -(-sensed // 16) * 16  # where the first window begins that is of after it
    while host.sensed < began + 64:
        assert host.status() == "NO_SAMPLE"
        host.sense(1)
    assert host.ask().data() == host.data[began : began + 64]


def test_a_silent_host_holds_a_sample_for_so_long_only(library: ctypes.CDLL) -> None:
    host = Capturing(library)
    host.hold()
    host.board.at(1500 + HOLD_MS - 1)
    assert host.sense(16) is None
    host.ask(OFFSET=8)  # each request counts
    host.board.at(1500 + 2 * HOLD_MS - 2)
    assert host.board.poll() is None
    host.board.at(1500 + 2 * HOLD_MS)
    assert host.board.poll() == expected_layers(host.data[:64])[-1]
    assert host.status(RELEASE=1) == "NO_SAMPLE"
    assert host.status(OFFSET=8) == "NO_SAMPLE"  # which asks for no other
    assert host.sense(16) is not None
    # One that only asked and went away holds nothing at all.
    assert host.status() == "NO_SAMPLE"
    host.board.at(1500 + 4 * HOLD_MS)
    assert host.sense(16) is not None


def test_switching_off_ends_it_at_once(library: ctypes.CDLL) -> None:
    host = Capturing(library)
    host.hold()
    library.shim_allow(0)
    host.board.feed(b"\n")  # takes what it says
    assert host.status(OFFSET=8) == "NOT_ALLOWED"
    assert host.status(RELEASE=1) == "NOT_ALLOWED"
    assert host.board.poll() == expected_layers(host.data[:64])[-1]
    library.shim_allow(1)
    host.board.poll()
    host.board.take()
    assert host.status(OFFSET=8) == "NO_SAMPLE"


def test_a_host_that_uses_the_model_meanwhile_gets_no_mixture(library: ctypes.CDLL) -> None:
    other = bytes(64)
    for name, values in (
        ("INFER", {"DATA": other}),
        ("LAYERS", {"DATA": other}),
        ("INPUT", {"OFFSET": 0, "DATA": other[:1]}),
    ):
        host = Capturing(library)
        first = host.hold()
        host.sequence += 1
        host.board.feed(protocol.encode(name, {"SEQUENCE": host.sequence, **values}))
        assert host.ask(OFFSET=0).integer("CRC32") == first.integer("CRC32")  # not of those bytes
        assert host.status(RELEASE=1) == "NO_SAMPLE"
        assert host.status() == "NO_SAMPLE"
    # Between two rounds of the main loop nothing of it is left either.
    host = Capturing(library)
    host.hold()
    host.ask("INFER", DATA=other)
    assert host.board.poll() is None
    assert host.ask("SENSOR").integer("WINDOWS_DROPPED") == 1
    assert host.status(RELEASE=1) == "NO_SAMPLE"


def test_a_replay_is_not_held_up(library: ctypes.CDLL) -> None:
    host = Capturing(library)
    host.hold()
    host.ask("SENSOR", REPLAY=1)
    assert host.status(RELEASE=1) == "NO_SAMPLE"
    assert host.status() == "NO_SAMPLE"  # wanted, but of the sensor
    reply = host.ask("SAMPLES", OFFSET=0, DATA=host.data[:64])
    assert reply.data() == expected_layers(host.data[:64])[-1]


def test_the_firmware_answers_byte_for_byte(library: ctypes.CDLL) -> None:
    host = Capturing(library)
    for name, values, request, answer in CAPTURE_DIALOGUE:
        assert protocol.encode(name, values).hex() == request
        assert host.board.feed(bytes.fromhex(request)).hex() == answer
        if values == {"SEQUENCE": 1}:
            host.board.sense(INPUT, 64)
            assert host.board.poll() is None
