"""The device's side of the protocol, compiled for the host."""

from __future__ import annotations

import ctypes
import zlib
from collections.abc import Iterator

import cbor2
import pytest
from fake_board import (
    build_shim,
    expected_layers,
)
from golden_frames import DIALOGUE, INPUT, SPEAKING_HELLO, UNASKED

from tinyflow.device import messages, protocol
from tinyflow.device.messages import Message, Value

LIMITS = messages.definitions().limits


class Board:
    """The session over the memory port."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        self._written = ctypes.create_string_buffer(1 << 17)
        self.reader = protocol.Reader()

    def start(self, multiply: int = 5, divide: int = 16, heartbeat_ms: int = 0) -> bytes:
        self.library.memory_port_set_step(100)
        self.library.memory_port_set_uptime(1500)
        self.library.shim_start(multiply, divide, heartbeat_ms)
        return self.take()

    def take(self) -> bytes:
        size = self.library.memory_port_take(self._written, len(self._written))
        return self._written.raw[:size]

    def feed(self, data: bytes) -> bytes:
        self.library.shim_feed(data, len(data))
        return self.take()

    def ask(self, name: str, **values: Value) -> list[Message]:
        events = self.reader.feed(self.feed(protocol.encode(name, values)))
        assert self.reader.faults == 0
        return [event for event in events if isinstance(event, Message)]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return build_shim(tmp_path_factory.mktemp("shim"))


@pytest.fixture
def board(library: ctypes.CDLL) -> Iterator[Board]:
    board = Board(library)
    board.start()
    yield board
    library.memory_port_set_uptime(0)


def test_the_firmware_answers_byte_for_byte(board: Board) -> None:
    for name, values, request, answer in DIALOGUE:
        assert protocol.encode(name, values).hex() == request
        assert board.feed(bytes.fromhex(request)).hex() == answer, name


def test_a_host_that_tells_what_it_speaks_is_answered_so(board: Board) -> None:
    values, request, answer = SPEAKING_HELLO
    assert protocol.encode("HELLO", values).hex() == request
    assert board.feed(bytes.fromhex(request)).hex() == answer
    # A host of a protocol to come is answered in this one, and so is one of none at all.
    for speaks in (0, 1, LIMITS["PROTOCOL"] + 1, 0xFFFFFFFF):
        (hello,) = board.ask("HELLO", SEQUENCE=speaks & 0xFF, SPEAKS=speaks)
        assert LIMITS["PROTOCOL_LOWEST"] <= hello.integer("PROTOCOL") <= LIMITS["PROTOCOL"]


def test_what_nobody_asked_for_is_sent_byte_for_byte(board: Board) -> None:
    board.library.shim_log(2, b"warm")
    assert board.take().hex() == UNASKED[0][2]
    assert board.feed(bytes.fromhex("0002a208010101ffffffffff00")).hex() == UNASKED[1][2]
    board.start(heartbeat_ms=1000)
    board.library.memory_port_set_uptime(2500)
    board.library.shim_idle(64)
    assert board.take().hex() == UNASKED[2][2]


def test_greeting_ends_what_a_reset_cut_off(board: Board) -> None:
    assert board.start() == b"\0tinyflow fake on shim: stats reset bootloader\r\n"


@pytest.mark.parametrize("size", [0, 1, 3, 4, 253, 254, 255, 508, 509, 600, 1024])
@pytest.mark.parametrize("fill", [b"\0", b"\1", b"\xff"])
def test_frames_of_any_length_come_through(
    library: ctypes.CDLL, size: int, fill: bytes, board: Board
) -> None:
    data = fill * size
    values = (ctypes.c_uint32 * 17)()
    payload = cbor2.dumps({0: 2, 1: 9, 2: 5, 3: data})
    assert library.shim_parse(payload, len(payload), values) == 0
    assert list(values)[:4] == [2, 9, 5, size]
    # A text of that length comes back through the firmware's own COBS.
    text = "x" * min(size, LIMITS["TEXT_BYTES"])
    library.shim_log(1, ("x" * size).encode())
    (log,) = board.reader.feed(board.take())
    assert isinstance(log, Message) and log.values == {"LEVEL": 1, "TEXT": text}


def test_texts_are_cut_between_characters(library: ctypes.CDLL, board: Board) -> None:
    library.shim_log(0, ("a" + "é" * 100).encode())
    (log,) = board.reader.feed(board.take())
    assert isinstance(log, Message)
    assert log.text("TEXT") == "a" + "é" * 63


def test_a_repeated_request_is_answered_but_not_executed(board: Board) -> None:
    first = board.ask("INFER", SEQUENCE=50, DATA=INPUT)
    for _ in range(3):
        assert board.ask("INFER", SEQUENCE=50, DATA=INPUT) == first
    (telemetry,) = board.ask("TELEMETRY", SEQUENCE=51)
    assert telemetry.integer("INFERENCES") == 1
    board.ask("INFER", SEQUENCE=52, DATA=INPUT)
    (telemetry,) = board.ask("TELEMETRY", SEQUENCE=53)
    assert telemetry.integer("INFERENCES") == 2


def test_a_repeated_chunk_is_not_appended_twice(board: Board) -> None:
    for _ in range(2):
        (reply,) = board.ask("INPUT", SEQUENCE=1, OFFSET=0, DATA=INPUT[:32])
        assert reply.integer("BYTES") == 32
    (reply,) = board.ask("INPUT", SEQUENCE=2, OFFSET=32, DATA=INPUT[32:])
    assert reply.integer("BYTES") == 64
    (result,) = board.ask("INFER", SEQUENCE=3)
    assert result.data() == expected_layers(INPUT)[-1]


@pytest.mark.parametrize(
    ("offset", "size", "status", "kept"),
    [
        (0, 65, 3, 0),
        (33, 1, 3, 32),
        (31, 1, 0, 32),  # set already
        (31, 2, 3, 32),
        (32, 33, 3, 32),
        (0xFFFFFFFF, 1, 3, 32),
    ],
)
def test_chunks_in_the_wrong_place_say_where_to_go_on(
    board: Board, offset: int, size: int, status: int, kept: int
) -> None:
    board.ask("INPUT", SEQUENCE=1, OFFSET=0, DATA=INPUT[:32])
    (reply,) = board.ask("INPUT", SEQUENCE=2, OFFSET=offset, DATA=bytes(size))
    assert (reply.integer("STATUS"), reply.integer("BYTES")) == (status, kept)


def test_an_inference_uses_its_input_up(board: Board) -> None:
    board.ask("INFER", SEQUENCE=1, DATA=INPUT)
    (reply,) = board.ask("INFER", SEQUENCE=2)
    assert reply.integer("STATUS") == 4
    (reply,) = board.ask("OUTPUT", SEQUENCE=3, OFFSET=0)
    assert reply.data() == expected_layers(INPUT)[-1]
    board.ask("INPUT", SEQUENCE=4, OFFSET=0, DATA=INPUT[:1])
    (reply,) = board.ask("OUTPUT", SEQUENCE=5, OFFSET=0)
    assert reply.integer("STATUS") == 5


def test_an_output_is_that_of_the_hosts_own_inference(board: Board) -> None:
    board.ask("INFER", SEQUENCE=1, DATA=INPUT)
    board.library.shim_infer()  # the application's, between the host's requests
    for sequence in (2, 3):
        (reply,) = board.ask("OUTPUT", SEQUENCE=sequence, OFFSET=4)
        assert reply.integer("STATUS") == 5
    board.ask("INFER", SEQUENCE=4, DATA=INPUT)
    (reply,) = board.ask("OUTPUT", SEQUENCE=5, OFFSET=4)
    assert reply.data() == expected_layers(INPUT)[-1][4:]


def test_a_session_without_a_sensor_says_so(board: Board) -> None:
    told = board.ask("SENSOR", SEQUENCE=1) + board.ask("SAMPLES", SEQUENCE=2, OFFSET=0, DATA=b"")
    assert [reply.integer("STATUS") for reply in told] == [7, 7]


def test_layers_are_told_with_their_checksums(board: Board) -> None:
    *layers, result = board.ask("LAYERS", SEQUENCE=1, DATA=INPUT)
    wanted = [zlib.crc32(layer) for layer in expected_layers(INPUT)]
    assert [layer.integer("CRC32") for layer in layers] == wanted
    assert [layer.integer("COUNT") for layer in layers] == [31, 31, 31]
    assert result.integer("COUNT") == 93  # the sum of the layers, each rounded
    (telemetry,) = board.ask("TELEMETRY", SEQUENCE=2)
    assert telemetry.integer("INFERENCES") == 0


@pytest.mark.parametrize(
    ("ticks", "multiply", "divide"),
    [
        (0, 5, 16),
        (7, 5, 16),
        (8, 5, 16),
        (0xFFFFFFFF, 5, 16),
        (0xFFFFFFFF, 1, 1),
        (0xFFFFFFFF, 65535, 65535),
        (123456789, 65535, 65534),
        (4294967290, 3, 2),
        (3, 65535, 1),
    ],
)
def test_counts_are_scaled_and_rounded(
    board: Board, ticks: int, multiply: int, divide: int
) -> None:
    board.start(multiply, divide)
    board.library.memory_port_set_step(ticks)
    count = board.library.shim_infer() & 0xFFFFFFFF
    exact = (ticks * multiply * 2 + divide) // (2 * divide)
    assert abs(count - min(exact, 0xFFFFFFFF)) <= (divide % 2)


def test_telemetry_remembers(board: Board) -> None:
    board.ask("CONFIGURE", SEQUENCE=1, DEADLINE=1000)
    steps = [100, 3200, 4000, 100]
    for number, step in enumerate(steps):
        board.library.memory_port_set_step(step)
        board.ask("INFER", SEQUENCE=2 + number, DATA=INPUT)
    (told,) = board.ask("TELEMETRY", SEQUENCE=9)
    names = ("INFERENCES", "COUNT", "COUNT_MIN", "COUNT_MAX", "COUNT_TOTAL", "DEADLINE_MISSES")
    assert [told.integer(name) for name in names] == [4, 31, 31, 1250, 2312, 1]
    assert told.integer("HISTOGRAM_FIRST") == 0
    # 31 twice; 1000 in [768, 1024); 1250 in [1024, 1536)
    assert told.integers("HISTOGRAM") == (2, 0, 0, 1, 1)
    assert told.integers("CLASS_COUNTS") == (0, 0, 0, 0, 0, 0, 0, 0, 4, 0)
    assert told.integer("STACK_USED_BYTES") == 1234


def test_buckets_cover_every_count(library: ctypes.CDLL) -> None:
    from tinyflow.device.results import bucket_start

    counts = [0, 1, 255, 256, 383, 384, 511, 512, 767, 768, 1 << 27, (1 << 32) - 1]
    last = LIMITS["HISTOGRAM_BUCKETS"] - 1
    for count in counts:
        bucket = library.tnf_telemetry_bucket(ctypes.c_uint32(count))
        assert bucket_start(bucket) <= count
        assert bucket == last or count < bucket_start(bucket + 1)


def test_heartbeats_come_when_due_and_upset_no_request(board: Board) -> None:
    board.start(heartbeat_ms=1000)
    board.library.shim_idle(64)
    assert board.take() == b""
    board.library.memory_port_set_uptime(2500)
    board.library.shim_idle(64)
    (beat,) = board.reader.feed(board.take())
    assert isinstance(beat, Message)
    assert beat.name == "TELEMETRY_REPLY" and beat.sequence is None

    request = protocol.encode("HELLO", {"SEQUENCE": 1})
    board.library.memory_port_set_uptime(4000)
    assert board.feed(request[:6]) == b""
    board.library.shim_idle(64)
    assert board.take() != b""
    (hello,) = board.reader.feed(board.feed(request[6:]))
    assert isinstance(hello, Message) and hello.name == "HELLO_REPLY"


def test_a_measured_clock_is_told_instead_of_the_profiles(board: Board) -> None:
    for measured, told in ((39_900_000, 39_900_000), (0, 25_000_000)):
        board.library.memory_port_set_clock(measured)
        assert board.ask("HELLO", SEQUENCE=1)[0].integer("CLOCK_HZ") == told


def test_heartbeats_stop_when_told(board: Board) -> None:
    board.start(heartbeat_ms=10)
    board.ask("CONFIGURE", SEQUENCE=1, HEARTBEAT_MS=0)
    board.library.memory_port_set_uptime(100_000)
    board.library.shim_idle(1000)
    assert board.take() == b""


def test_heartbeats_do_not_come_between_what_a_person_reads(board: Board) -> None:
    board.start(heartbeat_ms=10)
    board.library.memory_port_set_uptime(100)
    board.library.shim_idle(100)
    assert [event.name for event in board.reader.feed(board.take())] == ["TELEMETRY_REPLY"]
    assert board.feed(b"name\n") == b"name\r\n" + NAME
    board.library.memory_port_set_uptime(1000)
    board.library.shim_idle(100)
    assert board.take() == b""
    # Noise may look like a line; only a command is a person.
    assert board.feed(b"nane\n") == b"nane\r\n" + NAME
    board.library.shim_idle(100)
    assert [event.name for event in board.reader.feed(board.take())] == ["TELEMETRY_REPLY"]


NAME = b"tinyflow fake on shim: stats reset bootloader\r\n"
HELP = NAME
STATS = b"runs 0 last 0 min 0 max 0 instructions misses 0 drift 0/0\r\n"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (b"?\n", b"?\r\n" + HELP),
        (b"help\n", b"help\r\n" + HELP),
        (b"name\r\n", b"name\r\n" + NAME),
        (b"name\r", b"name\r\n" + NAME),
        (b"name%", b"name\r\n" + NAME),
        (b"stats\n", b"stats\r\n" + STATS),
        (b"nw\x7fame\b\be\bme\n", b"nw\b \bame\b \b\b \be\b \bme\r\n" + NAME),
        (b"\b\x7fname\n", b"name\r\n" + NAME),
        (b"reset\n", b"reset\r\ncannot\r\n"),
        (b"bootloader\n", b"bootloader\r\ncannot\r\n"),
        (b"\n\r\n%", b""),
        (b"\x1b[A\n", b""),
        (b"name\xff\n", b"name"),
        (b"x" * 80 + b"\n", b"x" * 80 + b"\r\n" + HELP),
        (b"name" + b" " * 77 + b"\n", b"name" + b" " * 76 + b"\r\n" + HELP),
        (b"x" * 200 + b"\nname\n", b"x" * 80 + b"\r\n" + HELP + b"name\r\n" + NAME),
    ],
)
def test_people_can_type(board: Board, typed: bytes, shown: bytes) -> None:
    assert board.feed(typed) == shown


def test_what_is_typed_is_shown_as_it_is_typed(board: Board) -> None:
    shown = [board.feed(bytes([byte])) for byte in b"na\x7fame\r"]
    assert shown == [b"n", b"a", b"\b \b", b"a", b"m", b"e", b"\r\n" + NAME]


def test_text_and_frames_mix(board: Board) -> None:
    hello = protocol.encode("HELLO", {"SEQUENCE": 1})
    events = board.reader.feed(board.feed(b"name\n" + hello + b"name\n" + hello + b"?\n"))
    kinds = [event if isinstance(event, str) else event.name for event in events]
    name = ["name", NAME.decode().strip()]
    assert kinds == [*name, "HELLO_REPLY", *name, "HELLO_REPLY", "?", HELP.decode().strip()]


def test_a_line_is_cut_off_by_a_frame_and_frames_are_not_shown(board: Board) -> None:
    frame = protocol.encode("INFER", {"SEQUENCE": 1, "DATA": INPUT})
    events = board.reader.feed(board.feed(b"na" + frame + b"me\n"))
    kinds = [event if isinstance(event, str) else event.name for event in events]
    assert kinds == ["na", "RESULT", "me", HELP.decode().strip()]


def test_a_damaged_frame_is_told_and_counted(board: Board) -> None:
    frame = bytearray(protocol.encode("INFER", {"SEQUENCE": 1, "DATA": INPUT}))
    frame[20] ^= 1
    (told,) = board.reader.feed(board.feed(bytes(frame)))
    assert isinstance(told, Message)
    assert (told.name, told.sequence, told.integer("STATUS")) == ("STATUS_REPLY", None, 1)
    (telemetry,) = board.ask("TELEMETRY", SEQUENCE=2)
    assert telemetry.integer("FRAMES_DAMAGED") == 1


def test_a_frame_that_is_too_long_does_no_harm(board: Board) -> None:
    over = protocol.encode("INFER", {"SEQUENCE": 1, "DATA": bytes(5000)})
    (told,) = board.reader.feed(board.feed(over))
    assert isinstance(told, Message) and told.integer("STATUS") == 1
    assert board.ask("HELLO", SEQUENCE=2)[0].name == "HELLO_REPLY"
